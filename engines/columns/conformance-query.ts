// The contract of columns: the schema, and what queries take and answer.
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { columnOf } from '../../core/batch/batch.ts';
import { hasCode } from '../../core/errors.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import { codeOf, DAY, ENDLESS, rowsOf, UNBOUNDED, type UnderContract } from './conformance-support.ts';

export const queryContract = (at: UnderContract): void => {
  describe('migrate', () => {
    // A table keeps columns that are not written any more.
    it('makes every table of the schema with the columns that are written', async () => {
      for (const [table, fields] of Object.entries(TABLE_FIELDS)) {
        const sql = 'SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}';
        const found = new Set(rowsOf(await at.columns.query(sql, { params: { table } })).flat());
        expect(
          fields.map((f) => f.name).filter((name) => !found.has(name)),
          table,
        ).toEqual([]);
      }
    });

    it('may be run again', async () => {
      await at.columns.migrate();
      const versions = rowsOf(await at.columns.query('SELECT version, count() FROM schema_version GROUP BY version ORDER BY version'));
      expect(versions.length).toBeGreaterThan(0);
      expect(versions).toEqual(versions.map((_, i) => [i + 1, 1n]));
    });

    it('refuses a schema newer than the program', async () => {
      const [[known] = []] = rowsOf(await at.columns.query('SELECT max(version) FROM schema_version'));
      await at.columns.command('INSERT INTO schema_version SELECT 4000000, now64(3)');
      const error = await at.columns.migrate().catch((e: unknown) => e);
      await at.columns.command('ALTER TABLE schema_version DELETE WHERE version = 4000000', { settings: { mutations_sync: 1 } });
      expect(hasCode(error, 'columns.newer-schema') && error.parameters).toEqual({ found: 4_000_000, known });
      await at.columns.migrate();
    });
  });

  describe('query', () => {
    it('answers a large question as it answers any other', async () => {
      const sql = 'SELECT number AS n, toString(number) AS text, {add:UInt8} AS add FROM numbers(300000) WHERE number < {most:UInt64} ORDER BY n';
      for (const most of [0, 1, 300_000]) {
        const options = { params: { most, add: 7 } };
        const usual = await at.columns.query(sql, options);
        const large = await at.columns.query(sql, { ...options, isLarge: true });
        expect(isDeepStrictEqual(rowsOf(large), rowsOf(usual))).toBe(true);
      }
      expect(await codeOf(at.columns.query('SELECT no_such_column FROM samples', { isLarge: true }))).toBe('columns.rejected');
      expect(await codeOf(at.columns.query(ENDLESS, { isLarge: true, settings: { max_execution_time: 1 } }))).toBe('columns.limit');
    });

    it('answers integers and times as they are', async () => {
      expect(
        await at.one(
          "SELECT toInt64('-9223372036854775808') AS a, toUInt64('18446744073709551615') AS b, toInt8(-128) AS c, toDateTime64('2200-01-01 00:00:00.123456789', 9, 'UTC') AS d, toDateTime64('1969-12-31 23:59:59.999', 3, 'UTC') AS e, true AS f, 0.1 AS g",
        ),
      ).toEqual([-(2n ** 63n), 2n ** 64n - 1n, -128, 7_258_118_400_123_456_789n, -1n, true, 0.1]);
    });

    it('answers missing as missing and empty as empty', async () => {
      const answer = await at.columns.query(
        "SELECT CAST(NULL AS Nullable(String)) AS a, '' AS b, CAST(NULL AS Nullable(Int64)) AS c, CAST(NULL AS Nullable(Float64)) AS d, CAST([NULL, 'x'] AS Array(Nullable(String))) AS e, nan AS f",
      );
      expect(rowsOf(answer)).toEqual([[null, '', null, null, [null, 'x'], Number.NaN]]);
    });

    it('answers lists, maps and enumerated text', async () => {
      expect(
        await at.one(
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
      expect(await at.one("SELECT 'a\\0b' AS a, unhex('61FF62') AS b, unhex('C3') AS c, unhex('A9') AS d")).toEqual(['a\0b', 'a\uFFFDb', '\uFFFD', '\uFFFD']);
    });

    it('answers an empty result with its columns', async () => {
      const { batches } = await at.columns.query("SELECT 1 AS a, 'x' AS b WHERE 0");
      expect(rowsOf({ batches, stats: { rowsRead: 0, bytesRead: 0, elapsedMs: 0 } })).toEqual([]);
      for (const batch of batches) expect(batch.fields.map((f) => f.name)).toEqual(['a', 'b']);
    });

    it('answers many blocks in order', async () => {
      const { batches } = await at.columns.query('SELECT number FROM numbers(300000)');
      const numbers = batches.flatMap((batch) => [...(columnOf(batch, 'number') as { readonly values: BigUint64Array }).values]);
      expect([numbers.length, numbers.findIndex((value, i) => value !== BigInt(i))]).toEqual([300_000, -1]);
    });

    it('says what was read', async () => {
      const { stats } = await at.columns.query('SELECT number FROM numbers(1000)');
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
        expect(await at.one('SELECT {x:String} AS x, hex({x:String}) AS h', { params: { x: text } }), JSON.stringify(text)).toEqual([
          text,
          Buffer.from(text).toString('hex').toUpperCase(),
        ]);
      }
      expect(await at.one('SELECT {x:Array(String)} AS x', { params: { x: hostile } })).toEqual([hostile]);
      // The same in a statement whose parameters are too long for an address.
      const long = hostile.map((text) => text + 'x'.repeat(2000) + text);
      const params = { x: long, y: long.join(''), z: null };
      expect(await at.one('SELECT {x:Array(String)} AS x, {y:String} AS y, {z:Nullable(String)} AS z', { params })).toEqual([long, long.join(''), null]);
      expect(await codeOf(at.columns.query('SELECT count() FROM samples'))).toBe('resolved');
    });

    it('binds every kind of parameter', async () => {
      expect(
        await at.one(
          "SELECT {a:Int64} AS a, {b:UInt64} AS b, {c:Float64} AS c, {d:Bool} AS d, {e:Nullable(String)} AS e, {f:Array(UInt64)} AS f, {g:Nullable(Int64)} AS g, {h:Array(String)} AS h, {i:DateTime64(9, 'UTC')} AS i",
          {
            params: { a: -(2n ** 63n), b: 2n ** 64n - 1n, c: -0.1, d: false, e: null, f: [0n, 2n ** 64n - 1n], g: null, h: [], i: '1795219200.000000001' },
          },
        ),
      ).toEqual([-(2n ** 63n), 2n ** 64n - 1n, -0.1, false, null, [0n, 2n ** 64n - 1n], null, [], DAY * 1_000_000n + 1n]);
    });

    it('binds a text of a million bytes and a list of ten thousand', async () => {
      const many = Array.from({ length: 10_000 }, (_, i) => 2n ** 63n + BigInt(i));
      expect(await at.one('SELECT length({x:String}) AS l, length({y:Array(UInt64)}) AS m', { params: { x: "ü'\n".repeat(250_000), y: many } })).toEqual([
        1_000_000n,
        10_000n,
      ]);
    });

    it('keeps no parameter and no setting for the next statement', async () => {
      await at.columns.query('SELECT {left:String} AS x', { params: { left: 'over' }, settings: { max_block_size: 77 } });
      expect(await codeOf(at.columns.query('SELECT {left:String} AS x'))).toBe('columns.rejected');
      expect(await at.one("SELECT value != '77' AS x FROM system.settings WHERE name = 'max_block_size'")).toEqual([1]);
    });

    it('keeps the parameters of statements beside each other apart', async () => {
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, i) => at.one('SELECT {x:String} AS x, sleep(0.002) AS s', { params: { x: `value ${i}` } })),
      );
      expect(answers.map((row) => row[0])).toEqual(Array.from({ length: 60 }, (_, i) => `value ${i}`));
    });

    it('refuses wrong SQL with the store’s number', async () => {
      const error = await at.columns.query('SELEC 1').catch((e: unknown) => e);
      expect(hasCode(error, 'columns.rejected') && error.parameters.code).toBe(62);
      const unknown = await at.columns.query('SELECT * FROM no_such_table').catch((e: unknown) => e);
      expect(hasCode(unknown, 'columns.rejected') && [error, unknown.parameters.code]).toEqual([error, 60]);
      expect(unknown).toHaveProperty('message', expect.stringContaining('no_such_table'));
    });

    it('refuses several statements in one text', async () => {
      expect(await codeOf(at.columns.command('SELECT 1; DROP TABLE samples'))).toBe('columns.rejected');
      expect(await codeOf(at.columns.query('SELECT 1 AS x'))).toBe('resolved');
    });

    it('refuses an unknown setting', async () => {
      expect(await codeOf(at.columns.query('SELECT 1', { settings: { no_such_setting: 1 } }))).toBe('columns.rejected');
    });

    it('names the limit that was passed', async () => {
      const limitOf = async (sql: string, settings: Record<string, number>): Promise<string | undefined> => {
        const error = await at.columns.query(sql, { settings }).catch((e: unknown) => e);
        return hasCode(error, 'columns.limit') ? error.parameters.limit : String(error);
      };
      expect(await limitOf(ENDLESS, { ...UNBOUNDED, max_execution_time: 0.2 })).toBe('max_execution_time');
      expect(await limitOf('SELECT count() FROM numbers(1000) WHERE number > 3', { max_rows_to_read: 10 })).toBe('max_rows_to_read');
      expect(await limitOf('SELECT length(groupArray(number)) FROM numbers(50000000)', { max_memory_usage: 10_000_000 })).toBe('max_memory_usage');
      expect(await limitOf('SELECT number FROM numbers(1000)', { max_result_rows: 10 })).toBe('max_result_rows');
    });

    it('has limits when nothing is said', async () => {
      expect(await codeOf(at.columns.query(ENDLESS))).toBe('columns.limit');
    });
  });
};
