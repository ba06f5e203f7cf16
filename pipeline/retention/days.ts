// The days that stand in the column store, table by table, as the store's own list of parts tells them; and how one goes.
// A question that reads a day while it goes reads it whole: the store keeps its files until the last reader is done.
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { Retention } from '../../schemas/retention.ts';
import { DAY_MS } from '../stages/days.ts';

/** Tables that are cut by time, and the setting that says when. */
export const TIMED_TABLES: Readonly<Record<string, keyof Retention>> = {
  samples: 'samples',
  histograms: 'samples',
  summaries: 'samples',
  processes: 'processes',
  jvm: 'jvm',
  logs: 'logs',
  rollups_5m: 'rollups_5m',
  rollups_1h: 'rollups_1h',
  rollup_hours: 'rollups_1h',
};

const NOT_OF_SERIES: ReadonlySet<string> = new Set(['processes', 'jvm', 'logs']);
/** Tables whose rows are of series: definitions are kept as long as the longest of them. */
export const SERIES_TABLES: readonly string[] = Object.keys(TIMED_TABLES).filter((table) => !NOT_OF_SERIES.has(table));
/** Those of them whose rows are as they came: marks are of their hours. */
export const RAW_TABLES: readonly string[] = SERIES_TABLES.filter((table) => TIMED_TABLES[table] === 'samples');

/** Or a month, where a table is parted so. */
export interface StoredDay {
  readonly table: string;
  /** Its start and its end, ms. */
  readonly day: number;
  readonly to: number;
  /** Its first moment where the store knows it, as it does of tables by the second, else its start; ms. */
  readonly first: number;
  readonly partitions: readonly string[];
  /** It stands in the search store. */
  readonly ofSearch?: true;
  readonly bytes: number;
  readonly rows: number;
}

const PARTITIONS = `SELECT toString(table) AS name, partition_id AS id, toUInt64(sum(bytes_on_disk)) AS bytes, toUInt64(sum(rows)) AS rows,
  toInt64(min(toUnixTimestamp(min_time))) AS first
FROM system.parts WHERE database = currentDatabase() AND active AND table IN ({tables:Array(String)}) GROUP BY name, id`;

/** `YYYYMM`, `YYYYMMDD`, or with hours behind it, as the tables are parted; undefined for any other name. ms. */
export const spanOfPartition = (id: string): { readonly from: number; readonly to: number } | undefined => {
  const m = /^(\d{4})(\d{2})(?:(\d{2})(?:\d{2})?)?$/.exec(id);
  if (m === null) return undefined;
  const [year, month] = [Number(m[1]), Number(m[2]) - 1];
  if (m[3] === undefined) return { from: Date.UTC(year, month, 1), to: Date.UTC(year, month + 1, 1) };
  const from = Date.UTC(year, month, Number(m[3]));
  return { from, to: from + DAY_MS };
};

/** By table, oldest first. */
export const storedDays = async (columns: Pick<ColumnStore, 'query'>, signal?: AbortSignal): Promise<ReadonlyMap<string, readonly StoredDay[]>> => {
  const { batches } = await columns.query(PARTITIONS, { params: { tables: Object.keys(TIMED_TABLES) }, ...(signal === undefined ? {} : { signal }) });
  const tables = new Map<string, Map<number, StoredDay>>();
  for (const batch of batches)
    for (let row = 0; row < batch.length; row++) {
      const [table, id] = [String(valueAt(columnOf(batch, 'name'), row)), String(valueAt(columnOf(batch, 'id'), row))];
      const [bytes, rows] = [Number(valueAt(columnOf(batch, 'bytes'), row)), Number(valueAt(columnOf(batch, 'rows'), row))];
      const begun = Number(valueAt(columnOf(batch, 'first'), row)) * 1000;
      const span = spanOfPartition(id);
      if (span === undefined) continue;
      const { from: day, to } = span;
      const days = tables.get(table) ?? new Map<number, StoredDay>();
      const known = days.get(day);
      const first = Math.min(known?.first ?? to, Math.max(begun, day));
      days.set(day, {
        table,
        day,
        to,
        first,
        partitions: [...(known?.partitions ?? []), id],
        bytes: (known?.bytes ?? 0) + bytes,
        rows: (known?.rows ?? 0) + rows,
      });
      tables.set(table, days);
    }
  return new Map([...tables].map(([table, days]) => [table, [...days.values()].sort((a, b) => a.day - b.day)]));
};

/** Bytes of what was merged or dropped and is still on the disk: the store keeps it some minutes, against a power cut. */
export const bytesOnTheWay = async (columns: Pick<ColumnStore, 'query'>, signal?: AbortSignal): Promise<number> => {
  const { batches } = await columns.query(
    'SELECT toUInt64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE database = currentDatabase() AND NOT active',
    signal === undefined ? {} : { signal },
  );
  const [batch] = batches;
  return batch === undefined || batch.length === 0 ? 0 : Number(valueAt(columnOf(batch, 'bytes'), 0));
};

/** A day may be of any size: the store's own guard is against slips of a hand. */
export const ANY_SIZE = { max_partition_size_to_drop: 0 };

export const dropDay = async (columns: Pick<ColumnStore, 'command'>, { table, partitions }: StoredDay, signal?: AbortSignal): Promise<void> => {
  for (const id of partitions)
    await columns.command(`ALTER TABLE ${table} DROP PARTITION ID '${id}'`, { settings: ANY_SIZE, ...(signal === undefined ? {} : { signal }) });
};

/**
 * The day that goes first when the disk is full: the oldest of the table that takes most. Never a table's newest day, and none from today
 * on: whatever the clock says, what comes in now stays. undefined: nothing may go.
 */
export const firstToGo = (tables: ReadonlyMap<string, readonly StoredDay[]>, now: number): StoredDay | undefined => {
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  let found: { readonly day: StoredDay; readonly bytes: number } | undefined;
  for (const days of tables.values()) {
    const [oldest] = days;
    const newest = days.at(-1);
    if (oldest === undefined || newest === undefined || oldest.day === newest.day || oldest.day >= today) continue;
    const bytes = days.reduce((sum, day) => sum + day.bytes, 0);
    if (found === undefined || bytes > found.bytes) found = { day: oldest, bytes };
  }
  return found?.day;
};
