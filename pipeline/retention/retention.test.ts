// Retention on the real stores: what goes and what stays, that it is told before it goes, that a jump of the clock removes nothing, and that
// every table has its rule.
import { describe, expect, test } from 'vitest';
import type { SearchDays } from '../../engines/search/port.ts';
import { RETENTION } from '../../schemas/retention.ts';
import { DAY, days, listening, many, moment, now, put, retention, rowsOf, slowly, stores, today, withStores } from '../testing/retained.ts';
import { TIMED_TABLES } from './days.ts';
import { readLedger } from './ledger.ts';

withStores();

const event = (ago: number, seq: number): Promise<unknown> =>
  stores.records.query(`INSERT INTO events (time, kind, title, sender, boot, seq, "row") VALUES ($1, 'k', $2, 's', 1, $3, 0)`, [
    BigInt(today - ago * DAY + DAY / 2) * 1_000_000n,
    String(ago),
    String(seq),
  ]);
describe('what is older than it is kept', () => {
  test('goes by whole days, in every table by its own setting', async () => {
    for (const ago of [0, 1, 14, 15, 16, 17, 29, 30, 31, 40]) for (const table of ['samples', 'processes', 'logs'] as const) await put(table, ago);
    await retention().run();
    // Noon: the day fifteen days ago has an hour that is still to be kept.
    expect([await days('samples'), await days('processes'), await days('logs')]).toEqual([
      [15, 14, 1, 0],
      [15, 14, 1, 0],
      [30, 29, 17, 16, 15, 14, 1, 0],
    ]);
    await retention({ kept: { ...RETENTION, samples: DAY, logs: 100 * DAY } }).run();
    expect([await days('samples'), (await days('logs')).length]).toEqual([[1, 0], 8]);
  });

  test('goes by whole days of the search store too, which holds up nothing where it does not answer', async () => {
    const dropped: number[] = [];
    const at = (ago: number) => today - ago * DAY;
    const documents: SearchDays = {
      days: async () => [40, 31, 30, 0].map((ago) => ({ day: at(ago), bytes: 1, rows: 1 })),
      drop: async (day) => void dropped.push((today - day) / DAY),
    };
    await retention({ documents }).run();
    expect(dropped).toEqual([40, 31]);
    for (const ago of [40, 0]) await put('logs', ago);
    await retention({ documents: { ...documents, days: () => Promise.reject(new Error('away')) } }).run();
    expect(await days('logs')).toEqual([0]);
  });

  test('of what was put together the parts of five minutes go by their setting, those of an hour and what is known of them by theirs', async () => {
    // Months go whole, so none of these is near the bound.
    for (const [table, ...long] of [['rollups_5m', 300, 400] as const, ['rollups_1h', 1000, 1200] as const, ['rollup_hours', 1000, 1200] as const])
      for (const ago of [0, 20, ...long])
        await stores.columns.command(
          table === 'rollup_hours'
            ? `INSERT INTO rollup_hours (metric, hour) SELECT 1, ${moment(today - ago * DAY)}`
            : `INSERT INTO ${table} (metric, id, time) SELECT 1, 1, toDateTime(${(today - ago * DAY) / 1000}, 'UTC')`,
        );
    for (const ago of [20, 0]) await put('samples', ago);
    await retention().run();
    const left = async (table: string, column: string) =>
      (await rowsOf(`SELECT toInt64((${today / 1000} - toUnixTimestamp(${column})) / 86400) AS ago FROM ${table} ORDER BY ago`)).flat().map(Number);
    expect([await left('rollups_5m', 'time'), await left('rollups_1h', 'time'), await left('rollup_hours', 'hour')]).toEqual([
      [0, 20, 300],
      [0, 20, 1000],
      [0, 20, 1000],
    ]);
    expect(await days('samples')).toEqual([0]);
  });

  test('there is a rule for every table of the column store', async () => {
    const tables = (await rowsOf("SELECT toString(name) FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'")).flat();
    // The first three go with what they serve, the next one some days later, whatever is kept; then a row a version, and one that is replaced.
    const others = ['series', 'series_days', 'marks', 'series_senders', 'schema_version', 'installation'];
    expect(tables.filter((table) => !(String(table) in TIMED_TABLES || others.includes(String(table))))).toEqual([]);
    expect(Object.keys(TIMED_TABLES).filter((table) => !tables.includes(table))).toEqual([]);
  });

  test('there is a rule, or a reason why it cannot grow for ever, for every table of the record store', async () => {
    const tables = (await stores.records.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).map(({ tablename }) => String(tablename));
    // Tested here.
    const removed = ['events', 'audit', 'hosts', 'hosts_heard', 'hosts_history', 'sessions', 'agents'];
    const bounded: Readonly<Record<string, string>> = {
      settings: 'a row a setting, all named by the program',
      schema_versions: 'a row a version of the program',
      saved_queries: 'so many, and so many deleted ones: app/saved-queries.test.ts',
      saved_query_versions: 'so many of a query, and they go with it: app/saved-queries.test.ts',
      join_tokens: 'so many unused, which expire; the next one made takes those with it that did a day ago: app/agents.test.ts',
      dead_letters_done: 'the next one takes those with it whose letter the stream has let go: app/dead-letters.test.ts',
      series_hosts: 'bytes of all rows, and days: ingest/kept-series-hosts.test.ts',
    };
    expect(tables.filter((table) => !(removed.includes(table) || table in bounded))).toEqual([]);
    expect([...removed, ...Object.keys(bounded)].filter((table) => !tables.includes(table))).toEqual([]);
  });

  test('a host of which nothing has come for as long as anything is kept goes with all that is told of it; one that is heard, or fell silent lately, stays', async () => {
    const ns = (ago: number): bigint => BigInt(today - ago * DAY) * 1_000_000n;
    const host = async (name: string, told: number, heard?: number): Promise<void> => {
      await stores.records.query('INSERT INTO hosts (host, sender, first_seen, last_seen) VALUES ($1, $1, $2, $3)', [name, ns(1400), ns(told)]);
      await stores.records.query('INSERT INTO hosts_history (host, sender, valid_from) VALUES ($1, $1, $2)', [name, ns(told)]);
      if (heard !== undefined) await stores.records.query('INSERT INTO hosts_heard (host, heard) VALUES ($1, $2)', [name, ns(heard)]);
    };
    await host('gone', 1300, 1100);
    await host('never heard', 1100);
    await host('heard lately', 1300, 0);
    await host('silent', 1300, 1090);
    await host('told lately', 3);
    await stores.records.query(`INSERT INTO hosts (host, sender, first_seen, last_seen) SELECT 'h' || n, 'x', 0, 0 FROM generate_series(1, 12000) AS n`);
    const told = (name: string, ago: number) => stores.records.query('INSERT INTO hosts_heard (host, stopped, stop_boot) VALUES ($1, $2, 1)', [name, ns(ago)]);
    await told('named by an event', 91);
    await told('named lately', 89);
    const names = async (table: string) => (await stores.records.query(`SELECT host FROM ${table} ORDER BY host COLLATE "C"`)).map(({ host: name }) => name);
    const task = retention();
    await task.run();
    const left = ['heard lately', 'silent', 'told lately'];
    expect([await names('hosts'), await names('hosts_history'), await names('hosts_heard')]).toEqual([left, left, ['heard lately', 'named lately', 'silent']]);
    // Where hardly anything is kept a machine that fell silent is shown for a month still.
    const short = Object.fromEntries(Object.keys(RETENTION).map((kind) => [kind, DAY])) as unknown as typeof RETENTION;
    await host('of last month', 30);
    await host('of the month before', 32);
    await retention({ kept: short }).run();
    expect(await names('hosts')).toEqual(['heard lately', 'of last month', 'told lately']);
  });

  test('an agent that was revoked goes when the audit of it has; one that may send never does', async () => {
    const agent = (id: string, state: string, joined: number, signedIn?: number): Promise<unknown> =>
      stores.records.query(
        `INSERT INTO agents (id, key, host, machine, joined, token, admitted_by, state, signed_in) VALUES ($1, '', $1, 'm', $2, 't', 'w', $3, $4)`,
        [id, BigInt(today - joined * DAY) * 1_000_000n, state, signedIn === undefined ? null : BigInt(today - signedIn * DAY) * 1_000_000n],
      );
    await agent('active', 'active', 900);
    await agent('quarantined', 'quarantined', 900);
    await agent('revoked', 'revoked', 900);
    await agent('revoked, and heard later', 'revoked', 900, 89);
    await agent('revoked lately', 'revoked', 89);
    await retention().run();
    expect((await stores.records.query('SELECT id FROM agents ORDER BY id COLLATE "C"')).map(({ id }) => id)).toEqual([
      'active',
      'quarantined',
      'revoked lately',
      'revoked, and heard later',
    ]);
  });

  test('a session that is over goes, whatever is kept', async () => {
    for (const [hash, expires] of [
      ['over', now - 1],
      ['not over', now + 1],
    ] as const)
      await stores.records.query('INSERT INTO sessions (hash, created, expires) VALUES ($1, 0, $2)', [Buffer.from(hash), BigInt(expires) * 1_000_000n]);
    await retention().run();
    expect((await stores.records.query('SELECT hash FROM sessions')).map(({ hash }) => Buffer.from(hash as Uint8Array).toString())).toEqual(['not over']);
  });

  // What is put together by the hour is kept longest.
  test('goes row by row in the record store, beyond one batch, with the history that served it', async () => {
    for (const [i, ago] of [0, 89, 90, 91, 200].entries()) await event(ago, i);
    await stores.records.query(
      `INSERT INTO events (time, kind, title, sender, boot, seq, "row") SELECT $1, 'many', 'x', 'm', 1, n, 0 FROM generate_series(1, 12000) AS n`,
      [BigInt(today - 100 * DAY) * 1_000_000n],
    );
    for (const ago of [0, 89, 91])
      await stores.records.query("INSERT INTO audit (time, who, what) VALUES ($1, 'w', $2)", [BigInt(today - ago * DAY) * 1_000_000n, String(ago)]);
    const ns = (ago: number): bigint => BigInt(today - ago * DAY) * 1_000_000n;
    for (const [host, from, to] of [
      ['a', 1300, 1200],
      ['a', 1200, 60],
      ['b', 1400, undefined],
    ] as const)
      await stores.records.query('INSERT INTO hosts_history (host, sender, valid_from, valid_to) VALUES ($1, $1, $2, $3)', [
        host,
        ns(from),
        to === undefined ? null : ns(to),
      ]);
    await retention().run();
    expect((await stores.records.query('SELECT title FROM events ORDER BY time DESC')).map(({ title }) => title)).toEqual(['0', '89', '90']);
    expect((await stores.records.query('SELECT what FROM audit ORDER BY time DESC')).map(({ what }) => what)).toEqual(['0', '89']);
    expect(await stores.records.query('SELECT host, valid_from FROM hosts_history ORDER BY host')).toEqual([
      { host: 'a', valid_from: ns(1200) },
      { host: 'b', valid_from: ns(1400) },
    ]);
  });

  test('takes with it the definitions and marks that only served it', async () => {
    for (const ago of [20, 3, 0]) await put('samples', ago);
    const defined = (id: number, since: number, seen: number): Promise<void> =>
      stores.columns.command(
        `INSERT INTO series (metric, name, id, since, seen) SELECT 1, 'm', ${id}, ${moment(today - since * DAY)}, ${moment(today - seen * DAY)}`,
      );
    const sampled = (id: number, ...ago: readonly number[]): Promise<void> =>
      stores.columns.command(
        `INSERT INTO series_days SELECT 1, ${id}, toYYYYMM(d) AS month, groupBitOr(toUInt32(bitShiftLeft(toUInt32(1), toDayOfMonth(d) - 1)))
FROM (SELECT arrayJoin([${ago.map((n) => moment(today - n * DAY))}]) AS d) GROUP BY month`,
        { settings: { max_partitions_per_insert_block: 0 } },
      );
    await defined(1, 20, 20); // has gone
    await sampled(1, 20, 16);
    for (const ago of [20, 19, 16, 3]) await defined(2, ago, ago); // goes on, and changes
    await sampled(2, 20, 0);
    await defined(3, 80, 80); // goes on, and never changes
    await sampled(3, 80, 70, 15);
    await defined(4, 20, 3); // is told of, and sends nothing
    await defined(5, 20, 20); // sent something today, after long
    await sampled(5, 0);
    for (const ago of [20, 3]) await stores.columns.command(`INSERT INTO marks (kind, metric, hour) SELECT 'extreme', 1, ${moment(today - ago * DAY)}`);
    const known = () => rowsOf('SELECT count() FROM series');
    // What was put together of them is kept for years, and they with it.
    const before = await known();
    await retention().run();
    expect(await known()).toEqual(before);
    await retention({ kept: { ...RETENTION, rollups_5m: 10 * DAY, rollups_1h: 15 * DAY } }).run();
    expect(await rowsOf(`SELECT toInt64(id), toInt64((${today} - toUnixTimestamp64Milli(since)) / ${DAY}) FROM series ORDER BY id, since`)).toEqual([
      [2n, 16n],
      [2n, 3n],
      [3n, 80n],
      [4n, 20n],
      [5n, 20n],
    ]);
    // Of months of which nothing is kept no day is known any more.
    const months = (await rowsOf('SELECT DISTINCT toInt64(month) AS month FROM series_days')).map(([month]) => Number(month));
    const kept = new Date(today - 15 * DAY);
    expect(months.every((month) => month >= kept.getUTCFullYear() * 100 + kept.getUTCMonth() + 1)).toBe(true);
    expect(months.length).toBeGreaterThan(0);
    expect(await rowsOf(`SELECT toInt64((${today} - toUnixTimestamp64Milli(hour)) / ${DAY}) FROM marks`)).toEqual([[3n]]);
  });

  test('who sent what is forgotten after some days, of which a clock that jumps while it is removed is not asked', async () => {
    for (const ago of [30, 4, 3, 0]) await stores.columns.command(`INSERT INTO series_senders SELECT 1, 2, ${moment(today - ago * DAY + DAY / 24)}, 3`);
    let looks = 0;
    await retention({ now: () => now + (looks++ > 0 ? 40 * DAY : 0) }).run();
    expect(await rowsOf(`SELECT toInt64((${today + DAY / 24} - toUnixTimestamp64Milli(hour)) / ${DAY}) AS ago FROM series_senders ORDER BY ago`)).toEqual([
      [0n],
      [3n],
    ]);
  });

  test('is written down before it goes, and where it is not known it does not go', async () => {
    await put('samples', 20);
    await put('samples', 0);
    const seen: unknown[] = [];
    const columns = {
      query: stores.columns.query.bind(stores.columns),
      command: async (sql: string, options?: object) => {
        if (sql.includes('DROP')) seen.push((await readLedger(stores.records)).gone.samples);
        await stores.columns.command(sql, options);
      },
    };
    const deaf = {
      query: (sql: string, params?: never) => (sql.startsWith('INSERT INTO settings') ? Promise.reject(new Error('full')) : stores.records.query(sql, params)),
      transaction: stores.records.transaction.bind(stores.records),
    };
    await expect(retention({ columns, records: deaf }).run()).rejects.toThrow('full');
    expect([await days('samples'), seen]).toEqual([[20, 0], []]);
    await retention({ columns }).run();
    expect([await days('samples'), seen]).toEqual([[0], [today - 19 * DAY]]);
  });

  test('stays after a jump of the clock until it has stood for a day; one set right again has removed nothing', async () => {
    for (const ago of [3, 0]) await put('samples', ago);
    let clock = now;
    const { log, lines } = listening();
    const task = retention({ now: () => clock, log });
    await task.run();
    clock = now + 40 * DAY;
    await task.run();
    await task.run();
    expect([await days('samples'), lines.filter((line) => line.includes('clock'))]).toEqual([[3, 0], [expect.stringContaining('days ahead')]]);
    // The next process waits too.
    clock += DAY / 2;
    await retention({ now: () => clock }).run();
    expect(await days('samples')).toEqual([3, 0]);
    clock = now + 60_000;
    await task.run();
    expect(await days('samples')).toEqual([3, 0]);
    clock = now + 40 * DAY;
    await task.run();
    clock += DAY;
    await task.run();
    expect(await days('samples')).toEqual([]);
  });

  test('a question that reads a day while it goes reads all of it', async () => {
    await many(20, 200_000);
    await put('samples', 0);
    const reading = await slowly(0.00001);
    await retention().run();
    expect(await days('samples')).toEqual([0]);
    expect(await reading.rows).toBe(200_000n);
  }, 60_000);
});

// The last: what was in tables that nobody writes to is on the way for minutes.
test('histograms and summaries go when samples do', async () => {
  for (const table of ['histograms', 'summaries'] as const) for (const ago of [0, 15, 16, 29]) await put(table, ago);
  await retention().run();
  expect([await days('histograms'), await days('summaries')]).toEqual([
    [15, 0],
    [15, 0],
  ]);
});
