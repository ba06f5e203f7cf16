// take, slice, concat and flatten against the same done value by value.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBatch, anyBatches, assertSound, rowsOf, withDictionaries } from './arbitrary.ts';
import { columnOf, INT32, UTF8, valueAt } from './batch.ts';
import { copyBits, countOnes, fillBits, sliceBits } from './bits.ts';
import { batchOf, columnFrom } from './build.ts';
import { concatBatches } from './concat.ts';
import { flattenDictionary, sliceBatch, takeColumn, takeRows } from './take.ts';

describe('rows of a batch', () => {
  test('are taken in any order, missing for a negative number', () => {
    fc.assert(
      fc.property(
        anyBatch.chain((batch) =>
          fc.tuple(fc.constant(batch), fc.array(batch.length === 0 ? fc.constant(-1) : fc.integer({ min: -1, max: batch.length - 1 }), { maxLength: 40 })),
        ),
        ([batch, rows]) => {
          const taken = takeRows(batch, Int32Array.from(rows));
          assertSound(taken);
          const all = rowsOf([batch]);
          expect(rowsOf([taken])).toEqual(rows.map((row) => (row < 0 ? batch.columns.map(() => null) : all[row])));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('are sliced, also out of a slice', () => {
    fc.assert(
      fc.property(
        anyBatch.chain((batch) => fc.tuple(fc.constant(batch), fc.nat(batch.length), fc.nat(batch.length))),
        ([batch, a, b]) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          const slice = sliceBatch(batch, from, to);
          assertSound(slice);
          expect(rowsOf([slice])).toEqual(rowsOf([batch]).slice(from, to));
        },
      ),
      { numRuns: 500 },
    );
    expect(() => sliceBatch(batchOf([['a', columnFrom(INT32, [1])]]), 0, 2)).toThrow(RangeError);
  });

  test('of several batches become one', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const one = concatBatches(batches);
        assertSound(one);
        expect(rowsOf([one])).toEqual(rowsOf(batches));
      }),
      { numRuns: 500 },
    );
    expect(() => concatBatches([])).toThrow(TypeError);
    expect(() => concatBatches([batchOf([['a', columnFrom(INT32, [1])]]), batchOf([['b', columnFrom(INT32, [1])]])])).toThrow(TypeError);
  });

  test('that follow each other are copied right when long texts and missing ones stand between', () => {
    const texts = ['x'.repeat(50), 'y'.repeat(60), null, '', 'z'.repeat(70), 'short', 'w'.repeat(30)];
    const column = columnFrom(UTF8, texts);
    for (const rows of [
      [0, 1, 2, 3, 4, 5, 6],
      [0, 1, -1, 4, 5, 6],
      [4, 4, 5, 6, 0, 1],
      [6, 5, 4, 3, 2, 1, 0],
    ]) {
      const taken = takeColumn(column, Int32Array.from(rows));
      expect(rows.map((_, i) => valueAt(taken, i))).toEqual(rows.map((row) => texts[row] ?? null));
    }
  });
});

describe('a dictionary', () => {
  const column = withDictionaries(columnFrom(UTF8, ['a', 'b', null, 'a']));
  const batch = batchOf([['c', column]]);

  test('is kept by take and by concat of the same, merged with another', () => {
    expect(columnOf(takeRows(batch, Int32Array.of(1, 0)), 'c')).toMatchObject({
      layout: 'dictionary',
      dictionary: column.layout === 'dictionary' && column.dictionary,
    });
    expect(columnOf(concatBatches([batch, batch]), 'c')).toMatchObject({
      layout: 'dictionary',
      dictionary: column.layout === 'dictionary' && column.dictionary,
    });
    const many = batchOf([
      [
        'c',
        withDictionaries(
          columnFrom(
            UTF8,
            Array.from({ length: 50 }, (_, i) => 'bcd'[i % 3] as string),
          ),
        ),
      ],
    ]);
    const merged = columnOf(concatBatches([batch, many]), 'c');
    if (merged.layout !== 'dictionary') throw new Error('not merged');
    expect(Array.from({ length: merged.dictionary.length }, (_, i) => valueAt(merged.dictionary, i))).toEqual(['unused', 'a', 'b', '', 'c', 'd']);
    expect(rowsOf([concatBatches([batch, many])])).toEqual(rowsOf([batch, many]));
  });

  test('becomes plain text', () => {
    if (column.layout !== 'dictionary') throw new Error('no dictionary');
    const flat = flattenDictionary(column);
    expect(flat.layout).toBe('text');
    expect([0, 1, 2, 3].map((row) => valueAt(flat, row))).toEqual(['a', 'b', null, 'a']);
  });
});

test('bits are copied, filled, sliced and counted as if one by one', () => {
  const bits = fc.array(fc.boolean(), { minLength: 1, maxLength: 80 });
  const pack = (list: readonly boolean[]): Uint8Array => {
    const out = new Uint8Array((list.length + 7) >> 3);
    list.forEach((bit, i) => {
      if (bit) out[i >> 3] = (out[i >> 3] as number) | (1 << (i & 7));
    });
    return out;
  };
  const unpack = (bytes: Uint8Array, count: number): boolean[] => Array.from({ length: count }, (_, i) => ((bytes[i >> 3] as number) & (1 << (i & 7))) !== 0);
  fc.assert(
    fc.property(bits, bits, fc.nat(), fc.nat(), fc.nat(), (source, target, a, b, c) => {
      const from = a % source.length;
      const to = b % target.length;
      const count = c % (Math.min(source.length - from, target.length - to) + 1);
      const copied = pack(target);
      copyBits(pack(source), from, copied, to, count);
      expect(unpack(copied, target.length)).toEqual([...target.slice(0, to), ...source.slice(from, from + count), ...target.slice(to + count)]);
      const filled = pack(target);
      fillBits(filled, to, count);
      expect(unpack(filled, target.length)).toEqual(target.map((bit, i) => bit || (i >= to && i < to + count)));
      expect(unpack(sliceBits(pack(source), from, from + count), count)).toEqual(source.slice(from, from + count));
      expect(countOnes(pack(source), from)).toBe(source.slice(0, from).filter(Boolean).length);
    }),
    { numRuns: 1000 },
  );
});
