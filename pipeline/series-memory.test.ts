// Questions of all series, on a real store that has memory for a part of them at once: they are answered nevertheless.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openTemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { NO_ENRICHMENT } from './inventory.ts';
import { SeriesDays } from './series-days.ts';
import { SeriesIndex } from './series-index.ts';
import { SeriesSenders } from './series-senders.ts';
import { SeriesTable } from './series-table.ts';
import { sampleBlocks } from './stages/samples.ts';
import { SeriesNumbers } from './stages/series-numbers.ts';

const HOUR = 3_600_000;
/** Midnight of yesterday. */
const DAY = Math.floor(Date.now() / (24 * HOUR) - 1) * 24 * HOUR;
const SERIES = 400_000;
const UNLIMITED = { max_rows_to_read: 0 };

let store: Awaited<ReturnType<typeof openTemporaryStore>>;
/** Less than a hash table of all series takes. */
let small: ColumnStore;
beforeAll(async () => {
  store = await openTemporaryStore();
  const { columns } = store;
  small = Object.assign(Object.create(columns) as ColumnStore, {
    insert: (...args: Parameters<ColumnStore['insert']>) => columns.insert(...args),
    query: (sql: string, options: Parameters<ColumnStore['query']>[1] = {}) =>
      columns.query(sql, { ...options, settings: { ...options.settings, max_memory_usage: 128 << 20, max_threads: 2 } }),
  });
}, 60_000);
afterAll(() => store?.close());

test('who else sends the series of a metric is found over many hours of very many series', { timeout: 120_000 }, async () => {
  const hours = 6;
  await store.columns.command(
    `INSERT INTO series_senders SELECT 7, number % ${SERIES}, fromUnixTimestamp64Milli({day:Int64} + intDiv(number, ${SERIES}) * ${HOUR}, 'UTC'), 1 FROM numbers(${SERIES * hours})`,
    { params: { day: DAY }, settings: UNLIMITED },
  );
  const index = new SeriesIndex();
  const times = [DAY, DAY + (hours - 1) * HOUR];
  const values = [times.map(() => 7), times.map(() => 5n), times.map((time) => BigInt(time)), times.map(() => 1), times.map(() => BigInt(DAY))];
  const batch = batchOf(SIGNAL_FIELDS.metrics.map(({ name, type }, i) => [name, columnFrom(type, values[i] ?? [])] as const));
  const blocks = sampleBlocks([{ batch, until: 0 }], new SeriesNumbers(index));
  const senders = new SeriesSenders(small, index, new SeriesDays(small, index));
  const shared = await senders.tell(blocks, ['another'], Date.now(), new AbortController().signal);
  expect(shared.map(({ metric, hour }) => [metric, hour]).toSorted()).toEqual(times.map((hour) => [7, hour]));
});

test('hosts of which series say something else are found among very many series', { timeout: 120_000 }, async () => {
  await store.columns.command(
    `INSERT INTO series (metric, name, id, since, seen, labels, enrichment) SELECT number % 50, 'm', number, fromUnixTimestamp64Milli({day:Int64}, 'UTC'), fromUnixTimestamp64Milli({day:Int64}, 'UTC'),
map('host', concat('host-', toString(number % 100)), 'place', repeat(toString(number), 5)), if(number % 100 = 3, map('env', 'old'), map()) FROM numbers(${SERIES * 2})`,
    { params: { day: DAY }, settings: UNLIMITED },
  );
  const hosts = new Map(['host-3', 'host-4'].map((host) => [host, { host, sender: host, enrichment: NO_ENRICHMENT }]));
  expect((await new SeriesTable(small).outdated(hosts)).map(({ host }) => host)).toEqual(['host-3']);
});

test('all series of many hosts are brought up to the inventory in one statement, those alone that say something else', { timeout: 120_000 }, async () => {
  const { columns } = store;
  const hosts = ['host-3', 'host-4', 'host-5'].map((host, i) => ({
    host,
    sender: host,
    enrichment: ['eu', undefined, ['a', 'b', undefined][i], undefined, undefined],
  }));
  const table = new SeriesTable(columns, () => DAY + HOUR);
  await table.enrich(hosts);
  await table.enrich(hosts);
  const { batches } = await columns.query(
    `SELECT labels['host'] AS host, toString(enrichment) AS said, toInt64(count()) AS series, toInt64(countIf(since = fromUnixTimestamp64Milli({at:Int64}, 'UTC'))) AS fresh
     FROM series WHERE host IN ('host-3', 'host-4', 'host-5', 'host-6') GROUP BY host, said ORDER BY host, fresh`,
    { params: { at: DAY + HOUR } },
  );
  const each = BigInt((SERIES * 2) / 100);
  const rows = batches.flatMap((b) => Array.from({ length: b.length }, (_, row) => b.columns.map((c) => valueAt(c, row))));
  expect(rows).toEqual([
    ['host-3', "{'env':'old'}", each, 0n],
    ['host-3', "{'region':'eu','env':'a'}", each, each],
    ['host-4', '{}', each, 0n],
    ['host-4', "{'region':'eu','env':'b'}", each, each],
    ['host-5', '{}', each, 0n],
    ['host-5', "{'region':'eu'}", each, each],
    ['host-6', '{}', each, 0n],
  ]);
});
