// Real agents whose key the server does not want any more while a frame is under way whose answer they did not get: no row is lost with the key,
// and each time that rows may stand twice the agent says so.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Agent, startAgent } from '../agent/agent.ts';
import { agentConfig } from '../agent/config.ts';
import { createLogger } from '../core/logger.ts';
import type { Message } from '../engines/stream/port.ts';
import { AgentServer } from './testing/agent-server.ts';

let server: AgentServer;
let folder = '';
let agent: Agent | undefined;
/** What becomes of an agent as soon as the next frame with lines is stored, before it is answered. */
let befalls: ((sender: string) => Promise<unknown>) | undefined;
const said: string[] = [];
beforeAll(async () => {
  server = await AgentServer.start();
  const produce = async (_: string, messages: readonly Message[]): Promise<void> => {
    server.messages.push(...messages);
    const work = befalls;
    if (work === undefined || !messages.some(({ headers }) => headers.schema === 'logs')) return;
    befalls = undefined;
    await work(messages[0]?.headers.sender as string);
    throw new Error('the answer is lost');
  };
  await server.open({ stream: { produce, pressure: () => 0 } });
}, 120_000);
afterAll(() => server?.stop(), 60_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replaced-'));
  mkdirSync(join(folder, 'root/logs'), { recursive: true });
  said.length = 0;
});
afterEach(async () => {
  befalls = undefined;
  await agent?.stop();
  await server.records.query('DELETE FROM agents');
  server.messages.length = 0;
  rmSync(folder, { recursive: true });
});

const start = (): Promise<Agent> =>
  startAgent(
    agentConfig({
      server: server.url,
      join: join(folder, 'join-token'),
      folder: join(folder, 'data'),
      host: 'web-1',
      root: join(folder, 'root'),
      logs: ['/logs/*.log'],
      journal: false,
      metricsMs: 60_000,
      processesMs: 60_000,
      logsMs: 20,
      discoverMs: 50,
      retryMs: 10,
      retryMostMs: 50,
      refusedMs: 50,
    }),
    { log: createLogger({ level: 'warn', format: 'json', write: (line) => void said.push(line) }), version: '1' },
  );
const give = async (more: Parameters<AgentServer['token']>[1] = {}): Promise<void> =>
  writeFileSync(join(folder, 'join-token'), await server.token('web-1', more));
const write = (text: string): void => appendFileSync(join(folder, 'root/logs/a.log'), `${text}\n`);
/** Names under which a line is stored. */
const sendersOf = (text: string): readonly string[] =>
  [...new Set(server.messages.map(({ headers }) => headers.sender as string))].filter((sender) => server.values('logs', 'body', sender).includes(text));
const until = async (what: string, holds: () => boolean): Promise<void> => {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}: ${agent?.status().lastError?.message}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const doubts = (): number => said.filter((line) => line.includes('may then be twice')).length;

test('a revoked and a quarantined agent with a frame under way: nothing is lost, and each time that rows may be twice is said', async () => {
  const { registry } = server;
  const stored = async (text: string, names: number): Promise<readonly string[]> => {
    await until(`${text} is stored under ${names}`, () => sendersOf(text).length >= names);
    return sendersOf(text);
  };
  await give();
  agent = await start();
  write('first');
  const [first = ''] = await stored('first', 1);
  befalls = (id) => registry.revoke('admin', id);
  write('while it is revoked');
  await until('it is revoked', () => agent?.status().lastError?.message.includes('revoked') === true);
  write('while it waits');
  await give();
  const [, second = ''] = await stored('while it is revoked', 2);
  expect(await stored('while it waits', 1)).toEqual([second]);
  expect(doubts()).toBe(1);
  befalls = (id) => registry.quarantine(id, 'its key is used on another machine');
  write('while it is quarantined');
  await until('it is quarantined', () => agent?.status().lastError?.message.includes('stands still') === true);
  await give({ replaces: second });
  expect((await stored('while it is quarantined', 2))[0]).toBe(second);
  write('last');
  const [third = ''] = await stored('last', 1);
  expect(doubts()).toBe(2);
  expect(new Set([first, second, third]).size).toBe(3);
  // What was stored and answered goes under one name.
  for (const text of ['first', 'while it waits', 'last']) expect(sendersOf(text)).toHaveLength(1);
}, 120_000);

/** As a copy of the agent's folder that ran meanwhile, before the server started anew. */
const runLater = (id: string): void => {
  server.registry.noteRun(id, (server.registry.find(id)?.boot ?? 0n) + 5000n, Buffer.alloc(16, 7));
  server.sessions.end(id);
};
const timesOf = (text: string): number => server.values('logs', 'body').filter((body) => body === text).length;
const begun = async (): Promise<string> => {
  await give();
  agent = await start();
  write('first');
  await until('it is stored and answered', () => sendersOf('first').length === 1 && agent?.status().spoolFrames === 0);
  return sendersOf('first')[0] ?? '';
};

test('a later run that the server knows while an answer is missing: what waits goes under a new number, and that rows may be twice is said', async () => {
  await begun();
  befalls = async (id) => runLater(id);
  write('under way');
  await until('it is stored again', () => timesOf('under way') === 2);
  write('last');
  await until('the last is stored', () => timesOf('last') === 1);
  expect([timesOf('under way'), doubts()]).toEqual([2, 1]);
}, 120_000);

test('a later run that the server knows while nothing is under way: nothing is in doubt', async () => {
  runLater(await begun());
  write('after it');
  await until('it is stored', () => timesOf('after it') === 1);
  expect(said.filter((line) => line.includes('numbered anew'))).toHaveLength(1);
  expect(doubts()).toBe(0);
}, 120_000);
