// A log made of the bytes of another, against what that one had at the moment they were taken.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { hasCode } from '../../../core/errors.ts';
import { message, Recorder, until } from '../conformance-support.ts';
import type { EmbeddedStream, LogSnapshot } from '../embedded.ts';
import { openLmdbStream } from './open.ts';
import { restoreLog } from './snapshot.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'snapshot-'));
  ends.push(() => rm(dir, { recursive: true }));
  return dir;
};
const openIn = async (dir: string): Promise<EmbeddedStream> => {
  const stream = await openLmdbStream({ dir });
  ends.push(() => stream.close());
  return stream;
};
const bytesOf = async (snapshot: LogSnapshot): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of snapshot.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
};
/** In pieces of any size, as a file gives them. */
const pieces = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};
const TOPIC = { name: 't', partitions: 2, retentionBytes: 1 << 30, retentionMs: 86_400_000, groups: ['g'] };
const LETTERS = { ...TOPIC, name: 'letters', groups: [] };

const readAll = async (stream: EmbeddedStream, group: string, topic: string, count: number): Promise<readonly string[]> => {
  const recorder = await new Recorder().start(stream, { group, topics: [topic] });
  await until('all were read', () => recorder.messages.length >= count);
  await recorder.stop();
  return recorder.messages.map(({ partition, offset, key, value }) => `${partition}/${offset} ${key} ${Buffer.from(value).toString()}`);
};

test('has what was there when it was taken, and what came later not; places, offsets and checkpoints with it', async () => {
  const stream = await openIn(await folder());
  await stream.ensureTopics([TOPIC, LETTERS]);
  const messages = Array.from({ length: 300 }, (_, i) => message(`k${i % 7}`, `value ${i} ${'x'.repeat(i * 40)}`));
  for (const one of messages) await stream.produce('t', [one]);
  const set = { key: 'set', value: new Uint8Array([7, 8]) };
  await stream.produce('t', [{ ...message('k1', 'with others'), shared: set }]);
  await stream.produce('letters', [message('dead', 'letter')]);
  const place = new Uint8Array([1, 2, 3]);
  const half = (await stream.partitions('t')).map(({ partition, next }) => ({ topic: 't', partition, next: next / 2n }));
  for (const { next, ...at } of half) await stream.reset('g', at, place, next);
  const states = await stream.partitions('t');

  const snapshot = await stream.snapshot();
  await stream.produce('t', [message('k1', 'too late')]);
  for (const { next, ...at } of half) await stream.reset('g', at, new Uint8Array([9]), next + 1n);
  const bytes = await bytesOf(snapshot);
  snapshot.release();
  snapshot.release();

  const dir = await folder();
  await restoreLog(dir, pieces(bytes, 1000), 'copy');
  const restored = await openIn(dir);
  expect((await restored.partitions('t')).map(({ partition, next }) => ({ partition, next }))).toEqual(
    states.map(({ partition, next }) => ({ partition, next })),
  );
  // What the group is done with did not go along; what no group reads did.
  expect((await restored.partitions('t')).map(({ earliest }) => earliest)).toEqual(half.map(({ next }) => next));
  expect((await restored.committed('g', 't')).map(({ next, progress }) => [next, [...progress]])).toEqual(half.map(({ next }) => [next, [1, 2, 3]]));
  const left = states.reduce((sum, { next }) => sum + Number(next - next / 2n), 0);
  const read = await readAll(restored, 'other', 't', left);
  expect(read).toHaveLength(left);
  expect(read.join('\n')).not.toContain('too late');
  expect(await readAll(restored, 'other', 'letters', 1)).toEqual([expect.stringContaining('dead letter')]);
  const shared = await Promise.all([0, 1].map((partition) => restored.shared({ topic: 't', partition }, 'set')));
  expect(shared.filter((bytes) => bytes !== undefined)).toEqual([set.value]);
  // It goes on like the one it was made of.
  await restored.produce('t', [message('k1', 'goes on')]);
  expect((await restored.state()).bytes).toBeGreaterThan(0);
});

test('bytes that are cut, begin otherwise or go on are refused', async () => {
  const stream = await openIn(await folder());
  await stream.ensureTopics([TOPIC]);
  await stream.produce('t', [message('a', 'b')]);
  const snapshot = await stream.snapshot();
  const bytes = await bytesOf(snapshot);
  snapshot.release();
  for (const wrong of [bytes.subarray(0, -1), bytes.subarray(0, 5), bytes.subarray(1), Buffer.concat([bytes, Buffer.from([0])])])
    await expect(restoreLog(await folder(), pieces(wrong, 7), 'copy')).rejects.toSatisfy((error) => hasCode(error, 'stream.damaged'));
  // A length is not believed: else all that follows would be held in memory, up to 4 GiB, before anything is said.
  const long = Buffer.from(bytes);
  long.writeUInt32LE(2 ** 32 - 1, 9 + 3);
  await expect(restoreLog(await folder(), pieces(long, 7), 'copy')).rejects.toThrow('a record of 4294967295 bytes');
});
