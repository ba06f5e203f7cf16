// Rows that are told by a file: all of them, in their order, once, whatever the sizes and wherever one of the two ends.
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Batch, columnOf, UTF8, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { HeardRows } from './heard-rows.ts';
import { ToldReader, ToldWriter } from './told-file.ts';
import { begunRows, overRows } from './written-rows.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'told-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const rows = (...texts: readonly string[]): Batch => batchOf([['text', columnFrom(UTF8, texts)]]);
const textsOf = (batch: Batch): readonly unknown[] => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, 'text'), row));
const listening = () => {
  const heard: unknown[] = [];
  const reader = new ToldReader(folder, (table, batch) => heard.push([table, ...textsOf(batch)]));
  return { heard, reader };
};

test('what is told is heard at the next look, once', () => {
  const { heard, reader } = listening();
  const told = new ToldWriter(folder, reader.begin());
  reader.hear();
  told.tell('marks', rows('a', 'b'));
  told.tell('series', rows('c'));
  reader.hear();
  reader.hear();
  expect(heard).toEqual([
    ['marks', 'a', 'b'],
    ['series', 'c'],
  ]);
  told.close();
  reader.close();
});

test('many megabytes go over several files, which are gone when they were read', () => {
  const { heard, reader } = listening();
  const told = new ToldWriter(folder, reader.begin());
  const sizes = [1, 3 << 20, 5 << 20, 20, 9 << 20, 7, 1 << 20, 8 << 20, 1];
  for (const [i, size] of sizes.entries()) told.tell('series', rows(`${i}${'x'.repeat(size)}`));
  expect(readdirSync(folder).length).toBeGreaterThan(2);
  reader.hear();
  expect(heard.map((one) => (one as readonly string[])[1]?.replaceAll('x', ''))).toEqual(sizes.map((_, i) => String(i)));
  expect(readdirSync(folder)).toHaveLength(1);
  told.tell('marks', rows('last'));
  reader.hear();
  expect(heard.at(-1)).toEqual(['marks', 'last']);
  told.close();
  reader.close();
});

test('what one has told that was killed in the middle of a record is heard, and the next one begins anew', () => {
  const { heard, reader } = listening();
  const run = reader.begin();
  const first = new ToldWriter(folder, run);
  first.tell('marks', rows('whole'));
  appendFileSync(join(folder, `told-${run}-0`), Uint8Array.of(200, 0, 0, 0, 0, 1, 2));
  first.close();
  const second = new ToldWriter(folder, reader.begin());
  second.tell('marks', rows('next'));
  reader.hear();
  expect(heard).toEqual([
    ['marks', 'whole'],
    ['marks', 'next'],
  ]);
  expect(readdirSync(folder)).toHaveLength(1);
  second.close();
  reader.close();
});

test('an answer of the store is handed out when all is heard that was told before it was made', async () => {
  const told = new HeardRows(folder);
  const heard: unknown[] = [];
  told.marks((batch) => heard.push(...textsOf(batch)));
  const writer = new ToldWriter(folder, told.begins());
  const store = {
    query: async () => {
      writer.tell('marks', rows('before the samples'));
      return { batches: [], stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } };
    },
  } as Partial<ColumnStore> as ColumnStore;
  await told.before(store).query('SELECT 1');
  expect(heard).toEqual(['before the samples']);
  writer.close();
  told.stop();
});

test('whoever listens later is told of the writes that had begun and are not over, also of a process that died', () => {
  const told = new HeardRows(folder);
  const minute = (metric: number) => [{ table: 'samples', metric, from: 0n, to: 60_000_000_000n }];
  const dead = new ToldWriter(folder, told.begins());
  dead.tell('begun', begunRows(1, minute(7)));
  const writer = new ToldWriter(folder, told.begins());
  writer.tell('begun', begunRows(1, minute(8)));
  writer.tell('begun', begunRows(2, minute(9)));
  writer.tell('over', overRows([1]));
  told.writes.hear();
  const open = new Map<string, unknown>();
  told.writes.listen({ begun: (write, stretches) => void open.set(write, stretches), over: (write) => void open.delete(write) });
  expect([...open.values()]).toEqual([minute(7), minute(9)]);
  writer.tell('over', overRows([2]));
  told.writes.hear();
  expect([...open.values()]).toEqual([minute(7)]);
  for (const end of [dead, writer]) end.close();
  told.stop();
});
