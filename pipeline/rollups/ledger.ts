// What was put together and when: the table `rollup_hours`, which rests beside the parts themselves. A row for each metric of an hour and each
// time that its parts were begun to be made; one of no metric where an hour was gone through as a whole.
//
// A row stands before the first part of its version, with `computed` 0, and again with the moment when all of them stand. So whoever reads
// parts knows: without a row whose `computed` is not 0 they are not all there; with rows of several versions, one part may be there
// several times, and the one of the latest version stands (FINAL).
import { randomUUID } from 'node:crypto';
import { columnOf, type Field, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';

export interface RollupHour {
  /** 0 in a row of the whole hour. */
  readonly metric: number;
  readonly whole: boolean;
  /** Its start, ms. */
  readonly hour: number;
  /** Rises, whichever process makes it. */
  readonly version: number;
  /** By the store's clock, ms, before the samples were read; 0: not all parts stand. */
  readonly computed: number;
  /** Whether there are five-minute parts too. */
  readonly fine: boolean;
  /** Of which the parts are, whatever their value. */
  readonly samples: number;
}

/** Of rows of one hour, and of one metric or whole: the moment that counts, ms; it is that of the latest version. */
export const COMPUTED = 'argMaxIf(toUnixTimestamp64Milli(computed), version, toUnixTimestamp64Milli(computed) > 0)';

export type Store = Pick<ColumnStore, 'query' | 'insert' | 'now'>;

export const rowsOf = async (
  store: Pick<ColumnStore, 'query'>,
  sql: string,
  options: Parameters<ColumnStore['query']>[1] = {},
): Promise<readonly Readonly<Record<string, Value>>[]> => {
  const { batches } = await store.query(sql, options);
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, row) => Object.fromEntries(batch.fields.map(({ name }) => [name, valueAt(columnOf(batch, name), row)]))),
  );
};

/** The partition of `rollup_hours`: a month. */
const monthOf = ({ hour }: RollupHour): string => new Date(hour).toISOString().slice(0, 7);

/** One insert a month, hence of an hour all rows or none. */
export const writeHours = async (store: Pick<ColumnStore, 'insert'>, hours: readonly RollupHour[], signal: AbortSignal): Promise<void> => {
  for (const ofMonth of Map.groupBy(hours, monthOf).values()) await writeMonth(store, ofMonth, signal);
};

const writeMonth = async (store: Pick<ColumnStore, 'insert'>, hours: readonly RollupHour[], signal: AbortSignal): Promise<void> => {
  const value: Readonly<Record<string, (hour: RollupHour) => Value>> = {
    whole: ({ whole }) => (whole ? 1 : 0),
    metric: ({ metric }) => metric,
    hour: ({ hour }) => BigInt(hour),
    version: ({ version }) => BigInt(version),
    computed: ({ computed }) => BigInt(Math.floor(computed)),
    fine: ({ fine }) => (fine ? 1 : 0),
    samples: ({ samples }) => BigInt(samples),
  };
  const column = ({ name, type }: Field) => [name, columnFrom(type, hours.map(value[name] as (hour: RollupHour) => Value))] as const;
  await store.insert('rollup_hours', batchOf(TABLE_FIELDS.rollup_hours.map(column)), { queryId: `rollups-${randomUUID()}`, signal });
};
