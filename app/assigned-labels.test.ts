// Labels that an admin assigned to a host outlive its agent: a token without labels keeps them, one with labels sets them all, and what is
// lost by it is told to whoever makes it and stands in the audit table.
import { mkdtempSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { join } from '../agent/join.ts';
import { ServerCalls } from '../agent/server-calls.ts';
import { readJoinToken } from '../schemas/join-token.ts';
import { AgentServer } from './testing/agent-server.ts';
import { MACHINE } from './testing/enrolled.ts';

const PROD = { env: 'prod', rack: '7' };
type Wish = Partial<Parameters<AgentServer['registry']['makeToken']>[1]>;

let server: AgentServer;
let calls: ServerCalls;
beforeAll(async () => {
  server = await AgentServer.start();
  calls = new ServerCalls(server.url, 20_000, new AbortController().signal);
}, 120_000);
afterAll(async () => {
  calls?.close();
  await server?.stop();
}, 60_000);
beforeEach(async () => {
  await joined('web-1', { labels: new Map(Object.entries(PROD)) });
});
afterEach(async () => {
  await server.records.query('DELETE FROM agents');
  await server.records.query('DELETE FROM audit');
  await server.registry.start();
});

/** Its id, the labels that it has then, and what the audit table has of it. */
const joined = async (host: string, more: Wish = {}, wanted = host) => {
  const identity = await join(calls, mkdtempSync(joinPath(server.folder, 'a-')), readJoinToken(await server.token(wanted, more)), host, MACHINE);
  if ('refused' in identity) throw new Error(identity.refused.text);
  return { id: identity.id, labels: labelsOf(host), audit: (await server.audit()).at(-1)?.detail };
};
const labelsOf = (host: string): object => Object.fromEntries(server.registry.ofHost(host)?.labels ?? []);
const idOf = (host: string): string => server.registry.ofHost(host)?.id ?? '';
const assigned = async (host: string, more: Wish = {}) =>
  (await server.registry.makeToken('admin', { host, labels: undefined, relays: [], replaces: undefined, ...more })).assigned;

test('a host that joins again without labels keeps those it has, whatever the way', async () => {
  const first = idOf('web-1');
  const replacing = await joined('web-1', { replaces: first });
  expect(replacing).toMatchObject({ labels: PROD, audit: { labels: PROD, replaced: first } });
  expect(replacing.audit).not.toHaveProperty('labelsBefore');
  await server.registry.revoke('admin', replacing.id);
  expect((await joined('WEB-1')).labels).toEqual(PROD);
  await server.registry.revoke('admin', idOf('WEB-1'));
  expect((await joined('web-1', {}, 'web-*')).labels).toEqual(PROD);
  expect((await joined('web-2', { replaces: idOf('web-1') })).labels).toEqual(PROD);
  expect((await joined('db-1')).labels).toEqual({});
});

test('those of its last agent count, not of one before', async () => {
  await joined('web-1', { replaces: idOf('web-1'), labels: new Map([['env', 'dev']]) });
  await server.registry.revoke('admin', idOf('web-1'));
  expect((await joined('web-1')).labels).toEqual({ env: 'dev' });
});

test('labels of a token are all that the host has then, none takes them away; the audit table has what it had', async () => {
  const dev = { env: 'dev' };
  expect(await joined('web-1', { replaces: idOf('web-1'), labels: new Map(Object.entries(dev)) })).toMatchObject({
    labels: dev,
    audit: { labels: dev, labelsBefore: PROD },
  });
  expect(await joined('web-1', { replaces: idOf('web-1'), labels: new Map() })).toMatchObject({ labels: {}, audit: { labels: {}, labelsBefore: dev } });
  expect((await joined('web-1', { replaces: idOf('web-1') })).labels).toEqual({});
});

test('whoever makes a token is told what its host has; of a pattern nobody knows', async () => {
  expect(await assigned('Web-1')).toEqual(PROD);
  expect(await assigned('web-3')).toEqual({});
  expect(await assigned('web-3', { replaces: idOf('web-1') })).toEqual(PROD);
  expect(await assigned('web-*')).toBeUndefined();
});
