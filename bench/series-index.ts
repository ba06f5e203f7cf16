// The series index over 1 M series of 8 labels, one of them with a value for each series: how long all of it takes to be read, what it holds in
// memory, what one metric costs before that, and what questions for series cost. Beside the same pages read and decoded, and no more.
import { performance } from 'node:perf_hooks';
import { type TextColumn, UTF8 } from '../core/batch/batch.ts';
import { columnFrom } from '../core/batch/build.ts';
import type { ColumnStore, Parameters } from '../engines/columns/port.ts';
import { call, columnReference, literal } from '../query/3-plan/expression.ts';
import { ClickHouseContext } from '../query/4-emit/clickhouse/context.ts';
import { packedLabels } from '../query/4-emit/clickhouse/packed.ts';
import { LAST, SeriesFeed, seriesRows } from '../query/ask/series-feed.ts';
import { RUN_FUNCTIONS } from '../query/functions/run/functions.ts';
import { SeriesFinder } from '../query/series/find-series.ts';
import { SeriesIndex } from '../query/series/series-index.ts';
import { metricHash } from '../schemas/series-id.ts';
import { UNLIMITED, withColumnStore } from './column-store.ts';
import { cpuSeconds, type Figure, short } from './figure.ts';

const SERIES = Number(process.env.INFRAMIRROR_BENCH_SERIES ?? 1_000_000);
const METRICS = 1000;
const AT = 1_795_176_000_000;
const NOON = `fromUnixTimestamp64Milli(${AT}, 'UTC')`;
const NAMES = Array.from({ length: METRICS }, (_, i) => `bench.metric_${i}`);

const DEFINITIONS = `INSERT INTO series SELECT [${NAMES.map(metricHash).join(', ')}][number % ${METRICS} + 1], concat('bench.metric_', toString(number % ${METRICS})), sipHash64(number), ${NOON}, ${NOON}, 'gauge', 'cumulative', '1', NULL, 15000,
map('host', concat('host-', toString(intDiv(number, 1000))), 'service', concat('service-', toString(number % 20)), 'device', concat('device-', toString(number)), 'mode', ['user', 'system', 'idle', 'wait'][number % 4 + 1]),
map('region', 'eu-west', 'datacenter', concat('dc-', toString(number % 12)), 'env', 'production', 'role', concat('role-', toString(number % 7))) FROM numbers(${SERIES})`;

const SERVICES = Array.from({ length: 20 }, (_, i) => `service-${i}`);
const TIMES = 20;

const inDatacenter = call('equals', 'bool', columnReference('datacenter', 'string'), literal('string', 'dc-3'));
const MB = 1e6;

const NO_SERIES = new SeriesFinder(new SeriesIndex(), RUN_FUNCTIONS);

/** A question whose rows are given a label, of so many series: sent as two lists that are bound, or packed. CPU seconds of both processes. */
const sent = async (columns: ColumnStore, cpu: () => number, series: number): Promise<{ readonly lists: number; readonly packed: number }> => {
  const ids = Uint32Array.from({ length: series * 2 }, (_, i) => (i % 2 === 0 ? (i / 2) * 7919 + 3 : 0));
  const labels = new Map([['service', { codes: Int32Array.from({ length: series }, (_, i) => i % 20), values: columnFrom(UTF8, SERVICES) as TextColumn }]]);
  const rows = `SELECT toInt64(number % ${series}) * 7919 + 3 AS id FROM numbers(60000)`;
  const context = new ClickHouseContext(
    {},
    { marks: () => [], series: NO_SERIES, mostHere: 0, mostAtOnce: 1, rolled: () => new Map() },
    { isAsArrived: false, isOfKnown: false },
  );
  const packed = `SELECT service, count() AS n FROM (${rows}) AS r INNER JOIN (${packedLabels({ ids, since: undefined, labels }, 'id', context)}) AS s ON r.id = s.id GROUP BY service`;
  const list = `SELECT transform(id, {ids:Array(Int64)}, {services:Array(String)}, '') AS service, count() AS n FROM (${rows}) GROUP BY service`;
  const params = {
    ids: Array.from({ length: series }, (_, i) => i * 7919 + 3),
    services: Array.from({ length: series }, (_, i) => SERVICES[i % 20] as string),
  };
  const cost = async (ask: () => Promise<unknown>): Promise<number> => {
    for (let i = 0; i < 3; i++) await ask();
    const before = cpu();
    for (let i = 0; i < TIMES; i++) await ask();
    return (cpu() - before) / TIMES;
  };
  return {
    lists: await cost(() => columns.query(list, { params })),
    packed: await cost(() => columns.query(packed, { params: Object.fromEntries(context.parameters) as Parameters })),
  };
};

export const run = async (): Promise<readonly Figure[]> =>
  withColumnStore(async ({ columns, cpu }) => {
    await columns.command(DEFINITIONS, { settings: UNLIMITED });
    await columns.command('OPTIMIZE TABLE series FINAL', { settings: UNLIMITED });
    const cost = async (work: () => Promise<unknown>): Promise<{ readonly seconds: number; readonly cpu: number }> => {
      const [begun, before] = [performance.now(), cpu()];
      await work();
      return { seconds: (performance.now() - begun) / 1000, cpu: cpu() - before };
    };
    const alone = new SeriesFeed(columns);
    const one = await cost(() => alone.learnMetric('bench.metric_7'));
    const bare = await cost(async () => {
      for await (const _ of seriesRows(columns, { told: 0, first: 0, last: LAST }));
    });
    const feed = new SeriesFeed(columns);
    const heap = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    globalThis.gc?.();
    const empty = heap();
    const whole = await cost(() => feed.learn(AT));
    globalThis.gc?.();
    const held = heap() - empty;
    const finder = new SeriesFinder(feed.index, RUN_FUNCTIONS);
    const found = finder.find('bench.metric_7', undefined, inDatacenter);
    const find = await cpuSeconds(() => new SeriesFinder(feed.index, RUN_FUNCTIONS).find('bench.metric_7', undefined, inDatacenter), 50);
    const rows = await cpuSeconds(() => finder.find('bench.metric_7', undefined, undefined).rows(['host', 'datacenter']), 50);
    const figures: Figure[] = [];
    for (const series of [1000, 20_000]) {
      const { lists, packed } = await sent(columns, cpu, series);
      figures.push({
        what: `a label of ${short(series)} series put on 60,000 rows by the store, packed`,
        value: `${short(packed * 1e3)} CPU-ms`,
        against: `${short(lists * 1e3)} CPU-ms as lists that are bound`,
        ratio: packed / lists,
      });
    }
    const a = `${short(SERIES)} series of 8 labels`;
    const against = `${short(bare.seconds)} s, ${short(bare.cpu)} CPU-s to read the same pages`;
    return [
      { what: `${a}: until all are known (goal 5 s)`, value: `${short(whole.seconds)} s, ${short(whole.cpu)} CPU-s`, against, ratio: whole.cpu / bare.cpu },
      {
        what: `${a}: what they take (goal 150 MB)`,
        value: `${short(feed.index.bytes / MB)} MB by its own account, ${short(held / MB)} by the heap`,
        against: '',
        ratio: undefined,
      },
      { what: 'those of one metric, before all are known', value: `${short(one.seconds * 1e3)} ms, ${short(one.cpu * 1e3)} CPU-ms`, against, ratio: undefined },
      {
        what: `a condition on a metric of ${short(SERIES / METRICS)} series: ${found.size} of them`,
        value: `${short(find * 1e6)} µs`,
        against: '',
        ratio: undefined,
      },
      { what: `two labels of ${short(SERIES / METRICS)} series`, value: `${short(rows * 1e6)} µs`, against: '', ratio: undefined },
      ...figures,
    ];
  });
