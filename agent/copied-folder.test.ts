// Two agents whose folder was copied, at a real door: every line of both is taken, once, whichever of them is the later one.
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import { openDoor } from '../ingest/door.ts';
import { type Agent, startAgent } from './agent.ts';
import { agentConfig } from './config.ts';
import { AgentState } from './state.ts';

let folder = '';
let server: Server;
const agents: Agent[] = [];
/** As a worker passes over them: an older run, or a seq that is not above the last. */
const last = new Map<string, readonly [bigint, bigint]>();
const lines: string[] = [];

const store = (topic: string, { headers, value }: Message): void => {
  const { sender = '', boot = '', seq = '', schema } = headers;
  const at = [BigInt(boot), BigInt(seq)] as const;
  const before = last.get(topic + sender) ?? [-1n, -1n];
  if (at[0] < before[0] || (at[0] === before[0] && at[1] <= before[1])) return;
  last.set(topic + sender, at);
  if (schema !== 'logs') return;
  for (const batch of decodeStream(zstdDecompressSync(value)))
    for (let row = 0; row < batch.length; row++) lines.push(String(valueAt(columnOf(batch, 'body'), row)));
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'copied-'));
  lines.length = 0;
  last.clear();
  const produce = async (topic: string, messages: readonly Message[]): Promise<void> => {
    for (const message of messages) store(topic, message);
  };
  const door = openDoor({ stream: { produce, pressure: () => 0 }, telemetry: noTelemetry, log: silentLogger });
  server = createServer((request, response) => {
    void door
      .receiveFrames({ headers: request.headers, body: request, rights: { post: true } })
      .then((answer) => response.writeHead(answer.status, answer.headers).end(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  writeFileSync(join(folder, 'token'), 'x');
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const write = (name: string, text: string): void => {
  mkdirSync(join(folder, name), { recursive: true });
  appendFileSync(join(folder, name, 'a.log'), `${text}\n`);
};
const start = async (name: string): Promise<Agent> => {
  mkdirSync(join(folder, name), { recursive: true });
  const config = agentConfig({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokenFile: join(folder, 'token'),
    folder: join(folder, `data-${name}`),
    host: name,
    logs: [`${folder}/${name}/*.log`],
    metricsMs: 60_000,
    processesMs: 60_000,
    logsMs: 20,
    discoverMs: 50,
    retryMs: 10,
    retryMostMs: 50,
  });
  const agent = await startAgent(config, { log: silentLogger, version: '1' });
  agents.push(agent);
  return agent;
};
const stop = async (agent: Agent): Promise<void> => {
  await agent.stop();
  agents.splice(agents.indexOf(agent), 1);
};
const until = async (what: string, holds: () => boolean): Promise<void> => {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}: ${lines.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const stored = (n: number): Promise<void> => until(`${n} lines are stored`, () => lines.length >= n);
const idIn = (name: string): string => (JSON.parse(readFileSync(join(folder, `data-${name}`, 'agent.json'), 'utf8')) as { readonly id: string }).id;

test.each([
  ['the copy starts later', ['one', 'two']],
  ['the copy starts first', ['two', 'one']],
] as const)(
  'on one machine, where nothing tells them apart: %s',
  async (_, [first, second]) => {
    // Before it follows a file: on the same machine the copy would follow that too.
    await stop(await start('one'));
    cpSync(join(folder, 'data-one'), join(folder, 'data-two'), { recursive: true });
    await start(first);
    write(first, 'first of the earlier');
    await stored(1);
    await start(second);
    const expected = ['first of the earlier'];
    for (let i = 0; i < 5; i++)
      for (const name of [first, second]) {
        write(name, `${name} ${i}`);
        expected.push(`${name} ${i}`);
        await stored(expected.length);
      }
    for (const agent of agents) await agent.drain(30_000);
    expect([...lines].sort()).toEqual([...expected].sort());
    // Who was shut out twice has understood, and took an id of its own.
    expect(idIn('one')).not.toBe(idIn('two'));
  },
  120_000,
);

test('a folder on another machine makes another agent, one on the same machine does not', () => {
  const dir = join(folder, 'state');
  mkdirSync(dir);
  const first = new AgentState(dir, 1000, 'machine one');
  const again = new AgentState(dir, 2000, 'machine one');
  expect([again.id, again.isCopy]).toEqual([first.id, false]);
  expect(new AgentState(dir, 3000, '').id).toBe(first.id);
  const copy = new AgentState(dir, 4000, 'machine two');
  expect(copy.isCopy).toBe(true);
  expect(copy.id).not.toBe(first.id);
  expect(new AgentState(dir, 5000, 'machine two')).toMatchObject({ id: copy.id, isCopy: false });
});
