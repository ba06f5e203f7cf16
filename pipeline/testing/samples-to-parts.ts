// Samples in a column store and what rollups have made of them, for the tests of one file: its store is empty when each begins. All samples are
// of some hours of a day that is over. No part of the product.
import { beforeEach } from 'vitest';
import { columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { RollupColumns } from '../../schemas/rollup-columns.ts';
import { FIVE_MINUTES, type Level } from '../../schemas/rollups.ts';
import { Part } from '../../schemas/sample-part.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import { encodeValues } from '../../schemas/testing/values.ts';
import { writeLedger } from '../retention/ledger.ts';
import { rowsOf, type Store } from '../rollups/ledger.ts';
import { Rollups } from '../rollups/rollups.ts';
import { holdStores } from './held-stores.ts';
import type { Stores } from './stores.ts';

export const MINUTE = 60_000;
export const HOUR_MS = 3_600_000;
const DAY = 86_400_000;
/** All samples are of the last hours of a day that is over; of what was before, retention has removed samples. */
export const HOURS = 4;
export const FROM = Math.floor(Date.now() / DAY) * DAY - DAY - HOURS * HOUR_MS;
export const TO = FROM + HOURS * HOUR_MS;

const STALE_BITS = 0x7ff0000000000002n;
export const STALE = new Float64Array(new BigUint64Array([STALE_BITS]).buffer);
export const isStale = (value: number): boolean => new BigUint64Array(Float64Array.of(value).buffer)[0] === STALE_BITS;

export interface Sample {
  readonly metric: number;
  readonly id: number;
  readonly time: number;
  readonly value: number;
  /** ms; 0: not known. */
  readonly start: number;
}

/** A counter read all through the first hour. */
export const counter = (metric: number, interval: number, from = FROM, to = FROM + HOUR_MS): Sample[] =>
  Array.from({ length: Math.ceil((to - from) / interval) }, (_, n) => ({ metric, id: metric, time: from + n * interval, value: n, start: 0 }));
export interface StoredPart {
  readonly metric: number;
  readonly id: number;
  readonly time: number;
  readonly part: Part;
}

const sticky = new Int8Array(1000);

/** To be called once, outside of tests: all of the file have one store. */
export const samplesToParts = () => {
  const telemetry = new TelemetryRegistry();
  let stores: Stores;
  holdStores('rollups', (opened) => {
    stores = opened;
  });
  beforeEach(async () => {
    for (const table of ['samples', 'marks', 'rollups_5m', 'rollups_1h', 'rollup_hours']) await stores.columns.command(`TRUNCATE TABLE ${table}`);
    await writeLedger(stores.records, { gone: { samples: FROM } });
  });

  const mark = async (kind: 'late' | 'double', samples: readonly Sample[]): Promise<void> => {
    for (const key of new Set(samples.map(({ metric, time }) => `${metric}, fromUnixTimestamp64Milli(toInt64(${time - (time % HOUR_MS)}), 'UTC')`)))
      await stores.columns.command(`INSERT INTO marks (kind, metric, hour) SELECT '${kind}', ${key}`);
  };

  let insert = 0;
  /** One insert, as a worker makes it: marks first. */
  const write = async (samples: readonly Sample[], marks: readonly ('late' | 'double')[] = []): Promise<void> => {
    for (const kind of marks) await mark(kind, samples);
    const values = { mantissa: new BigInt64Array(samples.length), exponent: new Int8Array(samples.length), float: new Float64Array(samples.length) };
    // Every value as it is: numbers would make a NaN of the marker.
    const floats = new Float64Array(samples.length);
    for (const [i, { value }] of samples.entries()) floats.set(isStale(value) ? STALE : [value], i);
    encodeValues(
      floats,
      Int32Array.from(samples, ({ id }) => id),
      sticky,
      values,
    );
    insert++;
    const of: Readonly<Record<string, (i: number) => Value>> = {
      metric: (i) => (samples[i] as Sample).metric,
      id: (i) => BigInt((samples[i] as Sample).id),
      time: (i) => BigInt((samples[i] as Sample).time),
      start: (i) => BigInt((samples[i] as Sample).start),
      mantissa: (i) => values.mantissa[i] as bigint,
      exponent: (i) => values.exponent[i] as number,
      float: (i) => values.float[i] as number,
      insert: () => BigInt(insert),
    };
    const rows = samples.map((_, i) => i);
    const batch = batchOf(TABLE_FIELDS.samples.map(({ name, type }) => [name, columnFrom(type, rows.map(of[name] as (i: number) => Value))] as const));
    await stores.columns.insert('samples', batch, { queryId: `test-${insert}` });
  };
  const rollups = (columns: Store = stores.columns, page = 400_000, settleMs = 0): Rollups =>
    new Rollups({ columns, records: stores.records, telemetry, log: silentLogger, delayMs: 0, settleMs, pauseMs: 0, page });
  const ask = (sql: string): Promise<readonly Readonly<Record<string, Value>>[]> => rowsOf(stores.columns, sql);

  /** As a reader takes them: with FINAL where the ledger has several versions, and of hours alone that it says are there. */
  const parts = async ({ table }: Level): Promise<readonly StoredPart[]> => {
    const fields = `s.metric AS metric, s.id AS id, toUInt32(s.time) AS time, s.count, s.missing, s.stale, toUInt8(s.opens) AS opens, toUInt8(s.ends) AS ends, s.exponent, s.first, s.span, s.below, s.above, s.bulge, s.beyond, s.resets, s.floats, s.begins, s.lasts, s.first_start, s.last_start, s.runs`;
    const known = `SELECT metric, hour FROM rollup_hours WHERE NOT whole GROUP BY metric, hour HAVING max(toUnixTimestamp64Milli(computed)) > 0${table === FIVE_MINUTES.table ? ' AND argMaxIf(fine, version, toUnixTimestamp64Milli(computed) > 0)' : ''}`;
    const some = (versions: string): string => `(s.metric, toDateTime64(toStartOfHour(s.time), 3, 'UTC')) IN (${known} AND uniqExact(version) ${versions})`;
    const { batches } = await stores.columns.query(
      `SELECT ${fields} FROM ${table} AS s WHERE ${some('= 1')} UNION ALL SELECT ${fields} FROM ${table} AS s FINAL WHERE ${some('> 1')}`,
    );
    return batches.flatMap((batch) => {
      const rows = new RollupColumns(batch);
      return Array.from({ length: batch.length }, (_, row) => {
        const part = new Part();
        rows.read(row, part);
        const number = (name: string): number => Number(valueAt(columnOf(batch, name), row));
        return { metric: number('metric'), id: number('id'), time: number('time') * 1000, part };
      });
    });
  };

  const counts = async (level: Level): Promise<readonly (readonly number[])[]> =>
    (await parts(level))
      .map(({ metric, time, part }) => [metric, (time - FROM) / level.stepMs, part.count])
      .sort((a, b) => (a[0] as number) - (b[0] as number) || (a[1] as number) - (b[1] as number));

  /** The store, whose process is killed at some of its statements. */
  const dying = (random: () => number, deaths: { left: number }): Store => {
    const maybe = (): void => {
      if (deaths.left === 0 || random() > 0.12) return;
      deaths.left--;
      const { columnsPid } = stores;
      if (columnsPid !== undefined) setTimeout(() => process.kill(columnsPid, 'SIGKILL'), Math.floor(random() * 8));
    };
    const { columns } = stores;
    return {
      query: (sql, options) => columns.query(sql, options),
      now: () => columns.now(),
      insert: (table, batch, options) => {
        maybe();
        return columns.insert(table, batch, options);
      },
    };
  };
  return {
    telemetry,
    write,
    rollups,
    ask,
    parts,
    counts,
    dying,
    get stores() {
      return stores;
    },
  };
};
