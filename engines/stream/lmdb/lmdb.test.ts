// The LMDB log against the contract of the port, and what only it promises: limits, retention, one process a folder.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { TelemetryRegistry } from '../../../core/telemetry.ts';
import { message, Recorder, streamConformance, until } from '../conformance.ts';
import { murmur2 } from '../partition.ts';
import type { Stream } from '../port.ts';
import { type LmdbStreamOptions, openLmdbStream } from './open.ts';

streamConformance('LMDB', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'stream-'));
  let stream = await openLmdbStream({ dir });
  return {
    stream,
    reopen: async () => {
      await stream.close();
      stream = await openLmdbStream({ dir });
      return stream;
    },
    end: async () => {
      await stream.close();
      await rm(dir, { recursive: true });
    },
  };
});

describe('the LMDB log', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const folder = async (): Promise<string> => {
    const dir = await mkdtemp(join(tmpdir(), 'stream-'));
    ends.push(() => rm(dir, { recursive: true }));
    return dir;
  };
  const openIn = async (dir: string, options: Partial<LmdbStreamOptions> = {}): Promise<Stream> => {
    const stream = await openLmdbStream({ dir, ...options });
    ends.push(() => stream.close());
    return stream;
  };
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'ok',
      (error: { code?: string }) => error.code ?? String(error),
    );
  const topic = { name: 't', partitions: 1, retentionBytes: 1 << 30, retentionMs: 86_400_000 };

  test('keeps what messages share when the one that brought it is trimmed, and not for ever', async () => {
    const dir = await folder();
    const stream = await openIn(dir, { retentionEveryMs: 20 });
    await stream.ensureTopics([{ ...topic, retentionBytes: 100_000 }]);
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

  test('a producer that shares something else each time fills nothing: what is shared counts as what is kept', async () => {
    const stream = await openIn(await folder(), { retentionEveryMs: 20 });
    await stream.ensureTopics([{ ...topic, retentionBytes: 1 << 20 }]);
    for (let i = 0; i < 100; i++)
      await stream.produce('t', [{ key: 'k', headers: {}, value: new Uint8Array(10), shared: { key: `set-${i}`, value: new Uint8Array(100_000).fill(i) } }]);
    await until('its room is free', async () => ((await stream.state()).bytes ?? 0) < 1.2 * (1 << 20));
    expect(await stream.shared({ topic: 't', partition: 0 }, 'set-0')).toBe(undefined);
    expect(await stream.shared({ topic: 't', partition: 0 }, 'set-99')).toEqual(new Uint8Array(100_000).fill(99));
  });

  test('writes what messages share again when the commit that had it failed', async () => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([topic]);
    await before.close();
    const stream = await openIn(dir, { maxBytes: 1 << 20 });
    const shared = { key: 'set', value: new Uint8Array(100).fill(3) };
    const of = (size: number) => [{ key: 'k', headers: {}, value: new Uint8Array(size), shared }];
    expect(await codeOf(stream.produce('t', of(2 << 20)))).toBe('stream.full');
    expect(await stream.shared({ topic: 't', partition: 0 }, 'set')).toBe(undefined);
    expect(await codeOf(stream.produce('t', of(10)))).toBe('ok');
    expect(await stream.shared({ topic: 't', partition: 0 }, 'set')).toEqual(shared.value);
  });

  test('grows with what is put in', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([topic]);
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    const value = new Uint8Array(256 << 10);
    for (let i = 0; i < 40; i++)
      await Promise.all(Array.from({ length: 8 }, (_, n) => stream.produce('t', [{ key: 'k', headers: { n: String(i * 8 + n) }, value: value.fill(i) }])));
    await until('all came', () => reader.messages.length === 320);
    await reader.stop();
    expect(reader.messages.map((m) => Number(m.headers.n))).toEqual(Array.from({ length: 320 }, (_, n) => n));
    expect(reader.messages.every((m, i) => m.value.length === 256 << 10 && m.value[0] === Math.floor(i / 8) && m.value.at(-1) === Math.floor(i / 8))).toBe(
      true,
    );
  });

  test('refuses what goes over its limit, goes on reading, and takes again when retention made room', async () => {
    const stream = await openIn(await folder(), { maxBytes: 1 << 20, retentionEveryMs: 20 });
    await stream.ensureTopics([topic]);
    const value = new Uint8Array(100 << 10);
    let taken = 0;
    let code = 'ok';
    while (code === 'ok') {
      code = await codeOf(stream.produce('t', [{ key: 'k', headers: {}, value }]));
      if (code === 'ok') taken++;
    }
    expect(code).toBe('stream.full');
    expect(taken === 9 || taken === 10).toBe(true);
    expect(await codeOf(stream.produce('t', [{ key: 'k', headers: {}, value }]))).toBe('stream.full');
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    await until('all came', () => reader.messages.length === taken);
    await reader.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(10));
    await stream.ensureTopics([{ ...topic, retentionBytes: 300 << 10 }]);
    await until('there is room', async () => ((await stream.partitions('t'))[0]?.bytes ?? 0) <= 300 << 10);
    expect(await codeOf(stream.produce('t', [{ key: 'k', headers: {}, value }]))).toBe('ok');
    await until('it came', () => reader.messages.length === taken + 1);
  });

  test('refuses messages before the disk is full, while progress is still saved', async () => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([topic]);
    await before.produce('t', [message('k', 'v')]);
    await before.close();
    const stream = await openIn(dir, { minFreeBytes: 2 ** 60 });
    expect(stream.pressure('t')).toBe(1);
    // More than could go where the file has room within.
    expect(await codeOf(stream.produce('t', [message('k', 'v'.repeat(1 << 20))]))).toBe('stream.full');
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    await until('it came', () => reader.messages.length === 1);
    await reader.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(10));
  });

  test('survives commits that fail: they reject, what was there stays and is read, and smaller ones go on', async () => {
    // A file that may not grow stands for a disk that is full: the write itself fails.
    const dir = await folder();
    const script = `import { openLmdbStream } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
      const stream = await openLmdbStream({ dir: process.argv[1], minFreeBytes: 0 });
      await stream.ensureTopics([${JSON.stringify(topic)}]);
      const outcomes = [];
      const put = (size) => stream.produce('t', [{ key: 'k', headers: {}, value: new Uint8Array(size) }]).then(() => outcomes.push('ok'), (error) => outcomes.push(error.code));
      for (let i = 0; i < 12; i++) await put(200_000);
      await Promise.all([put(200_000), put(200_000)]);
      const [at] = await stream.partitions('t');
      let read = 0;
      const consumer = await stream.consume({ group: 'g', topics: ['t'] }, { assigned: async () => undefined, deliver: async ({ messages }) => { read += messages.length; }, revoked: async () => {}, failed: (error) => { throw error; } });
      while (read < outcomes.filter((outcome) => outcome === 'ok').length) await new Promise((resolve) => setTimeout(resolve, 5));
      await consumer.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(10));
      await stream.close();
      console.log(JSON.stringify({ outcomes: [...new Set(outcomes)], taken: outcomes.indexOf('stream.unavailable'), read, next: Number(at.next) }));`;
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'trap "" XFSZ; ulimit -f 2048; exec "$@"', 'sh', process.execPath, '--input-type=module-typescript', '-e', script, dir],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const { outcomes, taken, read, next } = JSON.parse(stdout) as { outcomes: string[]; taken: number; read: number; next: number };
    expect(outcomes).toEqual(['ok', 'stream.unavailable']);
    expect([read, next]).toEqual([taken, taken]);
    const stream = await openIn(dir);
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    await stream.produce('t', [message('k', 'after')]);
    await until('all came', () => reader.messages.length === taken + 1);
    expect(reader.texts().at(-1)).toBe('after');
  });

  test('forgets by bytes what every group is done with, and nothing that one still needs', async () => {
    const telemetry = new TelemetryRegistry();
    const stream = await openIn(await folder(), { telemetry, retentionEveryMs: 20 });
    await stream.ensureTopics([{ ...topic, retentionBytes: 10_000, groups: ['fast', 'slow'] }]);
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
    await before.ensureTopics([{ ...topic, retentionMs: 60_000, ...(groups === undefined ? {} : { groups }) }]);
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
    await stream.ensureTopics([{ ...topic, retentionBytes: 0 }]);
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

  test('a group that never comes back holds what it has not read, is named, and can be forgotten', async () => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([topic]);
    await before.produce('t', [message('k', 'x'.repeat(1000))]);
    const gone = await new Recorder().start(before, { group: 'gone', topics: ['t'] });
    await until('it came', () => gone.messages.length === 1);
    await gone.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(1), 0n);
    await before.close();
    const stream = await openIn(dir, { retentionEveryMs: 5 });
    await stream.ensureTopics([{ ...topic, retentionBytes: 0, groups: ['g'] }]);
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    await until('it came', () => reader.messages.length === 1);
    await reader.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(1), 1n);
    const held = (await stream.state()).groups.map(({ group, bytes, isJoined }) => [group, bytes > 0, isJoined]);
    expect(held.sort()).toEqual([
      ['g', false, true],
      ['gone', true, false],
    ]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await stream.partitions('t'))[0]?.earliest).toBe(0n);
    await stream.forget('gone');
    await until('it is gone', async () => (await stream.partitions('t'))[0]?.earliest === 1n);
  });

  test('presses by what is not read of a topic, and not by what is', async () => {
    const stream = await openIn(await folder(), { maxBytes: 64 << 20, retentionEveryMs: 1e6 });
    await stream.ensureTopics([
      { ...topic, groups: ['g'], share: 0.25 },
      { ...topic, name: 'other', groups: ['h'], share: 0.5 },
    ]);
    expect([stream.pressure('t'), stream.pressure('other')]).toEqual([0, 0]);
    const value = new Uint8Array(100 << 10);
    // 15 MiB are the share.
    for (let n = 0; n < 123; n++) await stream.produce('t', [{ key: 'k', headers: {}, value }]);
    expect(stream.pressure('t')).toBeGreaterThan(0.8);
    expect(stream.pressure('t')).toBeLessThan(0.85);
    expect(stream.pressure('other')).toBeLessThan(0.25);
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    await until('all came', () => reader.messages.length === 123);
    await reader.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(1), 62n);
    expect(Math.abs(stream.pressure('t') - 0.41)).toBeLessThan(0.03);
    await reader.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(1), 123n);
    // Of all that is there, read or not.
    expect(stream.pressure('t')).toBe(stream.pressure('other'));
    expect((await stream.partitions('t'))[0]?.bytes).toBeGreaterThan(12 << 20);
  });

  test('lets go of its tail before it presses anybody', async () => {
    const stream = await openIn(await folder(), { maxBytes: 8 << 20, retentionEveryMs: 1e6 });
    await stream.ensureTopics([{ ...topic, groups: ['g'] }]);
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    const value = new Uint8Array(100 << 10);
    for (let n = 0; n < 300; n++) {
      expect(stream.pressure('t')).toBeLessThan(0.8);
      await stream.produce('t', [{ key: 'k', headers: {}, value }]);
      await until('it came', () => reader.messages.length === n + 1);
      await reader.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(1), BigInt(n + 1));
    }
    expect((await stream.partitions('t'))[0]?.earliest).toBeGreaterThan(200n);
  });

  test('has room for what is put aside when it is full of what was not read', async () => {
    const stream = await openIn(await folder(), { maxBytes: 4 << 20 });
    await stream.ensureTopics([
      { ...topic, groups: ['g'] },
      { ...topic, name: 'aside' },
    ]);
    const put = (name: string): Promise<string> => codeOf(stream.produce(name, [{ key: 'k', headers: {}, value: new Uint8Array(100 << 10) }]));
    while ((await put('t')) === 'ok');
    expect(await put('t')).toBe('stream.full');
    expect(await put('aside')).toBe('ok');
    const { bytes = 0, maxBytes } = await stream.state();
    expect(maxBytes).toBe(4 << 20);
    expect(bytes > 3.75 * 2 ** 20 - (110 << 10) && bytes < 4 << 20).toBe(true);
  });

  test('forgets by age, wholly, and never gives an offset twice', async () => {
    let now = Date.now();
    const telemetry = new TelemetryRegistry();
    const dir = await folder();
    const stream = await openIn(dir, { telemetry, retentionEveryMs: 20, now: () => now });
    await stream.ensureTopics([{ ...topic, retentionMs: 60_000 }]);
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
    await stream.ensureTopics([{ ...topic, retentionMs: 14 * day, retentionBytes: 5000 }]);
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
    await before.ensureTopics([{ ...topic, retentionMs: 14 * day }]);
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
    await before.ensureTopics([topic]);
    for (let i = 0; i < 20; i++) await before.produce('t', [{ key: 'k', headers: {}, value: new Uint8Array(50_000).fill(i) }]);
    await before.close();
    // It opens as it is.
    await (await openLmdbStream({ dir })).close();
    damage(join(dir, 'data.mdb'));
    expect(await codeOf(openLmdbStream({ dir }))).toBe('stream.damaged');
  });

  test('a message that was overwritten is told with its file, and those before it are read', async () => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([topic]);
    for (let i = 0; i < 20; i++) await before.produce('t', [{ key: 'k', headers: { mark: `begin-${i}-` }, value: new Uint8Array(50_000) }]);
    await before.close();
    const file = join(dir, 'data.mdb');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('begin-7-');
    writeFileSync(file, bytes.fill(0x7b, at - 16, at + 16));
    const stream = await openIn(dir);
    expect((await stream.peek({ topic: 't', partition: 0 }, 0n, 300_000)).length).toBeGreaterThan(3);
    await expect(stream.peek({ topic: 't', partition: 0 }, 7n, 1)).rejects.toMatchObject({
      code: 'stream.damaged',
      parameters: { file, reason: expect.stringContaining('t/0/7 cannot be read') },
    });
    expect((await stream.peek({ topic: 't', partition: 0 }, 8n, 1))[0]?.offset).toBe(8n);
  });

  test('a stream that was closed says so to whoever reads on, and calls nothing damaged', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([topic]);
    await stream.produce('t', [message('k', 'v')]);
    await stream.close();
    const at = { topic: 't', partition: 0 };
    expect(await codeOf(stream.peek(at, 0n, 1e6))).toBe('stream.unavailable');
    expect(await codeOf(Promise.resolve().then(() => stream.offsetAt(at, Date.now() + 1000)))).toBe('stream.unavailable');
  });

  test('gives a consumer its own handle before its first call', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([topic]);
    await stream.produce('t', [message('k', 'v')]);
    const reader = new Recorder();
    const known: boolean[] = [];
    reader.from = () => {
      known.push(reader.consumer !== undefined);
      return undefined;
    };
    await reader.start(stream, { group: 'g', topics: ['t'] });
    await until('it came', () => reader.messages.length === 1);
    expect(known).toEqual([true]);
  });

  test('hands partitions back and forth without losing or repeating a message', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([{ ...topic, partitions: 5 }]);
    const done: string[] = [];
    const join = async (): Promise<Recorder> => {
      const reader = new Recorder();
      reader.from = (_, progress) => (progress === undefined ? undefined : BigInt(Buffer.from(progress).toString()));
      reader.work = async ({ messages, topic: name, partition }) => {
        await new Promise((resolve) => setImmediate(resolve));
        done.push(...messages.map((m) => Buffer.from(m.value).toString()));
        await reader.consumer?.saveProgress({ topic: name, partition }, Buffer.from(String((messages.at(-1)?.offset ?? 0n) + 1n)));
      };
      return reader.start(stream, { group: 'g', topics: ['t'], maxBytes: 2000 });
    };
    const first = await join();
    let sent = 0;
    const others: Recorder[] = [];
    for (let round = 0; round < 30; round++) {
      const produced = stream.produce(
        't',
        Array.from({ length: 100 }, () => message(String(sent % 17), String(sent++))),
      );
      if (round % 3 !== 2) others.push(await join());
      else await Promise.all(others.splice(0).map((reader) => reader.stop()));
      await produced;
    }
    await until('all came', () => done.length >= sent);
    await Promise.all([first, ...others].map((reader) => reader.stop()));
    expect([first, ...others].flatMap((reader) => reader.errors)).toEqual([]);
    expect(done.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n));
  });

  test('refuses everything once closed, and leaves nothing running', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([topic]);
    const reader = await new Recorder().start(stream, { group: 'g', topics: ['t'] });
    const last = stream.produce('t', [message('k', 'v')]);
    await stream.close();
    await last;
    expect(await codeOf(stream.produce('t', [message('k', 'v')]))).toBe('stream.unavailable');
    expect(reader.owned.size).toBe(0);
    await stream.close();
  });

  test('puts keys where Kafka puts them', () => {
    // From Kafka's own UtilsTest.
    const known: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ];
    for (const [key, hash] of known) expect(murmur2(Buffer.from(key))).toBe(hash);
  });
});
