// What is told of writes: at least all that they change, before they begin, and that they are over only when nothing more can come of them.
import { afterEach, expect, test, vi } from 'vitest';
import { type Batch, INT64, TIME_MS, TIME_NS, UINT32 } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { CodedError } from '../core/errors.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { seeded } from '../query/testing/random.ts';
import type { Stretch } from '../schemas/stretch.ts';
import { SEED } from '../test/support/seed.ts';
import { stretchesOf, ToldWrites, type WriteTeller } from './told-writes.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 20, 12);
const NANOS = 1_000_000n;
const random = seeded(SEED);
const below = (n: number): number => Math.floor(random() * n);

const samples = (rows: readonly (readonly [time: number, metric: number])[]): Batch =>
  batchOf([
    [
      'time',
      columnFrom(
        TIME_MS,
        rows.map(([time]) => BigInt(time)),
      ),
    ],
    [
      'metric',
      columnFrom(
        UINT32,
        rows.map(([, metric]) => metric),
      ),
    ],
  ]);
const lines = (times: readonly bigint[]): Batch => batchOf([['time', columnFrom(TIME_NS, times)]]);
const minutes = (metric: number | undefined, from: number, count: number): Stretch => {
  const begin = BigInt(NOW + from * MINUTE) * NANOS;
  return { table: 'samples', metric, from: begin, to: begin + BigInt(count * MINUTE) * NANOS };
};

afterEach(() => void vi.useRealTimers());

test('minutes side by side are one stretch of their metric, those of this moment are of all metrics', () => {
  const batch = samples([
    [NOW - 90 * MINUTE, 1],
    [NOW - 89 * MINUTE + 59_999, 1],
    [NOW - 89 * MINUTE, 2],
    [NOW - 50 * MINUTE, 1],
    [NOW + MINUTE, 2],
    [NOW - 1, 3],
  ]);
  expect(new Set(stretchesOf('samples', batch, NOW))).toEqual(
    new Set([minutes(1, -90, 2), minutes(2, -89, 1), minutes(1, -50, 1), minutes(undefined, 1, 1), minutes(undefined, -1, 1)]),
  );
});

test('very many stretches of a metric become one', () => {
  const batch = samples(Array.from({ length: 40 }, (_, i) => [NOW - (1000 - i * 2) * MINUTE, 1] as const));
  expect(stretchesOf('samples', batch, NOW)).toEqual([minutes(1, -1000, 79)]);
});

test('every row lies in a stretch that is told, however near to the end of a minute', () => {
  const isIn = (stretches: readonly Stretch[], metric: number | undefined, time: bigint): boolean =>
    stretches.some((s) => (s.metric === undefined || s.metric === metric) && s.from <= time && time < s.to);
  for (let round = 0; round < 300; round++) {
    const rows = Array.from({ length: 1 + below(100) }, () => [NOW + below(10 * MINUTE) - below(200) * MINUTE, below(3)] as const);
    const told = stretchesOf('samples', samples(rows), NOW);
    expect(
      rows.filter(([time, metric]) => !isIn(told, metric, BigInt(time) * NANOS)),
      `seed ${SEED}`,
    ).toEqual([]);
    const near = [0n, 1n, -1n, 500n, -500n, BigInt(below(MINUTE)) * NANOS];
    const times = rows.map(([time]) => BigInt(time - (time % MINUTE)) * NANOS + (near[below(near.length)] as bigint));
    const ofLines = stretchesOf('logs', lines(times), NOW);
    expect(
      times.filter((time) => !isIn(ofLines, undefined, time)),
      `seed ${SEED}`,
    ).toEqual([]);
  }
});

/** What is told and what is done, in order. */
const telling = (over: Partial<WriteTeller> = {}) => {
  const seen: unknown[] = [];
  const writes = new ToldWrites({
    begun: (write, rows) => void seen.push(['begun', write, rows.length]),
    removing: async (write, rows) => void seen.push(['removing', write, ...rows]),
    over: (ended) => void seen.push(['over', ...ended]),
    ...over,
  });
  let failure: unknown;
  const store = {
    insert: async (table: string) => {
      seen.push(`insert ${table}`);
      if (failure !== undefined) throw failure;
    },
  } as Partial<ColumnStore> as ColumnStore;
  const columns = writes.to(store);
  const insert = (table: Parameters<ColumnStore['insert']>[0], error?: unknown): Promise<void> => {
    failure = error;
    return columns.insert(table, table === 'series' ? batchOf([['id', columnFrom(INT64, [1n])]]) : lines([BigInt(NOW) * NANOS + 5000n]), { queryId: 'q' });
  };
  return { seen, writes, insert };
};

test('an insert is told before it begins and when it stands, one into a table of which nothing is cached not at all', async () => {
  const { seen, insert } = telling();
  await insert('logs');
  await insert('series');
  expect(seen).toEqual([['begun', 1, 1], 'insert logs', ['over', 1], 'insert series']);
});

test('what cannot be told is not written', async () => {
  const { seen, insert } = telling({
    begun: () => {
      throw new Error('full');
    },
  });
  await expect(insert('logs')).rejects.toThrow('full');
  expect(seen).toEqual([]);
});

test('one that was refused is over, one of which nothing is known after ten minutes only', async () => {
  vi.useFakeTimers();
  const { seen, insert } = telling();
  await expect(insert('logs', new CodedError('columns.refused-rows', { code: 1, reason: 'r' }))).rejects.toThrow();
  expect(seen.splice(0)).toEqual([['begun', 1, 1], 'insert logs', ['over', 1]]);
  await expect(insert('logs', new CodedError('columns.unavailable', { reason: 'r' }))).rejects.toThrow();
  vi.advanceTimersByTime(599_000);
  expect(seen.splice(0)).toEqual([['begun', 2, 1], 'insert logs']);
  vi.advanceTimersByTime(2000);
  expect(seen).toEqual([['over', 2]]);
});

test('that one is over is told with the next where it could not be told', async () => {
  let isFull = true;
  const told: (readonly number[])[] = [];
  const { insert } = telling({
    over: (writes) => {
      if (isFull) throw new Error('full');
      told.push([...writes]);
    },
  });
  await insert('logs');
  isFull = false;
  await insert('logs');
  await insert('logs');
  expect(told).toEqual([[1, 2], [3]]);
});

test('a removal is told as one of the rows whose answers it changes, and is heard before it begins', async () => {
  vi.useFakeTimers();
  const { seen, writes } = telling();
  const day = { table: 'samples', metric: undefined, from: 0n, to: 86_400_000n * NANOS };
  await writes.removing('rollups_1h', 0, 86_400_000, async () => void seen.push('gone'));
  expect(seen.splice(0)).toEqual([['removing', 1, day], 'gone', ['over', 1]]);
  const failed = writes.removing('logs', 0, 86_400_000, () => Promise.reject(new Error('it may go on')));
  await expect(failed).rejects.toThrow('it may go on');
  expect(seen.splice(0)).toEqual([['removing', 2, { ...day, table: 'logs' }]]);
  vi.advanceTimersByTime(600_000);
  expect(seen).toEqual([['over', 2]]);
});
