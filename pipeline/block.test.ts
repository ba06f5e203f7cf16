// Which rows an insert has: what is planned and what is left to plan are all rows of a block, each once, whatever the record says and
// whichever messages another version has taken; halves are the whole.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, FLOAT, valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { type Block, halvesOf, type MessageRows, messagesAt, rowsOf, type Share, takeRows, uncoveredOf, wholeOf } from './block.ts';
import type { PendingInsert } from './progress.ts';

/** Rows are numbered, so that each can be told. */
const blockOf = (origin: readonly MessageRows[]): Block => {
  const all = origin.flatMap(({ offset, rows }) => Array.from({ length: rows }, (_, row) => Number(offset) * 100 + row));
  const batch = batchOf([['n', columnFrom(FLOAT, all)]]);
  return { table: 'samples', day: 1, length: batch.length, origin, rows: (ranges, insert) => takeRows(batch, ranges, insert) };
};
const numbersOf = (batch: Batch): readonly number[] =>
  Array.from({ length: batch.length }, (_, row) => valueAt(batch.columns[0] as Batch['columns'][0], row) as number);
const allOf = (block: Block): readonly number[] => (block.length === 0 ? [] : numbersOf(block.rows([{ from: 0, to: block.length }], 1n)));
const taken = (block: Block, share: Share): readonly number[] => {
  const ranges = rowsOf(block, share);
  return ranges.length === 0 ? [] : numbersOf(block.rows(ranges, 1n));
};
const pending = (share: Share, number = 1n): PendingInsert => ({ ...share, number, deadline: 0 });

const anyOrigin = fc
  .uniqueArray(fc.nat(30), { maxLength: 12 })
  .chain((offsets) =>
    fc.tuple(...offsets.toSorted((a, b) => a - b).map((offset) => fc.record({ offset: fc.constant(BigInt(offset)), rows: fc.integer({ min: 1, max: 9 }) }))),
  );

/** Halves again and again, by a list of which to take. */
const halved = (block: Block, share: Share, choices: readonly number[]): readonly Share[] => {
  const parts = [share];
  for (const choice of choices) {
    const at = choice % parts.length;
    const halves = halvesOf(block, pending(parts[at] as Share));
    if (halves !== undefined) parts.splice(at, 1, ...halves);
  }
  return parts;
};

test('halves of halves are the whole, in order, down to single rows', () => {
  fc.assert(
    fc.property(anyOrigin, fc.array(fc.nat(), { maxLength: 60 }), (origin, choices) => {
      const block = blockOf(origin);
      if (block.length === 0) return;
      const parts = halved(block, wholeOf(block), choices);
      expect(parts.flatMap((part) => taken(block, part))).toEqual(allOf(block));
      for (const part of parts) expect(taken(block, part).length).toBeGreaterThan(0);
      const single = parts.find((part) => halvesOf(block, pending(part)) === undefined);
      if (single !== undefined) expect(taken(block, single)).toHaveLength(1);
    }),
  );
});

test('another version that takes more or fewer messages plans what is left, and no row twice', () => {
  fc.assert(
    fc.property(anyOrigin, fc.array(fc.boolean()), fc.array(fc.nat(), { maxLength: 20 }), fc.array(fc.boolean()), (all, first, choices, second) => {
      const before = blockOf(all.filter((_, i) => first[i] !== false));
      const after = blockOf(all.filter((_, i) => second[i] !== false));
      const planned = before.length === 0 ? [] : halved(before, wholeOf(before), choices).map((share, i) => pending(share, BigInt(i)));
      const left = uncoveredOf(after, planned);
      expect([...planned, ...left].flatMap((share) => taken(after, share)).toSorted((a, b) => a - b)).toEqual(allOf(after).toSorted((a, b) => a - b));
      // What was planned has the same rows as before, as far as they are still there.
      const there = new Set(allOf(after));
      for (const insert of planned) expect(taken(after, insert)).toEqual(taken(before, insert).filter((row) => there.has(row)));
    }),
  );
});

test('a record that counts rows of a round, as the version before wrote it, is held against the rows there are', () => {
  const block = blockOf([
    { offset: 5n, rows: 6 },
    { offset: 6n, rows: 4 },
  ]);
  const six: PendingInsert = { number: 1n, table: 'samples', day: 1, deadline: 0, messages: [{ from: 5n, to: 7n }], rows: { from: 0, to: 6 } };
  expect(taken(block, six)).toEqual([500, 501, 502, 503, 504, 505]);
  expect(uncoveredOf(block, [six]).flatMap((share) => taken(block, share))).toEqual([600, 601, 602, 603]);
  const five = { ...six, rows: { from: 0, to: 5 } };
  expect(
    uncoveredOf(block, [five])
      .flatMap((share) => taken(block, share))
      .toSorted(),
  ).toEqual([505, 600, 601, 602, 603]);
});

test('rows tell their message', () => {
  const block = blockOf([
    { offset: 5n, rows: 2 },
    { offset: 9n, rows: 1 },
  ]);
  expect([0, 1, 2].map(messagesAt(block))).toEqual([5n, 5n, 9n]);
  expect(messagesAt(block)(2)).toBe(9n);
  expect(() => messagesAt(block)(3)).toThrow(RangeError);
});

test('the rows of an insert are found by one walk, also where each of its messages is a range of its own', () => {
  const origin = Array.from({ length: 20_000 }, (_, i) => ({ offset: BigInt(i * 2), rows: 1 }));
  const batch = batchOf([['n', columnFrom(FLOAT, [0])]]);
  const block: Block = { table: 'samples', day: 1, length: origin.length, origin, rows: (ranges, insert) => takeRows(batch, ranges, insert) };
  let looked = 0;
  const messages = origin.map(({ offset }) => ({
    from: offset,
    get to() {
      looked++;
      return offset + 1n;
    },
  }));
  expect(rowsOf(block, { messages, rows: undefined })).toEqual([{ from: 0, to: origin.length }]);
  halvesOf(block, pending({ ...wholeOf(block), messages }));
  expect(looked).toBeLessThan(origin.length * 10);
});
