// Kill -9 of a process that produces, reads and saves under load, at random moments: what was acknowledged, read or
// saved before must stand afterwards, once and in order. With acknowledgements given too early the same test must fail.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Recorder, until } from '../conformance-support.ts';
import { type Event, Oracle } from '../faults.ts';
import { openLmdbStream } from './open.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stream-'));
});
afterEach(() => rm(dir, { recursive: true }));

const KILLED = fileURLToPath(new URL('./faults-process.ts', import.meta.url));

/** Lets the process work until it has acknowledged something, and a random while longer. */
const workAndKill = async (dir: string, run: string, mode: 'honest' | 'early', oracle: Oracle): Promise<void> => {
  const events = join(dir, `${run}.events`);
  const file = openSync(events, 'a');
  const child = spawn(process.execPath, [KILLED, join(dir, 'log'), run, mode], { stdio: ['ignore', file, 'inherit'] });
  closeSync(file);
  const exit = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  await until('something is acknowledged', () => child.exitCode !== null || readFileSync(events, 'utf8').includes('"acked"'));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
  child.kill('SIGKILL');
  expect(await exit).toBe('SIGKILL');
  // Behind the last line feed is what the kill cut.
  for (const line of readFileSync(events, 'utf8').split('\n').slice(0, -1)) oracle.note(JSON.parse(line) as Event);
};

/** Opens the log after the kill and reads all of it. */
const judge = async (dir: string, oracle: Oracle, round: number): Promise<string[]> => {
  const stream = await openLmdbStream({ dir: join(dir, 'log') });
  const reader = await new Recorder().start(stream, { group: `judge-${round}`, topics: ['faults'] });
  const states = await stream.partitions('faults');
  const ended = (partition: number, next: bigint): boolean => next === 0n || reader.messages.findLast((m) => m.partition === partition)?.offset === next - 1n;
  await until('all is read', () => states.every(({ partition, next }) => ended(partition, next)));
  const heir = await new Recorder().start(stream, { group: 'killed', topics: ['faults'] });
  await until('progress is known', () => heir.owned.size === states.length);
  const progress = new Map(
    [...heir.progress].flatMap(([name, saved]) => (saved === undefined ? [] : [[Number(name.split('/')[1]), BigInt(Buffer.from(saved).toString())] as const])),
  );
  const wrong: string[] = [];
  for (const at of reader.messages) {
    const found = await stream.shared(at, at.headers.shared as string);
    if (found === undefined || Buffer.from(found).toString() !== `of ${at.headers.shared}`) wrong.push(`lost what message ${at.offset} shares`);
  }
  await stream.close();
  return [...wrong, ...oracle.judge(reader.messages, progress)];
};

test('kill -9 under load loses and doubles nothing', async () => {
  const oracle = new Oracle();
  for (let round = 0; round < 10; round++) {
    await workAndKill(dir, `r${round}`, 'honest', oracle);
    expect(await judge(dir, oracle, round)).toEqual([]);
  }
  // The kills met work on its way, or they proved nothing.
  expect(oracle.acked.size).toBeGreaterThan(100);
  expect(oracle.sent.size).toBeGreaterThan(oracle.acked.size);
});

test('the same test fails when messages are called acknowledged before their commit', async () => {
  const oracle = new Oracle();
  const wrong: string[] = [];
  for (let round = 0; round < 10 && wrong.length === 0; round++) {
    await workAndKill(dir, `r${round}`, 'early', oracle);
    wrong.push(...(await judge(dir, oracle, round)));
  }
  expect(wrong.some((what) => what.startsWith('acknowledged and lost'))).toBe(true);
});
