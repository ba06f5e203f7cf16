// Start times, histograms and summaries from frames at the door to rows of the real column store: what is there is what was sent, to the bit,
// whoever sends it again and in whatever order it comes; frames of senders that know none of it are read as before.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Value, valueAt } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { openDoor } from '../ingest/door.ts';
import { type Columns, type Definition, distributionsPart, frameOf, idOf, packed, partOf, samplesPart, seriesPart } from '../ingest/testing/frames.ts';
import { GOLDEN_FRAMES } from '../ingest/testing/golden-frames.ts';
import { LearnedCatalogue } from '../query/ask/learned-catalogue.ts';
import { unlimited } from '../query/caller.ts';
import { QueryService } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { metricHash } from '../schemas/series-id.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import type { MetricKind } from '../schemas/types.ts';
import { sized } from '../test/support/long.ts';
import { type Pipeline, startPipeline } from './start.ts';
import { openStores, type Stores } from './testing/stores.ts';

const dir = mkdtempSync(join(tmpdir(), 'distributions-'));
const telemetry = new TelemetryRegistry();
let stores: Stores;
let pipeline: Pipeline;
let seq = 1;

const start = async (): Promise<void> => {
  pipeline = await startPipeline({ ...stores, telemetry, logger: silentLogger });
};

beforeAll(async () => {
  stores = await openStores(dir, silentLogger);
  await start();
}, 120_000);
afterAll(async () => {
  await pipeline?.stop();
  await stores?.close();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

interface Answer {
  readonly startless?: readonly unknown[];
  readonly rows: number;
  readonly dropped: readonly object[];
}

const post = async (body: Uint8Array, at?: number): Promise<Answer> => {
  const door = openDoor({ stream: stores.stream, telemetry, log: silentLogger, ...(at === undefined ? {} : { now: () => at }) });
  const answer = await door.receiveFrames({ headers: {}, body, rights: { post: true } });
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
  return JSON.parse(answer.body) as Answer;
};
const send = async (sender: string, parts: readonly OwnFramePart[]): Promise<Answer> => {
  const body = frameOf(parts, { agent: sender, host: sender, seq });
  seq += parts.length;
  return post(body);
};
const settled = async (): Promise<void> => {
  while ((await pipeline.status()).partitions.some(({ lag }) => lag !== 0n)) await new Promise((resolve) => setTimeout(resolve, 50));
};
const rowsOf = async (sql: string): Promise<readonly (readonly Value[])[]> =>
  (await stores.columns.query(sql)).batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))),
  );

const minute = Math.floor(Date.now() / 60_000) * 60_000;
const DAY = 86_400_000;

type Schema = 'histograms' | 'summaries';
type Row = Readonly<Record<string, Value>>;

const columnsOf = (schema: Schema, rows: readonly Row[]): Columns =>
  Object.fromEntries(
    SIGNAL_FIELDS[schema].filter(({ name }) => rows.some((row) => name in row)).map(({ name }) => [name, rows.map((row) => row[name] ?? null)]),
  );

/** What a column has in its table where its sender left it out. */
const EMPTY: Row = {
  start: 0n,
  stale: false,
  sum: null,
  min: null,
  max: null,
  bounds: [],
  counts: [],
  scale: null,
  zero_count: 0n,
  zero_threshold: 0,
  positive_offset: 0,
  positive_counts: [],
  negative_offset: 0,
  negative_counts: [],
  quantiles: [],
  values: [],
};
const GIVEN = (schema: Schema): readonly string[] => SIGNAL_FIELDS[schema].map(({ name }) => name).filter((name) => name !== 'metric' && name !== 'id');

/** All rows of a series in order of time, as their sender would write them; those of one time by insert. */
const stored = (schema: Schema, { 0: name }: Definition, final = ''): Promise<readonly (readonly Value[])[]> =>
  rowsOf(
    `SELECT ${GIVEN(schema)
      .map((column) => `\`${column}\``)
      .join(', ')} FROM ${schema} ${final} WHERE metric = ${metricHash(name)} ORDER BY time, insert`,
  );
const expected = (schema: Schema, rows: readonly Row[]): readonly (readonly Value[])[] =>
  rows.toSorted((a, b) => Number(a.time) - Number(b.time)).map((row) => GIVEN(schema).map((name) => (row[name] ?? EMPTY[name]) as Value));

const define = (definition: Definition, kind: MetricKind): OwnFramePart => seriesPart([definition], undefined, '1', kind);

describe('what was sent is what is stored', () => {
  const float = fc.oneof(fc.double(), fc.integer({ min: -3, max: 9 }));
  const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
  const counts = fc.array(fc.oneof(fc.bigInt(0n, 5n), fc.bigInt(0n, 2n ** 40n)), { minLength: 1, maxLength: 20 });
  const sum = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n);
  const common = { sum: maybe(float), start: maybe(fc.constantFrom(0n, 1n, BigInt(minute - 2 * DAY))), stale: maybe(fc.boolean()) };
  const explicit = fc
    .record({ ...common, counts, from: fc.integer({ min: -9, max: 9 }), min: maybe(fc.constant(-0)), max: maybe(fc.constant(1.5)) })
    .map(({ from, counts: own, ...rest }): Row => ({ ...rest, count: sum(own), counts: own, bounds: own.slice(1).map((_, i) => (from + i) / 3) }));
  const exponential = fc
    .record({
      ...common,
      positive: counts,
      negative: counts,
      zero: fc.bigInt(0n, 5n),
      scale: fc.integer({ min: 0, max: 20 }),
      from: fc.integer({ min: -500, max: 500 }),
    })
    .map(
      ({ positive, negative, zero, scale, from, ...rest }): Row => ({
        ...rest,
        count: sum(positive) + sum(negative) + zero,
        scale,
        zero_count: zero,
        zero_threshold: 1e-6,
        positive_offset: from,
        positive_counts: positive,
        negative_offset: 0 - from,
        negative_counts: negative,
      }),
    );
  const summary = fc
    .record({ ...common, count: fc.bigInt(0n, 2n ** 53n), values: fc.array(float, { maxLength: 9 }) })
    .map((row): Row => ({ ...row, quantiles: row.values.map((_, i) => i / 10) }));

  test.each([
    ['histograms', fc.oneof(explicit, exponential), 'histogram'],
    ['summaries', summary, 'summary'],
  ] as const)('any %s, packed and plain, over two days', async (schema, row, kind) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const definition = [`test.any.${schema}`, [['host', `any-${seed}`]]] as const;
    const rows = fc.sample(row, { seed, numRuns: sized(120, 1000) }).map((own, i): Row => ({ ...own, time: BigInt(minute - i * 1000 - (i % 2) * DAY) }));
    const parts = [rows.slice(0, 100), rows.slice(100)].map((some) => distributionsPart(schema, definition, columnsOf(schema, some)));
    const answer = await send('any-1', [define(definition, kind), parts[0] as OwnFramePart, packed(parts[1] as OwnFramePart)]);
    expect(answer.dropped, `seed ${seed}`).toEqual([]);
    await settled();
    expect(await stored(schema, definition), `seed ${seed}`).toEqual(expected(schema, rows));
    expect(await rowsOf(`SELECT kind, labels['host'] FROM series WHERE name = 'test.any.${schema}'`)).toEqual([[kind, `any-${seed}`]]);
  });
});

test('rows of one schema beside columns that are left out, and those that do not hold together', async () => {
  const definition = ['test.some', [['host', 'some-1']]] as const;
  const good: Row = { time: BigInt(minute), count: 3n, bounds: [1], counts: [1n, 2n] };
  const answer = await send('some-1', [
    define(definition, 'histogram'),
    distributionsPart('histograms', definition, columnsOf('histograms', [good, { ...good, counts: [1n] }, { ...good, time: BigInt(minute + 1), count: 4n }])),
    distributionsPart(
      'histograms',
      definition,
      columnsOf('histograms', [
        { ...good, time: BigInt(minute - 20 * DAY) },
        { ...good, time: BigInt(minute + 2), start: BigInt(minute + 3) },
      ]),
    ),
    distributionsPart('summaries', definition, columnsOf('summaries', [{ time: BigInt(minute), count: 1n, quantiles: [2], values: [1] }])),
  ]);
  expect(answer).toMatchObject({
    rows: 3,
    startless: [{ part: 2, schema: 'histograms', rows: 1, firstRow: 1 }],
    dropped: [
      { part: 1, schema: 'histograms', reason: 'malformed', rows: 2, firstRow: 1, fault: 'counts: it has 1 entries, of 1 bounds it must have 2' },
      { part: 2, schema: 'histograms', reason: 'late', rows: 1, firstRow: 0 },
      { part: 3, schema: 'summaries', reason: 'malformed', rows: 1, firstRow: 0, fault: 'quantiles: one of them is 2, they must be from 0 to 1' },
    ],
  });
  await settled();
  expect(await stored('histograms', definition)).toEqual(expected('histograms', [good, { ...good, time: BigInt(minute + 2), start: 0n }]));
  expect(await stored('summaries', definition)).toEqual([]);
});

test('a frame that comes again, at once or after a restart, changes nothing; of two rows for one time the later stands', async () => {
  const definition = ['test.again', [['host', 'again-1']]] as const;
  const first: Row = { time: BigInt(minute), count: 1n, bounds: [1], counts: [0n, 1n] };
  const parts = [define(definition, 'histogram'), distributionsPart('histograms', definition, columnsOf('histograms', [first]))];
  const body = frameOf(parts, { agent: 'again-1', host: 'again-1', seq: seq });
  seq += parts.length;
  await post(body);
  await post(body);
  await settled();
  await pipeline.stop();
  await start();
  await post(body);
  const second: Row = { ...first, count: 2n, counts: [0n, 2n] };
  await send('again-1', [distributionsPart('histograms', definition, columnsOf('histograms', [second]))]);
  await settled();
  expect(await stored('histograms', definition, 'FINAL')).toEqual(expected('histograms', [second]));
  await stores.columns.command('OPTIMIZE TABLE histograms FINAL');
  expect(await stored('histograms', definition)).toEqual(expected('histograms', [second]));
});

describe('the start of a sample', () => {
  const startsOf = async (name: string): Promise<readonly Value[]> =>
    (await rowsOf(`SELECT toUnixTimestamp64Milli(start) FROM samples WHERE metric = ${metricHash(name)} ORDER BY time`)).map(([value]) => value as Value);

  test('rests beside it; one that is not known is 0, and one after its row’s time is not known', async () => {
    const [name, labels] = ['test.starts', [['host', 'starts-1']]] as const;
    const definition: Definition = [name, labels];
    const starts = [BigInt(minute - DAY), 0n, null, BigInt(minute + 3), BigInt(minute + 5), -1n];
    const { rows, startless } = await send('starts-1', [
      seriesPart([definition]),
      samplesPart(definition, [[minute - 9, 1]]),
      partOf('metrics', {
        metric: starts.map(() => metricHash(name)),
        id: starts.map(() => idOf(name, labels)),
        time: starts.map((_, i) => BigInt(minute + i)),
        value: starts.map((_, i) => i),
        start: starts,
      }),
    ]);
    expect({ rows, startless }).toEqual({ rows: 8, startless: [{ part: 2, schema: 'metrics', rows: 2, firstRow: 4 }] });
    await settled();
    expect(await startsOf(name)).toEqual([0n, BigInt(minute - DAY), 0n, 0n, BigInt(minute + 3), 0n, 0n]);
  });
});

describe('frames as versions sent them, byte for byte', () => {
  test.each(GOLDEN_FRAMES)('$version', async ({ frame, at, name, samples, histograms, summaries }) => {
    const { rows, dropped } = await post(new Uint8Array(Buffer.from(frame, 'base64')), at);
    expect({ rows, dropped }).toEqual({ rows: 1 + samples.length + histograms.length + summaries.length, dropped: [] });
    await settled();
    const metric = `metric = ${metricHash(name)}`;
    expect(await rowsOf(`SELECT time, mantissa, exponent, start FROM samples WHERE ${metric} ORDER BY time`)).toEqual(samples);
    expect(await rowsOf(`SELECT * EXCEPT (metric, id, insert) FROM histograms WHERE ${metric} ORDER BY time`)).toEqual(histograms);
    expect(await rowsOf(`SELECT * EXCEPT (metric, id, insert) FROM summaries WHERE ${metric} ORDER BY time`)).toEqual(summaries);
  });
});

test.each<readonly [MetricKind, Schema, Row]>([
  ['histogram', 'histograms', { count: 1n, bounds: [1], counts: [0n, 1n] }],
  ['exponential histogram', 'histograms', { count: 1n, scale: 0, positive_counts: [1n] }],
  ['summary', 'summaries', { count: 1n, quantiles: [0.5], values: [1] }],
])('a metric of kind %s is listed with it; a text that asks for it is told that it cannot be asked yet', async (kind, schema, row) => {
  const definition = [`test.asked.${kind.replace(' ', '-')}`, [['host', 'asked-1']]] as const;
  await send('asked-1', [define(definition, kind), distributionsPart(schema, definition, columnsOf(schema, [{ ...row, time: BigInt(minute) }]))]);
  await settled();
  const catalogue = new LearnedCatalogue(DATASETS, stores.columns, stores.search);
  await catalogue.refresh();
  expect(catalogue.metric(definition[0])).toMatchObject({ kind, labels: ['host'] });
  const queries = new QueryService({ ports: stores, catalogue, completeUpTo: (table) => pipeline.completeUpTo(table) }).for(unlimited('test'));
  const range = { from: BigInt(minute - 60_000) * 1_000_000n, to: BigInt(minute + 60_000) * 1_000_000n };
  const { diagnostics } = await queries.query(`from metrics.\`${definition[0]}\` | every 1m avg`, range);
  expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([['iql.not-yet', `asking for a metric of kind ${kind} is not in this version yet`]]);
  // Nor is it among the samples of all metrics.
  const { columns } = await queries.query(`from metrics | where name == "${definition[0]}" | count`, range);
  expect(columns.map(({ values }) => values)).toEqual([[0]]);
});
