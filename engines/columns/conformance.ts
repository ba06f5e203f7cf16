// The contract of the port `Columns` as tests: call it from a `*.test.ts` of each implementation.
// It speaks to the store only through the port, and to the process behind it only through `crash`.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Batch, columnOf, FLOAT, INT8, INT64, list, map, TIME_MS, TIME_NS, UINT32, UINT64, UTF8, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { type ErrorCode, hasCode } from '../../core/errors.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Columns, QueryAnswer } from './port.ts';

export interface ColumnsUnderTest {
  readonly columns: Columns;
  /** Kills what is behind the port with SIGKILL; it must come back by itself. */
  crash(): void;
  dispose(): Promise<void>;
}

/** Rows as arrays, in the order of the answer. */
export const rowsOf = ({ batches }: QueryAnswer): readonly (readonly Value[])[] =>
  batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))));

const codeOf = async (call: Promise<unknown>): Promise<ErrorCode | 'resolved'> =>
  call.then(
    () => 'resolved' as const,
    (error: { code: ErrorCode }) => error.code,
  );

/** Runs until it is ended: far more work than any test waits for. */
const ENDLESS = 'SELECT sum(sipHash64(number)) AS s FROM numbers(1000000000000)';
const UNBOUNDED = { max_rows_to_read: 0, max_execution_time: 600 };

const DAY = 1_795_219_200_000n;

/** Rows of `samples` of one day. */
const samples = (rows: number, insert: bigint, from = DAY): Batch =>
  batchOf(
    TABLE_FIELDS.samples.map(({ name, type }) => {
      const value = (row: number): Value =>
        name === 'metric'
          ? 7
          : name === 'id'
            ? BigInt(row % 100)
            : name === 'time'
              ? from + BigInt(Math.floor(row / 100)) * 15n
              : name === 'mantissa'
                ? BigInt(row)
                : name === 'exponent'
                  ? 1
                  : name === 'float'
                    ? 0
                    : insert;
      return [
        name,
        columnFrom(
          type,
          Array.from({ length: rows }, (_, row) => value(row)),
        ),
      ] as const;
    }),
  );

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until `done`; the test's own time-out is the bound. */
const until = async (done: () => Promise<boolean>): Promise<void> => {
  while (!(await done())) await sleep(10);
};

export const columnsConformance = (name: string, open: () => Promise<ColumnsUnderTest>): void => {
  describe(`the contract of columns: ${name}`, { timeout: 60_000 }, () => {
    let store: ColumnsUnderTest;
    let columns: Columns;
    beforeAll(async () => {
      store = await open();
      columns = store.columns;
      await columns.migrate();
    }, 60_000);
    afterAll(() => store?.dispose());

    const one = async (sql: string, options?: Parameters<Columns['query']>[1]): Promise<readonly Value[]> => rowsOf(await columns.query(sql, options))[0] ?? [];
    const countOf = async (table: string, insert: bigint): Promise<bigint> =>
      (await one(`SELECT count() FROM ${table} WHERE insert = {insert:UInt64}`, { params: { insert } }))[0] as bigint;
    const running = async (queryId: string): Promise<boolean> =>
      (
        await one("SELECT count() FROM system.processes WHERE query_id = {id:String} OR Settings['log_comment'] = {id:String}", { params: { id: queryId } })
      )[0] !== 0n;

    describe('migrate', () => {
      it('makes every table of the schema with its columns, in their order', async () => {
        for (const [table, fields] of Object.entries(TABLE_FIELDS)) {
          const found = rowsOf(
            await columns.query(
              "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} AND default_kind = '' ORDER BY position",
              { params: { table } },
            ),
          );
          expect(found.flat(), table).toEqual(fields.map((f) => f.name));
        }
      });

      it('may be run again', async () => {
        await columns.migrate();
        expect(rowsOf(await columns.query('SELECT version, count() FROM schema_version GROUP BY version ORDER BY version'))).toEqual([[1, 1n]]);
      });

      it('refuses a schema newer than the program', async () => {
        await columns.command('INSERT INTO schema_version SELECT 4000000, now64(3)');
        const error = await columns.migrate().catch((e: unknown) => e);
        await columns.command('ALTER TABLE schema_version DELETE WHERE version = 4000000', { settings: { mutations_sync: 1 } });
        expect(hasCode(error, 'columns.newer-schema') && error.parameters).toEqual({ found: 4_000_000, known: 1 });
        await columns.migrate();
      });
    });

    describe('query', () => {
      it('answers integers and times as they are', async () => {
        expect(
          await one(
            "SELECT toInt64('-9223372036854775808') AS a, toUInt64('18446744073709551615') AS b, toInt8(-128) AS c, toDateTime64('2200-01-01 00:00:00.123456789', 9, 'UTC') AS d, toDateTime64('1969-12-31 23:59:59.999', 3, 'UTC') AS e, true AS f, 0.1 AS g",
          ),
        ).toEqual([-(2n ** 63n), 2n ** 64n - 1n, -128, 7_258_118_400_123_456_789n, -1n, true, 0.1]);
      });

      it('answers missing as missing and empty as empty', async () => {
        const answer = await columns.query(
          "SELECT CAST(NULL AS Nullable(String)) AS a, '' AS b, CAST(NULL AS Nullable(Int64)) AS c, CAST(NULL AS Nullable(Float64)) AS d, CAST([NULL, 'x'] AS Array(Nullable(String))) AS e, nan AS f",
        );
        expect(rowsOf(answer)).toEqual([[null, '', null, null, [null, 'x'], Number.NaN]]);
      });

      it('answers lists, maps and enumerated text', async () => {
        expect(
          await one(
            "SELECT ['a', ''] AS a, CAST([] AS Array(Int64)) AS b, map('k', 1.5, '', 2) AS c, CAST(map() AS Map(String, String)) AS d, toLowCardinality('w') AS e, CAST('w' AS LowCardinality(Nullable(String))) AS f",
          ),
        ).toEqual([
          ['a', ''],
          [],
          new Map([
            ['k', 1.5],
            ['', 2],
          ]),
          new Map(),
          'w',
          'w',
        ]);
      });

      it('keeps zero bytes, and gives U+FFFD for bytes that are not UTF-8', async () => {
        expect(await one("SELECT 'a\\0b' AS a, unhex('61FF62') AS b, unhex('C3') AS c, unhex('A9') AS d")).toEqual(['a\0b', 'a\uFFFDb', '\uFFFD', '\uFFFD']);
      });

      it('answers an empty result with its columns', async () => {
        const { batches } = await columns.query("SELECT 1 AS a, 'x' AS b WHERE 0");
        expect(rowsOf({ batches, stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } })).toEqual([]);
        for (const batch of batches) expect(batch.fields.map((f) => f.name)).toEqual(['a', 'b']);
      });

      it('answers many blocks in order', async () => {
        const { batches } = await columns.query('SELECT number FROM numbers(300000)');
        let next = 0n;
        for (const batch of batches)
          for (const value of (columnOf(batch, 'number') as { readonly values: BigUint64Array }).values) expect(value === next++).toBe(true);
        expect(next).toBe(300_000n);
      });

      it('says what was read', async () => {
        const { stats } = await columns.query('SELECT number FROM numbers(1000)');
        expect(stats.rowsRead).toBeGreaterThanOrEqual(1000);
        expect(stats.bytesRead).toBeGreaterThanOrEqual(8000);
        expect(stats.elapsedMs).toBeGreaterThan(0);
      });

      const hostile = [
        "'",
        "\\'",
        "'; DROP TABLE samples; --",
        '{x:String}',
        '\0\t\r\n\b\f\\',
        '\\N',
        'NULL',
        '\u{1F600}é\uFFFF',
        '`"$$',
        '%_',
        '\\',
        "[1,'",
        '0x27',
        '/*',
        '&a=b#c+d',
      ];
      it('binds hostile text as that text', async () => {
        for (const text of hostile) {
          expect(await one('SELECT {x:String} AS x, hex({x:String}) AS h', { params: { x: text } }), JSON.stringify(text)).toEqual([
            text,
            Buffer.from(text).toString('hex').toUpperCase(),
          ]);
        }
        expect(await one('SELECT {x:Array(String)} AS x', { params: { x: hostile } })).toEqual([hostile]);
        expect(await codeOf(columns.query('SELECT count() FROM samples'))).toBe('resolved');
      });

      it('binds every kind of parameter', async () => {
        expect(
          await one(
            "SELECT {a:Int64} AS a, {b:UInt64} AS b, {c:Float64} AS c, {d:Bool} AS d, {e:Nullable(String)} AS e, {f:Array(UInt64)} AS f, {g:Nullable(Int64)} AS g, {h:Array(String)} AS h, {i:DateTime64(9, 'UTC')} AS i",
            {
              params: { a: -(2n ** 63n), b: 2n ** 64n - 1n, c: -0.1, d: false, e: null, f: [0n, 2n ** 64n - 1n], g: null, h: [], i: '1795219200.000000001' },
            },
          ),
        ).toEqual([-(2n ** 63n), 2n ** 64n - 1n, -0.1, false, null, [0n, 2n ** 64n - 1n], null, [], DAY * 1_000_000n + 1n]);
      });

      it('binds a text of a million bytes and a list of ten thousand', async () => {
        const many = Array.from({ length: 10_000 }, (_, i) => 2n ** 63n + BigInt(i));
        expect(await one('SELECT length({x:String}) AS l, length({y:Array(UInt64)}) AS m', { params: { x: "ü'\n".repeat(250_000), y: many } })).toEqual([
          1_000_000n,
          10_000n,
        ]);
      });

      it('keeps no parameter and no setting for the next statement', async () => {
        await columns.query('SELECT {left:String} AS x', { params: { left: 'over' }, settings: { max_block_size: 77 } });
        expect(await codeOf(columns.query('SELECT {left:String} AS x'))).toBe('columns.rejected');
        expect(await one("SELECT value != '77' AS x FROM system.settings WHERE name = 'max_block_size'")).toEqual([1]);
      });

      it('keeps the parameters of statements beside each other apart', async () => {
        const answers = await Promise.all(
          Array.from({ length: 60 }, (_, i) => one('SELECT {x:String} AS x, sleep(0.002) AS s', { params: { x: `value ${i}` } })),
        );
        expect(answers.map((row) => row[0])).toEqual(Array.from({ length: 60 }, (_, i) => `value ${i}`));
      });

      it('refuses wrong SQL with the store’s number', async () => {
        const error = await columns.query('SELEC 1').catch((e: unknown) => e);
        expect(hasCode(error, 'columns.rejected') && error.parameters.code).toBe(62);
        const unknown = await columns.query('SELECT * FROM no_such_table').catch((e: unknown) => e);
        expect(hasCode(unknown, 'columns.rejected') && [error, unknown.parameters.code]).toEqual([error, 60]);
        expect(unknown).toHaveProperty('message', expect.stringContaining('no_such_table'));
      });

      it('refuses several statements in one text', async () => {
        expect(await codeOf(columns.command('SELECT 1; DROP TABLE samples'))).toBe('columns.rejected');
        expect(await codeOf(columns.query('SELECT 1 AS x'))).toBe('resolved');
      });

      it('refuses an unknown setting', async () => {
        expect(await codeOf(columns.query('SELECT 1', { settings: { no_such_setting: 1 } }))).toBe('columns.rejected');
      });

      it('names the limit that was passed', async () => {
        const limitOf = async (sql: string, settings: Record<string, number>): Promise<string | undefined> => {
          const error = await columns.query(sql, { settings }).catch((e: unknown) => e);
          return hasCode(error, 'columns.limit') ? error.parameters.limit : String(error);
        };
        expect(await limitOf(ENDLESS, { ...UNBOUNDED, max_execution_time: 0.2 })).toBe('max_execution_time');
        expect(await limitOf('SELECT count() FROM numbers(1000) WHERE number > 3', { max_rows_to_read: 10 })).toBe('max_rows_to_read');
        expect(await limitOf('SELECT length(groupArray(number)) FROM numbers(50000000)', { max_memory_usage: 10_000_000 })).toBe('max_memory_usage');
        expect(await limitOf('SELECT number FROM numbers(1000)', { max_result_rows: 10 })).toBe('max_result_rows');
      });

      it('has limits when nothing is said', async () => {
        expect(await codeOf(columns.query(ENDLESS))).toBe('columns.limit');
      });
    });

    describe('side by side', () => {
      it('answers a short query while long ones run', async () => {
        const order: string[] = [];
        const ids = Array.from({ length: 6 }, () => randomUUID());
        const long = ids.map((queryId) => codeOf(columns.query(ENDLESS, { queryId, settings: UNBOUNDED })).then(() => order.push('long')));
        await until(async () => (await Promise.all(ids.map(running))).every(Boolean));
        await columns.query('SELECT 1').then(() => order.push('short'));
        await columns.insert('samples', samples(1000, 900n), { queryId: randomUUID() }).then(() => order.push('insert'));
        await columns.kill(ids);
        await Promise.all(long);
        expect(order).toEqual(['short', 'insert', 'long', 'long', 'long', 'long', 'long', 'long']);
      });

      it('takes more calls than run at once', async () => {
        const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => one('SELECT {i:UInt32} AS i, sleep(0.01) AS s', { params: { i } })));
        expect(answers.map((row) => row[0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
      });
    });

    describe('kill and abort', () => {
      it('returns only when the query runs no more', async () => {
        const queryId = randomUUID();
        const other = randomUUID();
        const killed = codeOf(columns.query(ENDLESS, { queryId, settings: UNBOUNDED }));
        const spared = codeOf(columns.query(ENDLESS, { queryId: other, settings: UNBOUNDED }));
        await until(async () => (await running(queryId)) && (await running(other)));
        await columns.kill([queryId]);
        expect([await running(queryId), await running(other)]).toEqual([false, true]);
        expect(await killed).toBe('columns.cancelled');
        await columns.kill([other]);
        expect(await spared).toBe('columns.cancelled');
      });

      it('ends a query that is still on its way', async () => {
        for (let i = 0; i < 20; i++) {
          const queryId = randomUUID();
          const call = codeOf(columns.query(ENDLESS, { queryId, settings: UNBOUNDED }));
          await columns.kill([queryId]);
          expect(await call).toBe('columns.cancelled');
        }
      });

      it('ends queries that wait for their turn', async () => {
        const ids = Array.from({ length: 60 }, () => randomUUID());
        const calls = ids.map((queryId) => codeOf(columns.query(ENDLESS, { queryId, settings: UNBOUNDED })));
        await columns.kill(ids);
        expect(new Set(await Promise.all(calls))).toEqual(new Set(['columns.cancelled']));
      });

      it('has nothing to do for queries that do not run', async () => {
        await columns.kill([]);
        await columns.kill(["no such query' OR 1 --", randomUUID()]);
      });

      it('ends the work when its signal aborts', async () => {
        const queryId = randomUUID();
        const controller = new AbortController();
        const call = codeOf(columns.query(ENDLESS, { queryId, signal: controller.signal, settings: UNBOUNDED }));
        await until(() => running(queryId));
        controller.abort();
        expect(await call).toBe('columns.cancelled');
        await until(async () => !(await running(queryId)));
        expect(await codeOf(columns.query('SELECT 1', { signal: controller.signal }))).toBe('columns.cancelled');
      });

      it('leaves all or nothing of an insert that is killed', async () => {
        const rows = 200_000;
        for (let i = 0; i < 8; i++) {
          const insert = 1000n + BigInt(i);
          const queryId = randomUUID();
          const call = codeOf(columns.insert('samples', samples(rows, insert, DAY + BigInt(i) * 1_000_000n), { queryId }));
          await sleep(i * 15);
          await columns.kill([queryId]);
          const outcome = await call;
          expect(['columns.cancelled', 'resolved']).toContain(outcome);
          const count = await countOf('samples', insert);
          expect(outcome === 'resolved' ? [BigInt(rows)] : [0n, BigInt(rows)]).toContain(count);
        }
      });
    });

    describe('insert', () => {
      it('makes one part of one batch, however large', async () => {
        await columns.command('CREATE TABLE one_part AS samples');
        await columns.command('SYSTEM STOP MERGES one_part');
        let parts = 0n;
        for (const rows of [1, 1000, 70_000, 1_200_000]) {
          await columns.insert('one_part', samples(rows, 5n), { queryId: randomUUID() });
          parts++;
          expect(await one("SELECT count() FROM system.parts WHERE active AND table = 'one_part' AND database = currentDatabase()"), String(rows)).toEqual([
            parts,
          ]);
        }
        await columns.command('DROP TABLE one_part');
      });

      it('refuses rows of two partitions and leaves nothing', async () => {
        const two = samples(200, 6n, DAY + 86_400_000n - 15n);
        const error = await columns.insert('samples', two, { queryId: randomUUID() }).catch((e: unknown) => e);
        expect(hasCode(error, 'columns.rejected')).toBe(true);
        expect(await countOf('samples', 6n)).toBe(0n);
      });

      it('keeps every value of every type', async () => {
        await columns.command(
          "CREATE TABLE kinds (a Int64, b UInt64, c Nullable(Float64), d DateTime64(9, 'UTC'), e DateTime64(3, 'UTC'), f Nullable(String), g LowCardinality(Nullable(String)), h Map(LowCardinality(String), String), i Map(LowCardinality(String), Float64), j Array(String), k Int8, l UInt32) ENGINE = MergeTree ORDER BY l",
        );
        const kinds = {
          a: INT64,
          b: UINT64,
          c: FLOAT,
          d: TIME_NS,
          e: TIME_MS,
          f: UTF8,
          g: UTF8,
          h: map(UTF8),
          i: map(FLOAT),
          j: list(UTF8),
          k: INT8,
          l: UINT32,
        };
        const rows: readonly (readonly Value[])[] = [
          [
            2n ** 63n - 1n,
            2n ** 64n - 1n,
            1e308,
            7_258_118_400_123_456_789n,
            7_258_118_400_123n,
            'a\0b\u{1F600}',
            '',
            new Map([
              ['__proto__', 'x'],
              ['', ''],
            ]),
            new Map([['n', -0.5]]),
            ['', 'ü'],
            127,
            0,
          ],
          [-(2n ** 63n), 0n, null, 0n, 0n, null, null, new Map(), new Map(), [], -128, 1],
          [0n, 1n, Number.NaN, 1n, 1n, '', 'word', new Map([['a', 'b']]), new Map([['a', Number.POSITIVE_INFINITY]]), ['\\', "'"], 0, 2],
        ];
        const batch = batchOf(
          Object.entries(kinds).map(
            ([key, type], at) =>
              [
                key,
                columnFrom(
                  type,
                  rows.map((row) => row[at] as Value),
                ),
              ] as const,
          ),
        );
        await columns.insert('kinds', batch, { queryId: randomUUID() });
        const answer = await columns.query('SELECT * FROM kinds ORDER BY l');
        expect(rowsOf(answer)).toEqual(rows);
        expect(answer.batches[0]?.fields.map((f) => f.type)).toEqual(Object.values(kinds));
        await columns.command('DROP TABLE kinds');
      });

      it('puts columns where their names say', async () => {
        await columns.command('CREATE TABLE places (a String, b String, c UInt8 DEFAULT 7) ENGINE = MergeTree ORDER BY a');
        await columns.insert(
          'places',
          batchOf([
            ['b', columnFrom(UTF8, ['second'])],
            ['a', columnFrom(UTF8, ['first'])],
          ]),
          { queryId: randomUUID() },
        );
        expect(rowsOf(await columns.query('SELECT a, b, c FROM places'))).toEqual([['first', 'second', 7]]);
        await columns.command('DROP TABLE places');
      });

      it('refuses a missing value where none may be, an unknown column and an unknown table, and leaves nothing', async () => {
        const whole = samples(10, 8n);
        const missing = batchOf(
          whole.fields.map(
            (f, at) =>
              [
                f.name,
                f.name === 'mantissa' ? columnFrom(INT64, [1n, null, ...Array<bigint>(8).fill(2n)]) : (whole.columns[at] as (typeof whole.columns)[number]),
              ] as const,
          ),
        );
        expect(await codeOf(columns.insert('samples', missing, { queryId: randomUUID() }))).toBe('columns.rejected');
        expect(await codeOf(columns.insert('samples', batchOf([['nonsense', columnFrom(UINT32, [1])]]), { queryId: randomUUID() }))).toBe('columns.rejected');
        expect(await codeOf(columns.insert('no_such_table', whole, { queryId: randomUUID() }))).toBe('columns.rejected');
        expect(await countOf('samples', 8n)).toBe(0n);
      });

      it('takes a batch without rows', async () => {
        await columns.insert('samples', samples(0, 9n), { queryId: randomUUID() });
        expect(await countOf('samples', 9n)).toBe(0n);
      });

      it('ends an insert at its own limit and leaves nothing or all', async () => {
        const outcome = await codeOf(columns.insert('samples', samples(400_000, 10n), { queryId: randomUUID(), maxExecutionMs: 1 }));
        expect(['columns.limit', 'resolved']).toContain(outcome);
        expect([0n, 400_000n]).toContain(await countOf('samples', 10n));
      });

      it('lets the later insert stand of two values for one time', async () => {
        await columns.command('CREATE TABLE newest AS samples');
        await columns.insert('newest', samples(100, 21n), { queryId: randomUUID() });
        await columns.insert('newest', samples(100, 20n), { queryId: randomUUID() });
        expect(rowsOf(await columns.query('SELECT insert, count() FROM newest FINAL GROUP BY insert'))).toEqual([[21n, 100n]]);
        await columns.command('DROP TABLE newest');
      });
    });

    describe('a crash', () => {
      it('rejects the calls in hand as unavailable, and the later ones succeed', async () => {
        const calls = [codeOf(columns.query(ENDLESS, { settings: UNBOUNDED })), codeOf(columns.query(ENDLESS, { settings: UNBOUNDED }))];
        const queryId = randomUUID();
        calls.push(codeOf(columns.query(ENDLESS, { queryId, settings: UNBOUNDED })));
        await until(() => running(queryId));
        store.crash();
        expect(await Promise.all(calls)).toEqual(['columns.unavailable', 'columns.unavailable', 'columns.unavailable']);
        await until(async () => (await codeOf(columns.ping())) === 'resolved');
        expect(await one('SELECT 1 AS x')).toEqual([1]);
      });

      it('leaves each insert whole or absent, and whole when it was answered', async () => {
        const rows = 20_000;
        let acknowledged = 0;
        let next = 5000n;
        for (let round = 0; round < 4; round++) {
          const outcomes = new Map<bigint, ErrorCode | 'resolved'>();
          let crashed = false;
          const writer = async (): Promise<void> => {
            while (!crashed) {
              const insert = next++;
              outcomes.set(insert, await codeOf(columns.insert('samples', samples(rows, insert, DAY + insert * 10_000n), { queryId: randomUUID() })));
            }
          };
          const writers = [writer(), writer()];
          await sleep(150 + round * 37);
          crashed = true;
          store.crash();
          await Promise.all(writers);
          await until(async () => (await codeOf(columns.ping())) === 'resolved');
          for (const [insert, outcome] of outcomes) {
            const count = await countOf('samples', insert);
            if (outcome === 'resolved') acknowledged++;
            expect(outcome === 'resolved' ? [BigInt(rows)] : [0n, BigInt(rows)], `${outcome}`).toContain(count);
          }
        }
        expect(acknowledged).toBeGreaterThan(0);
      });
    });
  });
};
