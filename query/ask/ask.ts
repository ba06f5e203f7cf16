// Runs a split plan: each fragment is asked of its store when the plan reads it, the rest runs here. Stores are ports, handed in.
import { type Batch, type Column, columnIndex } from '../../core/batch/batch.ts';
import { countOnes } from '../../core/batch/bits.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { Records } from '../../engines/records/port.ts';
import type { Search } from '../../engines/search/port.ts';
import type { Role } from '../../schemas/types.ts';
import { type Fragment, requestOf } from '../4-emit/fragment.ts';
import type { Losses } from '../4-emit/losses.ts';
import type { SplitPlan } from '../4-emit/split.ts';
import { Budget, type Limits, type Pool } from '../run/budget.ts';
import type { RunEnvironment, RunFunctions } from '../run/environment.ts';
import { runPlan } from '../run/run.ts';
import { batchBytes } from '../run/size.ts';
import type { Asker } from './asker.ts';
import { clickHouseAsker } from './clickhouse-asker.ts';
import { recordsAsker } from './records-asker.ts';

export interface StorePorts {
  readonly columns: ColumnStore;
  readonly search: Search;
  readonly records: Records;
}

export type Askers = Readonly<Record<Role, Asker>>;

export const askersOf = ({ columns, search, records }: StorePorts): Askers => ({
  columns: clickHouseAsker(columns),
  search: clickHouseAsker(search),
  records: recordsAsker(records),
});

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
  /** Of all that is asked in this process; without one only the run's own limits hold. */
  readonly pool?: Pool;
  /** How long a store may work on one question. */
  readonly seconds?: number;
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

export interface Asked {
  readonly batches: readonly Batch[];
  /** In the order in which they were asked. */
  readonly answers: readonly StoreAnswer[];
  /** Values that became missing here because they could not be represented; `mayBeMore`: as stores may have made others. */
  readonly notRepresentable: number;
  readonly mayBeMore: boolean;
}

/** Rejects with a CodedError: limits, cancellation, a store that does not answer. */
export const ask = async (split: SplitPlan, askers: Askers, functions: RunFunctions, { signal, limits, pool, seconds }: AskOptions = {}): Promise<Asked> => {
  const answers: StoreAnswer[] = [];
  let notRepresentable = 0;
  let mayBeMore = false;
  const budget = new Budget(limits, pool);
  const ended = new AbortController();
  const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const env: RunEnvironment = {
    functions,
    budget,
    warn: (_, count) => {
      notRepresentable += count;
    },
    ...(signal === undefined ? {} : { signal }),
    scan: async function* (scan, keys) {
      const fragment = split.fragments.get(scan);
      if (fragment === undefined) throw new TypeError(`nothing was emitted for ${scan.dataset.name}`);
      const { losses } = fragment.emission;
      mayBeMore ||= losses.isHidden;
      const told: StoreAnswer = { fragment, rows: 0, rowsRead: 0, bytesRead: 0, elapsedMs: 0 };
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
        mayBeMore ||= showsLoss(batch, losses);
        told.rows += batch.length;
        const bytes = batchBytes(batch);
        budget.take(0, bytes);
        yield batch;
        budget.give(0, bytes);
      }
      told.elapsedMs = performance.now() - begun;
    },
  };
  const batches = await runPlan(split.plan, env).finally(() => {
    budget.end();
    // Where one side failed or enough rows were there, a store may still be at work.
    ended.abort(OVER);
  });
  return { batches, answers, notRepresentable, mayBeMore };
};

/** Without a reason one is made, with all calls that led there. */
const OVER = 'the run is over';

/** A value is missing where one that could not be represented would be. */
const showsLoss = (batch: Batch, { columns }: Losses): boolean =>
  Array.from(columns.keys(), (name) => batch.columns[columnIndex(batch, name)]).some(hasMissing);

const hasMissing = (column: Column | undefined): boolean => column?.validity !== undefined && countOnes(column.validity, column.length) < column.length;
