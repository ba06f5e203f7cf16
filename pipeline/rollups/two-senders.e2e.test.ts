// One series from two senders whose messages go by different partitions, over the real stream, pipeline and stores, of which no mark says so: the
// keeper meets both when it puts the hour together, and from then on each time counts once, in parts and in questions.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import { partitionOf } from '../../engines/stream/partition.ts';
import { openDoor } from '../../ingest/door.ts';
import { type Definition, frameOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { type Running, runPipeline } from '../testing/running.ts';
import { rowsOf, type Store } from './ledger.ts';
import { Rollups } from './rollups.ts';

let running: Running;
beforeAll(async () => {
  running = await runPipeline();
}, 120_000);
afterAll(() => running?.stop());

test('each time of a series that two senders send counts once when its hour was put together, and no other metric waits', { timeout: 120_000 }, async () => {
  const { stores, telemetry, settled } = running;
  const { columns, stream, records } = stores;
  const door = openDoor({ stream, telemetry, log: silentLogger });
  const partitions = (await stream.partitions('im.metrics')).length;
  expect(partitions).toBeGreaterThan(1);
  const senders = [0, 1].map((partition) => Array.from({ length: 100 }, (_, n) => `sender-${n}`).find((name) => partitionOf(name, partitions) === partition));
  await columns.command('SYSTEM STOP MERGES samples');
  const begun = Date.now() + 2000;
  // Without a host: what two of them measure is one series.
  const shared: Definition = ['queue.depth', [['cluster', 'a']]];
  const others: readonly Definition[] = senders.map((_, i) => [`own.metric${i}`, [['host', `h${i}`]]]);
  for (const [i, sender] of senders.entries()) {
    const own = others[i] as Definition;
    const parts = [
      seriesPart([shared, own]),
      samplesPart(shared, [
        [begun, 5],
        [begun + 1000, 7],
      ]),
      samplesPart(own, [[begun, 3]]),
    ];
    const body = frameOf(parts, { agent: sender as string, host: sender as string, seq: 1 });
    expect(await door.receiveFrames({ headers: {}, body, rights: { post: true } })).toMatchObject({ status: 200 });
    await settled();
  }
  const asked = async () => (await running.ask('from metrics.queue.depth | sort time | select value', begun - 60_000, begun + 60_000)).value;
  expect(await asked()).toEqual([5, 7]);
  await columns.command('TRUNCATE TABLE marks');
  expect(await asked()).toEqual([5, 5, 7, 7]);

  // Two hours later, when the hour is over.
  const later: Store = {
    query: (sql, options) => columns.query(sql, options),
    insert: (...args) => columns.insert(...args),
    now: async () => (await columns.now()) + 7_200_000,
  };
  await new Rollups({ columns: later, records, telemetry, log: silentLogger, delayMs: 0, settleMs: 0, pauseMs: 0 }).run();
  expect(await asked()).toEqual([5, 7]);
  expect(await running.ask('from metrics.queue.depth | every all count', begun - 60_000, begun + 60_000)).toMatchObject({ count: [2] });
  const parts = await rowsOf(
    columns,
    `SELECT s.name AS name, toUInt32(sum(r.count)) AS n FROM rollups_1h AS r FINAL JOIN (SELECT DISTINCT id, toString(name) AS name FROM series) AS s ON s.id = r.id
WHERE (r.metric, toStartOfHour(r.time)) IN (SELECT metric, toStartOfHour(hour) FROM rollup_hours WHERE toUnixTimestamp64Milli(computed) > 0 AND NOT whole) GROUP BY name ORDER BY name`,
  );
  expect(parts).toEqual([
    { name: 'own.metric0', n: 1 },
    { name: 'own.metric1', n: 1 },
    { name: 'queue.depth', n: 2 },
  ]);
});
