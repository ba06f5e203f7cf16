// What an asker is given of an answer's batches: rows as columns, or lines. Knows no store and no text.
import type { Batch } from '../core/batch/batch.ts';
import { CodedError } from '../core/errors.ts';
import type { ValueType } from '../schemas/types.ts';
import type { Diagnostic } from './1-syntax/diagnostic.ts';
import { answerColumns, type JsonValue } from './ask/answer.ts';
import { type LineColumns, type Lines, type LineValues, lineColumns, linesOf } from './ask/lines.ts';
import type { PlannedQuery } from './compile.ts';
import { batchBytes } from './run/size.ts';

export interface ResultColumn {
  readonly name: string;
  readonly type: ValueType;
  /** UCUM; undefined: none or unknown. */
  readonly unit: string | undefined;
  readonly values: readonly JsonValue[];
}

export interface ResultLines extends Omit<Lines, 'keys' | 'values' | 'overlapping'> {
  readonly keys: readonly ResultColumn[];
  readonly values: readonly (LineValues & Pick<ResultColumn, 'unit'>)[];
}

/** What an answer shows. */
export interface Shown {
  /** Without values where there are lines. */
  readonly columns: readonly ResultColumn[];
  readonly lines: ResultLines | undefined;
  /** Of lines all rows that they were made of. */
  readonly rowCount: number;
  readonly truncated: { readonly limit: number; readonly by: string } | undefined;
  /** All that are in it. */
  readonly valueCount: number;
}

export interface QueryResult extends Shown {
  readonly completeUpTo: bigint | undefined;
  /** Starts of the buckets that the range cuts or that do not end by `completeUpTo`; of rows that stand at no buckets none. */
  readonly partial: readonly bigint[];
  readonly diagnostics: readonly Diagnostic[];
  readonly stats: { readonly elapsedMs: number; readonly rowsRead: number; readonly bytesRead: number };
}

export const NOTHING_SHOWN: Shown = { columns: [], lines: undefined, rowCount: 0, truncated: undefined, valueCount: 0 };

/** Values and bytes of one answer: it becomes one text for its asker. */
const MOST_VALUES = 10_000_000;
const MOST_BYTES = 128 << 20;
/** Bytes of the rows that lines are made of. */
const MOST_LINE_BYTES = 512 << 20;

const mustBeAtMost = (what: string, amount: number, limit: number): void => {
  if (amount > limit) throw new CodedError('iql.answer-too-large', { what, limit, amount });
};
const bytesOf = (batches: readonly Batch[]): number => batches.reduce((n, b) => n + batchBytes(b), 0);
const rowsOf = (batches: readonly Batch[]): number => batches.reduce((n, b) => n + b.length, 0);

type Planned = Pick<PlannedQuery, 'plan' | 'columns'>;

const unitsOf = ({ columns }: Planned): (<C extends { readonly name: string; readonly type: ValueType }>(column: C) => C & Pick<ResultColumn, 'unit'>) => {
  const units = new Map(columns.map(({ name, type }) => [name, type.unit?.text]));
  return (column) => ({ ...column, unit: column.type === 'duration' ? 's' : units.get(column.name) });
};

/** The first rows, at most so many. Batches have the plan's columns. */
export const shownRows = (batches: readonly Batch[], planned: Planned, limit: number): Shown => {
  const found = rowsOf(batches);
  mustBeAtMost('values', found * planned.columns.length, MOST_VALUES);
  mustBeAtMost('bytes', bytesOf(batches), MOST_BYTES);
  const withUnit = unitsOf(planned);
  const answered = new Map(answerColumns(batches, planned.plan.columns).map((column) => [column.name, column]));
  const cut = found > limit;
  const columns = planned.columns.flatMap(({ name }) => {
    const column = answered.get(name);
    return column === undefined ? [] : [withUnit(cut ? { ...column, values: column.values.slice(0, limit) } : column)];
  });
  const rowCount = cut ? limit : found;
  return { columns, lines: undefined, rowCount, truncated: cut ? { limit, by: 'rows' } : undefined, valueCount: rowCount * columns.length };
};

/** How rows that stand at buckets are lines; undefined: they are not. */
export const linesIn = ({ plan, columns }: Planned): LineColumns | undefined => lineColumns(plan, new Set(columns.map(({ name }) => name)));

/** All rows as lines, at most so many of each column of values. `overlap` is told of rows that nothing tells apart. */
export const shownLines = async (
  batches: readonly Batch[],
  planned: Planned,
  { of, most, overlap, signal }: { readonly of: LineColumns; readonly most: number; readonly overlap: (rows: number) => void; readonly signal: AbortSignal },
): Promise<Shown> => {
  mustBeAtMost('bytes', bytesOf(batches), MOST_LINE_BYTES);
  const withUnit = unitsOf(planned);
  const { plan, columns } = planned;
  const lines = await linesOf(batches, plan.columns, of, { most, mostValues: MOST_VALUES, signal });
  const { overlapping, ...rest } = lines;
  if (overlapping > 0) overlap(overlapping);
  const given = lines.keys.length + (lines.values[0]?.values.length ?? 0) * (lines.values.length * lines.times.length + lines.keys.length);
  return {
    columns: answerColumns([], plan.columns)
      .filter(({ name }) => columns.some((column) => column.name === name))
      .map(withUnit),
    lines: { ...rest, keys: lines.keys.map(withUnit), values: lines.values.map(withUnit) },
    rowCount: rowsOf(batches),
    truncated: undefined,
    valueCount: given,
  };
};
