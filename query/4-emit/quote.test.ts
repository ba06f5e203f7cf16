// The one place where text becomes SQL: any name, quoted, comes back from the real store as it was; values go as parameters alone.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../../engines/columns/testing/temporary-store.ts';
import type { Records } from '../../engines/records/port.ts';
import { openTemporaryRecords, type TemporaryRecords } from '../../engines/records/testing/temporary-records.ts';
import { quoteClickHouse, quotePostgres } from './quote.ts';

let store: TemporaryStore;
let recordStore: TemporaryRecords;
let columns: ColumnStore;
let records: Records;

beforeAll(async () => {
  [store, recordStore] = await Promise.all([openTemporaryStore({ migrated: false }), openTemporaryRecords({ migrated: false })]);
  columns = store.columns;
  records = recordStore.records;
});
afterAll(async () => {
  await Promise.all([store?.close(), recordStore?.close()]);
});

const hostile = [
  '`',
  '\\',
  '"',
  "'",
  '\0',
  '\n',
  '\t',
  '; DROP TABLE logs; --',
  '/*',
  '*/',
  '{p0:String}',
  '$1',
  '\\`',
  '`` `',
  '\u2028',
  '😀',
  '__proto__',
  ')',
  'a`; SELECT 1',
];
const texts = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc.array(fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 3 })), { minLength: 1, maxLength: 6 }).map((p) => p.join('')),
  )
  .filter((t) => t !== '' && t.isWellFormed());

test('a column of any name in ClickHouse', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 8 }), async (found) => {
      const names = [...new Set(found)];
      const { batches } = await columns.query(`SELECT ${names.map((n, i) => `${i} AS ${quoteClickHouse(n)}`).join(', ')}`);
      expect(batches[0]?.fields.map((f) => f.name)).toEqual(names);
    }),
    { numRuns: 200, examples: [[hostile]] },
  );
});

test('a value of any text in ClickHouse is a parameter', async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (value) => {
      const { batches } = await columns.query('SELECT lower(hex({p0:String})) AS h, {p1:Array(String)}[1] = {p0:String} AS same', {
        params: { p0: value, p1: [value] },
      });
      const [hex, same] = batches[0]?.columns ?? [];
      expect(hex?.layout === 'text' ? new TextDecoder().decode(hex.data) : '').toBe(Buffer.from(value, 'utf8').toString('hex'));
      expect(same?.layout === 'fixed' ? Number(same.values[0]) : same?.layout === 'bool' ? (same.bits[0] as number) & 1 : 0).toBe(1);
    }),
    { numRuns: 200, examples: hostile.map((h): [string] => [h]) },
  );
});

test('a column of any name in PostgreSQL, cut at its 63 bytes; zero bytes are refused', async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (name) => {
      if (name.includes('\0')) {
        expect(() => quotePostgres(name)).toThrow(RangeError);
        return;
      }
      const [row] = await records.query(`SELECT 7 AS ${quotePostgres(name)}`);
      const [key] = Object.keys(row ?? {});
      if (Buffer.byteLength(name) <= 63) expect(key).toBe(name);
      expect(Object.values(row ?? {})).toEqual([7]);
    }),
    { numRuns: 200, examples: hostile.map((h): [string] => [h]) },
  );
});
