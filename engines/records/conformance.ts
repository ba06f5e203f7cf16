// The contract of `Records` as tests, run on every implementation. It knows no implementation.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HeldLock, Records } from './port.ts';

export interface RecordsFixture {
  /** A new connection to one and the same, empty store. */
  open(options?: { readonly migrations?: readonly { readonly name: string; readonly sql: string }[] }): Records;
  /** Stops the server as hard as it can be stopped and brings it back; resolves when it was told to. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

export const recordsConformance = (name: string, start: () => Promise<RecordsFixture>): void => {
  describe(`records: ${name}`, () => {
    let fixture: RecordsFixture;
    let records: Records;
    beforeAll(async () => {
      fixture = await start();
      records = fixture.open();
      await records.query('CREATE TABLE t (k int8 PRIMARY KEY, v int8 NOT NULL, CONSTRAINT small CHECK (v < 1000000))');
    }, 60_000);
    afterAll(async () => {
      await records?.close();
      await fixture?.close();
    }, 60_000);

    test('values come back as the port says', async () => {
      const [row] = await records.query(
        `SELECT 9007199254740993::int8 AS big, (-5)::int4 AS small, 1.5::numeric AS exact, 'NaN'::float8 AS nan, true AS yes, NULL::text AS missing,
          '{"a":[1]}'::jsonb AS json, array['x', NULL, 'y,"\\'] AS list, array[9007199254740993::int8] AS bigs, '2026-11-20 10:00:00.123456+02'::timestamptz AS time,
          '0044-03-15 12:00:00+00 BC'::timestamptz AS old, extract(epoch FROM '0044-03-15 12:00:00+00 BC'::timestamptz)::int8 AS seconds, '1969-12-31 23:59:59.5+00'::timestamptz AS before, 'a'::varchar AS "__proto__"`,
      );
      expect(row).toMatchObject({ big: 9007199254740993n, small: -5, exact: 1.5, nan: Number.NaN, yes: true, missing: null, json: { a: [1] } });
      expect(row?.list).toEqual(['x', null, 'y,"\\']);
      expect(row?.bigs).toEqual([9007199254740993n]);
      expect(row?.time).toBe(BigInt(Date.UTC(2026, 10, 20, 8)) * 1_000_000n + 123_456_000n);
      expect(row?.old).toBe((row?.seconds as bigint) * 1_000_000_000n);
      expect(row?.before).toBe(-500_000_000n);
    });

    test('values go in as parameters and come back the same', async () => {
      const hostile = `'; DROP TABLE t; -- "\\ \u{1f600} \n`;
      const params = [2n ** 63n - 1n, hostile, [hostile, 'NULL', '{', ''], JSON.stringify({ __proto__x: hostile }), Uint8Array.of(0, 255), false, null, -0.1];
      const [row] = await records.query('SELECT $1::int8 a, $2::text b, $3::text[] c, $4::jsonb d, $5::bytea e, $6::bool f, $7::int8 g, $8::float8 h', params);
      expect(row).toEqual({ a: 2n ** 63n - 1n, b: hostile, c: params[2], d: { __proto__x: hostile }, e: Uint8Array.of(0, 255), f: false, g: null, h: -0.1 });
    });

    test('errors are told by code', async () => {
      await expect(records.query('SELECT * FROM nowhere')).rejects.toMatchObject({ code: 'records.rejected', parameters: { code: '42P01' } });
      await expect(records.query('SELECT $1::text', ['a\0b'])).rejects.toMatchObject({ code: 'records.refused-rows' });
      await expect(records.query('SELECT $1::jsonb', [{ big: 1n }])).rejects.toMatchObject({ code: 'records.refused-rows' });
      await records.query('INSERT INTO t VALUES (1, 1)');
      await expect(records.query('INSERT INTO t VALUES (1, 2)')).rejects.toMatchObject({ code: 'records.conflict', parameters: { constraint: 't_pkey' } });
      await expect(records.query('INSERT INTO t VALUES (2, 1000000)')).rejects.toMatchObject({ code: 'records.conflict', parameters: { constraint: 'small' } });
      await expect(records.query('INSERT INTO t VALUES (2, NULL)')).rejects.toMatchObject({ code: 'records.conflict', parameters: { constraint: 't.v' } });
      expect(await records.query('SELECT count(*) n FROM t')).toEqual([{ n: 1n }]);
      await records.query('DELETE FROM t');
    });

    test('a transaction that rejects leaves nothing and its connection is whole', async () => {
      const failure = new Error('no');
      for (let i = 0; i < 12; i++)
        await expect(
          records.transaction(async (q) => {
            await q.query('INSERT INTO t VALUES (1, 1)');
            throw failure;
          }),
        ).rejects.toBe(failure);
      await expect(records.transaction((q) => q.query('SELECT 1/0'))).rejects.toMatchObject({ code: 'records.refused-rows', parameters: { code: '22012' } });
      expect(await records.query('SELECT * FROM t')).toEqual([]);
    });

    test('transactions beside each other are as if one after the other', async () => {
      await records.query('INSERT INTO t VALUES (1, 0)');
      let runs = 0;
      const add = (): Promise<bigint> =>
        records.transaction(async (q) => {
          runs++;
          const v = (await q.query('SELECT v FROM t WHERE k = 1'))[0]?.v as bigint;
          await q.query('UPDATE t SET v = $1 WHERE k = 1', [v + 1n]);
          return v;
        });
      const seen = await Promise.all(Array.from({ length: 6 }, async () => [await add(), await add(), await add()]));
      expect(seen.flat().sort((a, b) => Number(a - b))).toEqual(Array.from({ length: 18 }, (_, i) => BigInt(i)));
      expect(await records.query('SELECT v FROM t')).toEqual([{ v: 18n }]);
      expect(runs).toBeGreaterThan(18);
      await records.query('DELETE FROM t');
    }, 30_000);

    test('a signal ends the work in the store, and only that work', async () => {
      const stop = new AbortController();
      const running = records.query("SELECT 'mark', pg_sleep(60)", [], { signal: stop.signal });
      const busy = "SELECT count(*) n FROM pg_stat_activity WHERE query LIKE 'SELECT ''mark''%' AND state = 'active'";
      while ((await records.query(busy))[0]?.n === 0n);
      stop.abort();
      await expect(running).rejects.toMatchObject({ code: 'records.cancelled' });
      // Told at once, while the store still tidies up.
      while ((await records.query(busy))[0]?.n !== 0n);
      await expect(records.query('SELECT 1', [], { signal: stop.signal })).rejects.toMatchObject({ code: 'records.cancelled' });
      // A signal that comes when the answer is there must not stop what the connection does next.
      for (let i = 0; i < 40; i++) {
        const late = new AbortController();
        const answer = records.query('SELECT 1 AS one', [], { signal: late.signal }).catch((error: { code: string }) => error.code);
        setTimeout(() => late.abort(), Math.random() * 3);
        const [a, b] = await Promise.all([answer, records.query('SELECT 2 AS two FROM pg_sleep(0.002)')]);
        expect([[{ one: 1 }], 'records.cancelled']).toContainEqual(a);
        expect(b).toEqual([{ two: 2 }]);
      }
    }, 30_000);

    test('after a crash what was committed stands, what was in hand is told, and later calls succeed', async () => {
      await records.query('INSERT INTO t VALUES (7, 7)');
      const inHand = records.query('SELECT pg_sleep(60)').catch((error: { code: string }) => error.code);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await fixture.crash();
      expect(await inHand).toBe('records.unavailable');
      expect(await records.query('SELECT v FROM t WHERE k = 7')).toEqual([{ v: 7n }]);
      await Promise.all(Array.from({ length: 20 }, () => records.ping()));
      await records.query('DELETE FROM t');
    }, 60_000);

    test('a lock is one holder’s over all connections, and free when released, closed or when its connection has died', async () => {
      const [a, b] = [fixture.open(), fixture.open()];
      const taken = async (from: Records): Promise<HeldLock> => {
        const until = performance.now() + 30_000;
        for (;;) {
          const lock = await from.tryLock('one', 'me');
          if (lock !== undefined) return lock;
          if (performance.now() > until) throw new Error('the lock is never free');
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      try {
        // Of many at once one has it.
        const first = (await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? a : b).tryLock('one', 'me')))).filter((lock) => lock !== undefined);
        expect(first).toHaveLength(1);
        const other = await b.tryLock('another', 'him');
        expect(other?.lost.aborted).toBe(false);
        expect([(await b.lockHolder('one'))?.who, (await a.lockHolder('another'))?.who, await a.lockHolder('none')]).toEqual(['me', 'him', undefined]);
        expect(Math.abs(Date.now() - ((await b.lockHolder('one'))?.since ?? 0))).toBeLessThan(60_000);
        await first[0]?.release();
        expect(await b.lockHolder('one')).toBeUndefined();
        const second = await taken(b);
        expect([first[0]?.lost.aborted, second.lost.aborted, await a.tryLock('one', 'me')]).toEqual([true, false, undefined]);
        // Its connection ends without its doing.
        const lost = new Promise((resolve) => second.lost.addEventListener('abort', resolve));
        await records.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
        const third = await taken(a);
        await lost;
        expect(third.lost.aborted).toBe(false);
        await a.close();
        expect(third.lost.aborted).toBe(true);
        await (await taken(b)).release();
        await expect(a.tryLock('one', 'me')).rejects.toMatchObject({ code: 'records.unavailable' });
      } finally {
        await a.close();
        await b.close();
      }
    }, 60_000);

    test('migrations: many at once apply each once, a failed one leaves nothing, a newer schema is refused', async () => {
      const first = { name: 'first', sql: 'CREATE TABLE m (n int8); INSERT INTO m VALUES (1)' };
      const second = { name: 'second', sql: 'INSERT INTO m VALUES (2); SELECT pg_sleep(0.1)' };
      const bad = { name: 'bad', sql: 'INSERT INTO m VALUES (3); SELECT 1/0' };
      const bring = async (...migrations: readonly { name: string; sql: string }[]): Promise<void> => {
        const own = fixture.open({ migrations });
        await own.migrate().finally(() => own.close());
      };
      await bring(first);
      await Promise.all([bring(first, second), bring(first, second), bring(first, second), bring(first, second)]);
      await expect(bring(first, second, bad)).rejects.toMatchObject({ code: 'records.refused-rows' });
      expect(await records.query('SELECT n FROM m ORDER BY n')).toEqual([{ n: 1n }, { n: 2n }]);
      expect(await records.query('SELECT version, name FROM schema_versions ORDER BY version')).toEqual([
        { version: 1, name: 'first' },
        { version: 2, name: 'second' },
      ]);
      await expect(bring(first)).rejects.toMatchObject({ code: 'records.newer-schema', parameters: { found: 2, known: 1 } });
      await records.query('DROP TABLE m, schema_versions');
    });

    test('the program’s own migrations make what the catalogue and the pipeline need', async () => {
      await records.migrate();
      await records.migrate();
      const event =
        'INSERT INTO events (time, kind, title, sender, boot, seq, "row") VALUES (1, $1, $2, $3, $4, $5, 0) ON CONFLICT DO NOTHING RETURNING 1 AS one';
      const params = ['agent.start', 'x', 'a', 2n ** 64n - 1n, 2n ** 64n - 1n];
      expect(await records.query(event, params)).toHaveLength(1);
      expect(await records.query(event, params)).toHaveLength(0);
    });

    test('a snapshot answers as of its moment, takes no change, and lets go', async () => {
      await records.query('DELETE FROM t');
      await records.query('INSERT INTO t VALUES (1, 1), (2, 2)');
      const snapshot = await records.snapshot();
      await records.query('INSERT INTO t VALUES (3, 3)');
      await records.query('UPDATE t SET v = 9 WHERE k = 1');
      expect(await snapshot.query('SELECT k, v FROM t ORDER BY k')).toEqual([
        { k: 1n, v: 1n },
        { k: 2n, v: 2n },
      ]);
      await snapshot.release();
      await snapshot.release();
      const other = await records.snapshot();
      await expect(other.query('DELETE FROM t')).rejects.toMatchObject({ code: 'records.rejected' });
      await other.release();
      expect(await records.query('SELECT count(*) n FROM t')).toEqual([{ n: 3n }]);
      await records.query('DELETE FROM t');
    });

    test('a closed store refuses', async () => {
      const own = fixture.open();
      await own.ping();
      await own.close();
      await own.close();
      await expect(own.query('SELECT 1')).rejects.toMatchObject({ code: 'records.unavailable' });
    });
  });
};
