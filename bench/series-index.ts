// The series index over 1 M series of 8 labels, one of them with a value for each series: how long all of it takes to be read, what it holds in
// memory, what one metric costs before that, and what questions for series cost. Beside the same pages read and decoded, and no more.
import { performance } from 'node:perf_hooks';
import { call, columnReference, literal } from '../query/3-plan/expression.ts';
import { LAST, SeriesFeed, seriesRows } from '../query/ask/series-feed.ts';
import { RUN_FUNCTIONS } from '../query/functions/run/functions.ts';
import { SeriesFinder } from '../query/series/find-series.ts';
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

const inDatacenter = call('equals', 'bool', columnReference('datacenter', 'string'), literal('string', 'dc-3'));
const MB = 1e6;

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
    const find = await cpuSeconds(() => finder.find('bench.metric_7', undefined, inDatacenter), 50);
    const rows = await cpuSeconds(() => finder.find('bench.metric_7', undefined, undefined).rows(['host', 'datacenter']), 50);
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
    ];
  });
