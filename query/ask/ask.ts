// Runs a split plan: each fragment is asked of its store when the plan reads it, the rest runs here. Stores are ports, handed in.
import { type Batch, type Column, columnIndex } from '../../core/batch/batch.ts';
import { countOnes } from '../../core/batch/bits.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { ColumnStore, Parameters, QueryAnswer } from '../../engines/columns/port.ts';
import type { RecordRow, Records, RecordValue } from '../../engines/records/port.ts';
import type { Search } from '../../engines/search/port.ts';
import type { Role } from '../../schemas/types.ts';
import { physicalType } from '../3-plan/physical.ts';
import type { Fragment, Question } from '../4-emit/fragment.ts';
import type { Losses } from '../4-emit/losses.ts';
import type { SplitPlan } from '../4-emit/split.ts';
import { Budget, type Limits, type Pool } from '../run/budget.ts';
import type { RunEnvironment, RunFunctions, TableRun } from '../run/environment.ts';
import { runPlan } from '../run/run.ts';
import { batchBytes } from '../run/size.ts';

export interface StorePorts {
  readonly columns: ColumnStore;
  readonly search: Search;
  readonly records: Records;
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Limits;
  /** Of all that is asked in this process; without one only the run's own limits hold. */
  readonly pool?: Pool;
  /** Settings of one ClickHouse query: its own limits. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface Asked {
  readonly batches: readonly Batch[];
  readonly rowsRead: number;
  readonly bytesRead: number;
  /** Values that became missing here because they could not be represented; `mayBeMore`: as stores may have made others. */
  readonly notRepresentable: number;
  readonly mayBeMore: boolean;
}

/** Rejects with a CodedError: limits, cancellation, a store that does not answer. */
export const ask = async (
  split: SplitPlan,
  ports: StorePorts,
  functions: RunFunctions,
  tables: Readonly<Record<string, TableRun>>,
  options: AskOptions = {},
): Promise<Asked> => {
  let rowsRead = 0;
  let bytesRead = 0;
  let notRepresentable = 0;
  let mayBeMore = false;
  const told = ({ stats }: QueryAnswer): void => {
    rowsRead += stats.rowsRead;
    bytesRead += stats.bytesRead;
  };
  const budget = new Budget(options.limits, options.pool);
  const env: RunEnvironment = {
    functions,
    tables,
    budget,
    warn: (_, count) => {
      notRepresentable += count;
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    scan: async function* (scan) {
      const fragment = split.fragments.get(scan);
      if (fragment === undefined) throw new TypeError(`nothing was emitted for ${scan.dataset.name}`);
      if (fragment.dialect === 'postgres') {
        const rows = await ports.records.query(
          fragment.text,
          [...fragment.parameters.values()] as RecordValue[],
          options.signal === undefined ? {} : { signal: options.signal },
        );
        rowsRead += rows.length;
        const batch = recordBatch(rows, fragment);
        budget.take(0, batchBytes(batch));
        yield batch;
        budget.give(0, batchBytes(batch));
        return;
      }
      const answer = await inTime(options.signal, (signal) =>
        supposed(fragment, (asked) => askClickHouse(asked, fragment.role, ports, { ...options, signal })),
      );
      told(answer);
      mayBeMore ||= mayHaveLost(answer.batches, fragment.losses);
      // An answer comes whole and is here until its last row has been taken in.
      const bytes = answer.batches.reduce((sum, batch) => sum + batchBytes(batch), 0);
      budget.take(0, bytes);
      yield* answer.batches;
      budget.give(0, bytes);
    },
  };
  const batches = await runPlan(split.plan, env).finally(() => budget.end());
  return { batches, rowsRead, bytesRead, notRepresentable, mayBeMore };
};

/** When one question fails the others asked with it are ended too. */
const inTime = async <T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const own = new AbortController();
  try {
    return await work(signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]));
  } catch (error) {
    own.abort();
    throw error;
  }
};

/** What the fragment supposes is looked up beside it where it nearly always holds. */
const supposed = async (fragment: Fragment, put: (asked: Question) => Promise<QueryAnswer>): Promise<QueryAnswer> => {
  const { supposes } = fragment;
  if (supposes === undefined) return put(fragment);
  const isFound = async (question: Question): Promise<boolean> => (await put(question)).batches.some(({ length }) => length > 0);
  const [open, sure] = [supposes.questions.filter(({ isOpen }) => isOpen === true), supposes.questions.filter(({ isOpen }) => isOpen !== true)];
  if ((await Promise.all(open.map(isFound))).includes(true)) return put(supposes.otherwise);
  const [answer, ...found] = await Promise.all([put(fragment), ...sure.map(isFound)]);
  return found.includes(true) ? put(supposes.otherwise) : answer;
};

const mayHaveLost = (batches: readonly Batch[], { columns, isHidden }: Losses): boolean =>
  isHidden || batches.some((batch) => Array.from(columns.keys(), (name) => batch.columns[columnIndex(batch, name)]).some(hasMissing));

const hasMissing = (column: Column | undefined): boolean => column?.validity !== undefined && countOnes(column.validity, column.length) < column.length;

const askClickHouse = (asked: Question, role: Role, ports: StorePorts, options: AskOptions): Promise<QueryAnswer> => {
  const query = {
    params: Object.fromEntries(asked.parameters) as Parameters,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  return role === 'search' ? ports.search.query(asked.text, query) : ports.columns.query(asked.text, query);
};

/** Rows of the record store as one batch in the fragment's columns. */
const recordBatch = (rows: readonly RecordRow[], fragment: Fragment): Batch =>
  batchOf(
    fragment.columns.map((c): readonly [string, Column] => {
      const type = physicalType(c.type, c.item);
      const values = rows.map((row) => {
        const v = row[c.name];
        if (v === null || v === undefined) return null;
        if (c.type === 'map') return new Map(Object.entries(v as Record<string, string>));
        if (c.type === 'float') return Number(v);
        return v as bigint | string | boolean;
      });
      return [c.name, columnFrom(type, values)];
    }),
  );
