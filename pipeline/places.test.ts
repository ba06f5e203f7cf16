// Where groups begin, on a real stream: in an empty topic at its end, nowhere in one with messages of which nothing is known, elsewhere when told.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import type { Stream } from '../engines/stream/port.ts';
import { beginGroup, putGroup, routeOf } from './places.ts';
import { decodeProgress, encodeProgress, NO_PROGRESS } from './progress.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const route = routeOf('im.logs');
const at = { topic: route.topic, partition: 0 };

const open = async (): Promise<Stream> => {
  const dir = mkdtempSync(join(tmpdir(), 'places-'));
  const stream = await openLmdbStream({ dir });
  ends.push(
    () => rmSync(dir, { recursive: true }),
    () => stream.close(),
  );
  await stream.ensureTopics([{ name: route.topic, partitions: 1, retentionBytes: 1 << 30, retentionMs: 1e9, groups: [route.group] }]);
  return stream;
};
const produce = (stream: Stream, count: number): Promise<void> =>
  stream.produce(
    route.topic,
    Array.from({ length: count }, () => ({ key: 'k', headers: {}, value: new Uint8Array(1) })),
  );
const placeOf = async (stream: Stream) => {
  const [committed] = await stream.committed(route.group, route.topic);
  return committed === undefined ? undefined : { next: committed.next, ...decodeProgress(committed.progress) };
};

test('begins in an empty topic, and goes on from there however much has come', async () => {
  const stream = await open();
  expect(await beginGroup(stream, route)).toBe(undefined);
  expect(await placeOf(stream)).toMatchObject({ next: 0n, progress: NO_PROGRESS });
  await produce(stream, 5);
  // Killed before the first round: the start after it finds messages, and knows that none was stored.
  expect(await beginGroup(stream, route)).toBe(undefined);
  expect((await placeOf(stream))?.next).toBe(0n);
});

test('does not begin where nothing tells what of the messages is in the stores, until somebody says so', async () => {
  const stream = await open();
  await produce(stream, 5);
  expect(await beginGroup(stream, route)).toMatchObject({ code: 'pipeline.no-progress', parameters: { topic: 'im.logs', partition: 0 } });
  expect(await placeOf(stream)).toBe(undefined);
  expect(await putGroup(stream, route, { offset: 3n })).toEqual([{ ...at, group: route.group, from: 3n, messages: 2n, skippedFrom: 3n, skipped: 0n }]);
  expect(await beginGroup(stream, route)).toBe(undefined);
});

test('is put elsewhere within what is there; numbers of inserts go on, what was known of senders does not', async () => {
  const stream = await open();
  await produce(stream, 5);
  const before = { next: 4n, insert: 77n, time: 8n, epoch: 2, pending: { from: 4n, to: 5n, messages: 1, inserts: [] } };
  await stream.reset(route.group, at, encodeProgress(before), 4n);
  expect((await putGroup(stream, route, 'earliest'))[0]).toMatchObject({ from: 0n, messages: 5n });
  expect(await placeOf(stream)).toMatchObject({ next: 0n, progress: { next: 0n, insert: 77n, time: 8n, epoch: 3, pending: undefined } });
  expect((await putGroup(stream, route, { offset: 5n }, { skipUnread: true }))[0]).toMatchObject({ from: 5n, messages: 0n, skippedFrom: 0n, skipped: 5n });
  expect((await putGroup(stream, route, { time: 0 }))[0]).toMatchObject({ from: 0n, messages: 5n });
  expect((await putGroup(stream, route, { time: Date.now() + 60_000 }, { skipUnread: true }))[0]).toMatchObject({ from: 5n, messages: 0n });
  expect((await placeOf(stream))?.progress.epoch).toBe(6);
});

test('what was not read is passed over only when somebody says so, and else nothing is put elsewhere', async () => {
  const stream = await open();
  expect(await beginGroup(stream, route)).toBe(undefined);
  await produce(stream, 5);
  await stream.reset(route.group, at, encodeProgress({ ...NO_PROGRESS, next: 2n }), 2n);
  for (const from of [{ offset: 3n }, { offset: 5n }, { time: Date.now() + 60_000 }]) {
    const skipped = 'offset' in from && from.offset === 3n ? '1' : '3';
    await expect(putGroup(stream, route, from)).rejects.toMatchObject({ code: 'pipeline.skips', parameters: { partition: 0, messages: skipped, saved: '2' } });
    expect(await placeOf(stream)).toMatchObject({ next: 2n, progress: { epoch: 0 } });
  }
  expect((await putGroup(stream, route, { offset: 2n }))[0]).toMatchObject({ from: 2n, messages: 3n });
  expect((await putGroup(stream, route, { offset: 3n }, { skipUnread: true }))[0]).toMatchObject({ from: 3n, messages: 2n, skippedFrom: 2n, skipped: 1n });
});

test('an offset that no partition has is refused, whether or not what is unread may be passed over', async () => {
  const stream = await open();
  expect(await beginGroup(stream, route)).toBe(undefined);
  await produce(stream, 5);
  for (const skipUnread of [false, true])
    await expect(putGroup(stream, route, { offset: 6n }, { skipUnread })).rejects.toMatchObject({
      code: 'pipeline.beyond',
      parameters: { offset: '6', next: '5' },
    });
  expect((await placeOf(stream))?.next).toBe(0n);
});

test('a topic that no pipeline reads is named, with those that are', () => {
  expect(() => routeOf('im.dead')).toThrow('im.metrics');
});
