// Samples on their way through the door: what comes together again rests packed beside the set of its series, all else as it was sent.
import { expect, test } from 'vitest';
import { type DataType, INT64, TIME_MS } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import type { Message } from '../engines/stream/port.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { unpackSamples } from '../schemas/packed-samples.ts';
import { decodeSet } from '../schemas/sample-set.ts';
import { metricHash } from '../schemas/series-id.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { openDoor } from './door.ts';
import { KnownSets } from './known-sets.ts';
import { type Definition, frameOf, idOf, NOW, packed, partOf, seriesPart, sha256 } from './testing/frames.ts';

const DEFINITIONS: readonly Definition[] = Array.from({ length: 30 }, (_, i) => [`metric.${i % 3}`, [['n', String(i)]]] as const);
const IDS = DEFINITIONS.map((d) => idOf(...d));
const METRICS = DEFINITIONS.map(([name]) => metricHash(name));

const setUp = () => {
  const clock = { ms: NOW };
  const sent: Message[] = [];
  const answers: object[] = [];
  let fails = false;
  const produce = async (_: string, messages: readonly Message[]): Promise<void> => {
    if (fails) throw new Error('no');
    sent.push(...messages);
  };
  const door = openDoor({ stream: { produce, pressure: () => 0 }, telemetry: noTelemetry, log: silentLogger, now: () => clock.ms });
  let seq = 40;
  /** What became of its samples. */
  const post = async (parts: readonly OwnFramePart[], agent = 'agent-1'): Promise<Message | undefined> => {
    const before = sent.length;
    const body = frameOf(parts, { agent, seq });
    seq += parts.length;
    answers.push(JSON.parse((await door.receiveFrames({ headers: {}, body, rights: { post: true } })).body) as object);
    return sent.slice(before).find(({ headers }) => headers.schema === 'metrics');
  };
  return {
    clock,
    post,
    answers,
    fail: (now: boolean) => {
      fails = now;
    },
  };
};

const reading = (
  at: number,
  order: readonly number[] = IDS.map((_, i) => i),
  more: Readonly<Record<string, readonly (bigint | null)[]>> = {},
  type: DataType = INT64,
): OwnFramePart =>
  packed(
    partOf(
      'metrics',
      {
        metric: order.map((i) => METRICS[i] as number),
        id: order.map((i) => IDS[i] as bigint),
        time: order.map(() => BigInt(at)),
        value: order.map((i) => i / 10),
        ...more,
      },
      [...SIGNAL_FIELDS.metrics.slice(0, 4), ...Object.keys(more).map((name) => ({ name, type }))],
    ),
  );

const encodingOf = (message: Message | undefined): string | undefined => message?.headers.encoding;

test('a reading goes as it was sent the first time, and packed beside its set from then on', async () => {
  const { post, clock } = setUp();
  const first = reading(NOW);
  const whole = await post([seriesPart(DEFINITIONS), first]);
  expect([whole?.value, encodingOf(whole), whole?.shared]).toEqual([first.ipc, 'zstd', undefined]);
  for (const at of [NOW + 1000, NOW + 2000]) {
    const next = await post([reading(at)]);
    const { key, value } = next?.shared ?? { key: '', value: new Uint8Array(0) };
    expect(next?.headers).toMatchObject({ encoding: 'samples', set: key, rows: '30' });
    const set = decodeSet(value, key, sha256);
    expect([[...set.id], [...set.metric]]).toEqual([IDS, METRICS]);
    const { time, value: values } = unpackSamples(next?.value as Uint8Array, 30);
    expect([[...time], [...values]]).toEqual([IDS.map(() => BigInt(at)), IDS.map((_, i) => i / 10)]);
  }
  // Another hour: each series is met anew, the set is the same.
  clock.ms += 3_600_000;
  expect(encodingOf(await post([reading(clock.ms)]))).toBe('samples');
});

test('what is not the same set, has other columns, loses rows or has no definitions is sent on as it came', async () => {
  const { post } = setUp();
  await post([seriesPart(DEFINITIONS), reading(NOW)]);
  expect(encodingOf(await post([reading(NOW + 1000)]))).toBe('samples');
  const backwards = IDS.map((_, i) => IDS.length - 1 - i);
  expect(encodingOf(await post([reading(NOW + 2000, backwards)]))).toBe('zstd');
  expect(encodingOf(await post([reading(NOW + 3000, backwards)]))).toBe('samples');
  expect(encodingOf(await post([reading(NOW + 4000, IDS.map((_, i) => i).slice(1))]))).toBe('zstd');
  expect(encodingOf(await post([reading(NOW + 5000, undefined, { newer: IDS })]))).toBe('zstd');
  const late = await post([reading(NOW - 40 * 86_400_000)]);
  expect(late).toBe(undefined);
  expect(encodingOf(await post([reading(NOW + 6000)]))).toBe('samples');
  // Another sender, whose definitions nobody has.
  for (let i = 0; i < 3; i++) expect(encodingOf(await post([reading(NOW + 7000 + i)], 'agent-2'))).toBe('zstd');
});

test('starts rest with the samples, and those that are missing, or later than their sample, as 0; a column of that name and another type is left as it is', async () => {
  const { post } = setUp();
  await post([seriesPart(DEFINITIONS), reading(NOW)]);
  const start = IDS.map((_, i) => (i % 3 === 0 ? null : BigInt(NOW - 5000)));
  const message = await post([reading(NOW + 1000, undefined, { start }, TIME_MS)]);
  expect(encodingOf(message)).toBe('samples');
  expect([...(unpackSamples(message?.value as Uint8Array, 30).start ?? [])]).toEqual(start.map((at) => at ?? 0n));
  const later = await post([reading(NOW + 1500, undefined, { start: start.with(1, BigInt(NOW + 1501)) }, TIME_MS)]);
  expect(encodingOf(later)).toBe('samples');
  expect([...(unpackSamples(later?.value as Uint8Array, 30).start ?? [])]).toEqual(start.with(1, 0n).map((at) => at ?? 0n));
  expect(encodingOf(await post([reading(NOW + 2000, undefined, { start }, INT64)]))).not.toBe('samples');
});

test('one metric more or less makes another set', async () => {
  const { post } = setUp();
  await post([seriesPart(DEFINITIONS), reading(NOW)]);
  const before = (await post([reading(NOW + 1000)]))?.shared;
  METRICS[29] = 7;
  expect(encodingOf(await post([reading(NOW + 2000)]))).toBe('zstd');
  const after = (await post([reading(NOW + 3000)]))?.shared;
  METRICS[29] = METRICS[2] as number;
  expect(after?.key).not.toBe(before?.key);
});

test('sets of a sender are bounded: those met first go', () => {
  const sets = new KnownSets();
  const set = (n: number) => ({ metric: Uint32Array.of(1, 1), id: BigUint64Array.of(BigInt(n) << 8n, 5n) });
  for (let n = 0; n < 10; n++) sets.keep(set(n), 100);
  expect(Array.from({ length: 10 }, (_, n) => sets.find(set(n)) !== undefined)).toEqual([...Array(6).fill(false), ...Array(4).fill(true)]);
  sets.keep(set(1), 10);
  expect(sets.find(set(1))).toBe(undefined);
  const known = sets.find(set(9));
  sets.doubt();
  expect([known?.isJudged, sets.find(set(9)) === known]).toEqual([false, true]);
});

test('a reading that could not be kept is judged again, with the definitions that come again', async () => {
  const { post, fail, answers } = setUp();
  fail(true);
  await post([seriesPart(DEFINITIONS), reading(NOW)]);
  fail(false);
  // The set is known by its bytes, its series are to be defined anew.
  const again = await post([reading(NOW)]);
  expect(encodingOf(again)).toBe('samples');
  expect(answers.at(-1)).toMatchObject({ define: true });
  await post([seriesPart(DEFINITIONS), reading(NOW + 1000)]);
  expect(answers.at(-1)).not.toHaveProperty('define');
});
