// The contract of columns: one insert is one part, whole or absent, through refusals and crashes.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { INT64, TIME_MS, UINT32, UINT64, UTF8 } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { type ErrorCode, hasCode } from '../../core/errors.ts';
import { codeOf, DAY, ENDLESS, KINDS, kindsBatch, rowsOf, samples, sleep, UNBOUNDED, type UnderContract, until } from './conformance-support.ts';

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
      await at.columns.command(`CREATE TABLE kinds (${KINDS}) ENGINE = MergeTree ORDER BY l`);
      const { batch, rows } = kindsBatch();
      await at.columns.insert('kinds', batch, { queryId: randomUUID() });
      const answer = await at.columns.query('SELECT * FROM kinds ORDER BY l');
      expect(rowsOf(answer)).toEqual(rows);
      expect(answer.batches[0]?.fields).toEqual(batch.fields);
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
      expect(await codeOf(at.columns.insert('samples', missing, { queryId: randomUUID() }))).toBe('columns.refused-rows');
      expect(await codeOf(at.columns.insert('samples', batchOf([['nonsense', columnFrom(UINT32, [1])]]), { queryId: randomUUID() }))).toBe('columns.rejected');
      expect(await codeOf(at.columns.insert('no_such_table', whole, { queryId: randomUUID() }))).toBe('columns.rejected');
      expect(await at.countOf('samples', 8n)).toBe(0n);
    });

    describe('into a table that is not as it was made', () => {
      // By name of the batch's column: its type there, and what it holds.
      const wrong = [
        ['an array', 'Array(String)', INT64, [1n]],
        ['a UUID', 'UUID', INT64, [1n]],
        ['a map', 'Map(String, String)', UINT64, [1n]],
        ['a number for a text', 'UInt64', UTF8, ['x']],
        ['a time for a text', "DateTime64(3, 'UTC')", UTF8, ['x']],
        ['a date for a text', 'Date', UTF8, ['x']],
        ['a UUID for a text', 'UUID', UTF8, ['x']],
        ['a word of a list for a text', "Enum('a' = 1)", UTF8, ['x']],
        ['a short text', 'FixedString(2)', UTF8, ['long']],
        ['a decimal', 'Decimal(3, 2)', UTF8, ['1e9']],
      ] as const;
      it.each(wrong)('%s: the statement is refused, not its rows', async (_, there, type, values) => {
        await at.columns.command('DROP TABLE IF EXISTS changed');
        await at.columns.command(`CREATE TABLE changed (x ${there}) ENGINE = MergeTree ORDER BY tuple()`);
        const batch = batchOf([['x', columnFrom(type, [...values])]]);
        for (const fence of [{}, { deadline: (await at.columns.now()) + 60_000 }])
          expect(await codeOf(at.columns.insert('changed', batch, { queryId: randomUUID(), ...fence }))).toBe('columns.rejected');
        expect(await at.one('SELECT count() FROM changed')).toEqual([0n]);
        await at.columns.command('DROP TABLE changed');
      });
    });

    it('refuses rows for what they hold: a time that the column cannot, what breaks a constraint', async () => {
      await at.columns.command("CREATE TABLE particular (t DateTime64(9, 'UTC'), n Int64, CONSTRAINT small CHECK n < 10) ENGINE = MergeTree ORDER BY n");
      const one = (time: bigint, n: bigint) =>
        batchOf([
          ['t', columnFrom(TIME_MS, [time])],
          ['n', columnFrom(INT64, [n])],
        ]);
      const insert = (time: bigint, n: bigint) => codeOf(at.columns.insert('particular', one(time, n), { queryId: randomUUID() }));
      expect(await insert(DAY, 1n)).toBe('resolved');
      expect(await insert(DAY, 10n)).toBe('columns.refused-rows');
      // The year 2400, in ms: 64 bits of ns end in 2262.
      expect(await insert(13_569_465_600_000n, 1n)).toBe('columns.refused-rows');
      await at.columns.command('DROP TABLE particular');
    });

    it('takes a batch without rows', async () => {
      await at.columns.insert('samples', samples(0, 9n), { queryId: randomUUID() });
      expect(await at.countOf('samples', 9n)).toBe(0n);
    });

    it('ends an insert at its own limit and leaves nothing or all', { timeout: 180_000 }, async () => {
      // Its rows cost some times what the insert may, and less than its caller waits even where others keep the machine busy.
      await at.columns.command('DROP TABLE IF EXISTS laborious');
      await at.columns.command(
        'CREATE TABLE laborious (n UInt32, hash UInt64 MATERIALIZED arraySum(arrayMap(i -> sipHash64(i, n), range(500)))) ENGINE = MergeTree ORDER BY n',
      );
      const rows = Array.from({ length: 20_000 }, (_, n) => n);
      const batch = batchOf([['n', columnFrom(UINT32, rows)]]);
      // Where the machine is so busy that the store's word comes too late, its caller has given up before.
      await until(async () => {
        const code = await codeOf(at.columns.insert('laborious', batch, { queryId: randomUUID(), maxExecutionMs: 50 }));
        expect(['columns.limit', 'columns.unavailable']).toContain(code);
        return code === 'columns.limit';
      });
      expect(await at.one(`SELECT count() % ${rows.length} FROM laborious`)).toEqual([0]);
      await at.columns.command('DROP TABLE laborious');
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
      let interrupted = 0;
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
        await until(async () => [...outcomes.values()].includes('resolved'));
        await sleep(round * 37);
        crashed = true;
        at.crash();
        await Promise.all(writers);
        await until(async () => (await codeOf(at.columns.ping())) === 'resolved');
        for (const [insert, outcome] of outcomes) {
          const count = await at.countOf('samples', insert);
          if (outcome !== 'resolved') interrupted++;
          expect(outcome === 'resolved' ? [BigInt(rows)] : [0n, BigInt(rows)], `${outcome}`).toContain(count);
        }
      }
      // The crashes met inserts on their way, or they proved nothing.
      expect(interrupted).toBeGreaterThan(0);
    });
  });
};
