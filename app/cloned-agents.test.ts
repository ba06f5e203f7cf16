// Real agents that join a real door by tokens: one starts again and goes on; two that run one identity are found, stand still with their spools,
// and go on, the one released, the other by a token of its own. No line is lost, none stands twice.
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Agent, startAgent } from '../agent/agent.ts';
import { agentConfig } from '../agent/config.ts';
import { silentLogger } from '../core/logger.ts';
import { AgentServer } from './testing/agent-server.ts';

let server: AgentServer;
let folder = '';
const agents = new Map<string, Agent>();
beforeAll(async () => {
  server = await AgentServer.start();
}, 120_000);
afterAll(() => server?.stop(), 60_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloned-'));
});
afterEach(async () => {
  for (const name of [...agents.keys()]) await stop(name);
  rmSync(folder, { recursive: true });
  await server.close();
  await server.records.query('DELETE FROM agents');
  await server.open();
  server.messages.length = 0;
});

const start = async (name: string, machine = 'machine-1', more: { readonly host?: string; readonly tokenFile?: string } = {}): Promise<Agent> => {
  mkdirSync(join(folder, name, 'root/etc'), { recursive: true });
  writeFileSync(join(folder, name, 'root/etc/machine-id'), `${machine}\n`);
  const config = agentConfig({
    server: server.url,
    join: join(folder, name, 'join-token'),
    folder: join(folder, name, 'data'),
    host: 'web-1',
    root: join(folder, name, 'root'),
    logs: [`/logs/*.log`],
    journal: false,
    metricsMs: 60_000,
    processesMs: 60_000,
    logsMs: 20,
    discoverMs: 50,
    retryMs: 10,
    retryMostMs: 50,
    refusedMs: 50,
    ...more,
  });
  const agent = await startAgent(config, { log: silentLogger, version: '1' });
  agents.set(name, agent);
  return agent;
};
const stop = async (name: string): Promise<void> => {
  const agent = agents.get(name);
  agents.delete(name);
  await agent?.stop();
};
const give = (name: string, token: string): void => {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'join-token'), token);
};
const write = (name: string, text: string): void => {
  mkdirSync(join(folder, name, 'root/logs'), { recursive: true });
  appendFileSync(join(folder, name, 'root/logs/a.log'), `${text}\n`);
};
/** As workers pass over repeats. */
const lines = (): readonly unknown[] => {
  const seen = new Set<string>();
  server.messages.splice(
    0,
    server.messages.length,
    ...server.messages.filter(({ headers: { sender, boot, seq } }) => {
      const key = `${sender} ${boot} ${seq}`;
      const isNew = !seen.has(key);
      seen.add(key);
      return isNew;
    }),
  );
  return server.values('logs', 'body');
};
const until = async (what: string, holds: () => boolean): Promise<void> => {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end)
      throw new Error(`gave up waiting until ${what}: ${lines().join(', ')}; ${[...agents.values()].map((a) => a.status().lastError?.message).join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const stored = (...texts: readonly string[]): Promise<void> => until(`${texts} are stored`, () => texts.every((text) => lines().includes(text)));
const idIn = (name: string): string => (JSON.parse(readFileSync(join(folder, name, 'data/identity.json'), 'utf8')) as { readonly id: string }).id;
const errorOf = (name: string): string => agents.get(name)?.status().lastError?.message ?? '';

test('an agent joins, goes on over restarts of either side, and refuses another name', async () => {
  give('one', await server.token('web-*'));
  await start('one');
  write('one', 'first');
  await stored('first');
  const id = idIn('one');
  expect(agents.get('one')?.status().id).toBe(id);
  await stop('one');
  // The token was used; a restart needs none, and takes the name it joined as.
  rmSync(join(folder, 'one/join-token'));
  write('one', 'second');
  await start('one');
  await stored('second');
  await server.open();
  write('one', 'third');
  await stored('third');
  await stop('one');
  await expect(start('one', 'machine-1', { host: 'web-2' })).rejects.toMatchObject({ code: 'agent.config' });
  expect(idIn('one')).toBe(id);
  expect(new Set(server.messages.map(({ headers }) => headers.sender))).toEqual(new Set([id]));
  expect(server.registry.find(id)?.state).toBe('active');
}, 120_000);

test('a token that is refused ends the start with its reason; a server that is away does not', async () => {
  give('one', await server.token('db-1'));
  await expect(start('one')).rejects.toMatchObject({ code: 'join.host', parameters: { host: 'web-1', wanted: 'db-1' } });
  const token = await server.token('web-1');
  await server.close();
  give('two', token);
  write('two', 'while away');
  await start('two');
  await server.open();
  await stored('while away');
}, 120_000);

test('what waits from before is sent under the id it joins with', async () => {
  await server.registry.setShared('admin', false);
  writeFileSync(join(folder, 'shared'), server.data.agentToken);
  write('one', 'before');
  const agent = await start('one', 'machine-1', { tokenFile: join(folder, 'shared') });
  await until('the shared token is refused', () => errorOf('one').includes('shared'));
  give('one', await server.token('web-1'));
  await stored('before');
  expect(agent.status().id).toBe(idIn('one'));
  await server.registry.setShared('admin', true);
}, 120_000);

test('two machines of one copied folder that nothing tells apart stand still, keep what they have, and go on', async () => {
  give('one', await server.token('web-1'));
  await start('one');
  await stop('one');
  cpSync(join(folder, 'one'), join(folder, 'two'), { recursive: true });
  await start('one');
  await start('two');
  const id = idIn('one');
  expect(idIn('two')).toBe(id);
  const expected: string[] = [];
  const say = (round: number): void => {
    for (const name of ['one', 'two']) {
      write(name, `${name} ${round}`);
      expected.push(`${name} ${round}`);
    }
  };
  for (let round = 0; server.registry.find(id)?.state !== 'quarantined'; round++) {
    if (round > 200) throw new Error('nobody found the clone');
    say(round);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  say(1000);
  await until('both know', () => errorOf('one').includes('stands still') && errorOf('two').includes('stands still'));
  expect((agents.get('one')?.status().spoolFrames ?? 0) + (agents.get('two')?.status().spoolFrames ?? 0)).toBeGreaterThan(0);
  // The copy gets a name and a token of its own, without a restart; the other one is released.
  await stop('two');
  rmSync(join(folder, 'two/data/identity.json'));
  give('two', await server.token('web-2'));
  await server.registry.release('admin', id);
  await stored('one 1000');
  // Its frames are of web-1, which it may not speak for: they are dropped and named, none is taken as another's.
  await start('two', 'machine-1', { host: 'web-2' });
  write('two', 'as web-2');
  await stored('as web-2');
  expect(idIn('two')).not.toBe(id);
  expect(lines().filter((line) => String(line).startsWith('one'))).toEqual(expected.filter((line) => line.startsWith('one')));
}, 240_000);

test('the copy takes the host over by a token that says so, and sends all that waited', async () => {
  give('one', await server.token('web-1'));
  await start('one');
  await stop('one');
  cpSync(join(folder, 'one'), join(folder, 'two'), { recursive: true });
  const id = idIn('one');
  await start('two', 'machine-2');
  write('two', 'waits');
  await until('it says that it is a copy', () => errorOf('two').includes('copied'));
  // The one that was copied is not concerned.
  await start('one');
  write('one', 'goes on');
  await stored('goes on');
  expect(server.registry.find(id)?.state).toBe('active');
  give('two', await server.token('web-1', { replaces: id }));
  await stored('waits');
  write('one', 'too late');
  await until('the first is told', () => errorOf('one').includes('revoked'));
  expect(lines()).not.toContain('too late');
  expect(idIn('two')).not.toBe(id);
}, 120_000);
