// What a batch is: a table of equal-length columns in Apache Arrow's memory layout
// (https://arrow.apache.org/docs/format/Columnar.html): typed arrays, offsets, validity bits, dictionaries.
// A batch is never changed once built, and no row of it is ever an object.

/** The type of a column as it rests in memory and travels in Arrow IPC. */
export type DataType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: 'float' }
  | { readonly kind: 'utf8' }
  | { readonly kind: 'timestamp'; readonly unit: 'ms' | 'ns' }
  | { readonly kind: 'duration'; readonly unit: 'ns' }
  | { readonly kind: 'list'; readonly item: DataType }
  | { readonly kind: 'map'; readonly value: DataType };

export const BOOL: DataType = { kind: 'bool' };
export const INT8: DataType = { kind: 'int', bits: 8, signed: true };
export const INT32: DataType = { kind: 'int', bits: 32, signed: true };
export const UINT32: DataType = { kind: 'int', bits: 32, signed: false };
export const INT64: DataType = { kind: 'int', bits: 64, signed: true };
export const UINT64: DataType = { kind: 'int', bits: 64, signed: false };
export const FLOAT: DataType = { kind: 'float' };
export const UTF8: DataType = { kind: 'utf8' };
/** Nanoseconds since 1970-01-01T00:00:00Z. */
export const TIME_NS: DataType = { kind: 'timestamp', unit: 'ns' };
/** Milliseconds since 1970-01-01T00:00:00Z. */
export const TIME_MS: DataType = { kind: 'timestamp', unit: 'ms' };
export const DURATION: DataType = { kind: 'duration', unit: 'ns' };
export const list = (item: DataType): DataType => ({ kind: 'list', item });
/** A map's keys are always text. */
export const map = (value: DataType): DataType => ({ kind: 'map', value });

export type FixedArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array | Float64Array;

interface ColumnBase {
  readonly type: DataType;
  /** Number of rows. */
  readonly length: number;
  /** One bit a row, least significant first, 1 = present; undefined when every row is present. */
  readonly validity: Uint8Array | undefined;
}
/** int, float, timestamp and duration; 64-bit integers and times are BigInt arrays. */
export interface FixedColumn extends ColumnBase {
  readonly layout: 'fixed';
  readonly values: FixedArray;
}
/** One bit a row, least significant first. */
export interface BoolColumn extends ColumnBase {
  readonly layout: 'bool';
  readonly bits: Uint8Array;
}
/** Row i is the bytes offsets[i] … offsets[i+1] of data, UTF-8. */
export interface TextColumn extends ColumnBase {
  readonly layout: 'text';
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}
/** Row i is dictionary[indices[i]]; entries of the dictionary are never missing and need not be distinct. */
export interface DictionaryColumn extends ColumnBase {
  readonly layout: 'dictionary';
  readonly indices: Int32Array;
  readonly dictionary: TextColumn;
}
/** Row i is items[offsets[i] … offsets[i+1]]. */
export interface ListColumn extends ColumnBase {
  readonly layout: 'list';
  readonly offsets: Int32Array;
  readonly items: Column;
}
/** Row i pairs keys[offsets[i] … offsets[i+1]] with values of the same place; keys are distinct within a row. */
export interface MapColumn extends ColumnBase {
  readonly layout: 'map';
  readonly offsets: Int32Array;
  readonly keys: TextColumn | DictionaryColumn;
  readonly values: Column;
}
export type Column = FixedColumn | BoolColumn | TextColumn | DictionaryColumn | ListColumn | MapColumn;

export interface Field {
  readonly name: string;
  readonly type: DataType;
}

/** Columns stand in the order of `fields`; names are distinct. */
export interface Batch {
  readonly length: number;
  readonly fields: readonly Field[];
  readonly columns: readonly Column[];
}

/**
 * One value taken out of a column, for edges that need values one by one (printing, keys, tests); null is missing.
 * 64-bit integers, times and durations (in the column's unit) are bigint; lists are arrays; maps are Map.
 */
export type Value = null | boolean | number | bigint | string | readonly Value[] | ReadonlyMap<string, Value>;

export const isPresent = (column: Column, row: number): boolean =>
  column.validity === undefined || ((column.validity[row >> 3] as number) & (1 << (row & 7))) !== 0;

export const bitAt = (bits: Uint8Array, row: number): boolean => ((bits[row >> 3] as number) & (1 << (row & 7))) !== 0;

export const typeEquals = (a: DataType, b: DataType): boolean => {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'int' && b.kind === 'int') return a.bits === b.bits && a.signed === b.signed;
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return a.unit === b.unit;
  if (a.kind === 'list' && b.kind === 'list') return typeEquals(a.item, b.item);
  if (a.kind === 'map' && b.kind === 'map') return typeEquals(a.value, b.value);
  return true;
};

export const columnIndex = (batch: Batch, name: string): number => batch.fields.findIndex((f) => f.name === name);

/** The column of that name; throws when the batch has none, which is a mistake of the caller. */
export const columnOf = (batch: Batch, name: string): Column => {
  const column = batch.columns[columnIndex(batch, name)];
  if (column === undefined) throw new TypeError(`the batch has no column ${JSON.stringify(name)}; it has ${batch.fields.map((f) => f.name).join(', ')}`);
  return column;
};

/** A leading U+FEFF is part of the text. */
const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

export const textAt = (column: TextColumn, row: number): string => textDecoder.decode(column.data.subarray(column.offsets[row], column.offsets[row + 1]));

/** See `Value`. */
export const valueAt = (column: Column, row: number): Value => {
  if (!isPresent(column, row)) return null;
  switch (column.layout) {
    case 'fixed':
      return column.values[row] as number | bigint;
    case 'bool':
      return bitAt(column.bits, row);
    case 'text':
      return textAt(column, row);
    case 'dictionary':
      return textAt(column.dictionary, column.indices[row] as number);
    case 'list': {
      const out: Value[] = [];
      for (let i = column.offsets[row] as number; i < (column.offsets[row + 1] as number); i++) out.push(valueAt(column.items, i));
      return out;
    }
    case 'map': {
      const out = new Map<string, Value>();
      for (let i = column.offsets[row] as number; i < (column.offsets[row + 1] as number); i++)
        out.set(valueAt(column.keys, i) as string, valueAt(column.values, i));
      return out;
    }
  }
};
