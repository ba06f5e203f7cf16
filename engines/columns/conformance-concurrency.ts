// The contract of columns: calls beside each other, and calls that are ended.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { codeOf, DAY, ENDLESS, samples, sleep, UNBOUNDED, type UnderContract, until } from './conformance-support.ts';

export const concurrencyContract = (at: UnderContract): void => {
  describe('side by side', () => {
    it('answers a short query while long ones run', async () => {
      const order: string[] = [];
      const ids = Array.from({ length: 6 }, () => randomUUID());
      const long = ids.map((queryId) => codeOf(at.columns.query(ENDLESS, { queryId, settings: UNBOUNDED })).then(() => order.push('long')));
      await until(async () => (await Promise.all(ids.map(at.running))).every(Boolean));
      await at.columns.query('SELECT 1').then(() => order.push('short'));
      await at.columns.insert('samples', samples(1000, 900n), { queryId: randomUUID() }).then(() => order.push('insert'));
      await at.columns.kill(ids);
      await Promise.all(long);
      expect(order).toEqual(['short', 'insert', 'long', 'long', 'long', 'long', 'long', 'long']);
    });

    it('takes more calls than run at once', async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => at.one('SELECT {i:UInt32} AS i, sleep(0.01) AS s', { params: { i } })));
      expect(answers.map((row) => row[0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
    });
  });

  describe('beside others that fail and are ended', () => {
    it('answers each question by its own parameters and settings', async () => {
      const asked = Array.from({ length: 200 }, async (_, i) => {
        const own = { a: i, b: `text '${i}'`, ...(i % 3 === 0 ? { c: i + 1 } : {}) };
        const settings = { ...(i % 2 === 0 ? { max_block_size: 1000 + i } : {}), ...UNBOUNDED };
        if (i % 7 === 0) return codeOf(at.columns.query('SELECT throwIf({a:UInt32} >= 0)', { params: own, settings }));
        if (i % 11 === 0) return codeOf(at.columns.query(ENDLESS, { settings, signal: AbortSignal.timeout(20 + i) }));
        const c = i % 3 === 0 ? '{c:UInt32}' : '0';
        return at.one(`SELECT {a:UInt32} AS a, {b:String} AS b, ${c} AS c, getSetting('max_block_size') AS d, sleep(0.002) AS e`, { params: own, settings });
      });
      const answers = await Promise.all(asked);
      const usual = (answers[1] as readonly unknown[])[3];
      expect(answers).toEqual(
        answers.map((_, i) => {
          if (i % 7 === 0) return 'columns.rejected';
          return i % 11 === 0 ? 'columns.cancelled' : [i, `text '${i}'`, i % 3 === 0 ? i + 1 : 0, i % 2 === 0 ? 1000 + i : usual, 0];
        }),
      );
    });
  });

  describe('kill and abort', () => {
    it('returns only when the query runs no more', async () => {
      const queryId = randomUUID();
      const other = randomUUID();
      const killed = codeOf(at.columns.query(ENDLESS, { queryId, settings: UNBOUNDED }));
      const spared = codeOf(at.columns.query(ENDLESS, { queryId: other, settings: UNBOUNDED }));
      await until(async () => (await at.running(queryId)) && (await at.running(other)));
      await at.columns.kill([queryId]);
      expect([await at.running(queryId), await at.running(other)]).toEqual([false, true]);
      expect(await killed).toBe('columns.cancelled');
      await at.columns.kill([other]);
      expect(await spared).toBe('columns.cancelled');
    });

    it('ends a query that is still on its way', async () => {
      for (let i = 0; i < 20; i++) {
        const queryId = randomUUID();
        const call = codeOf(at.columns.query(ENDLESS, { queryId, settings: UNBOUNDED }));
        await at.columns.kill([queryId]);
        expect(await call).toBe('columns.cancelled');
      }
    });

    it('ends queries that wait for their turn', async () => {
      const ids = Array.from({ length: 60 }, () => randomUUID());
      const calls = ids.map((queryId) => codeOf(at.columns.query(ENDLESS, { queryId, settings: UNBOUNDED })));
      await at.columns.kill(ids);
      expect(new Set(await Promise.all(calls))).toEqual(new Set(['columns.cancelled']));
    });

    it('has nothing to do for queries that do not run', async () => {
      await at.columns.kill([]);
      await at.columns.kill(["no such query' OR 1 --", randomUUID()]);
    });

    it('ends the work when its signal aborts', async () => {
      const queryId = randomUUID();
      const controller = new AbortController();
      const call = codeOf(at.columns.query(ENDLESS, { queryId, signal: controller.signal, settings: UNBOUNDED }));
      await until(() => at.running(queryId));
      controller.abort();
      expect(await call).toBe('columns.cancelled');
      await until(async () => !(await at.running(queryId)));
      expect(await codeOf(at.columns.query('SELECT 1', { signal: controller.signal }))).toBe('columns.cancelled');
    });

    it('leaves all or nothing of an insert that is killed, and kills one that runs', async () => {
      const rows = 200_000;
      let cancelled = 0;
      // Kills at many moments, until one has met an insert that ran.
      for (let i = 0; i < 8 || cancelled === 0; i++) {
        const insert = 1000n + BigInt(i);
        const queryId = randomUUID();
        const call = codeOf(at.columns.insert('samples', samples(rows, insert, DAY + BigInt(i) * 1_000_000n), { queryId }));
        if (i % 2 === 0) await until(async () => (await at.running(queryId)) || (await Promise.race([call, sleep(0)])) !== undefined);
        else await sleep((i * 15) % 200);
        await at.columns.kill([queryId]);
        const outcome = await call;
        expect(['columns.cancelled', 'resolved']).toContain(outcome);
        if (outcome === 'columns.cancelled') cancelled++;
        const count = await at.countOf('samples', insert);
        expect(outcome === 'resolved' ? [BigInt(rows)] : [0n, BigInt(rows)]).toContain(count);
      }
    });
  });
};
