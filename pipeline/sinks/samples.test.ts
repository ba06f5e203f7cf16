// Large rounds of samples on the real store: they reach it in the order of its table, and every value stands where it belongs.
import { expect, test } from 'vitest';
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { rowsOf } from '../../engines/columns/conformance-support.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openTemporaryStore } from '../../engines/columns/testing/temporary-store.ts';
import { SIGNAL_FIELDS } from '../../schemas/tables.ts';
import { InsertNumbers } from '../insert-number.ts';
import { Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import { SeriesTable } from '../series-table.ts';
import type { RoundContext } from '../sink.ts';
import { StoreClock } from '../standing.ts';
import { samplesSink } from './samples.ts';

/** Noon of yesterday. */
const NOON = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 43_200_000;
const SERIES = 500;
const idOf = (series: number): bigint => BigInt.asUintN(64, BigInt(series + 1) * 0x9e37_79b9_7f4a_7c15n);

/** A value for each series, one after the other, `count` times; each value tells its series and its time. */
const messageOf = (offset: number, count: number): Decoded => {
  const rows = Array.from({ length: count * SERIES }, (_, i) => ({ series: i % SERIES, step: offset * count + Math.floor(i / SERIES) }));
  const values = [
    rows.map(({ series }) => series % 7),
    rows.map(({ series }) => idOf(series)),
    rows.map(({ step }) => BigInt(NOON + step * 1000)),
    rows.map(({ series, step }) => series * 1000 + step),
    rows.map(({ series }) => BigInt(NOON - series)),
  ];
  const batch = batchOf(SIGNAL_FIELDS.metrics.map(({ name, type }, i) => [name, columnFrom(type, values[i] ?? [])] as const));
  const stored = { topic: 'im.metrics', partition: 0, offset: BigInt(offset), key: 'a', headers: {}, value: new Uint8Array(0) };
  return { stored, schema: 'metrics', sender: 'a', boot: 1n, seq: BigInt(offset), received: 0n, latest: undefined, batch };
};

const isInOrder = (batch: Batch): boolean => {
  const [metric, id] = ['metric', 'id'].map((name) => (columnOf(batch, name) as FixedColumn).values) as [Uint32Array, BigUint64Array];
  for (let row = 1; row < batch.length; row++) {
    const byMetric = (metric[row] as number) - (metric[row - 1] as number);
    if (byMetric < 0 || (byMetric === 0 && (id[row] as bigint) < (id[row - 1] as bigint))) return false;
  }
  return true;
};

test('a large round reaches the store in the order of its table, halves of it too, and every value stands', { timeout: 120_000 }, async () => {
  const { columns, close } = await openTemporaryStore();
  try {
    const given: { readonly length: number; readonly inOrder: boolean }[] = [];
    const watched = Object.assign(Object.create(columns) as ColumnStore, {
      insert: (table: string, batch: Batch, options: Parameters<ColumnStore['insert']>[2]) => {
        if (table === 'samples') given.push({ length: batch.length, inOrder: isInOrder(batch) });
        return columns.insert(table, batch, options);
      },
      query: (...args: Parameters<ColumnStore['query']>) => columns.query(...args),
      now: () => columns.now(),
    });
    const inventory = new Inventory({ query: () => Promise.resolve([]) }, silentLogger);
    const common = { columns: watched, clock: new StoreClock(columns), inventory, telemetry: new TelemetryRegistry(), log: silentLogger };
    const part = samplesSink({ ...common, maxExecutionMs: 60_000, readBack: true, fence: true, now: Date.now }, new SeriesTable(columns)).open({
      topic: 'im.metrics',
      partition: 0,
    });
    const never = (error: Error): void => expect(error).toBeUndefined();
    const context: RoundContext = {
      signal: new AbortController().signal,
      health: { failed: never, parked: never, recovered: () => undefined },
      numbers: new InsertNumbers(0, 0n),
      interrupted: undefined,
      until: () => 0n,
      owned: () => Number.POSITIVE_INFINITY,
      plan: () => Promise.resolve(),
    };
    expect(await part.write([messageOf(0, 150), messageOf(1, 150), messageOf(2, 150)], context)).toEqual([]);
    expect(given.map(({ length }) => length)).toEqual([225_000]);
    // An earlier owner had planned the message in the middle for an insert of its own, and it stands.
    const middle = { number: 77n, table: 'samples', day: Math.floor(NOON / 86_400_000), deadline: 0, messages: [{ from: 4n, to: 5n }], rows: undefined };
    expect(
      await part.write([messageOf(3, 150), messageOf(4, 150), messageOf(5, 150)], { ...context, interrupted: { inserts: [middle], standing: new Set([77n]) } }),
    ).toEqual([]);
    expect(given.map(({ length }) => length)).toEqual([225_000, 150_000]);
    expect(given.every(({ inOrder }) => inOrder)).toBe(true);
    const sql = `SELECT count(), uniqExact(id, time), countIf(mantissa != expected OR toUnixTimestamp64Milli(start) != {noon:Int64} - toInt64(s)) FROM
(SELECT *, toInt64(s * 1000 + intDiv(toUnixTimestamp64Milli(time) - {noon:Int64}, 1000)) AS expected FROM samples INNER JOIN
(SELECT number AS s, toUInt64((number + 1) * 0x9e3779b97f4a7c15) AS id FROM numbers(${SERIES})) AS known USING id)`;
    expect(rowsOf(await columns.query(sql, { params: { noon: NOON } }))).toEqual([[375_000n, 375_000n, 0n]]);
  } finally {
    await close();
  }
});
