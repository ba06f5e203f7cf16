// Comparisons, `in`, `level`, and the smallest or largest of several.
//
// Exactly:
// - equals, less … with a missing side are false, not_equals is true (also of two missing). Never missing themselves.
// - Text by code point. −0 equals 0. Lists and maps are equal when their values are, in order. An int against a float compares as floats.
// - in(x, list): missing x is false, missing items are skipped.
// - level(x, levels): the place of x in the list from 0; text not in it is missing.
// - in_level_order(list, levels): the texts of the list as the levels go; others behind them, by code point.
// - least, greatest, clamp: missing when any argument is; text too; clamp(x, lo, hi) is greatest(lo, least(x, hi)), so lo wins over hi.
import { type Column, isPresent, list, UTF8, type Value, valueAt } from '../../../core/batch/batch.ts';
import { bitmapBytes, setBit } from '../../../core/batch/bits.ts';
import { ColumnBuilder } from '../../../core/batch/build.ts';
import { concatColumns } from '../../../core/batch/concat.ts';
import { sameText } from '../../../core/batch/same-bytes.ts';
import { takeColumn } from '../../../core/batch/take.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { compareText } from '../../run/bytes.ts';
import { canonical, compareValues } from '../../run/values.ts';
import {
  boolColumn,
  floatsOf,
  intsOf,
  isFloats,
  isText,
  makeInts,
  makePredicate,
  maskOf,
  presentInAll,
  type ScalarRun,
  textRows,
  type Vector,
} from '../../run/vector.ts';

type Relation = 'equals' | 'not_equals' | 'less' | 'less_or_equal' | 'greater' | 'greater_or_equal';

/** Which of (smaller, same, greater) make the relation true, as bits 1, 2, 4. */
const ACCEPTS: Readonly<Record<Relation, number>> = { less: 1, equals: 2, less_or_equal: 3, greater: 4, not_equals: 5, greater_or_equal: 6 };

const entryOf = (indices: Int32Array | undefined, row: number): number => (indices === undefined ? row : (indices[row] as number));

const setWhere = (rows: number, test: (row: number) => boolean): Uint8Array => {
  const bits = new Uint8Array(bitmapBytes(rows));
  for (let i = 0; i < rows; i++) if (test(i)) setBit(bits, i);
  return bits;
};

/** Bits of the relation as if all were present. */
const relate = (a: Vector, b: Vector, rows: number, accepts: number): Uint8Array => {
  const [aMask, bMask] = [maskOf(a), maskOf(b)];
  if (isFloats(a) || isFloats(b)) return relateFloats(floatsOf(a), aMask, floatsOf(b), bMask, rows, accepts);
  if (isText(a)) {
    const x = textRows(a);
    const y = textRows(b);
    if (accepts === 2 || accepts === 5)
      return setWhere(rows, (i) => sameText(x.text, entryOf(x.indices, i & aMask), y.text, entryOf(y.indices, i & bMask)) === (accepts === 2));
    return setWhere(rows, (i) => accepted(compareText(x.text, entryOf(x.indices, i & aMask), y.text, entryOf(y.indices, i & bMask)), accepts));
  }
  if (a.column.layout === 'fixed') {
    const x = intsOf(a);
    const y = intsOf(b);
    return setWhere(rows, (i) => {
      const l = x[i & aMask] as bigint;
      const r = y[i & bMask] as bigint;
      return (accepts & (l < r ? 1 : l > r ? 4 : 2)) !== 0;
    });
  }
  return setWhere(rows, (i) => accepted(compareValues(valueAt(a.column, i & aMask), valueAt(b.column, i & bMask)), accepts));
};

/** The loop that filters are made of, so it writes whole bytes. */
const relateFloats = (x: Float64Array, xMask: number, y: Float64Array, yMask: number, rows: number, accepts: number): Uint8Array => {
  const bits = new Uint8Array(bitmapBytes(rows));
  const onLess = accepts & 1;
  const onSame = (accepts >> 1) & 1;
  const onGreater = (accepts >> 2) & 1;
  for (let i = 0; i < rows; ) {
    let byte = 0;
    const end = Math.min(i + 8, rows);
    for (let bit = 0; i < end; i++, bit++) {
      const l = x[i & xMask] as number;
      const r = y[i & yMask] as number;
      byte |= (l < r ? onLess : l > r ? onGreater : onSame) << bit;
    }
    bits[(i - 1) >> 3] = byte;
  }
  return bits;
};

const accepted = (order: number, accepts: number): boolean => (accepts & (order < 0 ? 1 : order > 0 ? 4 : 2)) !== 0;

const relation =
  (name: Relation): ScalarRun =>
  (args, { rows }) => {
    const [a, b] = args as [Vector, Vector];
    const bits = relate(a, b, rows, ACCEPTS[name]);
    const present = presentInAll(args, rows);
    if (present !== undefined)
      for (let i = 0; i < bits.length; i++)
        bits[i] = name === 'not_equals' ? (bits[i] as number) | ~(present[i] as number) : (bits[i] as number) & (present[i] as number);
    return boolColumn(rows, bits);
  };

/** The items of row i of a list argument. */
const listOf = (vector: Vector): { items: Vector; from: (row: number) => number; to: (row: number) => number } => {
  const { column } = vector;
  if (column.layout !== 'list') throw new TypeError(`no list in a column of ${column.type.kind}`);
  const mask = maskOf(vector);
  const items = { column: column.items, constant: false };
  return { items, from: (row) => column.offsets[row & mask] as number, to: (row) => column.offsets[(row & mask) + 1] as number };
};

const isIn: ScalarRun = (args, { rows }) => {
  const [x, list] = args as [Vector, Vector];
  const present = presentInAll(args, rows);
  const { items, from, to } = listOf(list);
  const mask = maskOf(x);
  if (list.constant) {
    const wanted = new Set<Value>();
    for (let i = from(0); i < to(0); i++) if (isPresent(items.column, i)) wanted.add(comparable(likeThe(x.column, valueAt(items.column, i))));
    return makePredicate(rows, present, (i) => wanted.has(comparable(valueAt(x.column, i & mask))));
  }
  return makePredicate(rows, present, (i) => {
    const value = canonical(valueAt(x.column, i & mask));
    for (let k = from(i); k < to(i); k++) if (isPresent(items.column, k) && canonical(likeThe(x.column, valueAt(items.column, k))) === value) return true;
    return false;
  });
};

/** What a Set tells apart as equality does. */
const comparable = (value: Value): Value => (typeof value === 'object' ? canonical(value) : value);

/** A whole number of the other numeric type as the column's. */
const likeThe = (column: Column, value: Value): Value => {
  if (column.type.kind === 'float' && typeof value === 'bigint') return Number(value);
  if (column.type.kind === 'int' && typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return value;
};

/** The place of each level, which are the same in all rows. */
const placesOf = (levels: Vector): ReadonlyMap<string, bigint> => {
  const { items, from, to } = listOf(levels);
  const places = new Map<string, bigint>();
  for (let i = from(0); i < to(0); i++) places.set(canonical(valueAt(items.column, i)), BigInt(i - from(0)));
  return places;
};

const level: ScalarRun = (args, { rows }) => {
  const [x, levels] = args as [Vector, Vector];
  const rank = placesOf(levels);
  const mask = maskOf(x);
  return makeInts(physicalType('int'), rows, presentInAll([x], rows), (i) => rank.get(canonical(valueAt(x.column, i & mask))));
};

const inLevelOrder: ScalarRun = (args, { rows }) => {
  const [lists, levels] = args as [Vector, Vector];
  const places = placesOf(levels);
  const behind = BigInt(places.size);
  const place = (v: Value): bigint => places.get(canonical(v)) ?? behind;
  const mask = maskOf(lists);
  const builder = new ColumnBuilder(list(UTF8));
  for (let i = 0; i < rows; i++) {
    const texts = valueAt(lists.column, i & mask) as readonly Value[] | null;
    builder.append(texts?.toSorted((a, b) => Number(place(a) - place(b)) || compareValues(a, b)) ?? null);
  }
  return builder.finish();
};

/** Of two columns the rows of the one or the other. */
const choose = (a: Vector, b: Vector, rows: number, accepts: number): Vector => {
  const bits = relate(a, b, rows, accepts);
  const present = presentInAll([a, b], rows);
  const places = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && (((present[i >> 3] as number) >> (i & 7)) & 1) === 0) places[i] = -1;
    else if ((((bits[i >> 3] as number) >> (i & 7)) & 1) === 1) places[i] = i & maskOf(a);
    else places[i] = a.column.length + (i & maskOf(b));
  }
  return { column: takeColumn(concatColumns([a.column, b.column]), places), constant: false };
};

/** Ints beside floats become floats, so that all have one type. */
const unify = (args: readonly Vector[]): readonly Vector[] => {
  if (!args.some(isFloats)) return args;
  return args.map((v) =>
    isFloats(v) ? v : { ...v, column: { layout: 'fixed', type: { kind: 'float' }, length: v.column.length, validity: v.column.validity, values: floatsOf(v) } },
  );
};

const extreme =
  (accepts: number): ScalarRun =>
  (args, { rows }) => {
    const [first, ...rest] = unify(args) as [Vector, ...Vector[]];
    let best = first;
    for (const other of rest) best = choose(best, other, rows, accepts);
    return best.constant && rows !== 1 ? takeColumn(best.column, new Int32Array(rows)) : best.column;
  };

const least = extreme(ACCEPTS.less_or_equal);
const greatest = extreme(ACCEPTS.greater_or_equal);

const clamp: ScalarRun = (args, context) => {
  const [x, lo, hi] = unify(args) as [Vector, Vector, Vector];
  const lower = { column: least([x, hi], context), constant: false };
  return greatest([lower, lo], context);
};

export const COMPARE = {
  equals: relation('equals'),
  not_equals: relation('not_equals'),
  less: relation('less'),
  less_or_equal: relation('less_or_equal'),
  greater: relation('greater'),
  greater_or_equal: relation('greater_or_equal'),
  in: isIn,
  level,
  in_level_order: inLevelOrder,
  least,
  greatest,
  clamp,
};
