// Samples from the door through a real stream to whoever reads them, then and later: each is of the series it was sent for, also when the message
// that brought their set is long gone, after a restart, and for a reader that never saw it. What cannot be told is a letter, never another series.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import { Recorder, until } from '../engines/stream/conformance-support.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import type { StoredMessage, Stream } from '../engines/stream/port.ts';
import { openDoor } from '../ingest/door.ts';
import { type Definition, frameOf, idOf, NOW, packed, partOf, seriesPart, sha256 } from '../ingest/testing/frames.ts';
import { packSamples } from '../schemas/packed-samples.ts';
import { setKey } from '../schemas/sample-set.ts';
import { metricHash } from '../schemas/series-id.ts';
import { NamedSets } from './named-sets.ts';
import { decodeMessage, type Envelope, envelopeOf } from './stages/decode.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const TOPIC = 'im.metrics';

const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'sets-'));
  ends.push(() => rmSync(dir, { recursive: true }));
  return dir;
};

/** Once all is trimmed, it stays as it is while it is looked at. */
const NEVER = 2 ** 31 - 1;

const open = async (dir: string, retentionEveryMs = 10): Promise<Stream> => {
  const stream = await openLmdbStream({ dir, retentionEveryMs });
  ends.push(() => stream.close());
  await stream.ensureTopics([{ name: TOPIC, partitions: 2, retentionBytes: 6000, retentionMs: 1e9 }]);
  return stream;
};

/** All that is there now, as a reader of its own finds it. */
const readAll = async (stream: Stream, group: string): Promise<readonly StoredMessage[]> => {
  const reader = await new Recorder().start(stream, { group, topics: [TOPIC] });
  const states = await stream.partitions(TOPIC);
  await until('all is read', () =>
    states.every(({ partition, earliest, next }) => earliest === next || reader.messages.findLast((m) => m.partition === partition)?.offset === next - 1n),
  );
  await reader.stop();
  await stream.forget(group).catch(() => undefined);
  return reader.messages;
};

/** Rows as id/metric@time=value. */
const rowsOf = async (stream: Stream, messages: readonly StoredMessage[]): Promise<readonly string[]> => {
  const out: string[] = [];
  for (const partition of [0, 1]) {
    const own = messages.filter((message) => message.partition === partition && message.headers.schema === 'metrics');
    const sets = new NamedSets(stream, { topic: TOPIC, partition });
    await sets.meet(own);
    for (const message of own) {
      const outcome = decodeMessage(message, envelopeOf(message) as Envelope, ['series', 'metrics'], sets.all);
      if (!outcome.ok) throw new Error(outcome.letter.error);
      const { batch } = outcome.decoded;
      const [id, metric, time, value] = ['id', 'metric', 'time', 'value'].map((name) => columnOf(batch, name));
      for (let row = 0; row < batch.length; row++)
        out.push(`${message.headers.seq} ${[id, metric, time, value].map((column) => (column === undefined ? '' : String(valueAt(column, row)))).join(' ')}`);
    }
  }
  return out.toSorted();
};

const definitionOf = (sender: string, i: number): Definition => [
  `metric.${i % 3}`,
  [
    ['host', sender],
    ['n', String(i)],
  ],
];

test('readings of several senders in changing sets are read as they were sent, by each reader, behind trimmed messages and restarts', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ sender: fc.constantFrom('a', 'b', 'c'), without: fc.constantFrom(-1, -1, -1, 0, 7), restart: fc.integer({ min: 0, max: 9 }) }), {
        minLength: 30,
        maxLength: 60,
      }),
      async (steps) => {
        const dir = folder();
        let stream = await open(dir);
        const doorOf = () => openDoor({ stream, telemetry: noTelemetry, log: silentLogger, now: () => NOW });
        let door = doorOf();
        const expected = new Map<number, readonly string[]>();
        let seq = 1;
        // Whatever came before, the newest readings are of a set that the door knows: its series are defined once more.
        const last = Array.from({ length: 3 }, () => ({ sender: 'a', without: -1, restart: 1 }));
        for (const [step, { sender, without, restart }] of [...steps, ...last].entries()) {
          if (restart === 0) {
            await stream.close();
            stream = await open(dir);
            door = doorOf();
          }
          const series = Array.from({ length: 10 }, (_, i) => i).filter((i) => i !== without);
          const definitions = series.map((i) => definitionOf(sender, i));
          const at = NOW - step;
          const samples = packed(
            partOf('metrics', {
              metric: definitions.map(([name]) => metricHash(name)),
              id: definitions.map((d) => idOf(...d)),
              time: definitions.map(() => BigInt(at)),
              value: series.map((i) => step + i / 10),
            }),
          );
          const parts = step % 7 === 0 || step === steps.length ? [seriesPart(definitions), samples] : [samples];
          const answer = await door.receiveFrames({ headers: {}, body: frameOf(parts, { agent: sender, seq }), rights: { post: true } });
          expect(answer.status).toBe(200);
          const own = seq + parts.length - 1;
          expected.set(
            own,
            definitions.map((d, i) => `${own} ${idOf(...d)} ${metricHash(d[0])} ${at} ${step + (series[i] as number) / 10}`),
          );
          seq += parts.length;
        }
        await until('what is over its bounds is gone', async () => (await stream.partitions(TOPIC)).every(({ bytes }) => bytes <= 6000));
        await stream.close();
        stream = await open(dir, NEVER);
        const messages = await readAll(stream, 'first');
        const wanted = messages.flatMap(({ headers }) => expected.get(Number(headers.seq)) ?? []).toSorted();
        seen += messages.filter(({ headers }) => headers.encoding === 'samples').length;
        expect(await rowsOf(stream, messages)).toEqual(wanted);
        await stream.close();
        stream = await open(dir, NEVER);
        expect(await rowsOf(stream, await readAll(stream, 'later'))).toEqual(wanted);
      },
    ),
    { numRuns: 5, endOnFailure: true },
  );
  expect(seen).toBeGreaterThan(0);
}, 120_000);

test('the message that brought a set goes, the set stays', async () => {
  const dir = folder();
  let stream = await open(dir);
  const door = openDoor({ stream, telemetry: noTelemetry, log: silentLogger, now: () => NOW });
  const definitions = Array.from({ length: 10 }, (_, i) => definitionOf('a', i));
  const samples = (at: number) =>
    partOf('metrics', {
      metric: definitions.map(([name]) => metricHash(name)),
      id: definitions.map((d) => idOf(...d)),
      time: definitions.map(() => BigInt(at)),
      value: definitions.map((_, i) => i / 10),
    });
  for (let seq = 1; seq < 100; seq++) {
    const parts = seq === 1 ? [seriesPart(definitions)] : [samples(NOW - seq)];
    expect((await door.receiveFrames({ headers: {}, body: frameOf(parts, { agent: 'a', seq }), rights: { post: true } })).status).toBe(200);
  }
  await until('the first are gone', async () => (await stream.partitions(TOPIC)).some(({ earliest }) => earliest > 20n));
  await stream.close();
  stream = await open(dir, NEVER);
  const messages = await readAll(stream, 'later');
  expect(messages.every(({ headers }) => headers.encoding === 'samples' && Number(headers.seq) > 20)).toBe(true);
  expect((await rowsOf(stream, messages)).length).toBe(messages.length * 10);
});

test('a set that is not there, is not what its name says, or has other rows makes a letter', async () => {
  const packedSamples = packSamples({ time: BigInt64Array.of(1_700_000_000_000n), value: Float64Array.of(1) }) as Uint8Array;
  const message = (set: string): StoredMessage => ({
    topic: TOPIC,
    partition: 0,
    offset: 0n,
    key: 'a',
    headers: { schema: 'metrics', version: '1', sender: 'a', boot: '1', seq: '1', rows: '1', encoding: 'samples', set },
    value: packedSamples,
  });
  const [one, two] = [new Uint8Array(12).fill(1), new Uint8Array(24).fill(1)];
  const kept = new Map([
    [setKey(one, sha256), one],
    [setKey(two, sha256), two],
    ['00112233', one],
    [setKey(new Uint8Array(13), sha256), new Uint8Array(13)],
  ]);
  const outcomeOf = async (set: string) => {
    const sets = new NamedSets({ shared: (_, key) => Promise.resolve(kept.get(key)) }, { topic: TOPIC, partition: 0 });
    await sets.meet([message(set)]);
    return decodeMessage(message(set), envelopeOf(message(set)) as Envelope, ['metrics'], sets.all);
  };
  expect(await outcomeOf(setKey(one, sha256))).toMatchObject({ ok: true, decoded: { batch: { length: 1 } } });
  for (const set of ['ff', '00112233', setKey(two, sha256), setKey(new Uint8Array(13), sha256), ''])
    expect(await outcomeOf(set)).toMatchObject({ ok: false, letter: { reason: 'malformed', stage: 'decode' } });
});
