// Several processes of which one keeps: which one, and that another takes over when it ends, is killed, or hangs.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger, silentLogger } from '../core/logger.ts';
import type { Records } from '../engines/records/port.ts';
import { openTemporaryRecords, type TemporaryRecords } from '../engines/records/testing/temporary-records.ts';
import { Keeper } from './keeper.ts';

const PROCESS = fileURLToPath(new URL('testing/keeper-process.ts', import.meta.url));
const children: ChildProcess[] = [];
let store: TemporaryRecords;
let records: Records;

beforeAll(async () => {
  store = await openTemporaryRecords({ migrated: false });
  records = store.records;
  await records.query('CREATE TABLE kept (name text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())');
}, 120_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await store?.close();
}, 60_000);

const begin = async (name: string): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(store.server.connection), name], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
};

/** Who keeps now, and has kept for a while with nobody beside. */
const keeping = async (): Promise<string | undefined> => {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const rows = await records.query("SELECT DISTINCT name FROM kept WHERE at > clock_timestamp() - interval '200 ms'");
  return rows.length === 1 ? String(rows[0]?.name) : undefined;
};

test('one of several keeps; when it ends, is killed or hangs, another does', async () => {
  const all = new Map<string, ChildProcess>();
  for (const name of ['a', 'b', 'c', 'd']) all.set(name, await begin(name));
  const next = async (not: string | undefined): Promise<string> => {
    let found: string | undefined;
    await expect
      .poll(
        async () => {
          found = await keeping();
          return found !== undefined && found !== not;
        },
        { timeout: 60_000 },
      )
      .toBe(true);
    return found as string;
  };
  const first = await next(undefined);
  all.get(first)?.kill('SIGKILL');
  const second = await next(first);
  // It knows nothing of its loss: the server ends its session.
  all.get(second)?.kill('SIGSTOP');
  const third = await next(second);
  all.get(second)?.kill('SIGCONT');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await next(undefined)).toBe(third);
  all.get(third)?.kill('SIGTERM');
  const fourth = await next(third);
  expect(new Set([first, second, third]).size).toBe(3);
  expect(fourth).not.toBe(first);
}, 180_000);

test('what one does ends before another begins, and each term has tasks of its own', async () => {
  for (const child of children) child.kill('SIGKILL');
  const seen: string[] = [];
  const lines: string[] = [];
  const log = createLogger({ level: 'info', format: 'text', write: (line) => void lines.push(line) });
  const keeper = (name: string): Keeper => {
    let term = 0;
    const tasks = [
      () => {
        const own = `${name}${++term}`;
        return {
          start: () => void seen.push(`${own} starts`),
          stop: async () => {
            await new Promise((resolve) => setTimeout(resolve, 50));
            seen.push(`${own} has ended`);
          },
        };
      },
    ];
    const made = new Keeper({ records, log, tasks, everyMs: 20 });
    made.start();
    return made;
  };
  const a = keeper('a');
  await expect.poll(() => a.keeps, { timeout: 20_000 }).toBe(true);
  const b = keeper('b');
  await records.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
  await expect.poll(() => seen.filter((line) => line.endsWith('starts')).length, { timeout: 20_000 }).toBeGreaterThan(1);
  await b.stop();
  await expect.poll(() => a.keeps, { timeout: 20_000 }).toBe(true);
  await a.stop();
  expect([a.keeps, b.keeps]).toEqual([false, false]);
  const starts = seen.filter((line) => line.endsWith('starts'));
  expect(new Set(starts).size).toBe(starts.length);
  expect(seen.filter((line) => line.endsWith('has ended')).length).toBe(starts.length);
  expect(lines.filter((line) => line.includes('this process keeps')).length).toBe(starts.length);
  expect(lines.filter((line) => line.includes('this process no longer keeps')).length).toBeGreaterThan(0);
});

test('what is urgent is done where the record store does not answer', async () => {
  let done = 0;
  const keeper = new Keeper({
    records: { tryLock: () => Promise.reject(new Error('no answer')), lockHolder: () => Promise.resolve(undefined) },
    log: silentLogger,
    tasks: [],
    everyMs: 5,
    urgent: async (signal) => {
      if (!signal.aborted) done++;
    },
  });
  keeper.start();
  await expect.poll(() => done).toBeGreaterThan(2);
  await keeper.stop();
});
