// Streams of others: types we do not write but take, types we refuse by name, dictionaries that grow or are replaced.
import {
  Field as ArrowField,
  type DataType as ArrowType,
  Binary,
  DateDay,
  DateMillisecond,
  Dictionary,
  DurationMillisecond,
  FixedSizeBinary,
  Float16,
  Float32,
  Int8,
  Int32,
  LargeUtf8,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  TimestampSecond,
  tableToIPC,
  Uint16,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { expect, test } from 'vitest';
import { assertSound, rowsOf } from '../batch/arbitrary.ts';
import type { DataType, Value } from '../batch/batch.ts';
import { decodeStream } from './read.ts';

const readOne = (vector: Vector): { type: DataType | undefined; values: (Value | undefined)[] } => {
  const batches = decodeStream(tableToIPC(new Table({ c: vector }), 'stream'));
  for (const batch of batches) assertSound(batch);
  return { type: batches[0]?.fields[0]?.type, values: rowsOf(batches).map(([value]) => value) };
};
const fixed = (type: ArrowType, data: ArrayLike<number> | ArrayLike<bigint>): Vector => new Vector([makeData({ type, data, length: data.length } as never)]);

test('times in other units become ours', () => {
  expect(readOne(fixed(new TimestampSecond(), BigInt64Array.of(1n, -2n)))).toEqual({ type: { kind: 'timestamp', unit: 'ms' }, values: [1000n, -2000n] });
  expect(readOne(fixed(new TimestampMicrosecond('UTC'), BigInt64Array.of(1n, -2n)))).toEqual({
    type: { kind: 'timestamp', unit: 'ns' },
    values: [1000n, -2000n],
  });
  expect(readOne(fixed(new DateDay(), Int32Array.of(1, -1)))).toEqual({ type: { kind: 'timestamp', unit: 'ms' }, values: [86_400_000n, -86_400_000n] });
  expect(readOne(fixed(new DateMillisecond(), BigInt64Array.of(5n)))).toEqual({ type: { kind: 'timestamp', unit: 'ms' }, values: [5n] });
  expect(readOne(fixed(new DurationMillisecond(), BigInt64Array.of(5n)))).toEqual({ type: { kind: 'duration', unit: 'ns' }, values: [5_000_000n] });
  expect(() => readOne(fixed(new TimestampSecond(), BigInt64Array.of(1n << 62n)))).toThrow(/beyond the range/);
});

test('other widths become ours', () => {
  expect(readOne(vectorFromArray([1.5, null, -2], new Float32()))).toEqual({ type: { kind: 'float' }, values: [1.5, null, -2] });
  expect(readOne(vectorFromArray(['a', null, 'ü'], new LargeUtf8()))).toEqual({ type: { kind: 'utf8' }, values: ['a', null, 'ü'] });
  expect(readOne(vectorFromArray([Uint8Array.of(97), null], new Binary()))).toEqual({ type: { kind: 'utf8' }, values: ['a', null] });
  expect(readOne(fixed(new Uint16(), Uint16Array.of(65535)))).toEqual({ type: { kind: 'int', bits: 16, signed: false }, values: [65535] });
});

test('dictionaries with small indices are read, with missing rows', () => {
  for (const indices of [new Int8(), new Uint16(), new Int32()])
    expect(readOne(vectorFromArray(['a', 'b', null, 'a'], new Dictionary(new Utf8(), indices)))).toEqual({
      type: { kind: 'utf8' },
      values: ['a', 'b', null, 'a'],
    });
});

test('a missing entry of a dictionary makes its rows missing', () => {
  const dictionary = vectorFromArray(['a', null, 'c'], new Utf8());
  const type = new Dictionary(new Utf8(), new Int32(), 7);
  const vector = new Vector([makeData({ type, length: 4, nullCount: 0, data: Int32Array.of(0, 1, 2, 1), dictionary })]);
  expect(readOne(vector).values).toEqual(['a', null, 'c', null]);
});

test('a dictionary grows by deltas, and batches read before keep theirs', () => {
  const type = new Dictionary(new Utf8(), new Int32(), 3);
  const schema = new Schema([new ArrowField('c', type, true)]);
  const batchWith = (texts: string[][], indices: number[]): RecordBatch => {
    const dictionary = new Vector(texts.map((part) => vectorFromArray(part, new Utf8()).data[0] as never));
    const data = makeData({ type, length: indices.length, nullCount: 0, data: Int32Array.from(indices), dictionary } as never);
    return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: indices.length, nullCount: 0, children: [data as never] }));
  };
  const out = new RecordBatchStreamWriter();
  for (const batch of [batchWith([['a', 'b']], [0, 1]), batchWith([['a', 'b'], ['c']], [2, 0]), batchWith([['a', 'b'], ['c'], ['d', 'e']], [4, 3, 2])])
    out.write(batch);
  out.finish();
  const batches = decodeStream(out.toUint8Array(true));
  for (const batch of batches) assertSound(batch);
  expect(rowsOf(batches)).toEqual([['a'], ['b'], ['c'], ['a'], ['e'], ['d'], ['c']]);
});

test('types without a counterpart are refused by name', () => {
  expect(() => readOne(new Vector([makeData({ type: new FixedSizeBinary(16), length: 1, nullCount: 0, data: new Uint8Array(16) })]))).toThrow(
    /"c" is of a type that is not read: FixedSizeBinary/,
  );
  expect(() => readOne(vectorFromArray([1], new Float16()))).toThrow(/FloatingPoint/);
  expect(() => readOne(vectorFromArray([{ a: 1 }], new Struct([new ArrowField('a', new Int32())])))).toThrow(/Struct/);
});
