// Series over the limit, from frames to what a store holds in the end: one series a metric, whose value is the sum of theirs at every
// time, whatever is sent again, refused or fails on its way. The store here does as the workers do: it passes over a seq it has seen, and
// of two values for one time the later stands.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, columnOf, type Value, valueAt } from '../core/batch/batch.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { createLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { metricHash } from '../schemas/series-id.ts';
import { type Door, openDoor } from './door.ts';
import { INTAKE_LIMITS, type IntakeLimits } from './limits.ts';
import { type Definition, frameOf, idOf, NOW, partOf, samplesPart, seriesPart } from './testing/frames.ts';

class Store {
  /** By id, then by time. */
  readonly samples = new Map<bigint, Map<number, number>>();
  readonly definitions = new Map<bigint, Readonly<Record<string, Value>>>();
  readonly #seen = new Map<string, readonly [boot: bigint, seq: bigint]>();
  /** All that came, repeats included. */
  readonly messages: Message[] = [];

  take(messages: readonly Message[]): void {
    this.messages.push(...messages);
    for (const { headers, value } of messages) {
      const [sender, boot, seq] = [headers.sender ?? '', BigInt(headers.boot ?? 0), BigInt(headers.seq ?? 0)];
      const [lastBoot, lastSeq] = this.#seen.get(sender) ?? [-1n, -1n];
      if (boot < lastBoot || (boot === lastBoot && seq <= lastSeq)) continue;
      this.#seen.set(sender, [boot, seq]);
      for (const batch of decodeStream(value)) {
        expect(String(batch.length)).toBe(headers.rows);
        if (headers.schema === 'series') this.#define(batch);
        else this.#keep(batch);
      }
    }
  }

  #define(batch: Batch): void {
    for (let row = 0; row < batch.length; row++) {
      const values = Object.fromEntries(batch.fields.map(({ name }, i) => [name, valueAt(batch.columns[i] as never, row)]));
      this.definitions.set(values.id as bigint, values);
    }
  }

  #keep(batch: Batch): void {
    const at = (name: string, row: number): Value => valueAt(columnOf(batch, name), row);
    for (let row = 0; row < batch.length; row++) {
      const id = at('id', row) as bigint;
      const own = this.samples.get(id) ?? new Map<number, number>();
      this.samples.set(id, own.set(Number(at('time', row)), at('value', row) as number));
    }
  }

  /** Times and values of a series. */
  of(name: string, labels: Readonly<Record<string, string>>): Readonly<Record<number, number>> {
    return Object.fromEntries(this.samples.get(idOf(name, Object.entries(labels))) ?? []);
  }
}

/** What becomes of the next produce. */
type Fate = 'stands' | 'is lost' | 'stands and is told as lost';

const setUp = (limits: Partial<IntakeLimits> = {}) => {
  const telemetry = new TelemetryRegistry();
  const store = new Store();
  const lines: string[] = [];
  const state: { fate: Fate; door: Door | undefined } = { fate: 'stands', door: undefined };
  const produce = async (_: string, messages: readonly Message[]): Promise<void> => {
    const { fate } = state;
    if (fate !== 'is lost') store.take(messages);
    if (fate !== 'stands') throw new Error('the stream failed');
  };
  const restart = (): void => {
    const log = createLogger({ level: 'debug', format: 'json', write: (line) => lines.push(line) });
    state.door = openDoor({ stream: { produce }, telemetry, log, limits: { ...INTAKE_LIMITS, ...limits }, now: () => NOW });
  };
  restart();
  const post = async (body: Uint8Array, fate: Fate = 'stands'): Promise<Record<string, unknown>> => {
    state.fate = fate;
    const answer = await (state.door as Door).receiveFrames({ headers: {}, body, rights: { post: true } });
    return { status: answer.status, ...(JSON.parse(answer.body) as Record<string, unknown>) };
  };
  return { post, restart, store, telemetry, lines };
};

const requests = (path: string, host = 'web-1'): Definition => [
  'requests',
  [
    ['host', host],
    ['path', path],
  ],
];
const OVERFLOW = { host: 'web-1', 'otel.metric.overflow': 'true' };
const [a, b, c, d] = ['/a', '/b', '/c', '/d'].map((path) => requests(path)) as [Definition, Definition, Definition, Definition];
const tick = (...values: readonly (readonly [Definition, number])[]): OwnFramePart => at(NOW, ...values);
const at = (ms: number, ...values: readonly (readonly [Definition, number])[]): OwnFramePart =>
  partOf('metrics', {
    metric: values.map(([[name]]) => metricHash(name)),
    id: values.map(([definition]) => idOf(...definition)),
    time: values.map(() => BigInt(ms)),
    value: values.map(([, value]) => value),
  });

describe('series over the limit', () => {
  test('are summed into one a metric that is defined ahead, counted and named; a new run begins anew', async () => {
    const { post, store, telemetry, lines } = setUp({ seriesPerSender: 1 });
    const first = await post(frameOf([seriesPart([a, b, c]), tick([a, 1], [b, 2], [c, 3.5])]));
    expect(first).toEqual({
      status: 200,
      rows: 2,
      dropped: [],
      summed: [
        { part: 0, schema: 'series', rows: 2, firstRow: 1 },
        { part: 1, schema: 'metrics', rows: 2, firstRow: 1 },
      ],
      unknown: [],
    });
    expect(store.of('requests', { host: 'web-1', path: '/a' })).toEqual({ [NOW]: 1 });
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 5.5 });
    expect(store.samples.size).toBe(2);
    expect(store.definitions.get(idOf('requests', Object.entries(OVERFLOW)))).toEqual({
      id: idOf('requests', Object.entries(OVERFLOW)),
      name: 'requests',
      kind: 'gauge',
      temporality: 'cumulative',
      unit: '1',
      interval: 10_000,
      labels: new Map(Object.entries(OVERFLOW)),
    });
    expect(store.definitions.size).toBe(2);
    const counted = (schema: string): number => telemetry.value('inframirror_summed_rows_total', { stage: 'ingest', reason: 'series-limit', schema });
    expect([counted('series'), counted('metrics')]).toEqual([2, 2]);
    expect(telemetry.value('inframirror_ingest_rows_total', { schema: 'metrics' })).toBe(1);
    expect([telemetry.value('inframirror_ingest_series'), telemetry.value('inframirror_ingest_overflow_series')]).toEqual([1, 1]);
    expect(lines.filter((line) => line.includes('"warn"') && line.includes('over the limit') && line.includes('agent-1'))).toHaveLength(1);
    expect(await post(frameOf([seriesPart([b]), tick([b, 9])], { boot: 8n }))).toMatchObject({ rows: 2, summed: [] });
    expect(store.of('requests', { host: 'web-1', path: '/b' })).toEqual({ [NOW]: 9 });
  });

  test('have the kind, temporality, unit and interval of the first of them, also in definitions that come later', async () => {
    const { post, store } = setUp({ seriesPerSender: 0 });
    const part = ([name, labels]: Definition, kind: string, unit: string): OwnFramePart =>
      partOf('series', { id: [idOf(name, labels)], name: [name], kind: [kind], unit: [unit], labels: [new Map(labels)], interval: [5000] });
    await post(frameOf([part(a, 'counter', 'By')]));
    await post(frameOf([part(b, 'gauge', '1')], { seq: 41 }));
    expect([...store.definitions.values()]).toMatchObject([{ kind: 'counter', unit: 'By', interval: 5000, labels: new Map(Object.entries(OVERFLOW)) }]);
  });

  test('of several hosts are the sender’s', async () => {
    const { post, store } = setUp({ seriesPerSender: 0 });
    const [one, two] = [requests('/a', 'web-1'), requests('/a', 'web-2')];
    await post(frameOf([seriesPart([one]), tick([one, 1])]));
    await post(frameOf([seriesPart([two]), tick([two, 2])], { seq: 42 }));
    await post(frameOf([at(NOW + 1, [one, 3], [two, 4])], { seq: 44 }));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 1 });
    expect(store.of('requests', { ...OVERFLOW, host: 'agent-1' })).toEqual({ [NOW]: 2, [NOW + 1]: 7 });
    expect([...store.definitions.values()].map(({ labels }) => (labels as Map<string, string>).get('host'))).toEqual(['web-1', 'agent-1']);
  });

  test('grow the sum of a time over parts and frames, each metric its own', async () => {
    const { post, store } = setUp({ seriesPerSender: 1 });
    const other: Definition = ['errors', [['host', 'web-1']]];
    await post(frameOf([seriesPart([a, b, c, d, other]), tick([b, 1]), tick([c, 2], [other, 10])]));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 3 });
    await post(frameOf([tick([d, 4])], { seq: 43 }));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 7 });
    await post(frameOf([at(NOW + 10, [b, 1], [a, 5])], { seq: 44 }));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 7, [NOW + 10]: 1 });
    expect(store.of('errors', OVERFLOW)).toEqual({ [NOW]: 10 });
  });

  test('are added once, however often their frame comes again', async () => {
    const { post, store } = setUp({ seriesPerSender: 1 });
    const first = frameOf([seriesPart([a, b, c]), tick([b, 1])]);
    const second = frameOf([tick([b, 2])], { seq: 42 });
    await post(first);
    await post(second);
    await post(second);
    // A worker that has forgotten the sender would write it.
    expect(store.messages.at(-1)).toEqual(store.messages.at(-2));
    await post(first);
    // Twice at once, as after a connection that broke.
    const third = frameOf([tick([b, 4])], { seq: 43 });
    await Promise.all([post(third), post(third)]);
    await post(frameOf([tick([b, 8])], { seq: 44 }));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 15 });
  });

  test('are added once when the frame could not be put on the stream, or nobody knows', async () => {
    const { post, store } = setUp({ seriesPerSender: 1 });
    const first = frameOf([seriesPart([a, b]), tick([b, 1])]);
    const second = frameOf([tick([b, 2])], { seq: 42 });
    for (const fate of ['is lost', 'stands and is told as lost'] as const) {
      expect(await post(first, fate)).toMatchObject({ status: 503 });
      expect(await post(first, fate)).toMatchObject({ status: 503 });
    }
    await post(first);
    expect(await post(second, 'stands and is told as lost')).toMatchObject({ status: 503 });
    expect(await post(second)).toMatchObject({ status: 200 });
    await post(frameOf([tick([b, 4])], { seq: 43 }));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 7 });
    expect(store.definitions.size).toBe(2);
  });

  test('are not added by a frame that never reached the stream and does not come again', async () => {
    const { post, store } = setUp({ seriesPerSender: 1 });
    await post(frameOf([seriesPart([a, b]), tick([b, 1])]));
    await post(frameOf([tick([b, 2])], { seq: 42 }), 'is lost');
    await post(frameOf([tick([b, 4])], { seq: 43 }));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 5 });
  });

  test('are not added by a frame that is refused', async () => {
    const { post, store } = setUp({ seriesPerSender: 1 });
    await post(frameOf([seriesPart([a, b]), tick([b, 1])]));
    expect(await post(frameOf([tick([b, 2]), partOf('logs', { time: [1n] })], { seq: 42 }))).toMatchObject({ status: 400 });
    await post(frameOf([tick([b, 4])], { seq: 44 }));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 5 });
  });

  test('leave NaN and infinities out of their sum, and late and future samples', async () => {
    const { post, store } = setUp({ seriesPerSender: 1 });
    const values = tick([b, Number.NaN], [b, 1], [c, Number.POSITIVE_INFINITY], [c, 2], [c, Number.NEGATIVE_INFINITY]);
    const times = samplesPart(b, [
      [NOW - 10 ** 12, 7],
      [NOW + 10 ** 7, 7],
      [NOW + 1, Number.NaN],
    ]);
    expect(await post(frameOf([seriesPart([a, b, c]), values, times]))).toMatchObject({
      rows: 1,
      dropped: [
        { part: 1, reason: 'series-limit', rows: 3, firstRow: 0 },
        { part: 2, reason: 'late', rows: 1 },
        { part: 2, reason: 'future', rows: 1 },
        { part: 2, reason: 'series-limit', rows: 1 },
      ],
    });
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 3 });
  });

  test('for a time whose sum is not kept any more are dropped, not put in place of the whole', async () => {
    const { post, store } = setUp({ seriesPerSender: 0 });
    const history = (definition: Definition): OwnFramePart =>
      samplesPart(
        definition,
        Array.from({ length: 200 }, (_, i) => [NOW - i, 1]),
      );
    // In one frame all times are summed, in whatever order they come.
    await post(frameOf([seriesPart([a, b, c]), history(a), history(b)]));
    const sums = Object.values(store.of('requests', OVERFLOW));
    expect([sums.length, new Set(sums)]).toEqual([200, new Set([2])]);
    expect(await post(frameOf([history(c)], { seq: 43 }))).toMatchObject({ rows: 0, dropped: [{ reason: 'series-limit', rows: 200 - 64, firstRow: 64 }] });
    const after = store.of('requests', OVERFLOW);
    expect([after[NOW], after[NOW - 63], after[NOW - 64], after[NOW - 199]]).toEqual([3, 3, 2, 2]);
  });

  test('beyond the number of overflow series are dropped', async () => {
    const { post, store } = setUp({ seriesPerSender: 0, overflowPerSender: 1 });
    const other: Definition = ['errors', []];
    expect(await post(frameOf([seriesPart([a, other]), tick([other, 1], [other, 2], [a, 3])]))).toMatchObject({
      dropped: [
        { part: 0, reason: 'series-limit', rows: 1, firstRow: 1 },
        { part: 1, reason: 'series-limit', rows: 2, firstRow: 0 },
      ],
      summed: [{ part: 0 }, { part: 1, rows: 1, firstRow: 2 }],
    });
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 3 });
  });

  test('keep columns that this program does not know', async () => {
    const { post, store } = setUp({ seriesPerSender: 1 });
    const [name, labels] = b;
    const part = partOf(
      'series',
      { id: [a, b].map((s) => idOf(...s)), name: [name, name], kind: ['gauge', 'gauge'], labels: [a, b].map((s) => new Map(s[1])), later: ['x', 'y'] },
      [
        { name: 'id', type: { kind: 'int', bits: 64, signed: false } },
        { name: 'name', type: { kind: 'utf8' } },
        { name: 'kind', type: { kind: 'utf8' } },
        { name: 'labels', type: { kind: 'map', value: { kind: 'utf8' } } },
        { name: 'later', type: { kind: 'utf8' } },
      ],
    );
    expect(await post(frameOf([part, tick([b, 1])]))).toMatchObject({ status: 200 });
    expect([...store.definitions.values()].map(({ later }) => later)).toEqual(['x', 'y']);
    expect(store.of(name, Object.fromEntries(labels))).toEqual({});
  });
});

describe('a door that was started after its senders', () => {
  test('asks for definitions until it has them, and then sums again', async () => {
    const { post, restart, store } = setUp({ seriesPerSender: 1 });
    expect(await post(frameOf([seriesPart([a, b, c]), tick([a, 1], [b, 2])]))).not.toHaveProperty('define');
    expect(await post(frameOf([at(NOW + 1, [a, 1])], { seq: 42 }))).not.toHaveProperty('define');
    restart();
    // Samples of series that it does not know are kept, as they always are.
    expect(await post(frameOf([at(NOW + 2, [a, 1], [b, 2], [c, 3])], { seq: 43 }))).toMatchObject({ rows: 3, define: true });
    // Those of a new series alone are not all.
    expect(await post(frameOf([seriesPart([requests('/new')]), at(NOW + 3, [a, 1])], { seq: 44 }))).toMatchObject({ define: true });
    expect(await post(frameOf([at(NOW + 4, [a, 1])], { seq: 46 }))).toMatchObject({ define: true });
    // What has no samples is not asked.
    expect(await post(frameOf([partOf('logs', { time: [BigInt(NOW) * 1_000_000n], body: ['x'] })], { seq: 47 }))).not.toHaveProperty('define');
    restart();
    const again = frameOf([seriesPart([a, b, c]), at(NOW + 5, [a, 1], [b, 2], [c, 3])], { seq: 48 });
    expect(await post(again)).not.toHaveProperty('define');
    expect(await post(frameOf([at(NOW + 6, [b, 1], [c, 3])], { seq: 50 }))).not.toHaveProperty('define');
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 2, [NOW + 5]: 5, [NOW + 6]: 4 });
  });

  test('takes definitions that come in a frame of their own', async () => {
    const { post } = setUp();
    expect(await post(frameOf([seriesPart([a])]))).not.toHaveProperty('define');
    expect(await post(frameOf([tick([a, 1])], { seq: 41 }))).not.toHaveProperty('define');
    expect(await post(frameOf([tick([b, 1])], { seq: 42 }))).not.toHaveProperty('define');
  });

  test('does not begin an earlier run again for a frame of it that comes once more', async () => {
    const { post, store } = setUp({ seriesPerSender: 1 });
    const before = frameOf([seriesPart([c]), tick([c, 5])], { boot: 7n });
    await post(before);
    await post(frameOf([seriesPart([a, b]), tick([b, 1])], { boot: 8n }));
    expect(await post(before)).toMatchObject({ status: 200, summed: [] });
    await post(frameOf([tick([b, 2])], { boot: 8n, seq: 42 }));
    expect(store.of('requests', OVERFLOW)).toEqual({ [NOW]: 3 });
  });
});

test('any frames, repeats and failures: the value at every time is the sum over the series that are over the limit', async () => {
  const metrics = ['requests', 'errors'] as const;
  const series: readonly Definition[] = metrics.flatMap((name) => ['/a', '/b', '/c', '/d', '/e'].map((path): Definition => [name, requests(path)[1]]));
  const sample = fc.record({ of: fc.nat(series.length - 1), time: fc.nat(5), value: fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constant(Number.NaN)) });
  const frame = fc.record({
    parts: fc.array(fc.array(sample, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 }),
    fates: fc.array(fc.constantFrom<Fate>('is lost', 'stands and is told as lost'), { maxLength: 2 }),
    /** Frames that come again after it. */
    again: fc.array(fc.nat(20), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { minLength: 1, maxLength: 8 }),
      fc.nat(6),
      fc.shuffledSubarray([...series], { minLength: series.length }),
      async (frames, limit, order) => {
        const { post, store } = setUp({ seriesPerSender: limit });
        const kept = new Set(order.slice(0, limit).map((definition) => idOf(...definition)));
        const truth = new Map<string, Map<number, number>>();
        const sent: Uint8Array[] = [];
        let seq = 1;
        for (const [n, { parts, fates, again }] of frames.entries()) {
          const ofSamples = parts.map((rows) =>
            partOf('metrics', {
              metric: rows.map(({ of }) => metricHash(series[of]?.[0] ?? '')),
              id: rows.map(({ of }) => idOf(...(series[of] as Definition))),
              time: rows.map(({ time }) => BigInt(NOW + time)),
              value: rows.map(({ value }) => value),
            }),
          );
          const all = n === 0 ? [seriesPart(order), ...ofSamples] : ofSamples;
          const body = frameOf(all, { seq });
          seq += all.length;
          for (const fate of fates) await post(body, fate);
          expect(await post(body)).toMatchObject({ status: 200 });
          sent.push(body);
          for (const which of again) await post(sent[which % sent.length] as Uint8Array);
          for (const { of, time, value } of parts.flat()) {
            const [name, labels] = series[of] as Definition;
            if (kept.has(idOf(name, labels)) || Number.isNaN(value)) continue;
            const sums = truth.get(name) ?? new Map<number, number>();
            truth.set(name, sums.set(NOW + time, (sums.get(NOW + time) ?? 0) + value));
          }
        }
        for (const name of metrics) expect(store.of(name, OVERFLOW)).toEqual(Object.fromEntries(truth.get(name) ?? []));
        const own = new Set(metrics.map((name) => idOf(name, Object.entries(OVERFLOW))));
        for (const id of store.samples.keys()) expect(own.has(id) || kept.has(id)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
