// Rollups on the real column store, one behaviour after the other: which parts are made, when they are made again and when not, what failures
// leave behind, and in which order and portions samples are read. Random histories: `random-histories.test.ts`.
import { describe, expect, it } from 'vitest';
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import { FIVE_MINUTES, HOUR } from '../../schemas/rollups.ts';
import { writeLedger } from '../retention/ledger.ts';
import { counter, FROM, HOUR_MS, HOURS, MINUTE, samplesToParts, TO } from '../testing/samples-to-parts.ts';
import { counted } from './count.ts';
import type { Store } from './ledger.ts';
import { readPages } from './read.ts';

const made = samplesToParts();
const { telemetry, write, rollups, ask, parts, counts, dying } = made;

describe('what is put together', { timeout: 300_000 }, () => {
  it('is of five minutes only where that takes less room, and stays so', async () => {
    await write([...counter(1, 30_000), ...counter(2, 60_000), ...counter(3, 1_800_000)]);
    await rollups().run();
    expect(await counts(HOUR)).toEqual([
      [1, 0, 120],
      [2, 0, 60],
      [3, 0, 2],
    ]);
    expect(await counts(FIVE_MINUTES)).toEqual(Array.from({ length: 12 }, (_, n) => [1, n, 10]));
    // Another series of the metric, which is read seldom: the parts that are there must not become wrong.
    await write(
      Array.from({ length: 60 }, (_, n) => ({ metric: 1, id: 100 + n, time: FROM + n, value: 1, start: 0 })).flatMap((s) => [
        s,
        { ...s, time: s.time + 40 * MINUTE },
      ]),
      ['late'],
    );
    await rollups().run();
    expect((await counts(FIVE_MINUTES)).length).toBe(12 + 120);
  });

  it('is not made of what retention has left over', async () => {
    await write(counter(1, 15_000));
    await rollups().run();
    const [whole, fine] = [await counts(HOUR), await counts(FIVE_MINUTES)];
    // The day goes, and what comes late makes it anew.
    await made.stores.columns.command('TRUNCATE TABLE samples');
    await write([{ metric: 1, id: 1, time: FROM + 1, value: 1, start: 0 }], ['late']);
    await rollups().run();
    expect([await counts(HOUR), await counts(FIVE_MINUTES)]).toEqual([whole, fine]);
    const version = () => ask('SELECT max(version) AS version FROM rollup_hours');
    const before = await version();
    await rollups().run();
    expect(await version()).toEqual(before);
    // Of what was never put together, retention alone knows.
    await writeLedger(made.stores.records, { gone: { samples: FROM + HOUR_MS } });
    await write([{ metric: 2, id: 2, time: FROM + 1, value: 1, start: 0 }], ['late']);
    await write([{ metric: 2, id: 2, time: FROM + HOUR_MS + 1, value: 1, start: 0 }], ['late']);
    await rollups().run();
    expect((await counts(HOUR)).filter(([metric]) => metric === 2)).toEqual([[2, 1, 1]]);
  });

  it('is made once more when it was made by a clock that was ahead', async () => {
    await write(counter(1, 15_000, FROM, FROM + 10 * MINUTE));
    await rollups().run();
    await made.stores.columns.command(
      'INSERT INTO rollup_hours SELECT whole, metric, hour, version + 1, computed + toIntervalDay(3), fine, samples FROM rollup_hours WHERE toUnixTimestamp64Milli(computed) > 0',
    );
    // Nobody marks them: by that clock the hour was not over.
    await write(counter(1, 15_000, FROM + 10 * MINUTE));
    await rollups().run();
    expect(await counts(HOUR)).toEqual([[1, 0, 240]]);
    const versions = () => ask('SELECT uniqExact(version) AS n FROM rollup_hours');
    const once = await versions();
    await rollups().run();
    expect(await versions()).toEqual(once);
  });

  it('never takes two values of one time for two samples: the metric is marked and made again, and keeps no other waiting', async () => {
    const samples = counter(2, 15_000);
    await write([...counter(1, 15_000), ...samples, ...counter(3, 15_000)]);
    await write(samples.slice(100, 103).map((s) => ({ ...s, value: 7 })));
    const failed = () => telemetry.value('inframirror_rollups_failed_hours_total');
    const before = failed();
    await made.stores.columns.command('SYSTEM STOP MERGES samples');
    const open = () => ask('SELECT metric FROM rollup_hours WHERE NOT whole GROUP BY metric, version HAVING max(toUnixTimestamp64Milli(computed)) = 0');
    const whole = [1, 2, 3].map((metric) => [metric, 0, 240]);
    // What is marked is looked at when it has settled.
    await rollups(made.stores.columns, 400_000, HOUR_MS).run();
    expect([failed() - before, await counts(HOUR), await open()]).toEqual([0, whole.filter(([metric]) => metric !== 2), [{ metric: 2 }]]);
    await rollups(made.stores.columns, 400_000, HOUR_MS).run();
    expect(await open()).toEqual([{ metric: 2 }]);
    await rollups().run();
    await made.stores.columns.command('SYSTEM START MERGES samples');
    expect([failed() - before, await counts(HOUR)]).toEqual([0, whole]);
    expect((await parts(HOUR)).find(({ metric }) => metric === 2)?.part.sum).toBe((239 * 240) / 2 - 303 + 21);
    expect(await ask('SELECT DISTINCT toString(kind) AS kind, metric FROM marks ORDER BY kind')).toEqual([
      { kind: 'double', metric: 2 },
      { kind: 'late', metric: 2 },
    ]);
    const versions = () => ask('SELECT uniqExact(version) AS n FROM rollup_hours');
    const once = await versions();
    await rollups().run();
    expect(await versions()).toEqual(once);
  });

  it('finds two values of one time wherever a page is cut', async () => {
    const samples = counter(1, 300_000);
    await write(samples);
    await write(samples.map((s) => ({ ...s, value: 7 })));
    await made.stores.columns.command('SYSTEM STOP MERGES samples');
    // A page ends between the two of each time, so that none of them is seen.
    for (let n = 0; n < 2; n++) await rollups(made.stores.columns, 0.5).run();
    await made.stores.columns.command('SYSTEM START MERGES samples');
    expect(await counts(HOUR)).toEqual([[1, 0, 12]]);
  });

  it('leaves few rows in the ledger however often it fails', async () => {
    await write([...counter(1, 15_000), ...counter(2, 15_000), ...counter(3, 15_000)]);
    const refusing: Store = {
      ...dying(() => 1, { left: 0 }),
      insert: (table, batch, options) => (table === 'rollups_1h' ? Promise.reject(new Error('refused')) : made.stores.columns.insert(table, batch, options)),
    };
    const tries = 6;
    for (let n = 0; n < tries; n++) await rollups(refusing).run();
    expect(await ask('SELECT metric, toUInt32(count()) AS n FROM rollup_hours WHERE NOT whole GROUP BY metric ORDER BY metric')).toEqual([
      { metric: 1, n: tries },
      { metric: 2, n: 2 },
      { metric: 3, n: 2 },
    ]);
    await rollups().run();
    expect([await counts(HOUR), (await counts(FIVE_MINUTES)).length]).toEqual([[1, 2, 3].map((metric) => [metric, 0, 240]), 36]);
  });

  it('is read in pages that are not large however series and samples lie', async () => {
    const samples = [
      ...counter(1, 60_000),
      ...Array.from({ length: 20 }, (_, n) => counter(2, 600_000).map((s) => ({ ...s, id: n + 1 }))).flat(),
      ...counter(3, 2_000),
      ...counter(4, 1_800_000),
    ];
    await write(samples);
    const { signal } = new AbortController();
    const own = { store: made.stores.columns, hour: FROM, signal };
    const page = 100;
    const read: string[] = [];
    for await (const batches of readPages(await counted({ ...own, metrics: undefined }), { doubles: false, odd: false }, { ...own, page })) {
      const rows = batches.flatMap((batch) =>
        Array.from({ length: batch.length }, (_, row) => ['metric', 'id', 'time'].map((name) => Number(valueAt(columnOf(batch, name), row))).join('/')),
      );
      expect(rows.length).toBeLessThanOrEqual(2 * page);
      read.push(...rows);
    }
    const order = [...samples].sort((a, b) => a.metric - b.metric || a.id - b.id || a.time - b.time);
    expect(read).toEqual(order.map(({ metric, id, time }) => `${metric}/${id}/${time}`));
  });

  it('may be made by two keepers at once', async () => {
    await write(counter(1, 15_000));
    await Promise.all([rollups().run(), rollups().run(), rollups().run()]);
    expect([await counts(HOUR), (await counts(FIVE_MINUTES)).length]).toEqual([[[1, 0, 240]], 12]);
  });

  it('goes through hours without samples at once; what comes to them meanwhile or later is put together', async () => {
    await write(counter(1, 15_000));
    const inserts: string[] = [];
    let isComing = true;
    const watching: Store = {
      ...dying(() => 1, { left: 0 }),
      insert: async (table, batch, options) => {
        inserts.push(`${table} ${batch.length}`);
        if (isComing) {
          isComing = false;
          // After it was looked at, and before it is said that there was nothing.
          await write(counter(2, 15_000, FROM + HOUR_MS, FROM + 2 * HOUR_MS), ['late']);
        }
        return made.stores.columns.insert(table, batch, options);
      },
    };
    await rollups(watching).run();
    expect(inserts[0]).toBe(`rollup_hours ${HOURS - 1}`);
    expect(telemetry.value('inframirror_rollups_newest_hour_seconds')).toBe((TO - HOUR_MS) / 1000);
    await rollups().run();
    expect(await counts(HOUR)).toEqual([
      [1, 0, 240],
      [2, 1, 240],
    ]);
    await write(counter(3, 15_000, FROM + 2 * HOUR_MS, FROM + 3 * HOUR_MS), ['late']);
    await rollups().run();
    expect((await counts(HOUR)).slice(2)).toEqual([[3, 2, 240]]);
    const version = () => ask('SELECT max(version) AS version FROM rollup_hours');
    const before = await version();
    await rollups().run();
    expect(await version()).toEqual(before);
  });

  it('goes from the oldest hour on, and says how many wait', async () => {
    await write(counter(1, 15_000, FROM, TO));
    const hours: number[] = [];
    const watching: Store = {
      ...dying(() => 1, { left: 0 }),
      insert: (table, batch, options) => {
        if (table === 'rollups_1h') hours.push(Number(valueAt(columnOf(batch, 'time'), 0)) * 1000, telemetry.value('inframirror_rollups_hours_waiting'));
        return made.stores.columns.insert(table, batch, options);
      },
    };
    await rollups(watching).run();
    expect(hours).toEqual([0, 1, 2, 3].flatMap((n) => [FROM + n * HOUR_MS, HOURS - n]));
    expect(telemetry.value('inframirror_rollups_hours_waiting')).toBe(0);
  });
});
