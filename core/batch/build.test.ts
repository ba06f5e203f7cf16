// Shows that what is put into a column comes out of it, for every type, and that Arrow's layout holds in between.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyType, anyValue } from './arbitrary.ts';
import { BOOL, type DataType, DURATION, FLOAT, INT8, INT32, INT64, list, map, TIME_MS, TIME_NS, UINT32, UINT64, UTF8, type Value, valueAt } from './batch.ts';
import { allocateFixed, batchOf, ColumnBuilder, columnFrom } from './build.ts';

const valuesOf = (type: DataType, values: readonly Value[]): Value[] => {
  const column = columnFrom(type, values);
  expect(column.length).toBe(values.length);
  return values.map((_, row) => valueAt(column, row));
};

/** Text as UTF-8 can carry it: a lone surrogate becomes U+FFFD. */
const wellFormed = (value: Value): Value => {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k.toWellFormed(), wellFormed(v)]));
  return value;
};

test('values of any type come out as they went in, missing ones too', () => {
  const typed = anyType().chain((type) => fc.tuple(fc.constant(type), fc.array(anyValue(type), { maxLength: 60 })));
  fc.assert(
    fc.property(typed, ([type, values]) => {
      expect(valuesOf(type, values)).toEqual(values.map(wellFormed));
    }),
  );
});

describe('the ends of each type', () => {
  test.each<[string, DataType, Value[]]>([
    ['bool', BOOL, [true, false, null, true]],
    ['int8', INT8, [-128, 127, null]],
    ['int32', INT32, [-(2 ** 31), 2 ** 31 - 1]],
    ['uint32', UINT32, [0, 2 ** 32 - 1]],
    ['int64', INT64, [-(1n << 63n), (1n << 63n) - 1n, null]],
    ['uint64', UINT64, [0n, (1n << 64n) - 1n]],
    ['float', FLOAT, [-0, Number.NaN, Infinity, 5e-324, null]],
    ['utf8', UTF8, ['', 'a', null, 'ü€𐍈', '\0', '__proto__', 'x'.repeat(10_000)]],
    ['time in ms', TIME_MS, [0n, -1n]],
    ['time in ns', TIME_NS, [(1n << 63n) - 1n, null]],
    ['duration', DURATION, [1n, null]],
    ['list', list(INT32), [[], [1, null, 3], null, [4]]],
    [
      'map',
      map(FLOAT),
      [
        new Map(),
        new Map([
          ['__proto__', 1],
          ['b', null],
        ]),
        null,
      ],
    ],
    ['list of maps', list(map(list(UTF8))), [[new Map([['a', ['x', null]]]), null], []]],
  ])('%s', (_, type, values) => {
    expect(valuesOf(type, values)).toEqual(values);
  });
});

test('a column without missing rows has no validity, one with has a bit a row', () => {
  expect(columnFrom(INT32, [1, 2, 3]).validity).toBeUndefined();
  expect(columnFrom(INT32, [1, null, 3]).validity).toEqual(new Uint8Array([0b101]));
  expect(
    columnFrom(
      INT32,
      Array.from({ length: 9 }, () => null),
    ).validity,
  ).toEqual(new Uint8Array([0, 0]));
});

test('text rests as bytes behind one another', () => {
  expect(columnFrom(UTF8, ['ab', null, '', 'é'])).toEqual({
    layout: 'text',
    type: UTF8,
    length: 4,
    validity: new Uint8Array([0b1101]),
    offsets: new Int32Array([0, 2, 2, 2, 4]),
    data: new TextEncoder().encode('abé'),
  });
});

test('columns hold exactly their rows, whatever room the builder had', () => {
  const column = columnFrom(
    FLOAT,
    Array.from({ length: 1000 }, (_, i) => i / 3),
  );
  expect(column.layout === 'fixed' && column.values).toHaveLength(1000);
  expect(columnFrom(UTF8, [])).toMatchObject({ length: 0, offsets: new Int32Array([0]), data: new Uint8Array(0) });
});

test.each<[string, DataType, unknown]>([
  ['text in a float', FLOAT, '1'],
  ['text in an int', INT32, '1'],
  ['a bigint in a narrow int', INT32, 1n],
  ['a number in a wide int', INT64, 1],
  ['a number in a time', TIME_NS, 1],
  ['a number in a bool', BOOL, 1],
  ['a number in a text', UTF8, 1],
  ['a text in a list', list(UTF8), 'ab'],
  ['an object in a map', map(UTF8), {}],
  ['undefined', UTF8, undefined],
])('a value of another type throws: %s', (_, type, value) => {
  expect(() => new ColumnBuilder(type).append(value as Value)).toThrow(TypeError);
});

test('a batch names its columns in order and refuses columns of other lengths', () => {
  const batch = batchOf([
    ['b', columnFrom(INT32, [1, 2])],
    ['a', columnFrom(UTF8, ['x', null])],
  ]);
  expect(batch.length).toBe(2);
  expect(batch.fields).toEqual([
    { name: 'b', type: INT32 },
    { name: 'a', type: UTF8 },
  ]);
  expect(() =>
    batchOf([
      ['a', columnFrom(INT32, [1])],
      ['b', columnFrom(INT32, [])],
    ]),
  ).toThrow('column b has 0 rows, the batch 1');
  expect(batchOf([])).toEqual({ length: 0, fields: [], columns: [] });
});

test('types without a fixed width have no array', () => {
  expect(() => allocateFixed(UTF8, 1)).toThrow('utf8 has no fixed width');
});
