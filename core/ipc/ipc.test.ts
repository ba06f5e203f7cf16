// Writer and reader against apache-arrow, both ways, over random batches of every type.
import { type Data, type Table, Type, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBatches, assertSound, rowsOf, withDictionaries } from '../batch/arbitrary.ts';
import { type Batch, columnOf, FLOAT, INT32, INT64, list, map, textAt, UTF8, type Value } from '../batch/batch.ts';
import { batchOf, columnFrom } from '../batch/build.ts';
import { sliceBatch, takeRows } from '../batch/take.ts';
import { decodeStream } from './read.ts';
import { encodeStream } from './write.ts';

/** What apache-arrow has in its buffers, as our values. */
const arrowValue = (data: Data, row: number): Value => {
  if (!data.getValid(row)) return null;
  const range = (): number[] => Array.from({ length: data.valueOffsets[row + 1] - data.valueOffsets[row] }, (_, i) => data.valueOffsets[row] + i);
  switch (data.typeId as Type) {
    case Type.Bool:
      return ((data.values[row >> 3] as number) & (1 << (row & 7))) !== 0;
    case Type.Utf8:
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(data.values.subarray(data.valueOffsets[row], data.valueOffsets[row + 1]));
    case Type.Dictionary: {
      const entries = data.dictionary;
      let index = data.values[row] as number;
      for (const chunk of entries?.data ?? []) {
        if (index < chunk.length) return arrowValue(chunk, index);
        index -= chunk.length;
      }
      throw new Error('index outside the dictionary');
    }
    case Type.List:
      return range().map((i) => arrowValue(data.children[0] as Data, i));
    case Type.Map: {
      const [keys, values] = (data.children[0] as Data).children as [Data, Data];
      return new Map(range().map((i) => [arrowValue(keys, i) as string, arrowValue(values, i)]));
    }
    default:
      return data.values[row] as number | bigint;
  }
};
const arrowRows = (table: Table): Value[][] =>
  table.batches.flatMap((batch) => Array.from({ length: batch.numRows }, (_, row) => batch.data.children.map((data) => arrowValue(data, row))));

describe('an IPC stream', () => {
  test('comes back as it was written', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const read = decodeStream(encodeStream(batches));
        for (const batch of read) assertSound(batch);
        expect(read[0]?.fields).toEqual(batches[0]?.fields);
        expect(rowsOf(read)).toEqual(rowsOf(batches));
      }),
      { numRuns: 400 },
    );
  });

  test('is read by apache-arrow as it was written', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const table = tableFromIPC(encodeStream(batches));
        expect(table.schema.fields.map((field) => field.name)).toEqual(batches[0]?.fields.map((field) => field.name));
        expect(arrowRows(table)).toEqual(rowsOf(batches));
      }),
      { numRuns: 400 },
    );
  });

  test('is read as apache-arrow wrote it', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const written = tableToIPC(tableFromIPC(encodeStream(batches)), 'stream');
        const read = decodeStream(written);
        for (const batch of read) assertSound(batch);
        expect(rowsOf(read)).toEqual(rowsOf(batches));
      }),
      { numRuns: 400 },
    );
  });

  test('is read wherever it lies in memory', () => {
    const batch = batchOf([
      ['a', columnFrom(FLOAT, [1.5, null, 3])],
      ['b', columnFrom(UTF8, ['x', null, 'ü'])],
    ]);
    const bytes = encodeStream([batch]);
    for (let shift = 0; shift < 8; shift++) {
      const moved = new Uint8Array(bytes.length + shift).subarray(shift);
      moved.set(bytes);
      expect(rowsOf(decodeStream(moved))).toEqual(rowsOf([batch]));
    }
  });

  test('of no rows has its schema', () => {
    const fields = [
      { name: 'a', type: FLOAT },
      { name: 'tags', type: map(list(UTF8)) },
    ];
    const empty: Batch = { length: 0, fields, columns: fields.map((field) => columnFrom(field.type, [])) };
    const [read, ...others] = decodeStream(encodeStream([empty, empty]));
    expect(others).toEqual([]);
    expect(read?.fields).toEqual(fields);
    expect(read?.length).toBe(0);
    expect(tableFromIPC(encodeStream([empty])).schema.fields.map((field) => String(field.type))).toEqual(['Float64', 'Map<{key:Utf8, value:List<Utf8>}>']);
  });

  test('refuses to be made of nothing or of batches that differ', () => {
    const a = batchOf([['a', columnFrom(FLOAT, [1])]]);
    const b = batchOf([['a', columnFrom(INT32, [1])]]);
    expect(() => encodeStream([])).toThrow(TypeError);
    expect(() => encodeStream([a, b])).toThrow(TypeError);
  });
});

describe('a dictionary', () => {
  const texts = Array.from({ length: 1000 }, (_, i) => `host-${i % 7}`);
  const batch = batchOf([['host', withDictionaries(columnFrom(UTF8, texts))]]);

  test('stays one, written once for many batches', () => {
    const bytes = encodeStream([batch, sliceBatch(batch, 100, 900)]);
    const read = decodeStream(bytes);
    const columns = read.map((part) => columnOf(part, 'host'));
    expect(columns.map((column) => column.layout)).toEqual(['dictionary', 'dictionary']);
    expect(bytes.length).toBeLessThan(1800 * 4 + 1000);
    expect(new Set(columns.map((column) => column.layout === 'dictionary' && column.dictionary)).size).toBe(1);
    expect(rowsOf(read)).toEqual([...texts, ...texts.slice(100, 900)].map((text) => [text]));
  });

  test('is merged where batches bring several', () => {
    const other = batchOf([
      [
        'host',
        withDictionaries(
          columnFrom(
            UTF8,
            texts.map((text) => `${text}-b`),
          ),
        ),
      ],
    ]);
    const read = decodeStream(encodeStream([batch, other]));
    expect(rowsOf(read)).toEqual(rowsOf([batch, other]));
    expect(arrowRows(tableFromIPC(encodeStream([batch, other])))).toEqual(rowsOf([batch, other]));
  });

  test('is written without the entries that stand twice', () => {
    const column = columnOf(batch, 'host');
    const read = decodeStream(encodeStream([batch])).map((part) => columnOf(part, 'host'))[0];
    if (column.layout !== 'dictionary' || read?.layout !== 'dictionary') throw new Error('not a dictionary');
    const entries = (of: typeof column): string[] => Array.from({ length: of.dictionary.length }, (_, i) => textAt(of.dictionary, i));
    expect(new Set(entries(column)).size).toBeLessThan(entries(column).length);
    expect(entries(read)).toEqual([...new Set(entries(column))]);
  });

  test('is written as text where few rows use it', () => {
    const few = takeRows(batch, Int32Array.of(3, 4));
    expect(decodeStream(encodeStream([few])).map((part) => part.columns[0]?.layout)).toEqual(['text']);
  });
});

test('what is cut from a column read from a Buffer is a copy', () => {
  const bytes = encodeStream([batchOf([['n', columnFrom(INT64, [1n, null, -3n])]])]);
  const aligned = Buffer.from(new Uint8Array(bytes).buffer);
  const column = decodeStream(aligned)[0]?.columns[0];
  column?.validity?.slice().fill(0);
  expect(column?.validity?.[0]).toBe(0b101);
});

test('reads a stream that lies anywhere in a Buffer', () => {
  const batch = batchOf([['n', columnFrom(INT64, [1n, null, -3n])]]);
  const bytes = encodeStream([batch]);
  for (let shift = 0; shift < 8; shift++) {
    const around = Buffer.alloc(bytes.length + 8);
    around.set(bytes, shift);
    expect(rowsOf(decodeStream(around.subarray(shift, shift + bytes.length)))).toEqual(rowsOf([batch]));
  }
});
