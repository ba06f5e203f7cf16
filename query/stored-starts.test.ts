// Counters that say when they began, over real stores: whatever their samples were (resets that no fall tells, stale markers, starts that are not
// known, of before, or after the sample; values that came late and stand in place of others), the stores, this process by the stores' rows and
// the same samples written into the text give one answer.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FLOAT, INT8, INT64, map, TIME_MS, UINT32, UINT64, UTF8 } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import type { SampleMark } from '../schemas/sample-value.ts';
import { metricHash, seriesId } from '../schemas/series-id.ts';
import { sized } from '../test/support/long.ts';
import { SEED } from '../test/support/seed.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import type { MarkedHours } from './4-emit/losses.ts';
import { bothWays, difference } from './testing/both-ways.ts';
import { seeded } from './testing/random.ts';
import { END, makeData } from './testing/store-data.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';
import { type LoadedStores, loadStores } from './testing/stores.ts';

const NAME = 'system.network.io';
const METRIC = metricHash(NAME);
const MINUTE = 60_000;
/** Behind all that stands there already, so that all marks are of these samples. */
const BEGIN = END + 10 * 86_400_000;
const HOUR = 3_600_000;

interface Sample {
  /** ms. */
  readonly time: number;
  /** undefined: a stale marker. */
  readonly value: number | undefined;
  /** ms; 0: not known. */
  readonly start: number;
}

/** Of one counter, in order of time; `late` come after them, for times that have one already. */
interface Life {
  readonly host: string;
  readonly samples: readonly Sample[];
  readonly late: readonly Sample[];
}

const lifeOf = (host: string, random: () => number): Life => {
  const samples: Sample[] = [];
  const late: Sample[] = [];
  let time = BEGIN + Math.floor(random() * 10) * MINUTE;
  let start = random() < 0.3 ? 0 : random() < 0.3 ? time : BEGIN - Math.floor(random() * 2 * HOUR);
  let value = Math.floor(random() * 100);
  while (time < BEGIN + 2 * HOUR) {
    const odd = random();
    const told = odd < 0.05 ? 0 : odd < 0.1 ? BEGIN - 3 * HOUR : odd < 0.14 ? time + 5000 : start;
    const sample = { time, value: random() < 0.06 ? undefined : value, start: start === 0 ? 0 : told };
    samples.push(sample);
    if (random() < 0.05) late.push({ ...sample, value: Math.floor(random() * 200), start: random() < 0.5 ? sample.start : time });
    const before = time;
    time += random() < 0.05 ? 7 * MINUTE : random() < 0.3 ? MINUTE : 15_000;
    // A counter that begins again may be beyond what it was already.
    if (random() < 0.1) {
      if (start !== 0) start = random() < 0.2 ? before : random() < 0.2 ? time : before + Math.floor(random() * (time - before));
      value = Math.floor(random() * value * 2);
    } else value += Math.floor(random() * 50);
  }
  return { host, samples, late };
};

const idOf = (host: string): bigint => seriesId(NAME, new Map([['host', host]]), (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()));

let loaded: LoadedStores;
const marked = new Map<SampleMark, Set<bigint>>([
  ['double', new Set()],
  ['stale', new Set()],
  ['start', new Set()],
]);

const insert = async (queryId: string, rows: readonly (Sample & { readonly host: string })[], number: bigint): Promise<void> => {
  for (const own of Map.groupBy(rows, ({ time }) => Math.floor(time / 86_400_000)).values())
    await loaded.ports.columns.insert(
      'samples',
      batchOf([
        [
          'metric',
          columnFrom(
            UINT32,
            own.map(() => METRIC),
          ),
        ],
        [
          'id',
          columnFrom(
            UINT64,
            own.map(({ host }) => idOf(host)),
          ),
        ],
        [
          'time',
          columnFrom(
            TIME_MS,
            own.map(({ time }) => BigInt(time)),
          ),
        ],
        [
          'mantissa',
          columnFrom(
            INT64,
            own.map(({ value = 0 }) => BigInt(value)),
          ),
        ],
        [
          'exponent',
          columnFrom(
            INT8,
            own.map(({ value }) => (value === undefined ? 126 : 0)),
          ),
        ],
        [
          'float',
          columnFrom(
            FLOAT,
            own.map(({ value }) => (value === undefined ? Number.NaN : 0)),
          ),
        ],
        [
          'start',
          columnFrom(
            TIME_MS,
            own.map(({ start }) => BigInt(start)),
          ),
        ],
        [
          'insert',
          columnFrom(
            UINT64,
            own.map(() => number),
          ),
        ],
      ]),
      { queryId: `${queryId}-${own[0]?.time}` },
    );
};

const define = async (hosts: readonly string[]): Promise<void> => {
  const [since, day] = [BigInt(BEGIN - HOUR), new Date(BEGIN)];
  const month = day.getUTCFullYear() * 100 + day.getUTCMonth() + 1;
  const all = <T>(value: T): readonly T[] => hosts.map(() => value);
  await loaded.ports.columns.insert(
    'series',
    batchOf([
      ['metric', columnFrom(UINT32, all(METRIC))],
      ['name', columnFrom(UTF8, all(NAME))],
      ['id', columnFrom(UINT64, hosts.map(idOf))],
      ['since', columnFrom(TIME_MS, all(since))],
      ['seen', columnFrom(TIME_MS, all(since))],
      ['kind', columnFrom(UTF8, all('counter'))],
      ['temporality', columnFrom(UTF8, all('cumulative'))],
      ['unit', columnFrom(UTF8, all('By'))],
      ['description', columnFrom(UTF8, all(null))],
      ['interval', columnFrom(UINT32, all(15_000))],
      [
        'labels',
        columnFrom(
          map(UTF8),
          hosts.map((host) => new Map([['host', host]])),
        ),
      ],
      ['enrichment', columnFrom(map(UTF8), all(new Map()))],
    ]),
    { queryId: `define-${hosts[0]}` },
  );
  const days = [BEGIN, BEGIN + 3 * HOUR].reduce((bits, ms) => bits | (1 << (new Date(ms).getUTCDate() - 1)), 0);
  await loaded.ports.columns.insert(
    'series_days',
    batchOf([
      ['metric', columnFrom(UINT32, all(METRIC))],
      ['id', columnFrom(UINT64, hosts.map(idOf))],
      ['month', columnFrom(UINT32, all(month))],
      ['days', columnFrom(UINT32, all(days >>> 0))],
    ]),
    { queryId: `days-${hosts[0]}` },
  );
};

const put = async (lives: readonly Life[], from: bigint): Promise<void> => {
  await define(lives.map(({ host }) => host));
  const rowsOf = (which: 'samples' | 'late') => lives.flatMap((life) => life[which].map((sample) => ({ ...sample, host: life.host })));
  for (const { time, value } of [...rowsOf('samples'), ...rowsOf('late')])
    if (value === undefined) marked.get('stale')?.add(BigInt(Math.floor(time / HOUR) * HOUR) * 1_000_000n);
  for (const { time, start } of [...rowsOf('samples'), ...rowsOf('late')])
    if (start !== 0) marked.get('start')?.add(BigInt(Math.floor(time / HOUR) * HOUR) * 1_000_000n);
  for (const { time } of rowsOf('late')) marked.get('double')?.add(BigInt(Math.floor(time / HOUR) * HOUR) * 1_000_000n);
  await insert(`samples-${from}`, rowsOf('samples'), from);
  await insert(`late-${from}`, rowsOf('late'), from + 1n);
  await loaded.learn();
};

const random = seeded(SEED);
const lives = Array.from({ length: sized(6, 150) }, (_, i) => lifeOf(`counter-${i}`, random));

beforeAll(async () => {
  const stores = await loadStores(makeData(7));
  const marks: MarkedHours = (mark, metric, from, to) =>
    metric === METRIC
      ? [...stores.known.marks(mark, metric, from, to), ...[...(marked.get(mark) ?? [])].filter((h) => h + BigInt(HOUR) * 1_000_000n > from && h < to)]
      : stores.known.marks(mark, metric, from, to);
  loaded = {
    ...stores,
    known: {
      marks,
      get series() {
        return stores.known.series;
      },
    },
  };
  await put(lives, 100_000n);
});
afterAll(() => loaded?.stop());

const requestOf = (from: number, to: number): PlanRequest => {
  const [begin, end] = [BigInt(from) * 1_000_000n, BigInt(to) * 1_000_000n];
  return { at: end, from: begin, to: end, zone: 'UTC', parameters: new Map(), rights: ALL_ROWS, completeTo: end, notice: () => {} };
};

const iso = (ms: number): string => `@${new Date(ms).toISOString()}`;
/** The samples as whoever writes them into a text does: of two for one time the later stands. */
const written = ({ samples, late }: Life): string => {
  const newest = new Map([...samples, ...late].map((sample) => [sample.time, sample]));
  const rows = [...newest.values()].map(
    ({ time, value, start }) =>
      `{time: ${iso(time)}, ${value === undefined ? 'value: 0, stale: true' : `value: ${value}`}${start === 0 ? '' : `, start: ${iso(start)}`}}`,
  );
  return `data counter("By") [${rows.join(', ')}]`;
};

/** Answers that a store worked out. */
let pushed = 0;

const LABELS: ReadonlySet<string> = new Set(['device', 'direction', 'host', 'region']);

/** The pipe's rows, without labels, by the stores and by the text, which must be one; undefined values and rows that differ fail. */
const both = async (life: Life, pipe: string, request: PlanRequest): Promise<readonly (readonly unknown[])[]> => {
  const told = async (source: string, isStored: boolean): Promise<readonly (readonly unknown[])[]> => {
    const answer = await bothWays(`from ${source} | ${pipe}`, learnedCatalogue, request, loaded);
    expect(difference(answer), `${life.host}: ${pipe}`).toBeUndefined();
    if (isStored && answer.share !== 'plain rows') pushed++;
    if (!('rows' in answer.pushed)) throw new Error(answer.pushed.failed);
    const own = answer.names.flatMap((name, i) => (LABELS.has(name) ? [] : [i]));
    return answer.pushed.rows.map((row) => own.map((i) => row[i]));
  };
  const stored = await told(`metrics.${NAME} | where host == "${life.host}"`, true);
  const inline = await told(written(life), false);
  const near = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.map((v) => (typeof v === 'number' ? Number(v.toPrecision(12)) : v)));
  expect(near(stored), `${life.host}: ${pipe}`).toEqual(near(inline));
  return stored;
};

const T = BEGIN + 20 * HOUR;
test('a start in the samples is a reset that no fall tells, and what began in the window counts from 0', async () => {
  const at = (minutes: number, value: number, start: number): Sample => ({ time: T + minutes * MINUTE, value, start: T + start * MINUTE });
  const again: Life = { host: 'again', samples: [at(1, 4, -60), at(2, 8, 1.5), at(3, 12, 1.5)], late: [] };
  const begun: Life = { host: 'begun', samples: [at(1, 8, 0.5), at(2, 12, 0.5)], late: [] };
  await put([again, begun], 200_000n);
  const request = requestOf(T, T + 10 * MINUTE);
  expect(await both(again, 'every all increase | select value', request)).toEqual([[12]]);
  expect(await both(begun, 'every all increase | select value', request)).toEqual([[12]]);
  expect(await both(begun, 'every all rate | select value', request)).toEqual([[12 / 90]]);
  expect((await both(again, 'every 1m increase | sort time | select value', request)).flat()).toEqual([8, 4]);
});

test('however a counter went on and began again, the stores and the text say one thing', async () => {
  let rows = 0;
  for (const life of lives) {
    const from = BEGIN + Math.floor(random() * 60) * MINUTE + (random() < 0.5 ? 0 : 7000);
    const request = requestOf(from, from + (10 + Math.floor(random() * 60)) * MINUTE);
    for (const pipe of [
      'every all increase, rate',
      'every all increase, rate over 20m',
      'every 1m rate | sort time',
      'every 5m increase, rate, count | sort time',
      'every 2m rate, increase over 7m | sort time',
      'every 1m increase, delta | sort time',
    ])
      rows += (await both(life, pipe, request)).length;
  }
  expect(rows).toBeGreaterThan(lives.length * 30);
  expect(pushed).toBeGreaterThan(lives.length * 2);
}, 600_000);

test('many counters at once', async () => {
  for (let i = 0; i < 5; i++) {
    const from = BEGIN + Math.floor(random() * 90) * MINUTE;
    const request = requestOf(from, from + 30 * MINUTE);
    for (const pipe of ['every 5m rate | sum by host', 'every 3m increase | sum', 'every 1m rate over 10m | max by device'])
      expect(difference(await bothWays(`from metrics.${NAME} | ${pipe}`, learnedCatalogue, request, loaded)), `seed ${SEED}: ${pipe}`).toBeUndefined();
  }
});
