// A disk that is nearly full is emptied from the oldest day on, on the real stores: never of its newest, with or without a record store that can
// write, and no further than was asked for.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Value } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../../engines/columns/embedded/start.ts';
import { freeOn, smallDisk } from '../../test/support/small-disk.ts';
import { ALWAYS, DAY, days, listening, many, moment, now, put, retention, rowsOf, slowly, stores, today, withStores } from '../testing/retained.ts';
import { bytesOnTheWay, firstToGo, type StoredDay } from './days.ts';
import { readLedger } from './ledger.ts';
import type { RetentionOptions } from './retention.ts';

withStores();

describe('a disk that is nearly full', () => {
  /** Missing until so many days have gone. */
  const short = (count: number): { readonly columns: RetentionOptions['columns']; readonly missingRoom: () => number; readonly dropped: string[] } => {
    const dropped: string[] = [];
    return {
      dropped,
      missingRoom: () => Math.max(0, count - dropped.length) * 2 ** 40,
      columns: {
        query: stores.columns.query.bind(stores.columns),
        command: async (sql, options) => {
          await stores.columns.command(sql, options);
          if (sql.includes('DROP PARTITION')) dropped.push(sql);
        },
      },
    };
  };

  test('loses the oldest days of the largest table until there is room, and everybody is told', async () => {
    for (const ago of [9, 8, 7, 1, 0]) await put('logs', ago, 50_000);
    for (const ago of [12, 0]) await put('samples', ago, 100);
    const { log, lines } = listening();
    const telemetry = new TelemetryRegistry();
    await retention({ ...short(2), log, telemetry }).relieve(ALWAYS);
    expect([await days('logs'), await days('samples')]).toEqual([
      [7, 1, 0],
      [12, 0],
    ]);
    expect(lines).toHaveLength(2);
    expect(telemetry.value('inframirror_retention_emergency_days_total', { table: 'logs' })).toBe(2);
    const events = await stores.records.query("SELECT title FROM events WHERE kind = 'retention.emergency' ORDER BY title");
    expect(events.map(({ title }) => title)).toEqual(
      [9, 8].map((ago) => `The disk was nearly full: logs of ${new Date(today - ago * DAY).toISOString().slice(0, 10)} were removed`),
    );
    expect(await stores.records.query("SELECT detail ->> 'table' AS t FROM audit WHERE what = 'retention.emergency'")).toEqual([{ t: 'logs' }, { t: 'logs' }]);
    expect(await readLedger(stores.records)).toMatchObject({ gone: { logs: today - 7 * DAY }, emergency: { table: 'logs', day: today - 8 * DAY } });
  });

  test('of tables that are kept equally long it is told of the one that lost a day, and what served the others stays', async () => {
    for (const ago of [5, 0]) await put('histograms', ago, 50_000);
    for (const ago of [9, 5, 0]) await put('samples', ago, 10);
    for (const ago of [9, 5]) await stores.columns.command(`INSERT INTO marks (kind, metric, hour) SELECT 'double', 1, ${moment(today - ago * DAY)}`);
    const task = retention(short(1));
    await task.relieve(ALWAYS);
    expect([await days('histograms'), await days('samples')]).toEqual([[0], [9, 5, 0]]);
    expect((await readLedger(stores.records)).gone).toEqual({ histograms: today - 4 * DAY });
    await task.run();
    expect(await rowsOf('SELECT count() FROM marks')).toEqual([[2n]]);
  });

  test('also when a term has ended, as a record store without room ends each', async () => {
    for (const ago of [9, 0]) await put('logs', ago, 50_000);
    let room = 0;
    const task = retention({ missingRoom: () => room });
    task.start();
    await task.stop();
    room = 2 ** 40;
    await task.relieve(ALWAYS);
    expect(await days('logs')).toEqual([0]);
  });

  test('never loses the newest day of a table, today or what a wrong clock has put ahead, and says once that nothing is left', async () => {
    for (const ago of [2, 1, 0, -30]) await put('samples', ago);
    await put('logs', 5);
    const { log, lines } = listening();
    const told: boolean[] = [];
    const task = retention({ ...short(100), log, stuck: (isStuck) => told.push(isStuck) });
    for (let n = 0; n < 3; n++) await task.relieve(ALWAYS);
    expect([told.includes(true), told.at(-1)]).toEqual([true, true]);
    expect([await days('samples'), await days('logs')]).toEqual([[0, -30], [5]]);
    expect(lines.filter((line) => line.includes('nothing is left'))).toHaveLength(1);
  });

  test('days go, but no row by itself: the store writes before it frees', async () => {
    for (const ago of [40, 0]) await put('samples', ago);
    await stores.records.query("INSERT INTO events (time, kind, title, sender, boot, seq, \"row\") VALUES (1, 'k', 't', 's', 1, 0, 0)");
    const sent: string[] = [];
    const columns: RetentionOptions['columns'] = {
      query: (sql, options) => stores.columns.query(sql, options),
      command: (sql, options) => {
        sent.push(sql);
        return stores.columns.command(sql, options);
      },
    };
    let room = false;
    const task = retention({ columns, hasRoom: () => room });
    await task.run();
    expect(sent).toEqual([expect.stringMatching(/^ALTER TABLE samples DROP PARTITION/)]);
    expect([await days('samples'), await stores.records.query('SELECT title FROM events')]).toEqual([[0], [{ title: 't' }]]);
    room = true;
    await task.run();
    expect(sent.filter((sql) => sql.startsWith('DELETE FROM'))).toHaveLength(2);
    expect(await stores.records.query('SELECT title FROM events')).toEqual([]);
  });

  test('is emptied where the record store cannot write, which is told when it can', async () => {
    for (const ago of [9, 8, 0]) await put('samples', ago);
    let full = true;
    const records: RetentionOptions['records'] = {
      query: (sql, params) => (full && !sql.startsWith('SELECT') ? Promise.reject(new Error('full')) : stores.records.query(sql, params)),
      transaction: (work) => (full ? Promise.reject(new Error('full')) : stores.records.transaction(work)),
    };
    const task = retention({ ...short(2), records });
    await task.relieve(ALWAYS);
    expect([await days('samples'), await stores.records.query('SELECT kind FROM events')]).toEqual([[0], []]);
    full = false;
    await task.relieve(ALWAYS);
    expect(await stores.records.query('SELECT kind FROM events')).toHaveLength(2);
    expect(await readLedger(stores.records)).toMatchObject({ gone: { samples: today - 7 * DAY } });
  });

  test('no more goes than was asked for while the store still needs what went', async () => {
    await many(9, 200_000);
    for (const ago of [8, 7, 0]) await put('samples', ago);
    const [[bytes] = []] = await rowsOf("SELECT toUInt64(max(bytes_on_disk)) FROM system.parts WHERE active AND table = 'samples'");
    const day = Number(bytes);
    const over = new AbortController();
    // Longer than any test.
    const reading = await slowly(0.005, over.signal);
    try {
      // What merges leave behind, and clear away, meanwhile is less than half of that day.
      const others = await bytesOnTheWay(stores.columns);
      const task = retention({ missingRoom: () => others + day / 2 });
      for (let n = 0; n < 3; n++) await task.relieve(ALWAYS);
      expect(await days('samples')).toEqual([8, 7, 0]);
      expect(await bytesOnTheWay(stores.columns)).toBeGreaterThanOrEqual(day);
    } finally {
      over.abort();
      expect(await reading.rows).toBeUndefined();
    }
  }, 120_000);

  test('gets it back from the store', async (context) => {
    const disk = smallDisk(context, '400m');
    const engine = await startEmbeddedColumns({ dataDir: join(disk, 'columns'), log: silentLogger });
    const columns = openClickHouse(engine);
    try {
      await columns.migrate();
      // The store's own minutes are too long for a test.
      await columns.command(
        'ALTER TABLE logs MODIFY SETTING old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0',
      );
      for (const ago of [3, 2, 1, 0])
        await columns.command(
          `INSERT INTO logs (time, body, insert) SELECT ${moment(today - ago * DAY)}, randomPrintableASCII(1000), ${ago + 1} FROM numbers(40000)`,
        );
      const free = (): number => freeOn(disk);
      await expect.poll(() => bytesOnTheWay(columns), { timeout: 60_000, interval: 200 }).toBe(0);
      const wanted = free() + (90 << 20);
      const task = retention({ columns, missingRoom: () => Math.max(0, wanted - free()) });
      const left = async (): Promise<readonly Value[]> => (await rowsOf('SELECT DISTINCT toInt64(insert) AS day FROM logs ORDER BY day', columns)).flat();
      for (let n = 0; n < 3; n++) await task.relieve(ALWAYS);
      await expect.poll(free, { timeout: 90_000, interval: 200 }).toBeGreaterThanOrEqual(wanted);
      await task.relieve(ALWAYS);
      expect(await left()).toEqual([1n, 2n]);
    } finally {
      await columns.close();
      await engine.stop();
    }
  }, 180_000);
});

test('of two tables the larger one gives its oldest day, a table of one day nothing', () => {
  const day = (table: string, ago: number, bytes: number): StoredDay => ({
    table,
    day: today - ago * DAY,
    to: today - (ago - 1) * DAY,
    first: today - ago * DAY,
    partitions: [],
    bytes,
    rows: 1,
  });
  const tables = new Map([
    ['samples', [day('samples', 3, 5), day('samples', 0, 5)]],
    ['logs', [day('logs', 2, 1), day('logs', 1, 30)]],
    ['processes', [day('processes', 9, 1000)]],
  ]);
  expect(firstToGo(tables, now)).toMatchObject({ table: 'logs', day: today - 2 * DAY });
  expect(firstToGo(new Map([['logs', [day('logs', -1, 1), day('logs', -2, 1)]]]), now)).toBeUndefined();
});
