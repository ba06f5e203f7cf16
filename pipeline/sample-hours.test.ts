// Samples from frames at the door to what is told of their series and hours, on the real stores: definitions, days, and the hours that are
// marked for values, doubles and being late, before and after a restart.
import { expect, test } from 'vitest';
import { samplesPart, seriesPart } from '../ingest/testing/frames.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { metricHash } from '../schemas/series-id.ts';
import { framesToRows, minute, VALUE } from './testing/frames-to-rows.ts';

const own = framesToRows();
const { send, settled, rowsOf, start, stop, telemetry } = own;

test('a series that goes on has one row of its definition and its days, through restarts, and another row when it changes', async () => {
  const host = 'goes-on-1';
  const definition = ['test.goes_on', [['host', host]]] as const;
  const day = 86_400_000;
  const tomorrow = Math.floor(Date.now() / day) * day + day;
  const startAt = async (now: number): Promise<void> => {
    await stop();
    await start({ now: () => now });
  };
  let sent = 0;
  const produce = async (schema: 'series' | 'metrics', { ipc, rows }: OwnFramePart): Promise<void> => {
    const headers = { schema, version: '1', sender: host, boot: '7', seq: String(++sent), rows: String(rows) };
    await own.stores.stream.produce('im.metrics', [{ key: host, headers, value: ipc }]);
    await settled();
  };
  const rows = async (table: string) =>
    Number((await rowsOf(`SELECT count() FROM ${table} WHERE id IN (SELECT id FROM series WHERE name = 'test.goes_on')`))[0]?.[0]);
  const days = `SELECT toInt64(month), groupBitOr(days) FROM series_days WHERE id IN (SELECT id FROM series WHERE name = 'test.goes_on') GROUP BY month ORDER BY month`;
  await send(host, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  await send(host, [samplesPart(definition, [[minute + 1000, 2]])]);
  await settled();
  expect([await rows('series'), await rows('series_days')]).toEqual([1, 1]);

  // As after an upgrade: nobody remembers what was told, and all is told again.
  await startAt(Date.now());
  await produce('series', seriesPart([definition]));
  await produce('metrics', samplesPart(definition, [[minute + 2000, 3]]));
  expect(await rows('series')).toBe(1);

  // Told again on another day, it is the same row.
  await startAt(tomorrow + 60_000);
  await produce('series', seriesPart([definition]));
  await produce('metrics', samplesPart(definition, [[tomorrow + 1000, 4]]));
  await produce('metrics', samplesPart(definition, [[tomorrow + 2000, 5]]));
  const told = "SELECT DISTINCT toUnixTimestamp64Milli(since) AS since FROM series WHERE name = 'test.goes_on' ORDER BY since";
  expect(await rowsOf(told)).toHaveLength(1);
  const bits = new Map<bigint, number>();
  for (const at of [minute, tomorrow]) {
    const date = new Date(at);
    const month = BigInt(date.getUTCFullYear() * 100 + date.getUTCMonth() + 1);
    bits.set(month, (bits.get(month) ?? 0) + 2 ** (date.getUTCDate() - 1));
  }
  expect(await rowsOf(days)).toEqual([...bits]);

  await produce('series', seriesPart([definition], undefined, 'By'));
  expect(await rowsOf("SELECT argMax(tuple(unit), (since, seen)).1 FROM series WHERE name = 'test.goes_on'")).toEqual([['By']]);
  expect(await rowsOf(told)).toHaveLength(2);
  await stop();
  await start();
});

test('of late samples the hour is marked, for their metric alone; of two values for one time the later stands', async () => {
  const sender = 'late-1';
  const definition = ['test.late', [['host', sender]]] as const;
  const early = minute - 5 * 3_600_000;
  const marks = (kind: string) =>
    rowsOf(`SELECT DISTINCT toUnixTimestamp64Milli(hour) AS at FROM marks WHERE kind = '${kind}' AND metric = ${metricHash('test.late')} ORDER BY at`);
  await send(sender, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  const hour = (ms: number): bigint => BigInt(ms - (ms % 3_600_000));
  expect(await marks('double')).toEqual([]);
  await send(sender, [samplesPart(definition, [[minute + 1000, 2]])]);
  await send(sender, [samplesPart(definition, [[early, 3]]), samplesPart(definition, [[minute, 9]])]);
  await settled();
  expect(await marks('double')).toEqual([[hour(early)], [hour(minute)]]);
  expect(await marks('late')).toContainEqual([hour(early)]);
  expect(await rowsOf(`SELECT ${VALUE} FROM samples FINAL WHERE id IN (SELECT id FROM series WHERE name = 'test.late') ORDER BY time`)).toEqual([
    [3],
    [9],
    [2],
  ]);
});

test('after a restart only what may have been sent before is marked', async () => {
  const sender = 'restarted-1';
  const definition = ['test.restarted', [['host', sender]]] as const;
  const marks = () => rowsOf(`SELECT count() FROM marks WHERE kind = 'double' AND metric = ${metricHash('test.restarted')}`);
  await send(sender, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  await stop();
  await start();
  await send(sender, [samplesPart(definition, [[minute + 1000, 2]])]);
  await settled();
  expect(await marks()).toEqual([[0n]]);
  await stop();
  await start();
  await send(sender, [samplesPart(definition, [[minute + 1000, 3]])]);
  await settled();
  expect(await marks()).toEqual([[1n]]);
});

test('hours with values that are no numbers are marked by metric before they stand, once', async () => {
  const sender = 'odd-1';
  const definition = ['test.odd', [['host', sender]]] as const;
  const hour = BigInt(minute - (minute % 3_600_000));
  const metric = metricHash('test.odd');
  const marks = `SELECT toString(kind), toUnixTimestamp64Milli(hour) FROM marks WHERE metric = ${metric} AND kind NOT IN ('double', 'late') ORDER BY kind`;
  await send(sender, [seriesPart([definition]), samplesPart(definition, [[minute, 1]])]);
  await settled();
  expect(await rowsOf(marks)).toEqual([]);
  await send(sender, [samplesPart(definition, [[minute + 1000, Number.NaN]]), samplesPart(definition, [[minute + 2000, 1e200]])]);
  await settled();
  await send(sender, [samplesPart(definition, [[minute + 3000, Number.NEGATIVE_INFINITY]])]);
  await settled();
  expect(await rowsOf(marks)).toEqual([
    ['extreme', hour],
    ['not-finite', hour],
  ]);
});

test('samples of several days, and of series nobody defined, are all written, and the unknown counted', async () => {
  const sender = 'days-1';
  const definition = ['test.unknown', [['host', sender]]] as const;
  const day = 86_400_000;
  await send(sender, [
    samplesPart(
      definition,
      [0, 1, 2, 3].map((n) => [minute - n * day, n] as const),
    ),
  ]);
  await settled();
  const found = await rowsOf(
    `SELECT toUnixTimestamp64Milli(time), ${VALUE}, count() OVER () FROM samples WHERE id NOT IN (SELECT id FROM series) ORDER BY time DESC`,
  );
  expect(found.map(([time, value]) => [Number(time), value])).toEqual([0, 1, 2, 3].map((n) => [minute - n * day, n]));
  expect(telemetry.value('inframirror_pipeline_unknown_series_samples_total')).toBe(4);
});
