// What is decided about agents holds, whenever the record store is read and whether or not it can be written; on a real one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { join, signIn } from '../agent/join.ts';
import { ServerCalls } from '../agent/server-calls.ts';
import { silentLogger } from '../core/logger.ts';
import type { Records } from '../engines/records/port.ts';
import { AgentRegistry } from '../ingest/agents/agent-registry.ts';
import { readJoinToken } from '../schemas/join-token.ts';
import { openCommandKeys } from './command-keys.ts';
import { AgentServer } from './testing/agent-server.ts';

const MACHINE = 'm'.repeat(32);
let server: AgentServer;
let calls: ServerCalls;
let folder = '';
/** Readings of the agents wait for it; writings fail while it is set. */
const store: { reading: Promise<void> | undefined; fails: boolean } = { reading: undefined, fails: false };
const opened: AgentRegistry[] = [];

beforeAll(async () => {
  server = await AgentServer.start();
  folder = mkdtempSync(joinPath(tmpdir(), 'registry-'));
  calls = new ServerCalls(server.url, 20_000, new AbortController().signal);
}, 120_000);
afterEach(async () => {
  store.reading = undefined;
  store.fails = false;
  server.ahead = 0;
  for (const registry of opened.splice(0)) await registry.stop();
});
afterAll(async () => {
  calls?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

const enrol = async (host: string) => {
  const identity = await join(calls, mkdtempSync(joinPath(folder, 'a-')), readJoinToken(await server.token(host)), host, MACHINE);
  if ('refused' in identity) throw new Error(identity.refused.text);
  return identity;
};

/** A registry of its own over the same store, as that of another server is. */
const open = async (): Promise<AgentRegistry> => {
  const records: Pick<Records, 'query' | 'transaction'> = {
    query: async (sql, parameters) => {
      const rows = await server.records.query(sql, parameters);
      if (sql.includes('FROM agents') || sql.includes('FROM settings')) await store.reading;
      return rows;
    },
    transaction: (work) => (store.fails ? Promise.reject(new Error('the store is away')) : server.records.transaction(work)),
  };
  const registry = new AgentRegistry(records, openCommandKeys(server.data.path), silentLogger, server.now);
  await registry.start();
  opened.push(registry);
  return registry;
};
test('what is decided while the agents are read is not undone by what was read', async () => {
  const ids = await Promise.all(['a-1', 'a-2', 'a-3'].map(async (host) => (await enrol(host)).id));
  const [revoked, quarantined, released] = ids as [string, string, string];
  const registry = await open();
  await registry.quarantine(released, 'two of it');
  const { promise, resolve } = Promise.withResolvers<void>();
  store.reading = promise;
  const reading = registry.start();
  await expect.poll(() => registry.isSharedTaken).toBe(true);
  await new Promise((later) => setTimeout(later, 200));
  await registry.revoke('admin', revoked);
  await registry.quarantine(quarantined, 'two of it');
  await registry.release('admin', released);
  await registry.setShared('admin', false);
  resolve();
  await reading;
  expect([revoked, quarantined, released].map((id) => registry.find(id)?.state)).toEqual(['revoked', 'quarantined', 'active']);
  expect(registry.isSharedTaken).toBe(false);
  await registry.setShared('admin', true);
  await registry.start();
  expect([revoked, quarantined, released].map((id) => registry.find(id)?.state)).toEqual(['revoked', 'quarantined', 'active']);
});

test('one that was quarantined while the store is away stays so, is written when it is back, and can be released before', async () => {
  const [one, other] = [(await enrol('q-1')).id, (await enrol('q-2')).id];
  const registry = await open();
  store.fails = true;
  for (const id of [one, other]) await registry.quarantine(id, 'two of it');
  store.fails = false;
  await registry.start();
  expect([one, other].map((id) => registry.find(id)?.state)).toEqual(['quarantined', 'quarantined']);
  await registry.release('admin', other);
  await registry.flush();
  await registry.start();
  expect([one, other].map((id) => registry.find(id)?.state)).toEqual(['quarantined', 'active']);
  const later = await open();
  expect([one, other].map((id) => later.find(id)?.state)).toEqual(['quarantined', 'active']);
});

test('what another server decided is known at the next reading', async () => {
  const { id } = await enrol('s-1');
  const [here, there] = [await open(), await open()];
  await there.revoke('admin', id);
  expect(here.find(id)?.state).toBe('active');
  const before = here.generation;
  await here.start();
  expect(here.find(id)?.state).toBe('revoked');
  expect(here.generation).not.toBe(before);
});

test('one that was revoked is told so for a month, and then not held any more', async () => {
  const { id } = await enrol('r-1');
  const registry = await open();
  await registry.revoke('admin', id);
  server.ahead = 29 * 86_400_000;
  await registry.start();
  expect(registry.find(id)?.state).toBe('revoked');
  server.ahead = 31 * 86_400_000;
  await registry.start();
  expect(registry.find(id)).toBeUndefined();
  expect(registry.agents.some((agent) => agent.id === id)).toBe(false);
});

test('sessions that are over take no memory', async () => {
  const one = await enrol('m-1');
  const boot = BigInt(Date.now());
  const signedIn = async (identity: typeof one): Promise<void> => {
    const session = await signIn(calls, identity, MACHINE, boot, Buffer.alloc(16, 1));
    if ('refused' in session) throw new Error(session.refused.text);
  };
  const before = server.sessions.size;
  await signedIn(one);
  expect(server.sessions.size).toBe(before + 1);
  const other = await enrol('m-2');
  server.ahead = 3_601_000;
  await signedIn(other);
  expect(server.sessions.size).toBe(1);
});
