// Columns in buffers that are used anew hold what a builder makes of the same values, frame after frame.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Column, FLOAT, map, TIME_NS, UINT64, UTF8, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, ColumnBuilder } from '../../core/batch/build.ts';
import { decodeStream } from '../../core/ipc/read.ts';
import { encodeStream } from '../../core/ipc/write.ts';
import { Fields } from './formats/fields.ts';
import { numberMapBuffer, TextBuffer, TimeBuffer, textMapBuffer, WordBuffer, WordsBuffer } from './log-columns.ts';

const valuesOf = (column: Column): Value[] => Array.from({ length: column.length }, (_, row) => valueAt(column, row));
const built = (type: ConstructorParameters<typeof ColumnBuilder>[0], values: readonly Value[]): Value[] => {
  const builder = new ColumnBuilder(type);
  for (const value of values) builder.append(value);
  return valuesOf(builder.finish());
};
/** Short and long ones, of one byte a character and of more, halves of pairs, and the same one many times in a row. */
const TEXT = fc.oneof(
  fc.constantFrom('', 'info', 'host-1', 'x'.repeat(16), 'x'.repeat(17), 'é'.repeat(16), `${'x'.repeat(15)}€`, '\ud800', '🦊'.repeat(9)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 3000 }),
);
const FRAMES = { minLength: 1, maxLength: 4 };

test('texts, missing ones among them', () => {
  const buffer = new TextBuffer();
  fc.assert(
    fc.property(fc.array(fc.array(fc.option(TEXT), { maxLength: 300 }), FRAMES), (frames) => {
      for (const values of frames) {
        for (const value of values) {
          if (value === null) buffer.appendMissing();
          else buffer.append(value);
        }
        expect(valuesOf(buffer.column())).toEqual(built(UTF8, values));
        buffer.clear();
      }
    }),
    { numRuns: 60 },
  );
});

test('words, missing ones among them, also as a receiver reads them', () => {
  const buffer = new WordBuffer();
  const word = fc.oneof(fc.constantFrom('', 'a', 'info', 'é'), TEXT);
  fc.assert(
    fc.property(fc.array(fc.array(fc.option(word), { maxLength: 300 }), FRAMES), (frames) => {
      for (const values of frames) {
        for (const value of values) {
          if (value === null) buffer.appendMissing();
          else buffer.append(value);
        }
        expect(valuesOf(buffer.column())).toEqual(built(UTF8, values));
        const [read] = decodeStream(encodeStream([batchOf([['word', buffer.column()]])]));
        if (values.length > 0) expect(valuesOf(read?.columns[0] as Column)).toEqual(built(UTF8, values));
        buffer.clear();
      }
    }),
    { numRuns: 60 },
  );
});

test('numbers of two words', () => {
  const buffer = new WordsBuffer();
  fc.assert(
    fc.property(fc.array(fc.array(fc.maxSafeNat(), { maxLength: 200 }), FRAMES), (frames) => {
      for (const values of frames) {
        for (const value of values) buffer.append(value, value / 2 ** 32);
        expect(valuesOf(buffer.column())).toEqual(built(UINT64, values.map(BigInt)));
        buffer.clear();
      }
    }),
    { numRuns: 60 },
  );
});

test('times', () => {
  const buffer = new TimeBuffer();
  fc.assert(
    fc.property(fc.array(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 300 }), FRAMES), (frames) => {
      for (const values of frames) {
        for (const value of values) buffer.append(value);
        expect(valuesOf(buffer.column())).toEqual(built(TIME_NS, values));
        buffer.clear();
      }
    }),
    { numRuns: 60 },
  );
});

const fieldsOf = <V>(entries: readonly (readonly [string, V])[]): Fields<V> => {
  const fields = new Fields<V>();
  for (const [name, value] of entries) fields.set(name, value);
  return fields;
};

test('attributes and numbers', () => {
  const texts = textMapBuffer();
  const numbers = numberMapBuffer();
  const name = fc.constantFrom('a', 'b', 'status', '__proto__');
  const row = fc.record({
    texts: fc.uniqueArray(fc.tuple(name, TEXT), { selector: ([key]) => key, maxLength: 4 }),
    numbers: fc.uniqueArray(fc.tuple(name, fc.double({ noNaN: true })), { selector: ([key]) => key, maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 100 }), FRAMES), (frames) => {
      for (const rows of frames) {
        for (const each of rows) {
          texts.append(fieldsOf(each.texts));
          numbers.append(fieldsOf(each.numbers));
        }
        expect(valuesOf(texts.column())).toEqual(
          built(
            map(UTF8),
            rows.map((each) => new Map(each.texts)),
          ),
        );
        expect(valuesOf(numbers.column())).toEqual(
          built(
            map(FLOAT),
            rows.map((each) => new Map(each.numbers)),
          ),
        );
        texts.clear();
        numbers.clear();
      }
    }),
    { numRuns: 60 },
  );
});

test('more than is kept from frame to frame is let go of, and the next frame is whole', () => {
  const buffer = new TextBuffer();
  const long = 'y'.repeat(3 << 20);
  for (const text of [long, long]) buffer.append(text);
  expect(valuesOf(buffer.column())).toEqual([long, long]);
  buffer.clear();
  buffer.append('one');
  expect(valuesOf(buffer.column())).toEqual(['one']);
});
