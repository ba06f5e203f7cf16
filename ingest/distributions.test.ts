// Start times, histograms and summaries through the door: they count against the quotas and belong to their host's series as samples do, and
// whatever is changed in them is refused, dropped or taken, and never breaks the door.
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, columnOf, INT64, list, type Value, valueAt } from '../core/batch/batch.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import type { Authority } from './authority.ts';
import { openDoor } from './door.ts';
import { INTAKE_LIMITS, type IntakeLimits } from './limits.ts';
import { type Columns, type Definition, distributionsPart, frameOf, idOf, NOW, packed, partOf, seriesPart } from './testing/frames.ts';
import { GOLDEN_FRAMES } from './testing/golden-frames.ts';

const setUp = (limits: Partial<IntakeLimits> = {}, now = NOW) => {
  const sent: Message[] = [];
  const telemetry = new TelemetryRegistry();
  const stream = { produce: async (_: string, messages: readonly Message[]) => void sent.push(...messages), pressure: () => 0 };
  const door = openDoor({ stream, telemetry, log: silentLogger, limits: { ...INTAKE_LIMITS, ...limits }, now: () => now });
  let seq = 0;
  const post = async (parts: readonly OwnFramePart[] | Uint8Array, agent = 'a', authority?: Authority) => {
    seq += 10;
    const body = parts instanceof Uint8Array ? parts : frameOf(parts, { agent, host: agent, seq });
    const answer = await door.receiveFrames({ headers: {}, body, rights: { post: true, ...(authority === undefined ? {} : { authority }) } });
    return { status: answer.status, ...(JSON.parse(answer.body) as Record<string, unknown>) };
  };
  return { post, sent, telemetry };
};

const of = (host: string): Definition => ['http.duration', [['host', host]]];
const histogram = (definition: Definition, over: Columns = {}): OwnFramePart =>
  distributionsPart('histograms', definition, { time: [BigInt(NOW)], count: [3n], bounds: [[0.5]], counts: [[1n, 2n]], ...over });
const summary = (definition: Definition, over: Columns = {}): OwnFramePart =>
  distributionsPart('summaries', definition, { time: [BigInt(NOW)], count: [3n], quantiles: [[0.5]], values: [[1]], ...over });

test('they go with their definitions, as they were sent, on one topic behind them', async () => {
  const { post, sent, telemetry } = setUp();
  const parts = [seriesPart([of('a')], undefined, '1', 'exponential histogram'), packed(histogram(of('a'))), summary(of('a'))];
  expect(await post(parts)).toEqual({ status: 200, rows: 3, dropped: [], unknown: [] });
  expect(sent.map(({ headers }) => [headers.schema, headers.rows, headers.encoding])).toEqual([
    ['series', '1', undefined],
    ['histograms', '1', 'zstd'],
    ['summaries', '1', undefined],
  ]);
  expect(sent.map(({ value }) => Buffer.from(value))).toEqual(parts.map(({ ipc }) => Buffer.from(ipc)));
  expect(telemetry.value('inframirror_ingest_rows_total', { schema: 'histograms' })).toBe(1);
});

test('what is malformed is dropped, counted and named; the rest of the part goes on packed as it came', async () => {
  const { post, sent, telemetry } = setUp();
  const parts = [
    seriesPart([of('a')], undefined, '1', 'histogram'),
    packed(
      histogram(of('a'), {
        time: [1, 2, 3].map((i) => BigInt(NOW - i)),
        count: [3n, 4n, 3n],
        bounds: [[0.5], [0.5], [1]],
        counts: [
          [1n, 2n],
          [1n, 2n],
          [0n, 3n],
        ],
      }),
    ),
  ];
  expect(await post(parts)).toMatchObject({
    rows: 3,
    dropped: [{ part: 1, schema: 'histograms', reason: 'malformed', rows: 1, firstRow: 1, fault: 'count: it is 4, its buckets have 3' }],
  });
  expect(sent.map(({ headers }) => [headers.schema, headers.rows, headers.encoding])).toEqual([
    ['series', '1', undefined],
    ['histograms', '2', 'zstd'],
  ]);
  expect(telemetry.value('inframirror_dropped_rows_total', { stage: 'ingest', reason: 'malformed', schema: 'histograms' })).toBe(1);
});

test('they are asked for their definitions, and count against the quotas of series', async () => {
  const { post } = setUp({ seriesPerSender: 2 });
  expect(await post([histogram(of('a'))])).toMatchObject({ status: 200, rows: 1, define: true });
  expect(await post([histogram(of('b')), summary(of('c'))])).toMatchObject({
    rows: 1,
    dropped: [{ part: 1, schema: 'summaries', reason: 'series-limit', rows: 1, firstRow: 0 }],
  });
});

test('nobody sends them for the series of another host', async () => {
  const { post, sent } = setUp();
  const bound = (host: string): Authority => ({
    account: host,
    who: host,
    isBound: true,
    isSigned: () => true,
    maySend: (sender) => sender === host,
    maySpeakFor: (name) => name === host,
    generation: 0,
    mustHold: () => undefined,
  });
  expect(await post([seriesPart([of('victim')], undefined, '1', 'histogram'), histogram(of('victim'))], 'victim', bound('victim'))).toMatchObject({
    status: 200,
  });
  for (const part of [histogram(of('victim')), summary(of('victim'))])
    expect(await post([part], 'bad', bound('bad'))).toMatchObject({ status: 403, code: 'intake.host', host: 'victim' });
  expect(sent).toHaveLength(2);
});

describe('a part is refused, with its column named', () => {
  const counts = (type: typeof INT64, value: Value) =>
    partOf(
      'histograms',
      { metric: [1], id: [1n], time: [BigInt(NOW)], count: [1n], counts: [value] },
      SIGNAL_FIELDS.histograms.map((field) => (field.name === 'counts' ? { name: 'counts', type: list(type) } : field)),
    );
  test.each([
    ['counts that may be negative', counts(INT64, [-1n]), 'counts', 'it is of type list of int64, it must be list of uint64'],
    ['a count that is missing', histogram(of('a'), { counts: [[1n, null]] }), 'counts', 'an entry of it is missing'],
    ['rows without a count', histogram(of('a'), { count: [null] }), 'count', 'it is missing'],
    [
      'a kind that is none',
      seriesPart([of('a')], undefined, '1', 'gaugehistogram' as 'gauge'),
      'kind',
      'it is none of gauge, counter, histogram, exponential histogram, summary',
    ],
  ])('%s', async (_, part, column, reason) => {
    const { post, sent } = setUp();
    expect(await post([part])).toMatchObject({ status: 400, code: 'intake.refused', column, reason });
    expect(sent).toEqual([]);
  });
});

describe('the start of a sample', () => {
  const rows = [
    [NOW, NOW],
    [NOW, NOW + 1],
    [NOW - 5, NOW],
    [NOW, 0],
    [NOW, -1],
    [NOW - 40 * 86_400_000, NOW],
    // Where the lower words alone would say the opposite.
    [NOW, NOW - 2 ** 32],
    [NOW, NOW + 2 ** 33 - 5],
    [NOW, null],
  ] as const;
  const stands = [NOW, 0, 0, 0, 0, NOW - 2 ** 32, 0, 0];
  const samples = (definition: Definition): OwnFramePart =>
    partOf('metrics', {
      metric: rows.map(() => 1),
      id: rows.map(() => idOf(...definition)),
      time: rows.map(([time]) => BigInt(time)),
      value: rows.map((_, i) => i),
      start: rows.map(([, start]) => (start === null ? null : BigInt(start))),
    });
  const told = (sent: Message | undefined, name: string): readonly number[] => {
    const [batch] = decodeStream(sent?.value as Uint8Array);
    const column = columnOf(batch as Batch, name);
    return Array.from({ length: column.length }, (_, row) => Number(valueAt(column, row) ?? 0));
  };

  test('that is after its time is not known: the value stands, and the sender is told; a sample that is late besides is only that', async () => {
    const { post, sent, telemetry } = setUp();
    expect(await post([samples(of('a'))])).toMatchObject({
      rows: 8,
      dropped: [{ reason: 'late', rows: 1, firstRow: 5 }],
      startless: [{ part: 0, schema: 'metrics', rows: 4, firstRow: 1 }],
    });
    expect(told(sent[0], 'start')).toEqual(stands);
    expect(told(sent[0], 'value')).toEqual([0, 1, 2, 3, 4, 6, 7, 8]);
    expect(telemetry.value('inframirror_dropped_starts_total', { stage: 'ingest', reason: 'start-time', schema: 'metrics' })).toBe(4);
  });

  test.each(['histograms', 'summaries'] as const)('of %s too, packed as they came, though nothing is dropped', async (schema) => {
    const { post, sent } = setUp();
    const part = (schema === 'histograms' ? histogram : summary)(of('a'), { start: [BigInt(NOW + 1)] });
    expect(await post([packed(part)])).toMatchObject({ rows: 1, dropped: [], startless: [{ schema, rows: 1, firstRow: 0 }] });
    expect(sent[0]?.headers.encoding).toBe('zstd');
    expect(told({ ...(sent[0] as Message), value: zstdDecompressSync(sent[0]?.value as Uint8Array) }, 'start')).toEqual([0]);
  });
});

test('a frame of this version with any bytes changed is refused or taken, and the door goes on', async () => {
  const { frame, at } = GOLDEN_FRAMES.at(-1) as (typeof GOLDEN_FRAMES)[number];
  const { post, telemetry } = setUp({}, at);
  const whole = new Uint8Array(Buffer.from(frame, 'base64'));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = whole.slice();
      for (const [place, value] of changes) bytes[place] = value;
      expect([200, 400, 409]).toContain((await post(bytes)).status);
    }),
    { numRuns: 1000 },
  );
  expect(telemetry.value('inframirror_ingest_requests_total', { status: '503' })).toBe(0);
});
