// fast-check arbitraries of batches for the tests of every folder, and what such tests compare.
// Only tests import this file.
import fc from 'fast-check';
import {
  type Batch,
  BOOL,
  type Column,
  type DataType,
  DURATION,
  type Field,
  FLOAT,
  list,
  map,
  type TextColumn,
  TIME_MS,
  TIME_NS,
  UTF8,
  type Value,
  valueAt,
} from './batch.ts';
import { columnFrom } from './build.ts';
import { sliceBatch } from './take.ts';

const INTEGERS: readonly DataType[] = ([8, 16, 32, 64] as const).flatMap((bits) => [true, false].map((signed): DataType => ({ kind: 'int', bits, signed })));
const FLAT: readonly DataType[] = [BOOL, ...INTEGERS, FLOAT, UTF8, TIME_MS, TIME_NS, DURATION];

/** Every type there is, nested up to `depth`. */
export const anyType = (depth = 2): fc.Arbitrary<DataType> =>
  depth === 0
    ? fc.constantFrom(...FLAT)
    : fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...FLAT) },
        { weight: 1, arbitrary: anyType(depth - 1).map(list) },
        { weight: 1, arbitrary: anyType(depth - 1).map(map) },
      );

const anyText = fc.oneof(fc.string({ maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('a', 'b', 'c', '__proto__', ''));

/** A value of the type, missing at times. */
export const anyValue = (type: DataType): fc.Arbitrary<Value> => fc.option(presentValue(type), { freq: 6, nil: null });

const presentValue = (type: DataType): fc.Arbitrary<Value> => {
  switch (type.kind) {
    case 'bool':
      return fc.boolean();
    case 'int': {
      const bits = BigInt(type.bits);
      const [min, max] = type.signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
      const whole = fc.bigInt({ min, max });
      return type.bits === 64 ? whole : whole.map(Number);
    }
    case 'float':
      return fc.double();
    case 'utf8':
      return anyText;
    case 'timestamp':
    case 'duration':
      return fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
    case 'list':
      return fc.array(anyValue(type.item), { maxLength: 4 });
    case 'map':
      return fc.array(fc.tuple(anyText, anyValue(type.value)), { maxLength: 4 }).map((entries) => new Map(entries));
  }
};

const anyColumn = (type: DataType, rows: number): fc.Arbitrary<Column> =>
  fc.tuple(fc.array(anyValue(type), { minLength: rows, maxLength: rows }), fc.boolean()).map(([values, encoded]) => {
    const column = columnFrom(type, values);
    return encoded ? withDictionaries(column) : column;
  });

/** The same values, its text as indices into a dictionary (with an entry nobody uses and one that stands twice). */
export const withDictionaries = (column: Column): Column => {
  if (column.layout === 'list') return { ...column, items: withDictionaries(column.items) };
  if (column.layout === 'map') return { ...column, keys: withDictionaries(column.keys) as TextColumn, values: withDictionaries(column.values) };
  if (column.layout !== 'text') return column;
  const texts = ['unused', ...new Set(Array.from({ length: column.length }, (_, i) => (valueAt(column, i) as string | null) ?? ''))];
  const dictionary = columnFrom(UTF8, [...texts, texts.at(-1) as string]) as TextColumn;
  const indices = Int32Array.from({ length: column.length }, (_, i) => Math.max(0, texts.indexOf((valueAt(column, i) as string | null) ?? '')));
  return { layout: 'dictionary', type: column.type, length: column.length, validity: column.validity, indices, dictionary };
};

const anyFields = fc
  .uniqueArray(fc.tuple(fc.string({ maxLength: 5 }), anyType()), { minLength: 1, maxLength: 4, selector: ([name]) => name })
  .map((all): Field[] => all.map(([name, type]) => ({ name, type })));

/** Of those fields; also slices of longer batches, whose offsets begin above 0. */
export const anyBatchOf = (fields: readonly Field[], maxRows = 20): fc.Arbitrary<Batch> =>
  fc
    .nat(maxRows)
    .chain((length) =>
      fc
        .tuple(fc.tuple(...fields.map((field) => anyColumn(field.type, length))), fc.nat(length), fc.nat(length))
        .map(([columns, a, b]) => [{ length, fields, columns }, Math.min(a, b), Math.max(a, b)] as const),
    )
    .chain(([batch, from, to]) => fc.constantFrom(batch, batch, sliceBatch(batch, from, to)));

export const anyBatch: fc.Arbitrary<Batch> = anyFields.chain((fields) => anyBatchOf(fields));

/** One to four batches of the same fields. */
export const anyBatches: fc.Arbitrary<Batch[]> = anyFields.chain((fields) => fc.array(anyBatchOf(fields), { minLength: 1, maxLength: 4 }));

/** Row by row, each an array of values in the order of the fields. */
export const rowsOf = (batches: readonly Batch[]): Value[][] =>
  batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))));

/** Throws when reading any row could reach outside a buffer. */
export const assertSound = (batch: Batch): void => {
  const check = (ok: boolean, what: string): void => {
    if (!ok) throw new Error(`unsound column: ${what}`);
  };
  const offsetsIn = (offsets: Int32Array, rows: number, size: number): void => {
    check(offsets.length >= rows + 1 && (offsets[0] as number) >= 0 && (offsets[rows] as number) <= size, 'ends of offsets');
    for (let i = 0; i < rows; i++) check((offsets[i] as number) <= (offsets[i + 1] as number), 'falling offsets');
  };
  const walk = (column: Column, rows: number): void => {
    check(column.length === rows, 'length');
    check(column.validity === undefined || column.validity.length * 8 >= rows, 'validity');
    if (column.layout === 'fixed') check(column.values.length >= rows, 'values');
    else if (column.layout === 'bool') check(column.bits.length * 8 >= rows, 'bits');
    else if (column.layout === 'text') offsetsIn(column.offsets, rows, column.data.length);
    else if (column.layout === 'dictionary') {
      walk(column.dictionary, column.dictionary.length);
      check(column.indices.length >= rows, 'indices');
      for (let i = 0; i < rows; i++) {
        const index = column.indices[i] as number;
        check((index >= 0 && index < column.dictionary.length) || (index === 0 && valueAt(column, i) === null), 'index');
      }
    } else if (column.layout === 'list') {
      offsetsIn(column.offsets, rows, column.items.length);
      walk(column.items, column.items.length);
    } else {
      offsetsIn(column.offsets, rows, Math.min(column.keys.length, column.values.length));
      walk(column.keys, column.keys.length);
      walk(column.values, column.values.length);
    }
  };
  for (const column of batch.columns) walk(column, batch.length);
};
