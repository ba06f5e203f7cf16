// An answer as lines, which is what a chart draws: the keys once a line, one axis of times, the values of each line along it. Of many lines
// only the largest are given, by what the text itself measures; the others are put together where that means something.
import { type Batch, type Column, isPresent, type Value } from '../../core/batch/batch.ts';
import { sliceBatch } from '../../core/batch/take.ts';
import { CodedError } from '../../core/coded-error.ts';
import type { ValueType } from '../../schemas/types.ts';
import type { AggregateFunction } from '../2-semantic/function-names.ts';
import type { PlanColumn, PlanNode } from '../3-plan/nodes.ts';
import { kindOf, physicalType } from '../3-plan/physical.ts';
import { KeyTable } from '../run/keys.ts';
import { Pace } from '../run/pace.ts';
import { compareValues } from '../run/values.ts';
import { type AnswerColumn, answerColumn, type JsonValue, jsonValue } from './answer.ts';

/** How values of several lines at one time become one. */
export type Merge = 'sum' | 'min' | 'max';

export interface LineValues {
  readonly name: string;
  readonly type: ValueType;
  /** Of each line along the axis; null: no row, or no value. Durations in seconds; integers beyond ±2^53 are rounded. */
  readonly values: readonly (readonly (number | null)[])[];
  /** Of the lines that are not given; undefined: nothing they could be put together by, or there are none. */
  readonly other: { readonly merge: Merge; readonly values: readonly (number | null)[] } | undefined;
}

export interface Lines {
  /** ISO times, ascending: those at which any line has a row. */
  readonly times: readonly JsonValue[];
  /** One value a line, in the order of `values`; lines by their keys. */
  readonly keys: readonly AnswerColumn[];
  readonly values: readonly LineValues[];
  /** Lines there are, with those that are not given. */
  readonly total: number;
  /** Rows that stand where another row of their line does: what told them apart is not among the columns. */
  readonly overlapping: number;
}

const MERGES: Partial<Readonly<Record<AggregateFunction, Merge>>> = { count: 'sum', sum: 'sum', increase: 'sum', rate: 'sum', min: 'min', max: 'max' };

/** What a column of a plan is: a key of its groups, or what an aggregate made of them; undefined: something else. */
const madeBy = (node: PlanNode, name: string): 'key' | AggregateFunction | undefined => {
  switch (node.node) {
    case 'every':
    case 'aggregate':
      return node.aggregates.find((a) => a.name === name)?.function ?? 'key';
    case 'project': {
      let made = node.values[node.columns.findIndex((c) => c.name === name)];
      while (made?.op === 'call' && (made.function === 'scale' || made.function === 'to_float')) made = made.arguments[0];
      return made?.op === 'column' ? madeBy(node.input, made.name) : undefined;
    }
    case 'union': {
      const [first, ...others] = node.inputs.map((input) => madeBy(input, name));
      return others.every((other) => other === first) ? first : undefined;
    }
    case 'join':
      return node.left.columns.some((c) => c.name === name) ? madeBy(node.left, name) : undefined;
    case 'filter':
    case 'order':
    case 'fill':
      return madeBy(node.input, name);
    default:
      return undefined;
  }
};

const isAmount = ({ type }: PlanColumn): boolean => ['int', 'float', 'duration'].includes(kindOf(type));
const isName = ({ type }: PlanColumn): boolean => ['string', 'bool', 'ip'].includes(kindOf(type));

export interface LineColumns {
  /** What names a line. */
  readonly keys: readonly PlanColumn[];
  /** What is drawn. */
  readonly values: readonly { readonly column: PlanColumn; readonly function: AggregateFunction | undefined }[];
}

/** Of the columns that are shown; undefined: nothing can be drawn, or some are neither and would be lost. */
export const lineColumns = (plan: PlanNode, shown: ReadonlySet<string>): LineColumns | undefined => {
  const keys: PlanColumn[] = [];
  const values: { column: PlanColumn; function: AggregateFunction | undefined }[] = [];
  for (const column of plan.columns) {
    if (!shown.has(column.name) || column.name === 'time') continue;
    const made = isAmount(column) ? madeBy(plan, column.name) : undefined;
    if (isName(column) || made === 'key') keys.push(column);
    else if (isAmount(column)) values.push({ column, function: made });
    else return undefined;
  }
  return values.length === 0 ? undefined : { keys, values };
};

/** NaN where there is no value. */
const numbersOf = (column: Column, isDuration: boolean): ((row: number) => number) => {
  if (column.layout !== 'fixed') return () => Number.NaN;
  const { values } = column;
  const divisor = isDuration ? 1e9 : 1;
  return (row) => (isPresent(column, row) ? Number(values[row]) / divisor : Number.NaN);
};

/** Dense numbers of the times of rows; neighbours are often the same. */
class Axis {
  readonly #places = new Map<bigint, number>();

  placesOf(column: Column): Int32Array {
    const places = new Int32Array(column.length).fill(-1);
    if (column.layout !== 'fixed') return places;
    let before: bigint | undefined;
    let place = -1;
    for (let row = 0; row < column.length; row++) {
      if (!isPresent(column, row)) continue;
      const time = column.values[row] as bigint;
      if (time !== before) {
        place = this.#places.get(time) ?? this.#places.size;
        this.#places.set(time, place);
        before = time;
      }
      places[row] = place;
    }
    return places;
  }

  /** The times in order, and where each place stands among them. */
  inOrder(): { readonly times: readonly bigint[]; readonly at: Int32Array } {
    const times = [...this.#places.keys()].sort(compareValues);
    const at = new Int32Array(times.length);
    for (const [i, time] of times.entries()) at[this.#places.get(time) as number] = i;
    return { times, at };
  }
}

/**
 * By what lines are chosen, those with the most first, as their values were made: of `max` by their largest value, of `min` by their smallest, the
 * smallest first; else by what they come to without its sign, counts and sums in total and others on average.
 */
const sizesOf = async (chunks: readonly Chunk[], value: number, lines: number, made: AggregateFunction | undefined, pace: Pace): Promise<Float64Array> => {
  const merge = made === undefined ? undefined : MERGES[made];
  const isExtreme = merge === 'max' || merge === 'min';
  const sign = merge === 'min' ? -1 : 1;
  const sizes = new Float64Array(lines).fill(isExtreme ? Number.NEGATIVE_INFINITY : 0);
  const counts = new Uint32Array(lines);
  for (const { ids, numbers, length } of chunks) {
    const number = numbers[value] as (row: number) => number;
    for (let row = 0; row < length; row++) {
      const [line, one] = [ids[row] as number, number(row)];
      if (Number.isNaN(one)) continue;
      sizes[line] = isExtreme ? Math.max(sizes[line] as number, sign * one) : (sizes[line] as number) + one;
      counts[line] = (counts[line] as number) + 1;
    }
    await pace.turn();
  }
  for (let line = 0; line < lines; line++) {
    const count = counts[line] as number;
    if (count === 0) sizes[line] = Number.NEGATIVE_INFINITY;
    else if (!isExtreme) sizes[line] = Math.abs(sizes[line] as number) / (merge === 'sum' ? 1 : count);
  }
  return sizes;
};

interface Chunk {
  readonly length: number;
  /** The line of each row. */
  readonly ids: Int32Array;
  /** Of each row its place on the axis, −1: it has no time. */
  readonly places: Int32Array;
  readonly numbers: readonly ((row: number) => number)[];
}

/** Rows of given lines at places where they had one already. */
const overlapsOf = async (chunks: readonly Chunk[], rank: Int32Array, lines: number, places: number, pace: Pace): Promise<number> => {
  const taken = new Uint8Array(lines * places);
  let overlaps = 0;
  for (const { length, ids, places: of } of chunks) {
    for (let row = 0; row < length; row++) {
      const [line, place] = [rank[ids[row] as number] as number, of[row] as number];
      if (line < 0 || place < 0) continue;
      const cell = line * places + place;
      overlaps += taken[cell] as number;
      taken[cell] = 1;
    }
    await pace.turn();
  }
  return overlaps;
};

/** Of the numbers below `count` the first in the order: putting a million of them in order would take seconds. */
const firstOf = (count: number, most: number, order: (a: number, b: number) => number): readonly number[] => {
  const found: number[] = [];
  for (let one = 0; one < count; one++) {
    let place = found.length;
    if (place === most && (most === 0 || order(found[most - 1] as number, one) < 0)) continue;
    for (let low = 0; low < place; ) {
      const middle = (low + place) >> 1;
      if (order(found[middle] as number, one) < 0) low = middle + 1;
      else place = middle;
    }
    found.splice(place, 0, one);
    if (found.length > most) found.pop();
  }
  return found;
};

const jsonNumbers = (cells: Float64Array): (number | null)[] => Array.from(cells, (cell) => (Number.isFinite(cell) ? cell : null));

const merged = (merge: Merge, a: number, b: number): number => {
  if (Number.isNaN(a)) return b;
  return merge === 'sum' ? a + b : merge === 'min' ? Math.min(a, b) : Math.max(a, b);
};

export interface LineLimits {
  /** Lines of each column of values. */
  readonly most: number;
  /** Of all lines that are given. */
  readonly mostValues?: number;
  readonly signal?: AbortSignal;
}

/** Rows that are gone through in one turn. */
const PIECE_ROWS = 65_536;

const pieces = (batch: Batch): readonly Batch[] =>
  Array.from({ length: Math.ceil(batch.length / PIECE_ROWS) }, (_, i) => sliceBatch(batch, i * PIECE_ROWS, Math.min(batch.length, (i + 1) * PIECE_ROWS)));

/**
 * The rows of `batches` (of `columns`, in any order; with a column `time`) as lines. Where two rows of a line have one time, the later counts.
 * By turns, so that nothing waits for it. Rejects with `iql.answer-too-large` before values are made (few rows may be many values, as each line has
 * a place at each time), and with `iql.cancelled` when it is ended.
 */
export const linesOf = async (
  batches: readonly Batch[],
  columns: readonly PlanColumn[],
  { keys, values }: LineColumns,
  { most, mostValues = Number.POSITIVE_INFINITY, ...env }: LineLimits,
): Promise<Lines> => {
  const pace = new Pace(env);
  const placeOf = (name: string): number => columns.findIndex((c) => c.name === name);
  const keyTable = new KeyTable(
    keys.map(({ type }) => physicalType(type)),
    true,
  );
  const axis = new Axis();
  const chunks: Chunk[] = [];
  for (const batch of batches.flatMap(pieces)) {
    const taken = (name: string): Column => batch.columns[placeOf(name)] as Column;
    chunks.push({
      length: batch.length,
      ids: keyTable.add(
        keys.map(({ name }) => taken(name)),
        batch.length,
      ),
      places: axis.placesOf(taken('time')),
      numbers: values.map(({ column }) => numbersOf(taken(column.name), kindOf(column.type) === 'duration')),
    });
    await pace.turn();
  }
  const total = keyTable.size;
  const keyColumns = keyTable.columns().map((column, i) => answerColumn([column], keys[i] as PlanColumn));
  const byKeys = (a: number, b: number): number => {
    for (const { values: of } of keyColumns) {
      const order = compareValues(of[a] as Value, of[b] as Value);
      if (order !== 0) return order;
    }
    return 0;
  };
  const wanted = new Set<number>();
  for (const [i, value] of values.entries()) {
    const sizes = await sizesOf(chunks, i, total, value.function, pace);
    const bySize = (a: number, b: number): number =>
      (sizes[a] as number) === (sizes[b] as number) ? byKeys(a, b) : (sizes[b] as number) - (sizes[a] as number);
    for (const line of firstOf(total, most, bySize)) wanted.add(line);
    await pace.turn();
  }
  const given = [...wanted].sort(byKeys);
  const rank = new Int32Array(total).fill(-1);
  for (const [i, line] of given.entries()) rank[line] = i;
  const { times, at } = axis.inOrder();
  const amount = given.length * (values.length * times.length + keys.length);
  if (amount > mostValues) throw new CodedError('iql.answer-too-large', { what: 'values', limit: mostValues, amount });
  const timeColumn = columns[placeOf('time')] as PlanColumn;
  const along: LineValues[] = [];
  for (const [i, { column, function: made }] of values.entries()) {
    const cells = given.map(() => new Float64Array(times.length).fill(Number.NaN));
    const merge = given.length < total && made !== undefined ? MERGES[made] : undefined;
    const rest = new Float64Array(times.length).fill(Number.NaN);
    for (const { length, ids, places, numbers } of chunks) {
      const number = numbers[i] as (row: number) => number;
      for (let row = 0; row < length; row++) {
        const place = at[places[row] as number];
        if (place === undefined) continue;
        const line = cells[rank[ids[row] as number] as number];
        const one = number(row);
        if (line !== undefined) line[place] = one;
        else if (merge !== undefined && !Number.isNaN(one)) rest[place] = merged(merge, rest[place] as number, one);
      }
      await pace.turn();
    }
    const other = merge === undefined ? undefined : { merge, values: jsonNumbers(rest) };
    along.push({ name: column.name, type: kindOf(column.type), values: cells.map(jsonNumbers), other });
  }
  return {
    overlapping: await overlapsOf(chunks, rank, given.length, times.length, pace),
    times: times.map((time) => jsonValue(time, physicalType(timeColumn.type))),
    keys: keyColumns.map((column) => ({ ...column, values: given.map((line) => column.values[line] as JsonValue) })),
    values: along,
    total,
  };
};
