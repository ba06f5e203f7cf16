// Answers as lines: held against the same answer as rows, worked through one row at a time, for random rows; and what names, sizes and puts
// together lines is asked of real texts.
import { expect, test } from 'vitest';
import type { Batch, Value } from '../../core/batch/batch.ts';
import { FLOAT, INT64, TIME_NS, UTF8 } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { formatTime } from '../../core/time.ts';
import { SEED } from '../../test/support/seed.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { unlimited } from '../caller.ts';
import { QueryService } from '../service.ts';
import { seeded } from '../testing/random.ts';
import { answerColumns } from './answer.ts';
import type { StorePorts } from './ask.ts';
import { LearnedCatalogue } from './learned-catalogue.ts';
import { linesOf } from './lines.ts';

const COLUMNS: readonly PlanColumn[] = [
  { name: '#order', type: 'int' },
  { name: 'host', type: 'string' },
  { name: 'time', type: 'time' },
  { name: 'pid', type: 'int' },
  { name: 'value', type: 'float' },
  { name: 'count', type: 'int' },
];
const LINE_COLUMNS = {
  keys: [COLUMNS[1] as PlanColumn, COLUMNS[3] as PlanColumn],
  values: [
    { column: COLUMNS[4] as PlanColumn, function: 'max' },
    { column: COLUMNS[5] as PlanColumn, function: 'count' },
  ],
} as const;

const random = seeded(SEED);
const below = (n: number): number => Math.floor(random() * n);
const minute = (n: number): bigint => 1_700_000_040_000_000_000n + BigInt(n) * 60_000_000_000n;

/** Rows of random lines, each time of a line once, in random order over several batches. */
const randomBatches = (): readonly Batch[] => {
  const rows: Value[][] = [];
  const hosts = 1 + below(12);
  for (let host = 0; host < hosts; host++)
    for (let pid = 0; pid < 1 + below(2); pid++)
      for (let at = 0; at < 8; at++) {
        if (random() < 0.3) continue;
        const [name, value] = [host === 0 ? null : `h${host}`, random() < 0.2 ? null : below(2000) / 16 - 40];
        rows.push([0n, name, minute(at), BigInt(pid), value, random() < 0.1 ? null : BigInt(below(50))]);
      }
  rows.sort(() => random() - 0.5);
  const types = [INT64, UTF8, TIME_NS, INT64, FLOAT, INT64];
  const batches: Batch[] = [];
  while (rows.length > 0) {
    const part = rows.splice(0, 1 + below(20));
    const column = (i: number) =>
      columnFrom(
        types[i] as (typeof types)[number],
        part.map((row) => row[i] as Value),
      );
    batches.push(batchOf(COLUMNS.map(({ name }, i) => [name, column(i)] as const)));
  }
  return batches;
};

interface Naive {
  readonly line: string;
  readonly time: string;
  readonly values: readonly (number | null)[];
}

const naiveRows = (batches: readonly Batch[]): readonly Naive[] => {
  const [, host, time, pid, value, count] = answerColumns(batches, COLUMNS).map(({ values }) => values);
  return (host ?? []).map((name, i) => ({
    line: JSON.stringify([name, pid?.[i]]),
    time: String(time?.[i]),
    values: [value?.[i] as number | null, count?.[i] as number | null],
  }));
};

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
const present = (all: readonly (number | null | undefined)[]): readonly number[] => all.filter((v) => v !== null && v !== undefined);

test('rows as lines are the rows, the largest of each column first chosen, the rest put together', async () => {
  for (let round = 0; round < 200; round++) {
    const batches = randomBatches();
    const most = below(6);
    const lines = await linesOf(batches, COLUMNS, LINE_COLUMNS, { most });
    const rows = naiveRows(batches);
    const all = [...new Set(rows.map(({ line }) => line))];
    expect(lines.total, `seed ${SEED}`).toBe(all.length);
    expect(lines.times).toEqual([...new Set(rows.map(({ time }) => time))].sort());
    const given = (lines.keys[0]?.values ?? []).map((_, i) => JSON.stringify(lines.keys.map(({ values }) => values[i])));
    expect(lines.overlapping).toBe(0);
    // Sizes: the largest `value`, the total of `count`.
    const sizes = [
      (line: string) => Math.max(Number.NEGATIVE_INFINITY, ...present(rows.filter((r) => r.line === line).map((r) => r.values[0]))),
      (line: string) => {
        const counted = present(rows.filter((r) => r.line === line).map((r) => r.values[1]));
        return counted.length === 0 ? -1 : sum(counted);
      },
    ];
    for (const size of sizes) {
      const largest = all.map(size).sort((a, b) => b - a)[most - 1];
      if (largest !== undefined) for (const line of all) if (size(line) > largest) expect(given, `seed ${SEED}`).toContain(line);
    }
    expect(given.length).toBeGreaterThanOrEqual(Math.min(most, all.length));
    expect(given.length).toBeLessThanOrEqual(most * 2);
    for (const [i, { values, other }] of lines.values.entries()) {
      for (const [n, line] of given.entries())
        for (const [at, time] of lines.times.entries()) {
          const row = rows.find((r) => r.line === line && r.time === time);
          expect(values[n]?.[at], `seed ${SEED} ${line} ${time}`).toBe(row?.values[i] ?? null);
        }
      if (given.length === all.length) expect(other).toBeUndefined();
      else
        for (const [at, time] of lines.times.entries()) {
          const rest = present(rows.filter((r) => r.time === time && !given.includes(r.line)).map((r) => r.values[i]));
          expect(other?.values[at], `seed ${SEED} ${time}`).toBe(rest.length === 0 ? null : i === 0 ? Math.max(...rest) : sum(rest));
        }
    }
  }
});

const unasked = (): Promise<never> => Promise.reject(new Error('not asked'));
const store = { query: unasked } as unknown as StorePorts['columns'] & StorePorts['records'] & StorePorts['search'];
const service = new QueryService({
  ports: { columns: store, search: store, records: store },
  catalogue: new LearnedCatalogue([], store, store),
  completeUpTo: () => undefined,
}).for(unlimited('test'));
const RANGE = { from: minute(0), to: minute(5) };
const at = (n: number): string => `@${formatTime(minute(n))}`;
const DATA = `data [${[0, 1, 2, 3].flatMap((host) => [0, 1, 4].map((n) => `{time: ${at(n)}, host: "h${host}", v: ${host * 10 + n}.5, n: ${n}}`)).join(', ')}]`;
const linesOfText = async (text: string, lines = 2) => {
  const { diagnostics, ...result } = await service.query(`${DATA} between ${at(0)} and ${at(5)} | ${text}`, { ...RANGE, lines });
  expect(diagnostics).toEqual([]);
  return result;
};

test.each([
  ['every 1m count by host', 'sum', [2, 2, 0, 0, 2]],
  ['every 1m sum(v) as v by host', 'sum', [11, 13, 0, 0, 19]],
  ['every 1m max(v) as v by host', 'max', [10.5, 11.5, null, null, 14.5]],
  ['every 1m min(v) as v by host', 'min', [20.5, 21.5, null, null, 24.5]],
  ['every 1m avg(v) as v by host', undefined, undefined],
  ['every 1m max(v) as v by host | set v = v * -1', undefined, undefined],
])('%s: others become one by %s', async (text, merge, values) => {
  const { lines } = await linesOfText(text);
  expect(lines?.total).toBe(4);
  const other = lines?.values[0]?.other;
  expect(other?.merge).toBe(merge);
  expect(other?.values).toEqual(values);
});

test('lines have the keys of their groups, also numbers; without any there is one line', async () => {
  const { lines, columns, rowCount } = await linesOfText('every 1m max(v) as v by host, n', 100);
  expect(lines?.keys.map(({ name }) => name)).toEqual(['host', 'n']);
  expect(lines?.values.map(({ name, values }) => [name, values.length])).toEqual([['v', 12]]);
  expect(columns.map(({ name, values }) => [name, values.length])).toEqual(['time', 'host', 'n', 'v'].map((name) => [name, 0]));
  expect(rowCount).toBeGreaterThanOrEqual(12);
  const { lines: one } = await linesOfText('every 1m count, avg(v)');
  expect([one?.keys.length, one?.total, one?.values.map(({ values }) => values.length)]).toEqual([0, 1, [1, 1]]);
});

test('what stands at no buckets, or has nothing to draw, is given as rows', async () => {
  for (const text of ['where v > 1', 'count by host', 'every 1m first(host) as first']) {
    const { lines, columns, rowCount } = await linesOfText(text);
    expect(lines, text).toBeUndefined();
    expect(columns[0]?.values.length, text).toBe(rowCount);
  }
});

test('of no rows there are no lines', async () => {
  const { lines } = await linesOfText('where v > 1000 | every 1m max(v) as v by host');
  expect(lines).toMatchObject({ times: [], total: 0, values: [{ name: 'v', values: [], other: undefined }] });
});

test('rows that nothing tells apart are told', async () => {
  const { diagnostics, lines } = await service.query(`${DATA} between ${at(0)} and ${at(5)} | every 1m max(v) as v by host | select time, v`, {
    ...RANGE,
    lines: 20,
  });
  expect(lines?.total).toBe(1);
  expect(diagnostics.map(({ code, severity, message }) => [code, severity, /^\d+/.exec(message)?.[0]])).toEqual([['iql.lines-overlap', 'warning', '15']]);
});

test('of least values the smallest lines are chosen, of largest ones the largest, whatever their sign', async () => {
  const rows = [-50, 10, -1, 3].map((v, host) => `{time: ${at(0)}, host: "h${host}", v: ${v}}`).join(', ');
  const chosen = async (pipe: string, most: number) => {
    const { lines } = await service.query(`data [${rows}] between ${at(0)} and ${at(1)} | ${pipe}`, { ...RANGE, lines: most });
    return lines?.keys[0]?.values;
  };
  expect(await chosen('every 1m max(v) as v by host', 2)).toEqual(['h1', 'h3']);
  expect(await chosen('every 1m min(v) as v by host', 2)).toEqual(['h0', 'h2']);
  expect(await chosen('every 1m avg(v) as v by host', 2)).toEqual(['h0', 'h1']);
});

test('lines of more values than one answer may have are refused before they are made, however few rows there are', async () => {
  const rows = Array.from({ length: 100 }, (_, i): Value[] => [0n, `h${i}`, minute(i), 1n, 1, 1n]);
  const types = [INT64, UTF8, TIME_NS, INT64, FLOAT, INT64];
  const batch = batchOf(
    COLUMNS.map(
      ({ name }, i) =>
        [
          name,
          columnFrom(
            types[i] as (typeof types)[number],
            rows.map((row) => row[i] as Value),
          ),
        ] as const,
    ),
  );
  await expect(linesOf([batch], COLUMNS, LINE_COLUMNS, { most: 100, mostValues: 20_199 })).rejects.toMatchObject({ code: 'iql.answer-too-large' });
  expect((await linesOf([batch], COLUMNS, LINE_COLUMNS, { most: 100, mostValues: 20_200 })).total).toBe(100);
  await expect(linesOf([batch], COLUMNS, LINE_COLUMNS, { most: 100, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'iql.cancelled' });
});
