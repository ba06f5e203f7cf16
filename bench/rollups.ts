// Putting samples together by five minutes and by the hour (`pipeline/rollups/`): processor time of this process and of the store's a million
// samples until the parts are merged, beside the store alone adding up the same columns in the same run; and the bytes of the parts.
// Samples of each set by `INFRAMIRROR_BENCH_SAMPLES`. An hour has 240 samples a series, so that few series are many hours, each of which has
// its handful of statements.
import { goThroughEmpty } from '../pipeline/rollups/empty.ts';
import { rollUpHour } from '../pipeline/rollups/hour.ts';
import { UNLIMITED, withColumnStore } from './column-store.ts';
import { type Figure, short } from './figure.ts';
import { COUNTER, GAUGE, RATIO, STEP_MS, sampleBlocks, type WalkKind } from './sample-rows.ts';

const SAMPLES = Number(process.env.INFRAMIRROR_BENCH_SAMPLES ?? 5_000_000);
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** The end of all sets: a midnight. */
const TO = 1_795_219_200_000;

interface Set {
  readonly name: string;
  readonly kind: WalkKind;
  readonly series: number;
}

const SETS: readonly Set[] = [
  { name: 'gauges of one decimal', kind: GAUGE, series: 1000 },
  { name: 'gauges of one decimal', kind: GAUGE, series: 20_000 },
  { name: 'counters', kind: COUNTER, series: 20_000 },
  { name: 'ratios of four decimals', kind: RATIO, series: 20_000 },
  { name: 'gauges of one decimal', kind: GAUGE, series: 100_000 },
];

const SUMS = `SELECT toFloat64(sum(metric)) + sum(id) + sum(toUnixTimestamp64Milli(time)) + sum(mantissa) + sum(exponent) AS v FROM samples
WHERE toStartOfHour(time) = toDateTime({hour:UInt32}, 'UTC')`;

const ofSet = ({ name, kind, series }: Set): Promise<readonly Figure[]> =>
  withColumnStore(async ({ columns, cpu, storeCpu, untilMerged, bytes }) => {
    let rows = 0;
    let insert = 0;
    for (const batch of sampleBlocks({ series, samples: SAMPLES, to: TO, partitionMs: DAY_MS, kind })) {
      await columns.insert('samples', batch, { queryId: `bench-${++insert}` });
      rows += batch.length;
    }
    await untilMerged('samples');
    const from = TO - Math.floor(SAMPLES / series) * STEP_MS;
    const hours: number[] = [];
    for (let hour = from - (from % HOUR_MS); hour < TO; hour += HOUR_MS) hours.push(hour);
    const before = storeCpu();
    for (const hour of hours) await columns.query(SUMS, { params: { hour: hour / 1000 }, settings: { ...UNLIMITED, max_threads: 1 } });
    const summed = storeCpu() - before;
    const begun = cpu();
    const { signal } = new AbortController();
    for (const [version, hour] of hours.entries()) await rollUpHour({ store: columns, hour, metrics: undefined, version: version + 1, signal });
    const put = cpu() - begun;
    const waited = cpu();
    await untilMerged('rollup%');
    const merged = cpu() - waited;
    const what = `${name}, ${short(series)} series`;
    const perMillion = (seconds: number): string => short((seconds / rows) * 1e6);
    const size = async (table: string, goal: number): Promise<Figure> => {
      const of = (await bytes(table)) / rows;
      return {
        what: `${what}: ${table}`,
        value: `${short(of)} B a sample`,
        against: `goal ${goal}; samples ${short((await bytes('samples')) / rows)} B`,
        ratio: of / goal,
      };
    };
    return [
      {
        what: `${what}: put together`,
        value: `${perMillion(put + merged)} CPU-s/M (goal 0.25)`,
        against: `${perMillion(merged)} of it merges behind it; sums of the columns ${perMillion(summed)} CPU-s/M; ${short(rows)} samples, ${hours.length} hours`,
        ratio: (put + merged) / summed,
      },
      await size('rollups_5m', 0.36),
      await size('rollups_1h', 0.04),
    ];
  });

const EMPTY_HOURS = 500;

/** Hours without samples, of a server that was away: said to be gone through, beside one after the other as an hour with samples is. */
const ofEmptyHours = (): Promise<Figure> =>
  withColumnStore(async ({ columns, cpu }) => {
    const { signal } = new AbortController();
    for (const batch of sampleBlocks({ series: 1000, samples: 240_000, to: TO, partitionMs: DAY_MS, kind: GAUGE }))
      await columns.insert('samples', batch, { queryId: 'bench-empty' });
    const hours = Array.from({ length: EMPTY_HOURS }, (_, n) => TO - (n + 24) * HOUR_MS);
    const perHour = async (work: () => Promise<unknown>, count: number): Promise<number> => {
      const begun = cpu();
      await work();
      return ((cpu() - begun) / count) * 1000;
    };
    const one = await perHour(async () => {
      for (const hour of hours.slice(0, 20)) await rollUpHour({ store: columns, hour, metrics: undefined, version: 1, signal });
    }, 20);
    const all = await perHour(() => goThroughEmpty(columns, hours, 2, signal), EMPTY_HOURS);
    return {
      what: `${EMPTY_HOURS} hours without samples`,
      value: `${short(all)} CPU-ms an hour`,
      against: `each as one with samples ${short(one)} CPU-ms`,
      ratio: all / one,
    };
  });

export const run = async (): Promise<readonly Figure[]> => {
  const figures: Figure[] = [await ofEmptyHours()];
  for (const set of SETS) figures.push(...(await ofSet(set)));
  return figures;
};
