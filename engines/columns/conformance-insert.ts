// The contract of columns: one insert is one part, whole or absent, through refusals and crashes.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FLOAT, INT8, INT64, list, map, TIME_MS, TIME_NS, UINT32, UINT64, UTF8, type Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { type ErrorCode, hasCode } from '../../core/errors.ts';
import { codeOf, DAY, ENDLESS, rowsOf, samples, sleep, UNBOUNDED, type UnderContract, until } from './conformance-support.ts';

export const insertContract = (at: UnderContract): void => {
  describe('insert', () => {
    it('makes one part of one batch, however large', async () => {
      await at.columns.command('CREATE TABLE one_part AS samples');
      await at.columns.command('SYSTEM STOP MERGES one_part');
      let parts = 0n;
      for (const rows of [1, 1000, 70_000, 1_200_000]) {
        await at.columns.insert('one_part', samples(rows, 5n), { queryId: randomUUID() });
        parts++;
        expect(await at.one("SELECT count() FROM system.parts WHERE active AND table = 'one_part' AND database = currentDatabase()"), String(rows)).toEqual([
          parts,
        ]);
      }
      await at.columns.command('DROP TABLE one_part');
    });

    it('refuses rows of two partitions and leaves nothing', async () => {
      const two = samples(200, 6n, DAY + 86_400_000n - 15n);
      const error = await at.columns.insert('samples', two, { queryId: randomUUID() }).catch((e: unknown) => e);
      expect(hasCode(error, 'columns.rejected')).toBe(true);
      expect(await at.countOf('samples', 6n)).toBe(0n);
    });

    it('keeps every value of every type', async () => {
      await at.columns.command(
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
      await at.columns.insert('kinds', batch, { queryId: randomUUID() });
      const answer = await at.columns.query('SELECT * FROM kinds ORDER BY l');
      expect(rowsOf(answer)).toEqual(rows);
      expect(answer.batches[0]?.fields.map((f) => f.type)).toEqual(Object.values(kinds));
      await at.columns.command('DROP TABLE kinds');
    });

    it('puts columns where their names say', async () => {
      await at.columns.command('CREATE TABLE places (a String, b String, c UInt8 DEFAULT 7) ENGINE = MergeTree ORDER BY a');
      await at.columns.insert(
        'places',
        batchOf([
          ['b', columnFrom(UTF8, ['second'])],
          ['a', columnFrom(UTF8, ['first'])],
        ]),
        { queryId: randomUUID() },
      );
      expect(rowsOf(await at.columns.query('SELECT a, b, c FROM places'))).toEqual([['first', 'second', 7]]);
      await at.columns.command('DROP TABLE places');
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
      expect(await codeOf(at.columns.insert('samples', missing, { queryId: randomUUID() }))).toBe('columns.rejected');
      expect(await codeOf(at.columns.insert('samples', batchOf([['nonsense', columnFrom(UINT32, [1])]]), { queryId: randomUUID() }))).toBe('columns.rejected');
      expect(await codeOf(at.columns.insert('no_such_table', whole, { queryId: randomUUID() }))).toBe('columns.rejected');
      expect(await at.countOf('samples', 8n)).toBe(0n);
    });

    it('takes a batch without rows', async () => {
      await at.columns.insert('samples', samples(0, 9n), { queryId: randomUUID() });
      expect(await at.countOf('samples', 9n)).toBe(0n);
    });

    it('ends an insert at its own limit and leaves nothing or all', async () => {
      const outcome = await codeOf(at.columns.insert('samples', samples(400_000, 10n), { queryId: randomUUID(), maxExecutionMs: 1 }));
      expect(['columns.limit', 'resolved']).toContain(outcome);
      expect([0n, 400_000n]).toContain(await at.countOf('samples', 10n));
    });

    it('lets the later insert stand of two values for one time', async () => {
      await at.columns.command('CREATE TABLE newest AS samples');
      await at.columns.insert('newest', samples(100, 21n), { queryId: randomUUID() });
      await at.columns.insert('newest', samples(100, 20n), { queryId: randomUUID() });
      expect(rowsOf(await at.columns.query('SELECT insert, count() FROM newest FINAL GROUP BY insert'))).toEqual([[21n, 100n]]);
      await at.columns.command('DROP TABLE newest');
    });
  });

  describe('a crash', () => {
    it('rejects the calls in hand as unavailable, and the later ones succeed', async () => {
      const calls = [codeOf(at.columns.query(ENDLESS, { settings: UNBOUNDED })), codeOf(at.columns.query(ENDLESS, { settings: UNBOUNDED }))];
      const queryId = randomUUID();
      calls.push(codeOf(at.columns.query(ENDLESS, { queryId, settings: UNBOUNDED })));
      await until(() => at.running(queryId));
      at.crash();
      expect(await Promise.all(calls)).toEqual(['columns.unavailable', 'columns.unavailable', 'columns.unavailable']);
      await until(async () => (await codeOf(at.columns.ping())) === 'resolved');
      expect(await at.one('SELECT 1 AS x')).toEqual([1]);
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
            outcomes.set(insert, await codeOf(at.columns.insert('samples', samples(rows, insert, DAY + insert * 10_000n), { queryId: randomUUID() })));
          }
        };
        const writers = [writer(), writer()];
        await sleep(150 + round * 37);
        crashed = true;
        at.crash();
        await Promise.all(writers);
        await until(async () => (await codeOf(at.columns.ping())) === 'resolved');
        for (const [insert, outcome] of outcomes) {
          const count = await at.countOf('samples', insert);
          if (outcome === 'resolved') acknowledged++;
          expect(outcome === 'resolved' ? [BigInt(rows)] : [0n, BigInt(rows)], `${outcome}`).toContain(count);
        }
      }
      expect(acknowledged).toBeGreaterThan(0);
    });
  });
};
