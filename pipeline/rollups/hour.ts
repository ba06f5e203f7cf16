// Makes the parts of one hour, of all metrics or of some: counts its samples, says in the ledger that it begins, has the store make the parts,
// holds them against the count, and says in the ledger that they stand. Whatever breaks off between is done again, as a later version.
import { FIVE_MINUTES, HOUR, LONGEST_INTERVAL_MS } from '../../schemas/rollups.ts';
import { checkSignal } from '../retry.ts';
import { type RollupHour, rowsOf, type Store, writeHours } from './ledger.ts';
import { type Kinds, rollupStatement } from './statement.ts';

export interface HourOptions {
  readonly store: Store;
  /** Its start, ms. */
  readonly hour: number;
  /** undefined: all. */
  readonly metrics: readonly number[] | undefined;
  readonly version: number;
  readonly signal: AbortSignal;
}

export interface HourDone {
  readonly samples: number;
  /** Metrics whose samples are fewer than they were: retention has removed some. Their parts stay as they are. */
  readonly partly: readonly number[];
  /** Metrics whose parts do not hold all that was counted, since the store was changed meanwhile: the hour is still open. */
  readonly short: readonly number[];
}

/** Of one statement, so that it takes seconds. */
const MOST_SAMPLES = 30_000_000;
/** In the order of the table only one series at a time is in memory; the rest is what is read ahead and the block that is written. */
const MODEST = {
  max_threads: 1,
  max_insert_threads: 1,
  optimize_aggregation_in_order: 1,
  aggregation_in_order_max_block_bytes: 16 << 20,
  max_memory_usage: 1 << 30,
  max_execution_time: 600,
  max_rows_to_read: 0,
  max_insert_block_size: 262_144,
  min_insert_block_size_rows: 262_144,
  min_insert_block_size_bytes: 128 << 20,
};

const OF_HOUR = `toStartOfHour(s.time) = toDateTime({hour:UInt32}, 'UTC')
  AND s.time >= toDateTime({hour:UInt32}, 'UTC') AND s.time < toDateTime({hour:UInt32} + 3600, 'UTC')`;

interface Counted {
  readonly metric: number;
  readonly samples: number;
  readonly interval: number;
  readonly kinds: Kinds;
}

/** `interval`: between two samples of a series, in the mean. */
const counted = async ({ store, hour, metrics, signal }: HourOptions): Promise<readonly Counted[]> => {
  const params = { hour: hour / 1000 };
  const doubles = (
    await rowsOf(store, "SELECT DISTINCT metric FROM marks WHERE kind = 'double' AND hour = fromUnixTimestamp64Milli({at:Int64}, 'UTC')", {
      params: { at: hour },
      signal,
    })
  ).map(({ metric }) => Number(metric));
  const count = async (isDouble: boolean): Promise<readonly Counted[]> => {
    const own = isDouble ? doubles.filter((metric) => metrics === undefined || metrics.includes(metric)) : metrics;
    if (isDouble && own?.length === 0) return [];
    const conditions = [
      OF_HOUR,
      ...(own === undefined ? [] : ['s.metric IN ({own:Array(UInt32)})']),
      ...(isDouble ? [] : ['s.metric NOT IN ({doubles:Array(UInt32)})']),
    ];
    const rows = await rowsOf(
      store,
      `SELECT metric, toUInt64(sum(n)) AS samples, sum(span) / sum(n - 1) AS interval, max(most) > 6 OR max(begun) > 0 AS is_odd FROM (
  SELECT s.metric AS metric, count() AS n, toUnixTimestamp64Milli(max(s.time)) - toUnixTimestamp64Milli(min(s.time)) AS span,
    max(s.exponent) AS most, toUnixTimestamp64Milli(max(s.start)) AS begun
  FROM samples AS s${isDouble ? ' FINAL' : ''} WHERE ${conditions.join(' AND ')} GROUP BY metric, toStartOfHour(s.time), s.id)
GROUP BY metric ORDER BY metric`,
      { params: { ...params, doubles, ...(own === undefined ? {} : { own }) }, settings: MODEST, signal },
    );
    return rows.map(({ metric, samples, interval, is_odd: odd }) => ({
      metric: Number(metric),
      samples: Number(samples),
      interval: Number(interval),
      kinds: { doubles: isDouble, odd: Boolean(odd) },
    }));
  };
  return [...(await count(false)), ...(await count(true))];
};

/** What the ledger knows of the hour, by metric. */
const priors = async ({ store, hour, signal }: HourOptions): Promise<ReadonlyMap<number, { readonly samples: number; readonly fine: boolean }>> => {
  const rows = await rowsOf(
    store,
    "SELECT metric, max(samples) AS samples, max(fine) AS fine FROM rollup_hours WHERE NOT whole AND hour = toDateTime({hour:UInt32}, 'UTC') GROUP BY metric",
    { params: { hour: hour / 1000 }, signal },
  );
  return new Map(rows.map(({ metric, samples, fine }) => [Number(metric), { samples: Number(samples), fine: Number(fine) === 1 }]));
};

const portions = (metrics: readonly Counted[]): readonly (readonly Counted[])[] => {
  const out: Counted[][] = [];
  let room = 0;
  for (const each of metrics) {
    if (each.samples > room || out.length === 0) {
      out.push([]);
      room = MOST_SAMPLES;
    }
    (out.at(-1) as Counted[]).push(each);
    room -= each.samples;
  }
  return out;
};

/** Samples in the parts of a version, by metric. */
const made = async ({ store, hour, version, signal }: HourOptions): Promise<ReadonlyMap<number, number>> => {
  const rows = await rowsOf(
    store,
    "SELECT metric, toUInt64(sum(count) + sum(missing) + sum(stale)) AS samples FROM rollups_1h WHERE time = toDateTime({hour:UInt32}, 'UTC') AND version = {version:UInt64} GROUP BY metric",
    { params: { hour: hour / 1000, version }, settings: { max_rows_to_read: 0 }, signal },
  );
  return new Map(rows.map(({ metric, samples }) => [Number(metric), Number(samples)]));
};

export const rollUpHour = async (options: HourOptions): Promise<HourDone> => {
  const { store, hour, metrics, version, signal } = options;
  // Before the samples are read: what is marked from now on may not be among them.
  const computed = await store.now();
  const all = await counted(options);
  const known = await priors(options);
  const isPartly = ({ metric, samples }: Counted): boolean => samples < (known.get(metric)?.samples ?? 0);
  const isFine = ({ metric, interval }: Counted): boolean => interval <= LONGEST_INTERVAL_MS || known.get(metric)?.fine === true;
  const row = (of: Counted): RollupHour => ({ whole: false, metric: of.metric, hour, version, computed: 0, fine: isFine(of), samples: 0 });
  const partly = all.filter(isPartly);
  const due = all.filter((each) => !isPartly(each));
  await writeHours(store, due.map(row), signal);
  // The hour's parts last: where they are whole, the samples were there for the others too.
  for (const same of Map.groupBy(due, ({ kinds: { doubles, odd } }) => `${doubles}/${odd}`).values())
    for (const portion of portions(same))
      for (const level of [FIVE_MINUTES, HOUR]) {
        checkSignal(signal);
        const own = (level === HOUR ? portion : portion.filter(isFine)).map(({ metric }) => metric);
        if (own.length === 0) continue;
        const { kinds } = portion[0] as Counted;
        await store.command(rollupStatement(level, kinds), { params: { hour: hour / 1000, metrics: own, version }, settings: MODEST, signal });
      }
  const stand = due.length === 0 ? new Map<number, number>() : await made(options);
  const isShort = ({ metric, samples }: Counted): boolean => (stand.get(metric) ?? 0) < samples;
  const short = due.filter(isShort);
  const seen = new Set(all.map(({ metric }) => metric));
  const done: RollupHour[] = [
    ...due.filter((each) => !isShort(each)).map((each) => ({ ...row(each), computed, samples: stand.get(each.metric) as number })),
    // Some or all of their samples are not there any more: what is known of them stays.
    ...[...partly.map(({ metric }) => metric), ...(metrics ?? []).filter((metric) => !seen.has(metric))].map((metric) => ({
      whole: false,
      metric,
      hour,
      version,
      computed,
      fine: known.get(metric)?.fine ?? false,
      samples: known.get(metric)?.samples ?? 0,
    })),
  ];
  // In one insert, hence all or none.
  if (metrics === undefined && short.length === 0) done.push({ whole: true, metric: 0, hour, version, computed, fine: false, samples: 0 });
  await writeHours(store, done, signal);
  return { samples: due.reduce((sum, { samples }) => sum + samples, 0), partly: partly.map(({ metric }) => metric), short: short.map(({ metric }) => metric) };
};
