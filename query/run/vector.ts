// What a scalar function works on: whole columns, and constants that are not expanded.
// Loops index with `row & mask`: the mask of a constant is 0, so one loop serves both. No value per row is ever an object.
import { bitAt, type Column, type DataType, FLOAT, isPresent, type TextColumn, textAt, type Value } from '../../core/batch/batch.ts';
import { bitmapBytes, clearBit, fillBits, setBit } from '../../core/batch/bits.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { CodedError } from '../../core/coded-error.ts';
import type { PlanType } from '../3-plan/physical.ts';

/** `constant`: the column has one row, which stands for every row. */
export interface Vector {
  readonly column: Column;
  readonly constant: boolean;
}

/** What a function is told beside its arguments. */
export interface CallContext {
  /** Rows to make; 1 when all arguments are constants. */
  readonly rows: number;
  /** The type of the call, and so of the column to return. */
  readonly type: PlanType;
  /** Counts results that cannot be represented and became missing. */
  readonly notRepresentable: (count: number) => void;
}

/**
 * A scalar function. It must return a column of `context.rows` rows in the physical type of `context.type`, must not keep or change its
 * arguments, and must depend on nothing else: the evaluator may run it once for each entry of a dictionary.
 */
export type ScalarRun = (args: readonly Vector[], context: CallContext) => Column;

export const constantOf = (type: DataType, value: Value): Vector => ({ column: columnFrom(type, [value]), constant: true });
export const vectorOf = (column: Column): Vector => ({ column, constant: false });
export const maskOf = (vector: Vector): number => (vector.constant ? 0 : -1);

/** A bitmap of `rows` ones. */
export const allBits = (rows: number): Uint8Array => {
  const bits = new Uint8Array(bitmapBytes(rows));
  fillBits(bits, 0, rows);
  return bits;
};

/** Where every argument is present; undefined: everywhere. The bitmap is the caller's own. */
export const presentInAll = (args: readonly Vector[], rows: number): Uint8Array | undefined => {
  let out: Uint8Array | undefined;
  for (const { column, constant } of args) {
    if (column.validity === undefined) continue;
    if (constant) {
      if (isPresent(column, 0)) continue;
      return new Uint8Array(bitmapBytes(rows));
    }
    if (out === undefined) out = column.validity.slice(0, bitmapBytes(rows));
    else for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) & (column.validity[i] as number);
  }
  return out;
};

/** Numbers of an int or float argument; 64-bit integers become the nearest float, durations stay nanoseconds. */
export const floatsOf = ({ column }: Vector): Float64Array => {
  if (column.layout !== 'fixed') throw new TypeError(`no numbers in a column of ${column.type.kind}`);
  if (column.values instanceof Float64Array) return column.values;
  const out = new Float64Array(column.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(column.values[i]);
  return out;
};

/** Values of an int, time or duration argument. */
export const intsOf = ({ column }: Vector): BigInt64Array => {
  if (column.layout === 'fixed' && column.values instanceof BigInt64Array) return column.values;
  throw new TypeError(`no 64-bit integers in a column of ${column.type.kind}`);
};

export const boolsOf = ({ column }: Vector): Uint8Array => {
  if (column.layout === 'bool') return column.bits;
  throw new TypeError(`no truth values in a column of ${column.type.kind}`);
};

export const isFloats = ({ column }: Vector): boolean => column.type.kind === 'float';
export const isText = ({ column }: Vector): boolean => column.type.kind === 'utf8';

/** Where the bytes of row i of a text argument stand: entry `indices[i & mask]` of `text`, or entry `i & mask` without indices. */
export interface TextRows {
  readonly text: TextColumn;
  readonly indices: Int32Array | undefined;
  readonly mask: number;
}
export const textRows = (vector: Vector): TextRows => {
  const { column } = vector;
  if (column.layout === 'text') return { text: column, indices: undefined, mask: maskOf(vector) };
  if (column.layout === 'dictionary') return { text: column.dictionary, indices: column.indices, mask: maskOf(vector) };
  throw new TypeError(`no text in a column of ${column.type.kind}`);
};

/** Text of a row that is present; an entry of a dictionary or a constant is decoded once. */
export const textReader = (vector: Vector): ((row: number) => string) => {
  const { text, indices, mask } = textRows(vector);
  if (indices === undefined && mask !== 0) return (row) => textAt(text, row);
  const known: (string | undefined)[] = new Array(text.length);
  return (row) => {
    const entry = indices === undefined ? 0 : (indices[row & mask] as number);
    let s = known[entry];
    if (s === undefined) known[entry] = s = textAt(text, entry);
    return s;
  };
};

const encoder = new TextEncoder();

/** Characters of a text that a function makes. */
const LONGEST_TEXT = 1 << 22;
/** Bytes of all texts that a function makes of one batch. */
const MOST_TEXT = 1 << 28;

/** Before a text of that length is made; throws `iql.text-too-long`. */
export const mustFit = (name: string, length: number): void => {
  if (length > LONGEST_TEXT) throw new CodedError('iql.text-too-long', { function: name, limit: LONGEST_TEXT, amount: length });
};

/** Text made row by row; `undefined` is missing. Rows missing in `present` are not asked for. */
export const makeText = (rows: number, present: Uint8Array | undefined, make: (row: number) => string | undefined): TextColumn => {
  const offsets = new Int32Array(rows + 1);
  let data = new Uint8Array(Math.max(64, rows * 8));
  let used = 0;
  let validity = present;
  for (let i = 0; i < rows; i++) {
    const made = present === undefined || bitAt(present, i) ? make(i) : undefined;
    if (made === undefined) {
      validity ??= allBits(rows);
      clearBit(validity, i);
    } else {
      if (used + made.length * 3 > data.length) {
        if (used + made.length > MOST_TEXT) throw new CodedError('iql.too-many-bytes', { limit: MOST_TEXT, amount: used + made.length });
        const grown = new Uint8Array(Math.max(used + made.length * 3, data.length * 2));
        grown.set(data);
        data = grown;
      }
      used += encoder.encodeInto(made, data.subarray(used)).written;
    }
    offsets[i + 1] = used;
  }
  return { layout: 'text', type: { kind: 'utf8' }, length: rows, validity, offsets, data: data.subarray(0, used) };
};

/** Truth made row by row where present. */
export const makeBools = (rows: number, present: Uint8Array | undefined, make: (row: number) => boolean | undefined): Column => {
  const bits = new Uint8Array(bitmapBytes(rows));
  let validity = present;
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && !bitAt(present, i)) continue;
    const made = make(i);
    if (made === true) setBit(bits, i);
    else if (made === undefined) {
      validity ??= allBits(rows);
      clearBit(validity, i);
    }
  }
  return { layout: 'bool', type: { kind: 'bool' }, length: rows, validity, bits };
};

/** A predicate that is never missing: rows not present are false. */
export const makePredicate = (rows: number, present: Uint8Array | undefined, test: (row: number) => boolean): Column => {
  const bits = new Uint8Array(bitmapBytes(rows));
  for (let i = 0; i < rows; i++) if ((present === undefined || bitAt(present, i)) && test(i)) setBit(bits, i);
  return boolColumn(rows, bits);
};

/** Bits of the rows for which a truth value is present and true; the caller's own. */
export const trueBits = (vector: Vector, rows: number): Uint8Array => {
  const bits = boolsOf(vector);
  const { validity } = vector.column;
  if (vector.constant) return bitAt(bits, 0) && isPresent(vector.column, 0) ? allBits(rows) : new Uint8Array(bitmapBytes(rows));
  const out = bits.slice(0, bitmapBytes(rows));
  if (validity !== undefined) for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) & (validity[i] as number);
  return out;
};

export const boolColumn = (rows: number, bits: Uint8Array, validity?: Uint8Array): Column => ({
  layout: 'bool',
  type: { kind: 'bool' },
  length: rows,
  validity,
  bits,
});

/** 64-bit integers made row by row where present; `undefined` is missing. */
export const makeInts = (type: DataType, rows: number, present: Uint8Array | undefined, make: (row: number) => bigint | undefined): Column => {
  const values = new BigInt64Array(rows);
  let validity = present;
  for (let i = 0; i < rows; i++) {
    if (present !== undefined && !bitAt(present, i)) continue;
    const made = make(i);
    if (made !== undefined) values[i] = made;
    else {
      validity ??= allBits(rows);
      clearBit(validity, i);
    }
  }
  return { layout: 'fixed', type, length: rows, validity, values };
};

/** A column of floats; NaN and infinities where `present` become missing and are counted. */
export const finishFloats = (values: Float64Array, present: Uint8Array | undefined, context: Pick<CallContext, 'notRepresentable'>): Column => {
  let validity = present;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    if (v - v === 0) continue;
    values[i] = 0;
    if (validity === undefined) validity = allBits(values.length);
    else if (!bitAt(validity, i)) continue;
    clearBit(validity, i);
    lost++;
  }
  if (lost > 0) context.notRepresentable(lost);
  return { layout: 'fixed', type: FLOAT, length: values.length, validity, values };
};

/** A float function of floats, row by row; results that are not finite are missing. */
export const floatFunction =
  (f: (x: number, y: number) => number): ScalarRun =>
  (args, context) => {
    const { rows } = context;
    const x = floatsOf(args[0] as Vector);
    const y = args[1] === undefined ? x : floatsOf(args[1]);
    const xMask = maskOf(args[0] as Vector);
    const yMask = args[1] === undefined ? xMask : maskOf(args[1]);
    const out = new Float64Array(rows);
    for (let i = 0; i < rows; i++) out[i] = f(x[i & xMask] as number, y[i & yMask] as number);
    return finishFloats(out, presentInAll(args, rows), context);
  };

export const MIN_INT64 = -(2n ** 63n);
export const MAX_INT64 = 2n ** 63n - 1n;

/** A function of 64-bit integers; results beyond 64 bits, and undefined ones (x % 0), are missing and counted. */
export const intFunction =
  (f: (x: bigint, y: bigint) => bigint | undefined): ((args: readonly Vector[], context: CallContext, type: DataType) => Column) =>
  (args, context, type) => {
    const { rows } = context;
    const x = intsOf(args[0] as Vector);
    const y = args[1] === undefined ? x : intsOf(args[1]);
    const xMask = maskOf(args[0] as Vector);
    const yMask = args[1] === undefined ? xMask : maskOf(args[1]);
    let lost = 0;
    const column = makeInts(type, rows, presentInAll(args, rows), (i) => {
      const r = f(x[i & xMask] as bigint, y[i & yMask] as bigint);
      if (r !== undefined && r <= MAX_INT64 && r >= MIN_INT64) return r;
      lost++;
      return undefined;
    });
    if (lost > 0) context.notRepresentable(lost);
    return column;
  };
