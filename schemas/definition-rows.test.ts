// What is read of definitions by their bytes against the same by their texts: batches of any names and labels, plain and by dictionary.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Batch, columnOf, type MapColumn, map, type TextColumn, UINT64, UTF8 } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { DefinitionRows } from './definition-rows.ts';
import { metricHash, seriesId } from './series-id.ts';

interface Definition {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

const batchFrom = (rows: readonly Definition[]): Batch =>
  batchOf([
    [
      'id',
      columnFrom(
        UINT64,
        rows.map(() => 0n),
      ),
    ],
    [
      'name',
      columnFrom(
        UTF8,
        rows.map(({ name }) => name),
      ),
    ],
    [
      'labels',
      columnFrom(
        map(UTF8),
        rows.map(({ labels }) => labels),
      ),
    ],
  ]);

/** Keys and values as words of a dictionary. */
const byDictionary = (batch: Batch): Batch => {
  const labels = columnOf(batch, 'labels') as MapColumn;
  const coded = (column: TextColumn) =>
    ({
      layout: 'dictionary',
      type: UTF8,
      length: column.length,
      validity: undefined,
      indices: Int32Array.from({ length: column.length }, (_, i) => i),
      dictionary: column,
    }) as const;
  const columns = [
    columnOf(batch, 'id'),
    coded(columnOf(batch, 'name') as TextColumn),
    { ...labels, keys: coded(labels.keys as TextColumn), values: coded(labels.values as TextColumn) },
  ];
  return { ...batch, columns };
};

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }).map((word) => word.toWellFormed()),
  fc.constantFrom('', 'host', '#id', 'é', '﷐', '～', '😀', '﻿x', 'x'.repeat(9), 'y'.repeat(10), 'z'.repeat(120)),
);
const definition: fc.Arbitrary<Definition> = fc.record({
  name: text,
  labels: fc.array(fc.tuple(text, text), { maxLength: 20 }).map((labels) => new Map(labels)),
});

test('identity, metric, host and reserved labels are those of the texts', () => {
  fc.assert(
    fc.property(fc.array(definition, { minLength: 1, maxLength: 5 }), fc.boolean(), (rows, coded) => {
      const batch = coded ? byDictionary(batchFrom(rows)) : batchFrom(rows);
      const read = new DefinitionRows(batch);
      for (const [row, { name, labels }] of rows.entries()) {
        let identity = '';
        seriesId(name, labels, (bytes) => {
          identity = Buffer.from(bytes).toString();
          return new Uint8Array(8);
        });
        expect(Buffer.from(read.identity(row)).toString()).toBe(identity);
        expect(read.metric(row)).toBe(metricHash(name));
        expect(read.labels.host(row)).toBe(labels.get('host') ?? '');
        expect(read.labels.reserved(row)).toBe(labels.keys().find((key) => key.startsWith('#')));
      }
      const hosts: string[] = [];
      read.labels.eachHost(rows.length, (host) => hosts.push(host));
      expect(new Set(['', ...hosts])).toEqual(new Set(['', ...rows.map(({ labels }) => labels.get('host') ?? '')]));
    }),
    { numRuns: 1000 },
  );
});
