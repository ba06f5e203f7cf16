// The contract of columns: an insert that comes after its deadline, by the store's own clock, writes nothing, wherever it was held.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { INT64 } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { codeOf, KINDS, kindsBatch, rowsOf, samples, sleep, type UnderContract, until } from './conformance-support.ts';
import { type HoldingProxy, openHoldingProxy } from './holding-proxy.ts';
import type { ColumnStore } from './port.ts';

/** Longer than any of these inserts takes on a machine that does much else. */
const LATER_MS = 120_000;

export const deadlineContract = (at: UnderContract): void => {
  describe('the deadline of an insert', () => {
    const partsOf = async (table: string) =>
      (await at.one('SELECT count() FROM system.parts WHERE active AND table = {table:String} AND database = currentDatabase()', { params: { table } }))[0];
    const deadlineIn = async (ms: number): Promise<number> => (await at.columns.now()) + ms;
    const passed = async (deadline: number): Promise<void> => until(async () => (await at.columns.now()) > deadline);

    it('is judged by a clock that goes on', async () => {
      const first = await at.columns.now();
      await sleep(50);
      const later = (await at.columns.now()) - first;
      expect(later).toBeGreaterThanOrEqual(40);
      expect(later).toBeLessThan(60_000);
    });

    it('leaves one part of one batch, however large', async () => {
      await at.columns.command('CREATE TABLE fenced AS samples');
      await at.columns.command('SYSTEM STOP MERGES fenced');
      let parts = 0n;
      for (const rows of [1, 70_000, 1_200_000]) {
        await at.columns.insert('fenced', samples(rows, BigInt(rows)), { queryId: randomUUID(), deadline: await deadlineIn(LATER_MS) });
        expect(await at.countOf('fenced', BigInt(rows))).toBe(BigInt(rows));
        expect(await partsOf('fenced'), String(rows)).toBe(++parts);
      }
      await at.columns.command('DROP TABLE fenced');
    });

    it('keeps every value of every type', async () => {
      await at.columns.command(`CREATE TABLE fenced_kinds (${KINDS}) ENGINE = MergeTree ORDER BY l`);
      const { batch, rows } = kindsBatch();
      await at.columns.insert('fenced_kinds', batch, { queryId: randomUUID(), deadline: await deadlineIn(LATER_MS) });
      const answer = await at.columns.query('SELECT * FROM fenced_kinds ORDER BY l');
      expect(rowsOf(answer)).toEqual(rows);
      expect(answer.batches[0]?.fields).toEqual(batch.fields);
      await at.columns.command('DROP TABLE fenced_kinds');
    });

    it('refuses what an insert without one refuses, in the same words', async () => {
      const deadline = await deadlineIn(LATER_MS);
      const missing = { ...samples(3, 30n), columns: samples(3, 30n).columns.map((column, i) => (i === 3 ? columnFrom(INT64, [1n, null, 2n]) : column)) };
      const nonsense = batchOf([['nonsense', columnFrom(INT64, [1n])]]);
      for (const options of [{}, { deadline }]) {
        const insert = (table: string, batch: Parameters<ColumnStore['insert']>[1]) =>
          codeOf(at.columns.insert(table, batch, { queryId: randomUUID(), ...options }));
        expect(await insert('samples', missing)).toBe('columns.refused-rows');
        expect(await insert('samples', nonsense)).toBe('columns.rejected');
        expect(await insert('no_such_table', samples(3, 30n))).toBe('columns.rejected');
      }
      expect(await at.countOf('samples', 30n)).toBe(0n);
    });

    it('refuses an insert that comes later and leaves nothing, no part either', async () => {
      await at.columns.command('CREATE TABLE late AS samples');
      const deadline = await at.columns.now();
      expect(await codeOf(at.columns.insert('late', samples(1000, 31n), { queryId: randomUUID(), deadline }))).toBe('columns.late');
      expect(await partsOf('late')).toBe(0n);
      await at.columns.command('DROP TABLE late');
    });

    describe('held on its way', () => {
      const held = async <T>(work: (proxy: HoldingProxy, zombie: ColumnStore) => Promise<T>, requestTimeoutMs?: number): Promise<T> => {
        const proxy = await openHoldingProxy(at.connect);
        const zombie = at.openThrough(proxy.path, requestTimeoutMs);
        try {
          await zombie.ping();
          return await work(proxy, zombie);
        } finally {
          proxy.close();
          await zombie.close();
        }
      };

      // Before it begins, in its head, and in the middle of its rows.
      it.each([0, 200, 50_000])('behind %i bytes stands once, written by its heir', async (bytes) => {
        await held(async (proxy, zombie) => {
          const insert = 40n + BigInt(bytes);
          const [rows, queryId] = [samples(20_000, insert), randomUUID()];
          const deadline = await deadlineIn(2000);
          proxy.holdAfter(bytes);
          const call = codeOf(zombie.insert('samples', rows, { queryId, deadline, maxExecutionMs: LATER_MS }));
          await until(async () => proxy.held > 0);
          await passed(deadline);
          const killed = at.columns.kill([queryId]);
          // A store that has begun it waits for its rows: those come now.
          if (bytes > 1000) proxy.release();
          await killed;
          expect(await at.countOf('samples', insert)).toBe(0n);
          // What was let go may come to a store that had not begun it only now: it is refused, and until then its id is taken.
          if (bytes > 1000) await call;
          await at.columns.insert('samples', rows, { queryId, deadline: await deadlineIn(LATER_MS) });
          proxy.release();
          expect(['columns.late', 'columns.cancelled']).toContain(await call);
          expect(await at.countOf('samples', insert)).toBe(20_000n);
        });
      });

      it('without one, stands beside that of its heir', async () => {
        await held(async (proxy, zombie) => {
          await at.columns.command('CREATE TABLE twice AS samples ENGINE = MergeTree ORDER BY time');
          const [rows, queryId] = [samples(1000, 41n), randomUUID()];
          proxy.holdAfter(0);
          const call = codeOf(zombie.insert('twice', rows, { queryId }));
          await until(async () => proxy.held > 0);
          await at.columns.kill([queryId]);
          expect(await at.countOf('twice', 41n)).toBe(0n);
          await at.columns.insert('twice', rows, { queryId });
          proxy.release();
          expect(await call).toBe('resolved');
          expect(await at.countOf('twice', 41n)).toBe(2000n);
          await at.columns.command('DROP TABLE twice');
        });
      });

      it('ends whatever is asked, none of it with a time of its own', async () => {
        await held(async (proxy, zombie) => {
          proxy.holdAfter(0);
          const calls = [
            zombie.kill([randomUUID()]),
            zombie.ping(),
            zombie.command('SELECT 1'),
            zombie.insert('samples', samples(10, 43n), { queryId: randomUUID() }),
          ];
          for (const call of calls) expect(await codeOf(call)).toBe('columns.unavailable');
        }, 500);
      });

      it('is waited for as long as the statement may take, though all others are given up sooner', async () => {
        await held(async (_, patient) => {
          const { batches } = await patient.query('SELECT sum(sleepEachRow(1)) AS s FROM numbers(3)', {
            settings: { max_execution_time: 120, max_block_size: 1 },
          });
          expect(batches.reduce((rows, { length }) => rows + length, 0)).toBe(1);
        }, 500);
      });

      it('fails for its caller some seconds after the time that it may work', async () => {
        await held(async (proxy, zombie) => {
          proxy.holdAfter(0);
          const began = performance.now();
          expect(await codeOf(zombie.insert('samples', samples(10, 42n), { queryId: randomUUID(), maxExecutionMs: 500 }))).toBe('columns.unavailable');
          expect(performance.now() - began).toBeGreaterThan(500);
        });
      });
    });
  });
};
