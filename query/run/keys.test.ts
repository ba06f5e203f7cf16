// Dense numbers of keys against a Map, however the rows are cut, dictionaries and plain text mixed; and columns widened.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DataType, FLOAT, INT8, INT64, TIME_MS, TIME_NS, UINT32, UTF8, type Value, valueAt } from '../../core/batch/batch.ts';
import { columnFrom } from '../../core/batch/build.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { physicalType, planType } from '../3-plan/physical.ts';
import { widen } from './conform.ts';
import { KeyTable, PairTable } from './keys.ts';
import { batchFrom, cutBatch, cuts, type Row } from './testing/environment.ts';

const COLUMNS: readonly PlanColumn[] = [
  { name: 's', type: 'string' },
  { name: 'i', type: 'int' },
  { name: 'f', type: 'float' },
  { name: 'b', type: 'bool' },
  { name: 'l', type: planType('list', 'int') },
];
const maybe = <T>(a: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(a, { freq: 4, nil: null });
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.tuple(
    maybe(fc.constantFrom('a', 'b', '', '__proto__')),
    maybe(fc.constantFrom(0n, 1n, -1n, 2n ** 40n)),
    maybe(fc.constantFrom(0, -0, 0.5)),
    maybe(fc.boolean()),
    maybe(fc.array(fc.bigInt(0n, 1n), { maxLength: 2 })),
  ),
  { maxLength: 40 },
);
const keyOf = (row: Row): string => JSON.stringify(row, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v === 0 ? 0 : v));

test('numbers in the order of first appearance, and the keys back', () => {
  fc.assert(
    fc.property(rows, cuts, fc.boolean(), (list, at, missingIsKey) => {
      const table = new KeyTable(
        COLUMNS.map((c) => physicalType(c.type)),
        missingIsKey,
      );
      const known = new Map<string, number>();
      const batches = cutBatch(batchFrom(COLUMNS, list), at);
      const got = batches.flatMap((b) => [...table.add(b.columns, b.length)]);
      const wanted = list.map((row) => {
        if (!missingIsKey && row.includes(null)) return -1;
        const key = keyOf(row);
        if (!known.has(key)) known.set(key, known.size);
        return known.get(key);
      });
      expect(got).toEqual(wanted);
      expect(table.size).toBe(known.size);
      const columns = table.columns();
      expect(Array.from({ length: table.size }, (_, i) => keyOf(columns.map((c) => valueAt(c, i))))).toEqual([...known.keys()]);
      if (!missingIsKey) expect(batches.flatMap((b) => [...table.find(b.columns, b.length)])).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
});

test('pairs', () => {
  const table = new PairTable();
  for (let round = 0; round < 2; round++) for (let a = -50; a < 50; a++) for (let b = 0; b < 50; b++) expect(table.put(a, b * 65_536)).toBe((a + 50) * 50 + b);
  expect(table.size).toBe(5000);
  expect(table.find(7, 7)).toBe(-1);
  expect([table.first(1), table.second(1)]).toEqual([-50, 65_536]);
});

test.each<[string, DataType, readonly Value[], DataType, readonly Value[]]>([
  ['int8 to int64', INT8, [-3, null], INT64, [-3n, null]],
  ['uint32 to int64', UINT32, [4_294_967_295], INT64, [4_294_967_295n]],
  ['ms to ns', TIME_MS, [-1n, 5n], TIME_NS, [-1_000_000n, 5_000_000n]],
  ['int64 to float', INT64, [2n ** 53n, null], FLOAT, [2 ** 53, null]],
  ['nothing to anything', UTF8, [null, null], FLOAT, [null, null]],
])('widened: %s', (_, from, values, to, wanted) => {
  const column = widen(columnFrom(from, values), to);
  expect(column.type).toEqual(to);
  expect(wanted.map((_v, i) => valueAt(column, i))).toEqual(wanted);
});

test('text is no number', () => {
  expect(() => widen(columnFrom(UTF8, ['1']), FLOAT)).toThrow(TypeError);
});
