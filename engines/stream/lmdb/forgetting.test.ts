// What the LMDB log forgets by bytes and by age, and what it keeps whatever its age: what a group needs, what messages share, and what a clock
// that jumps says is old.
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TelemetryRegistry } from '../../../core/telemetry.ts';
import { message, Recorder, until } from '../conformance-support.ts';
import type { Stream } from '../port.ts';
import { codeOf, logsOfTests, TOPIC } from '../testing/logs.ts';
import { openLmdbStream } from './open.ts';

const { folder, openIn } = logsOfTests();

describe('what the LMDB log forgets', () => {
  test('keeps what messages share when the one that brought it is trimmed, and not for ever', async () => {
    const dir = await folder();
    const stream = await openIn(dir, { retentionEveryMs: 20 });
    await stream.ensureTopics([{ ...TOPIC, retentionBytes: 100_000 }]);
    const at = { topic: 't', partition: 0 };
    const shared = { key: 'set', value: new Uint8Array(50_000).fill(7) };
    const produce = (count: number, size: number, more: object = {}): Promise<void> =>
      stream.produce(
        't',
        Array.from({ length: count }, () => ({ key: 'k', headers: {}, value: new Uint8Array(size), ...more })),
      );
    await produce(1, 10, { shared });
    for (let i = 0; i < 200; i++) await produce(1, 1000, { shared });
    await until('the first is gone', async () => ((await stream.partitions('t'))[0]?.earliest ?? 0n) > 50n);
    expect(await stream.shared(at, 'set')).toEqual(shared.value);
    // Others follow, until no message is left that named it.
    const last = (await stream.partitions('t'))[0]?.next as bigint;
    for (let i = 0; i < 200; i++) await produce(1, 1000);
    await until('all of them are gone', async () => ((await stream.partitions('t'))[0]?.earliest ?? 0n) >= last);
    await until('it is gone too', async () => (await stream.shared(at, 'set')) === undefined);
    await produce(1, 10, { shared });
    await stream.close();
    const again = await openIn(dir, { retentionEveryMs: 20 });
    expect(await again.shared(at, 'set')).toEqual(shared.value);
  });

  test('writes what messages share again when the commit that had it failed', async () => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([TOPIC]);
    await before.close();
    const stream = await openIn(dir, { maxBytes: 1 << 20 });
    const shared = { key: 'set', value: new Uint8Array(100).fill(3) };
    const of = (size: number) => [{ key: 'k', headers: {}, value: new Uint8Array(size), shared }];
    expect(await codeOf(stream.produce('t', of(2 << 20)))).toBe('stream.full');
    expect(await stream.shared({ topic: 't', partition: 0 }, 'set')).toBe(undefined);
    expect(await codeOf(stream.produce('t', of(10)))).toBe('ok');
    expect(await stream.shared({ topic: 't', partition: 0 }, 'set')).toEqual(shared.value);
  });

  test('forgets by bytes what every group is done with, and nothing that one still needs', async () => {
    const telemetry = new TelemetryRegistry();
    const stream = await openIn(await folder(), { telemetry, retentionEveryMs: 20 });
    await stream.ensureTopics([{ ...TOPIC, retentionBytes: 10_000, groups: ['fast', 'slow'] }]);
    const at = { topic: 't', partition: 0 };
    const state = async () => (await stream.partitions('t'))[0];
    const fast = await new Recorder().start(stream, { group: 'fast', topics: ['t'] });
    for (let i = 0; i < 100; i++) await stream.produce('t', [message('k', 'x'.repeat(1000))]);
    await until('all came', () => fast.messages.length === 100);
    // The other has not even joined; it is known from the topic.
    await fast.consumer?.saveProgress(at, new Uint8Array(1), 100n);
    const slow = await new Recorder().start(stream, { group: 'slow', topics: ['t'] });
    await until('all came', () => slow.messages.length === 100);
    expect((await state())?.earliest).toBe(0n);
    // All was delivered to it, but it says that it needs what follows the fortieth.
    await slow.consumer?.saveProgress(at, new Uint8Array(1), 40n);
    await until('what both are done with is gone', async () => (await state())?.earliest === 40n);
    const { groups } = await stream.state();
    expect(groups.map(({ group, waiting, oldest }) => [group, waiting, oldest !== undefined && Math.abs(Date.now() - oldest) < 600_000])).toEqual([
      ['fast', 0n, false],
      ['slow', 60n, true],
    ]);
    await slow.consumer?.saveProgress(at, new Uint8Array(1), 100n);
    await until('it is within its limit', async () => ((await state())?.bytes ?? 0) <= 10_000);
    expect((await state())?.earliest).toBe(91n);
    await until('it is counted', () => telemetry.value('inframirror_stream_trimmed_messages_total', { topic: 't', reason: 'bytes' }) === 91);
  });

  test.each([
    ['a group that was behind when it was closed', ['g']],
    ['one that is known by what it saved alone', undefined],
  ])('keeps over a stop of days, and a clock that runs ahead, what was not read: %s', async (_, groups) => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([{ ...TOPIC, retentionMs: 60_000, ...(groups === undefined ? {} : { groups }) }]);
    const reader = await new Recorder().start(before, { group: 'g', topics: ['t'] });
    await before.produce(
      't',
      Array.from({ length: 10 }, (__, n) => message('k', String(n))),
    );
    await until('all came', () => reader.messages.length === 10);
    await reader.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(1), 6n);
    await before.close();
    // Of more it is not believed that they passed.
    const days = 1.9 * 86_400_000;
    const stream = await openIn(dir, { retentionEveryMs: 5, now: () => Date.now() + days });
    // Many looks at what is to go, before the reader is back.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const late = new Recorder();
    late.from = () => 4n;
    await late.start(stream, { group: 'g', topics: ['t'] });
    await until('all came again', () => late.messages.length === 6);
    await until('what it is done with is gone', async () => (await stream.partitions('t'))[0]?.earliest === 4n);
    await late.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(1), 10n);
    await until('all of it', async () => (await stream.partitions('t'))[0]?.earliest === 10n);
  });

  test('keeps what follows a checkpoint, though progress is further', async () => {
    const dir = await folder();
    const stream = await openIn(dir, { retentionEveryMs: 5 });
    await stream.ensureTopics([{ ...TOPIC, retentionBytes: 0 }]);
    const at = { topic: 't', partition: 0 };
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    for (let n = 0; n < 100; n++) await stream.produce('t', [message('k', String(n))]);
    await until('all came', () => reader.messages.length === 100);
    await reader.consumer?.saveCheckpoint(at, new Uint8Array(1), 20n);
    await reader.consumer?.saveProgress(at, new Uint8Array(1), 50n);
    const earliest = async () => (await stream.partitions('t'))[0]?.earliest;
    await until('what lies before it is gone', async () => (await earliest()) === 20n);
    await stream.close();
    const again = await openIn(dir, { retentionEveryMs: 5 });
    const heir = new Recorder();
    heir.from = () => 20n;
    await heir.start(again, { group: 'g', topics: ['t'] });
    await until('the rest came', () => heir.messages.length === 80);
    // What is read again to learn from it is done all the same, for everybody who asks.
    expect((await again.state()).groups[0]?.waiting).toBe(50n);
    expect((await again.committed('g', 't'))[0]?.next).toBe(50n);
    await heir.consumer?.saveCheckpoint(at, new Uint8Array(1), 60n);
    await heir.consumer?.saveProgress(at, new Uint8Array(1), 90n);
    await until('more is gone', async () => (await again.partitions('t'))[0]?.earliest === 60n);
    expect((await again.state()).groups[0]?.waiting).toBe(10n);
  });

  test('forgets by age, wholly, and never gives an offset twice', async () => {
    let now = Date.now();
    const telemetry = new TelemetryRegistry();
    const dir = await folder();
    const stream = await openIn(dir, { telemetry, retentionEveryMs: 20, now: () => now });
    await stream.ensureTopics([{ ...TOPIC, retentionMs: 60_000 }]);
    await stream.produce(
      't',
      Array.from({ length: 1000 }, (_, n) => message('k', String(n))),
    );
    now += 120_000;
    await until('all is forgotten', async () => ((await stream.partitions('t'))[0]?.earliest ?? 0n) === 1000n);
    expect((await stream.partitions('t'))[0]).toEqual({ topic: 't', partition: 0, earliest: 1000n, next: 1000n, bytes: 0 });
    await until('it is counted', () => telemetry.value('inframirror_stream_trimmed_messages_total', { topic: 't', reason: 'age' }) === 1000);
    await stream.close();
    const again = await openIn(dir);
    await again.produce('t', [message('k', 'next')]);
    const reader = await new Recorder().start(again, { group: 'g', topics: ['t'] });
    await until('it came', () => reader.messages.length === 1);
    expect(reader.messages[0]?.offset).toBe(1000n);
  });

  test('loses nothing by age to a clock that jumps ahead, while it is open or was not, until it has stood so for a day', async () => {
    const day = 86_400_000;
    const begun = Date.now();
    let now = begun;
    const dir = await folder();
    const open = (): Promise<Stream> => openIn(dir, { retentionEveryMs: 5, now: () => now });
    const earliest = async (stream: Stream) => (await stream.partitions('t'))[0]?.earliest;
    /** Over many looks. */
    const staysAt = async (stream: Stream, offset: bigint): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(await earliest(stream)).toBe(offset);
    };
    let stream = await open();
    await stream.ensureTopics([{ ...TOPIC, retentionMs: 14 * day, retentionBytes: 5000 }]);
    await stream.produce('t', [message('k', 'a letter')]);
    await staysAt(stream, 0n);
    now = begun + 40 * day;
    await staysAt(stream, 0n);
    // What is too much goes meanwhile, but nothing else.
    await stream.produce(
      't',
      Array.from({ length: 10 }, () => message('k', 'x'.repeat(1000))),
    );
    await until('it is within its limit', async () => ((await stream.partitions('t'))[0]?.bytes ?? Number.NaN) <= 5000);
    const kept = (await earliest(stream)) as bigint;
    // Set right, and wrong again while it is closed.
    now = begun + 60_000;
    await staysAt(stream, kept);
    await stream.close();
    now = begun + 80 * day;
    stream = await open();
    await staysAt(stream, kept);
    await stream.close();
    now += 0.9 * day;
    stream = await open();
    await staysAt(stream, kept);
    now = begun + 120 * day;
    await staysAt(stream, kept);
    now += day;
    await until('it is believed', async () => (await earliest(stream)) === 11n);
  });

  test('of a log that never wrote down how the clock stood the newest message says when it was last right', async () => {
    const day = 86_400_000;
    const dir = await folder();
    // Looks at nothing before it is closed.
    const before = await openIn(dir, { retentionEveryMs: 3_600_000 });
    await before.ensureTopics([{ ...TOPIC, retentionMs: 14 * day }]);
    await before.produce('t', [message('k', 'a letter')]);
    await before.close();
    let now = Date.now() + 40 * day;
    const stream = await openIn(dir, { retentionEveryMs: 5, now: () => now });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await stream.partitions('t'))[0]?.earliest).toBe(0n);
    now += day;
    await until('it is believed', async () => (await stream.partitions('t'))[0]?.earliest === 1n);
  });

  test.each([
    ['cut to two pages', (file: string) => truncateSync(file, 8192)],
    ['cut by a third', (file: string) => truncateSync(file, Math.floor((statSync(file).size * 2) / 3))],
    ['cut within its first page', (file: string) => truncateSync(file, 100)],
    ['its first two pages zero', (file: string) => writeFileSync(file, new Uint8Array(8192), { flag: 'r+' })],
    ['another file', (file: string) => writeFileSync(file, 'x'.repeat(100_000))],
  ])('says that its file is damaged, and does not end the process: %s', async (_, damage) => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([TOPIC]);
    for (let i = 0; i < 20; i++) await before.produce('t', [{ key: 'k', headers: {}, value: new Uint8Array(50_000).fill(i) }]);
    await before.close();
    // It opens as it is.
    await (await openLmdbStream({ dir })).close();
    damage(join(dir, 'data.mdb'));
    expect(await codeOf(openLmdbStream({ dir }))).toBe('stream.damaged');
  });
});
