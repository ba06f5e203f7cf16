// A real agent whose disk is put back while what it had sent stays at the server: over the door, the stream, the pipeline and the store each line
// that was ever written stands once, those that were sent before and those that were written after alike.
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Agent, startAgent } from '../agent/agent.ts';
import { agentConfig } from '../agent/config.ts';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { openDoor } from '../ingest/door.ts';
import { type Running, runPipeline } from './testing/running.ts';

const folder = mkdtempSync(join(tmpdir(), 'restored-agent-'));
const [data, logs, kept] = ['data', 'logs', 'kept'].map((name) => join(folder, name)) as [string, string, string];
const file = join(logs, 'app.log');
let running: Running;
let server: Server;
let url = '';
let agent: Agent | undefined;
const written: string[] = [];

/** What a server that was started anew knows of an agent is what its pipeline has taken. */
const openServer = async (): Promise<void> => {
  const { stores, telemetry, pipeline } = running;
  const door = openDoor({ stream: stores.stream, telemetry, log: silentLogger, known: (sender) => pipeline.lastOf(sender) });
  server = createServer((request, response) => {
    void door.receiveFrames({ headers: request.headers, body: request, rights: { post: true } }).then(({ status, body, headers }) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(url === '' ? 0 : Number(new URL(url).port), '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const closeServer = async (): Promise<void> => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

beforeAll(async () => {
  running = await runPipeline();
  await openServer();
  mkdirSync(logs);
  writeFileSync(join(folder, 'token'), 'x');
});
afterAll(async () => {
  await agent?.stop();
  await closeServer();
  await running?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const start = async (): Promise<void> => {
  const quick = { metricsMs: 60_000, processesMs: 60_000, logsMs: 50, discoverMs: 100, inventoryMs: 60_000, retryMs: 20, retryMostMs: 100, fsync: false };
  const config = agentConfig({ server: url, tokenFile: join(folder, 'token'), folder: data, host: 'web-1', logs: [`${logs}/*.log`], journal: false, ...quick });
  agent = await startAgent(config, { log: silentLogger, version: '1' });
};
const stop = async (): Promise<void> => {
  await agent?.stop();
  agent = undefined;
};
/** Lines without a time of their own: their words and their place are all that they are known by. */
const write = (what: string, count: number): void => {
  const lines = Array.from({ length: count }, (_, i) => `${what} ${i}${i % 4 === 3 ? '\n\tat a.B.c(D.java:1)' : ''}`);
  written.push(...lines);
  appendFileSync(file, `${lines.join('\n')}\n`);
};
const stored = async (): Promise<readonly string[]> => {
  const { batches } = await running.stores.columns.query("SELECT ifNull(raw, concat(head, body, tail)) AS line FROM logs WHERE source LIKE '%app.log'");
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, 'line'), row) as string));
};
/** Until the agent has nothing to send and the pipeline nothing to write. */
const told = async (): Promise<void> => {
  await expect.poll(async () => new Set(await stored()).size, { timeout: 120_000, interval: 100 }).toBe(new Set(written).size);
  await agent?.drain(60_000);
  await running.settled();
};
/** The folder itself stays: what an image of a disk brings back has its old inodes. */
const putBack = (from: string): void => {
  for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true });
  cpSync(from, data, { recursive: true });
};
const once = async (): Promise<void> => expect([...(await stored())].sort()).toEqual([...written].sort());

test('a disk that is set back, twice, and files that come from a backup: each line once', { timeout: 600_000 }, async () => {
  write('first', 20);
  await start();
  await told();
  await closeServer();
  // These wait in the spool, and the next ones in their file, when the disk is kept.
  write('in the spool', 10);
  await expect.poll(() => agent?.status().logLines, { timeout: 60_000 }).toBe(30);
  cpSync(data, kept, { recursive: true });
  write('in the file', 10);
  const size = statSync(file).size;
  await openServer();
  write('later', 30);
  await told();
  await once();

  for (const life of ['second life', 'third life']) {
    await stop();
    await closeServer();
    putBack(kept);
    truncateSync(file, size);
    // In the places of what was sent.
    write(life, 25);
    await openServer();
    await start();
    await told();
    await once();
  }
  expect(running.telemetry.value('inframirror_pipeline_repeated_lines_total', {})).toBeGreaterThan(0);

  // From a backup of files: all of them have other inodes.
  await stop();
  const copy = join(folder, 'copy');
  cpSync(logs, copy, { recursive: true });
  for (const gone of [data, logs]) rmSync(gone, { recursive: true });
  cpSync(kept, data, { recursive: true });
  cpSync(copy, logs, { recursive: true });
  write('after the backup', 5);
  await start();
  await told();
  // The agent was killed right after that.
  await stop();
  await start();
  write('last', 5);
  await told();
  await once();
});
