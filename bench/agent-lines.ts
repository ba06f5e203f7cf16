// What a log line costs the agent alone: a real agent reads a file of JSON lines that waits for it and sends them to a door that only counts.
// The lines are those of `lines.ts`. Beside it what the same bytes cost to be parsed by `JSON.parse` alone, in this process.
// `INFRAMIRROR_BENCH_LINES` asks for another number, `INFRAMIRROR_BENCH_FLAGS` for more options of Node.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { AGENT_NODE_FLAGS } from '../agent/node-flags.ts';
import { decodeFrame } from '../schemas/frame.ts';
import { costOf, cpuSeconds, type Figure, short } from './figure.ts';
import { LineLoad } from './load-lines.ts';

const LINES = Number(process.env.INFRAMIRROR_BENCH_LINES ?? 500_000);
/** µs, of the issue. */
const GOAL = 4;
const RUNS = Number(process.env.INFRAMIRROR_BENCH_RUNS ?? 3);
const CHILD = fileURLToPath(new URL('../agent/testing/child.ts', import.meta.url));

/** Takes frames and keeps nothing of them but how many lines there were. */
const countingDoor = async (): Promise<{ readonly url: string; readonly lines: () => number; readonly bytes: () => number; readonly stop: () => void }> => {
  let lines = 0;
  let bytes = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { parts } = decodeFrame(request.headers['content-encoding'] === 'zstd' ? zstdDecompressSync(body) : body);
    bytes += body.length;
    for (const { schema, rows } of parts) if (schema === 'logs') lines += rows;
    response.writeHead(200).end(JSON.stringify({ rows: parts.reduce((sum, { rows }) => sum + rows, 0) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lines: () => lines, bytes: () => bytes, stop };
};

/** Seconds of CPU of a whole agent for all lines of a file, its start not counted; and bytes it sent. */
const agentOver = async (path: string): Promise<{ readonly cpu: number; readonly memory: number; readonly bytes: number }> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-agent-lines-'));
  const door = await countingDoor();
  writeFileSync(join(folder, 'token'), 'bench');
  const settings = { server: door.url, tokenFile: join(folder, 'token'), folder: join(folder, 'data'), logs: [path], logBacklogBytes: 2 ** 40, journal: false };
  const flags = (process.env.INFRAMIRROR_BENCH_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
  const child = spawn(process.execPath, [...AGENT_NODE_FLAGS, ...flags, CHILD, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    const before = costOf(child.pid as number).cpu;
    let memory = 0;
    while (door.lines() < LINES) {
      await after(100);
      memory = Math.max(memory, costOf(child.pid as number).rss);
    }
    return { cpu: costOf(child.pid as number).cpu - before, memory, bytes: door.bytes() };
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    door.stop();
    rmSync(folder, { recursive: true });
  }
};

export const run = async (): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-agent-lines-'));
  const path = join(folder, 'lines.log');
  try {
    const load = new LineLoad();
    const end = Date.now() - 60_000;
    const lines = Array.from({ length: LINES }, (_, i) => `${load.line(i, LINES, end)}\n`);
    const size = lines.reduce((sum, line) => sum + line.length, 0);
    writeFileSync(path, lines.join(''));
    const some = readFileSync(path, 'latin1').split('\n', 20_000);
    const parsed = (await cpuSeconds(() => some.forEach((line) => void JSON.parse(line)), 3)) / some.length;
    const runs: Awaited<ReturnType<typeof agentOver>>[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await agentOver(path));
    const each = runs.map(({ cpu }) => (cpu / LINES) * 1e6).toSorted((a, b) => a - b);
    return [
      {
        what: 'agent: CPU of a log line',
        value: `${short(each[Math.floor(RUNS / 2)] as number)} µs`,
        against: `goal ${GOAL}; runs ${each.map(short).join(', ')}; JSON.parse alone ${short(parsed * 1e6)} µs; lines of ${short(size / LINES)} bytes`,
        ratio: (each[Math.floor(RUNS / 2)] as number) / (parsed * 1e6),
      },
      {
        what: 'agent: sent for it',
        value: `${short((runs[0]?.bytes ?? 0) / LINES)} B / line`,
        against: `${short(Math.max(...runs.map(({ memory }) => memory)) / 1e6)} MB resident at most`,
        ratio: undefined,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};
