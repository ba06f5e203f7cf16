// The catalogue over many series on a real store: what is told is learned, and a look at what was told since reads that alone.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rowsOf } from '../../engines/columns/conformance-support.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../../engines/columns/testing/temporary-store.ts';
import { openColumnSearch } from '../../engines/search/embedded/open.ts';
import { DATASETS } from '../../schemas/catalogue.ts';
import { LearnedCatalogue } from './learned-catalogue.ts';

const SERIES = 300_000;
const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 29, 12);

let store: TemporaryStore;
let columns: ColumnStore;
beforeAll(async () => {
  store = await openTemporaryStore();
  columns = store.columns;
}, 60_000);
afterAll(() => store?.close());

/** Series of ten metrics, told at `seen`. */
const tell = (name: string, count: number, seen: number, label = 'host'): Promise<void> =>
  columns.command(
    `INSERT INTO series SELECT number % 10, concat({name:String}, toString(number % 10)), cityHash64({name:String}, {label:String}, number), fromUnixTimestamp64Milli({seen:Int64}, 'UTC'), fromUnixTimestamp64Milli({seen:Int64}, 'UTC'),
'gauge', 'cumulative', '1', NULL, 10000, map({label:String}, 'x'), map('region', 'eu') FROM numbers({count:UInt64})`,
    { params: { name, count, seen, label } },
  );

/** Rows of the table that the store has to read for a question, after its indexes. */
const rowsToRead = async (sql: string, options: Parameters<ColumnStore['query']>[1]): Promise<number> => {
  const [row] = rowsOf(await columns.query(`SELECT toInt64(sum(rows)) FROM (EXPLAIN ESTIMATE ${sql})`, options));
  return Number(row?.[0] ?? 0);
};

test('a look reads what was told since the last one, however many series there are', { timeout: 120_000 }, async () => {
  await tell('many.', SERIES, NOW);
  await columns.command('OPTIMIZE TABLE series FINAL');
  let read = 0;
  const watched = Object.assign(Object.create(columns) as ColumnStore, {
    query: async (...[sql, options]: Parameters<ColumnStore['query']>) => {
      if (sql.includes('FROM series')) read += await rowsToRead(sql, options);
      return columns.query(sql, options);
    },
  });
  const catalogue = new LearnedCatalogue(DATASETS, watched, openColumnSearch(columns));
  const refresh = async (at: number): Promise<number> => {
    read = 0;
    await catalogue.refresh(at);
    return read;
  };
  expect(await refresh(NOW + 1000)).toBeGreaterThanOrEqual(SERIES);
  expect(catalogue.metricNames()).toHaveLength(10);
  expect(catalogue.metric('many.3')?.labels).toEqual(['host', 'region']);
  // What came all at once is read once more while another way may have brought some of it late; then no more.
  await refresh(NOW + 10 * MINUTE);
  const { version } = catalogue;
  expect(await refresh(NOW + 10 * MINUTE + 5000)).toBe(0);
  expect(catalogue.version).toBe(version);

  await tell('fresh.', 1, NOW + 11 * MINUTE);
  await tell('many.', 20, NOW + 11 * MINUTE, 'pod');
  await columns.command('OPTIMIZE TABLE series FINAL');
  const few = await refresh(NOW + 11 * MINUTE + 1000);
  expect(few).toBeGreaterThan(0);
  // Of 37 granules those with the rows that are new.
  expect(few).toBeLessThan(SERIES * 0.75);
  expect(catalogue.metric('fresh.0')).toMatchObject({ kind: 'gauge', unit: '1', intervalMs: 10_000 });
  expect(catalogue.metric('many.3')?.labels).toEqual(['host', 'pod', 'region']);
  expect(await refresh(NOW + 20 * MINUTE)).toBeGreaterThanOrEqual(0);
  expect(await refresh(NOW + 20 * MINUTE + 5000)).toBe(0);

  // The clock was ahead, and is set back: what is told from then on is not missed.
  await refresh(NOW + 60 * MINUTE);
  await refresh(NOW + 21 * MINUTE);
  await tell('back.', 1, NOW + 21 * MINUTE + 1000);
  await refresh(NOW + 21 * MINUTE + 2000);
  expect(catalogue.metric('back.0')).toBeDefined();
});
