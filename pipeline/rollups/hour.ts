// Makes the parts of one hour, of all metrics or of some: counts its samples, says in the ledger that it begins, reads them and writes the parts,
// holds what was read against the count, and says in the ledger that they stand. Whatever breaks off between is done again, as a later version.
// A metric in which one time has two values is left out and marked: it is late then, and to be read with FINAL, by questions too.
import { randomUUID } from 'node:crypto';
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import { RollupRows } from '../../schemas/rollup-rows.ts';
import { FIVE_MINUTES, HOUR, type Level, LONGEST_INTERVAL_MS } from '../../schemas/rollups.ts';
import { LATE } from '../../schemas/sample-value.ts';
import { checkSignal } from '../retry.ts';
import { type Mark, markRows } from '../stages/samples.ts';
import { type Counted, counted } from './count.ts';
import { HourFold } from './fold.ts';
import { type RollupHour, rowsOf, type Store, writeHours } from './ledger.ts';
import { readPages } from './read.ts';

export interface HourOptions {
  readonly store: Store;
  /** Its start, ms. */
  readonly hour: number;
  /** undefined: all. */
  readonly metrics: readonly number[] | undefined;
  readonly version: number;
  readonly signal: AbortSignal;
  /** See `ReadOptions`. */
  readonly page?: number;
}

export interface HourDone {
  readonly samples: number;
  /** Metrics whose samples are fewer than they were: retention has removed some. Their parts stay as they are. */
  readonly partly: readonly number[];
  /**
   * Metrics whose parts do not hold all that was counted: one time has two values, or the store was changed meanwhile. They are marked `double`
   * and `late`, and have no parts of this version that count.
   */
  readonly short: readonly number[];
}

/** Parts in one insert; they take some 120 bytes each. */
const ROOM = 100_000;

interface Prior {
  readonly samples: number;
  readonly fine: boolean;
  /** Begun ones too. */
  readonly versions: number;
}

/** What the ledger knows of the hour, by metric. */
const priors = async ({ store, hour, signal }: HourOptions): Promise<ReadonlyMap<number, Prior>> => {
  const rows = await rowsOf(
    store,
    "SELECT metric, max(samples) AS samples, max(fine) AS fine, uniqExact(version) AS versions FROM rollup_hours WHERE NOT whole AND hour = toDateTime({hour:UInt32}, 'UTC') GROUP BY metric",
    { params: { hour: hour / 1000 }, signal },
  );
  return new Map(
    rows.map(({ metric, samples, fine, versions }) => [Number(metric), { samples: Number(samples), fine: Number(fine) === 1, versions: Number(versions) }]),
  );
};

const NO_PRIOR: Prior = { samples: 0, fine: false, versions: 0 };

/** Adds metrics whose samples are met for the first time: whether those of a series follow each other closely enough, in the mean. */
const decideFine = (batches: readonly Batch[], fine: Map<number, boolean>): void => {
  const met = new Map<number, { steps: number; span: number }>();
  for (const batch of batches) {
    const { length } = batch;
    const metrics = (columnOf(batch, 'metric') as FixedColumn).values as Uint32Array;
    const ids = wordsOf((columnOf(batch, 'id') as FixedColumn).values as BigUint64Array);
    const times = wordsOf((columnOf(batch, 'time') as FixedColumn).values as BigInt64Array);
    for (let from = 0, row = 0; from < length; from = row) {
      const metric = metrics[from] as number;
      const [low, high] = [ids[from * 2], ids[from * 2 + 1]];
      while (row < length && metrics[row] === metric && ids[row * 2] === low && ids[row * 2 + 1] === high) row++;
      if (fine.has(metric)) continue;
      const of = met.get(metric) ?? { steps: 0, span: 0 };
      of.steps += row - 1 - from;
      of.span += safeIntegerAt(times, row - 1) - safeIntegerAt(times, from);
      met.set(metric, of);
    }
  }
  for (const [metric, { steps, span }] of met) fine.set(metric, steps > 0 && span / steps <= LONGEST_INTERVAL_MS);
};

/** Reads the samples of the metrics and writes their parts. */
const makeParts = async (
  due: readonly Counted[],
  known: ReadonlyMap<number, Prior>,
  options: HourOptions,
): Promise<{ readonly samples: ReadonlyMap<number, number>; readonly doubles: ReadonlySet<number>; readonly fine: ReadonlyMap<number, boolean> }> => {
  const { store, hour, version, signal } = options;
  const fine = new Map<number, boolean>([...known].filter(([, prior]) => prior.fine).map(([metric]) => [metric, true]));
  const rows = new Map<Level, RollupRows>([FIVE_MINUTES, HOUR].map((level) => [level, new RollupRows(ROOM, version)]));
  const write = async (isLast: boolean): Promise<void> => {
    for (const [{ table }, parts] of rows) {
      if (parts.length === 0 || !(isLast || parts.isFull)) continue;
      checkSignal(signal);
      // Without a deadline: what comes late is of an earlier version, of which the ledger knows that it was begun.
      await store.insert(table, parts.batch(), { queryId: `rollups-${randomUUID()}`, signal });
      parts.clear();
    }
  };
  const [own, whole] = [rows.get(FIVE_MINUTES) as RollupRows, rows.get(HOUR) as RollupRows];
  const fold = new HourFold({ hour, isFine: (metric) => fine.get(metric) === true, fine: own, whole });
  for (const same of Map.groupBy(due, ({ kinds: { doubles, odd } }) => `${doubles}/${odd}`).values()) {
    for await (const batches of readPages(same, (same[0] as Counted).kinds, options)) {
      decideFine(batches, fine);
      for (const batch of batches)
        for (let row = 0; row < batch.length; ) {
          row = fold.add(batch, row);
          if (fold.isFull) await write(false);
        }
    }
  }
  fold.finish();
  await write(true);
  return { samples: fold.samples, doubles: fold.doubles, fine };
};

export const rollUpHour = async (options: HourOptions): Promise<HourDone> => {
  const { store, hour, metrics, version, signal } = options;
  // Before the samples are read: what is marked from now on may not be among them.
  const computed = await store.now();
  const all = await counted(options);
  const known = await priors(options);
  const prior = (metric: number): Prior => known.get(metric) ?? NO_PRIOR;
  const partly = all.filter(({ metric, samples }) => samples < prior(metric).samples);
  const due = all.filter(({ metric, samples }) => samples >= prior(metric).samples);
  const row = { whole: false, hour, version };
  // Of a metric with several versions is known already that parts may stand several times: tries that fail do not add to it. One says that there
  // was this version.
  const unsaid = due.filter(({ metric }, i) => i === 0 || prior(metric).versions < 2);
  await writeHours(
    store,
    unsaid.map(({ metric }): RollupHour => ({ ...row, metric, computed: 0, fine: prior(metric).fine, samples: 0 })),
    signal,
  );
  const made = await makeParts(due, known, options);
  const isShort = ({ metric, samples }: Counted): boolean => made.doubles.has(metric) || (made.samples.get(metric) ?? 0) < samples;
  const short = due.filter(isShort);
  const seen = new Set(all.map(({ metric }) => metric));
  const done: RollupHour[] = [
    ...due
      .filter((each) => !isShort(each))
      .map(({ metric }) => ({ ...row, metric, computed, fine: made.fine.get(metric) === true, samples: made.samples.get(metric) as number })),
    // Some or all of their samples are not there any more: what is known of them stays.
    ...[...partly.map(({ metric }) => metric), ...(metrics ?? []).filter((metric) => !seen.has(metric))].map((metric) => ({
      ...row,
      metric,
      computed,
      fine: prior(metric).fine,
      samples: prior(metric).samples,
    })),
  ];
  // Before it is said that the hour was gone through, so that they come again. What was counted and is not there any more may have been one of two
  // values, removed by a merge, or cut off by a page; and a mark that was not needed costs a reader little.
  const marks = short.flatMap(({ metric }): Mark[] => [
    { kind: 'double', metric, hour },
    { kind: LATE, metric, hour },
  ]);
  if (marks.length > 0) await store.insert('marks', markRows(marks, computed), { queryId: `rollups-${randomUUID()}`, signal });
  // In one insert, hence all or none.
  if (metrics === undefined) done.push({ whole: true, metric: 0, hour, version, computed, fine: false, samples: 0 });
  await writeHours(store, done, signal);
  return { samples: due.reduce((sum, { samples }) => sum + samples, 0), partly: partly.map(({ metric }) => metric), short: short.map(({ metric }) => metric) };
};
