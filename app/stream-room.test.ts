// The room of a real stream as an operator sees it: who holds it, how long it lasts, and what stands at /metrics.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import type { StreamSpace } from '../graphql/service.ts';
import { roomProblems } from './start-problems.ts';
import { StreamRoom, streamPart } from './stream-room.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('names who holds the room, and how long it lasts at the present rate', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'room-'));
  const stream = await openLmdbStream({ dir, maxBytes: 32 << 20 });
  ends.push(
    () => rmSync(dir, { recursive: true }),
    () => stream.close(),
  );
  await stream.ensureTopics([
    { name: 'a', partitions: 1, retentionBytes: 1 << 30, retentionMs: 1e9, groups: ['fast', 'slow'], share: 0.5 },
    { name: 'b', partitions: 1, retentionBytes: 1 << 30, retentionMs: 1e9, groups: ['other'], share: 0.5 },
  ]);
  let now = Date.now();
  const told: string[] = [];
  const log = createLogger({ level: 'info', format: 'text', write: (line) => void told.push(line) });
  const telemetry = new TelemetryRegistry();
  const room = new StreamRoom(stream, telemetry, log, 32 << 20, () => now);
  const read = async (): Promise<StreamSpace> => {
    const space = await room.read();
    if (space === undefined) throw new Error('it tells');
    return space;
  };
  const produce = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await stream.produce('a', [{ key: 'k', headers: {}, value: new Uint8Array(100 << 10) }]);
  };
  const topicOf = ({ topics }: StreamSpace, name: string) => topics.find(({ topic }) => topic === name);
  expect(streamPart(await read(), 32 << 20)).toMatchObject({ state: 'ok', detail: '0 % of 32 MiB' });
  await produce(2);
  now += 30_000;
  // Nothing that fills so little is worth a warning of when it is full.
  expect(topicOf(await read(), 'a')?.secondsLeft).toBe(undefined);
  now -= 30_000;
  await produce(91);
  await stream.reset('fast', { topic: 'a', partition: 0 }, new Uint8Array(1), 90n);
  now += 60_000;
  const filling = await read();
  const a = topicOf(filling, 'a');
  expect(a?.heldBy).toBe('slow');
  expect(a?.pressure).toBeGreaterThan(0.6);
  // It came to p within a minute: the rest to four fifths takes as long as its share of that.
  expect(a?.secondsLeft).toBeCloseTo(((0.8 - (a?.pressure ?? 0)) / (a?.pressure ?? 1)) * 60, 3);
  expect(topicOf(filling, 'b')?.heldBy).toBe(undefined);
  expect(streamPart(filling, 32 << 20)).toMatchObject({ state: 'degraded' });
  expect(streamPart(filling, 32 << 20).detail).toMatch(
    /^\d+ % of 32 MiB; a is filling \(6\d %, held by slow, full in 1\d s at the present rate\)(; what waits longest came 1 min ago, for slow)?$/,
  );
  expect(telemetry.value('inframirror_stream_left_seconds', { topic: 'a' })).toBe(a?.secondsLeft);
  expect(telemetry.value('inframirror_stream_left_seconds', { topic: 'b' })).toBe(topicOf(filling, 'b')?.secondsLeft ?? Number.POSITIVE_INFINITY);
  expect(telemetry.value('inframirror_stream_bytes')).toBe(filling.bytes);
  expect(telemetry.value('inframirror_stream_pressure_ratio', { topic: 'a' })).toBe(a?.pressure);
  expect(telemetry.value('inframirror_stream_group_waiting_messages', { group: 'slow', topic: 'a' })).toBe(93);
  expect(telemetry.value('inframirror_stream_group_lag_seconds', { group: 'slow', topic: 'a' })).toBeGreaterThanOrEqual(59);
  await produce(40);
  const closed = await read();
  expect(topicOf(closed, 'a')?.secondsLeft).toBe(0);
  expect(streamPart(closed, 32 << 20).detail).toContain('a takes nothing more in');
  await read();
  expect(told).toEqual([
    expect.stringMatching(/takes nothing more of a topic: agents keep their data.* topic="?a"? .*1\d[.\d]* MiB wait, most of it for slow/),
  ]);
  now += 90_000;
  for (const group of ['fast', 'slow']) await stream.reset(group, { topic: 'a', partition: 0 }, new Uint8Array(1), 133n);
  await read();
  expect(told.slice(1)).toEqual([expect.stringMatching(/takes a topic again.* topic="?a"? closedSeconds=90/)]);
  // How long something waits is told, however little it is.
  await produce(1);
  now += 3_600_000;
  expect(streamPart(await read(), 32 << 20)).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(/^\d+ % of 32 MiB; what waits longest came 1 h( \d+ min)? ago, for (fast|slow)$/),
  });
  // A group that was forgotten is told no more.
  await stream.reset('gone', { topic: 'a', partition: 0 }, new Uint8Array(1), 133n);
  await read();
  expect(telemetry.render()).toContain('group="gone"');
  await stream.forget('gone');
  await read();
  expect(telemetry.render()).not.toContain('group="gone"');
  expect(telemetry.render()).toContain('group="fast"');
});

test('a disk that is smaller than the limit is told with what it leaves, and is a problem only where most of it is lost to others', () => {
  const [MIB, GIB] = [1 << 20, 2 ** 30];
  const space = { bytes: 34 * MIB, maxBytes: 340 * MIB, groups: [], topics: [] };
  expect(streamPart(space, 10 * GIB)).toEqual({ name: 'stream', state: 'ok', detail: '10 % of 340 MiB, which its disk leaves it (limits.stream: 10 GiB)' });
  expect(roomProblems(340 * MIB, 10 * GIB, 700 * MIB)).toEqual([]);
  const [problem] = roomProblems(100 * MIB, 10 * GIB, 700 * MIB);
  expect(problem).toMatchObject({
    part: 'stream',
    message: expect.stringContaining('leaves the stream 100 MiB of the 444 MiB'),
    mend: expect.stringContaining('700 MiB'),
  });
  expect(roomProblems(2 * GIB, 10 * GIB, 100 * GIB)).toHaveLength(1);
  expect(roomProblems(3 * GIB, 10 * GIB, 100 * GIB)).toEqual([]);
  expect(roomProblems(undefined, 10 * GIB, 100 * GIB)).toEqual([]);
});

test('a door that the disk closes says so', async () => {
  const told: string[] = [];
  const log = createLogger({ level: 'info', format: 'text', write: (line) => void told.push(line) });
  const topics = [{ topic: 'a', unread: 0, share: 1 << 20, pressure: 1 }];
  const room = new StreamRoom(
    { state: () => Promise.resolve({ bytes: 11 << 20, maxBytes: 11 << 20, groups: [], topics }) },
    new TelemetryRegistry(),
    log,
    1 << 30,
  );
  const space = await room.read();
  expect(space === undefined ? undefined : streamPart(space, 1 << 30)).toEqual({
    name: 'stream',
    state: 'degraded',
    detail: 'closed: no room on the disk; agents keep their data and send it later (11 MiB are in it)',
  });
  expect(told).toEqual([expect.stringContaining('the disk of the data folder has no room for more than the 11 MiB')]);
});
