// Runs a split plan: each fragment is asked of its store when the plan reads it, the rest runs here. Stores are ports, handed in.
import { type Batch, type Column, columnIndex } from '../../core/batch/batch.ts';
import { countOnes } from '../../core/batch/bits.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { Records } from '../../engines/records/port.ts';
import type { Search } from '../../engines/search/port.ts';
import type { Role } from '../../schemas/types.ts';
import type { PlanNode } from '../3-plan/nodes.ts';
import { type Fragment, requestOf } from '../4-emit/fragment.ts';
import type { Losses } from '../4-emit/losses.ts';
import type { SplitPlan } from '../4-emit/split.ts';
import { Budget, type Limits, type Pool } from '../run/budget.ts';
import type { RunEnvironment, RunFunctions } from '../run/environment.ts';
import { rowsOf, runPlan } from '../run/run.ts';
import { batchBytes } from '../run/size.ts';
import type { Asker } from './asker.ts';
import type { BucketsOfAnswer, Counts, Lost } from './bucket-cache.ts';
import { type BucketWise, type BucketWiseParts, bucketWiseParts, type State } from './bucket-wise.ts';
import { clickHouseAsker } from './clickhouse-asker.ts';
import { elasticsearchAsker } from './elasticsearch-asker.ts';
import { recordsAsker } from './records-asker.ts';

export interface StorePorts {
  readonly columns: ColumnStore;
  readonly search: Search;
  readonly records: Records;
}

export type Askers = Readonly<Record<Role, Asker>>;

export const askersOf = ({ columns, search, records }: StorePorts): Askers => ({
  columns: clickHouseAsker(columns),
  search: search.dialect === 'elasticsearch' ? elasticsearchAsker(search) : clickHouseAsker(search),
  records: recordsAsker(records),
});

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
  /** Of all that is asked in this process; without one only the run's own limits hold. */
  readonly pool?: Pool;
  /** How long a store may work on one question. */
  readonly seconds?: number;
  /** Without one all is asked anew. */
  readonly cache?: AnswerCache;
}

export interface AnswerCache {
  readonly buckets: BucketsOfAnswer;
  /** By what was known when the plan was split, and by what is known now. */
  readonly stateThen: State;
  readonly state: State;
  /** Called before a plan is said to a store. */
  readonly prepare: (plan: PlanNode) => Promise<void>;
}

/** What one fragment's answer was. */
export interface StoreAnswer {
  readonly fragment: Fragment;
  rows: number;
  /** As the store tells it. */
  rowsRead: number;
  bytesRead: number;
  /** From the question to the last batch, what was done with the ones before in it. */
  elapsedMs: number;
}

/** Buckets that were not asked for. */
export interface BucketsFromCache {
  /** Of which they are an answer too. */
  readonly fragment: Fragment;
  readonly buckets: number;
  readonly rows: number;
}

export interface PlanAnswer {
  readonly batches: readonly Batch[];
  /** In the order in which they were asked. */
  readonly answers: readonly StoreAnswer[];
  readonly cached: readonly BucketsFromCache[];
  /** Values that became missing here because they could not be represented; `mayBeMore`: as stores may have made others. */
  readonly notRepresentable: number;
  readonly mayBeMore: boolean;
  readonly elapsedMs: number;
}

/** Rejects with a CodedError: limits, cancellation, a store that does not answer. */
export const ask = async (
  split: SplitPlan,
  askers: Askers,
  functions: RunFunctions,
  { signal, limits, pool, seconds, cache }: AskOptions = {},
): Promise<PlanAnswer> => {
  const asked = performance.now();
  const answers: StoreAnswer[] = [];
  const cached: BucketsFromCache[] = [];
  const { plan, parts } = cache === undefined ? { plan: split.plan, parts: new Map() as BucketWiseParts['parts'] } : bucketWiseParts(split);
  /** By the scan that stands for its result; `of`: of which it is a piece. */
  const fragments = new Map(Array.from(split.fragments, ([scan, fragment]) => [scan, { fragment, of: fragment }] as const));
  const states = new Map(Array.from(parts.values(), (part) => [part, cache?.stateThen(part) ?? '']));
  const lost: Lost = { counted: 0, shown: 0 };
  let mayBeMore = false;
  const budget = new Budget(limits, pool);
  const ended = new AbortController();
  const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const environment = ({ lost, budget }: Counts): RunEnvironment => ({
    functions,
    budget,
    warn: (_, count) => {
      lost.counted += count;
    },
    ...(signal === undefined ? {} : { signal }),
    scan: async function* (scan, keys) {
      const part = parts.get(scan);
      if (part !== undefined) {
        yield* inBuckets(part);
        return;
      }
      const found = fragments.get(scan);
      if (found === undefined) throw new TypeError(`nothing was emitted for ${scan.dataset.name}`);
      const { fragment, of } = found;
      const { losses } = fragment.emission;
      mayBeMore ||= losses.isHidden;
      const told: StoreAnswer = { fragment: of, rows: 0, rowsRead: 0, bytesRead: 0, elapsedMs: 0 };
      answers.push(told);
      const begun = performance.now();
      const answer = askers[fragment.role].open(requestOf(fragment, keys), {
        columns: fragment.plan.columns,
        ...(seconds === undefined ? {} : { seconds }),
        signal: stop,
        read: (rows, bytes) => {
          told.rowsRead += rows;
          told.bytesRead += bytes;
        },
        hold: (bytes) => {
          budget.take(0, bytes);
          return () => budget.give(0, bytes);
        },
      });
      for await (const batch of answer) {
        if (showsLoss(batch, losses)) lost.shown++;
        told.rows += batch.length;
        const bytes = batchBytes(batch);
        budget.take(0, bytes);
        yield batch;
        budget.give(0, bytes);
      }
      told.elapsedMs = performance.now() - begun;
    },
  });
  const inBuckets = (part: BucketWise): AsyncIterable<Batch> => {
    const { fragment: of } = part;
    const { buckets, state, prepare } = cache as AnswerCache;
    mayBeMore ||= of.emission.losses.isHidden;
    return buckets.rows(part, states.get(part) as string, {
      open: ({ node, leaf, fragment }, counts) => {
        fragments.set(leaf, { fragment, of });
        return rowsOf(node, environment(counts));
      },
      state,
      prepare,
      lost: ({ counted, shown }) => {
        lost.counted += counted;
        lost.shown += shown;
      },
      budget,
      cached: (buckets, rows) => void cached.push({ fragment: of, buckets, rows }),
    });
  };
  const batches = await runPlan(plan, environment({ lost, budget })).finally(() => {
    budget.end();
    // Where one side failed or enough rows were there, a store may still be at work.
    ended.abort(OVER);
  });
  return { batches, answers, cached, notRepresentable: lost.counted, mayBeMore: mayBeMore || lost.shown > 0, elapsedMs: performance.now() - asked };
};

/** Without a reason one is made, with all calls that led there. */
const OVER = 'the run is over';

/** A value is missing where one that could not be represented would be. */
const showsLoss = (batch: Batch, { columns }: Losses): boolean =>
  Array.from(columns.keys(), (name) => batch.columns[columnIndex(batch, name)]).some(hasMissing);

const hasMissing = (column: Column | undefined): boolean => column?.validity !== undefined && countOnes(column.validity, column.length) < column.length;
