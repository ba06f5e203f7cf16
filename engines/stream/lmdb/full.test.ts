// The LMDB log when it gets full, by its own limit, by its disk, or by what a group has not read: what it refuses then, and what goes on.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clearDisk, fillDisk, smallDisk } from '../../../test/support/small-disk.ts';
import { message, Recorder, until } from '../conformance-support.ts';
import { codeOf, logsOfTests, TOPIC } from '../testing/logs.ts';

const { folder, openIn } = logsOfTests();

describe('the room of the LMDB log', () => {
  test('a producer that shares something else each time fills nothing: what is shared counts as what is kept', async () => {
    const stream = await openIn(await folder(), { retentionEveryMs: 20 });
    await stream.ensureTopics([{ ...TOPIC, retentionBytes: 1 << 20 }]);
    for (let i = 0; i < 100; i++)
      await stream.produce('t', [{ key: 'k', headers: {}, value: new Uint8Array(10), shared: { key: `set-${i}`, value: new Uint8Array(100_000).fill(i) } }]);
    await until('its room is free', async () => ((await stream.state()).bytes ?? 0) < 1.2 * (1 << 20));
    expect(await stream.shared({ topic: 't', partition: 0 }, 'set-0')).toBe(undefined);
    expect(await stream.shared({ topic: 't', partition: 0 }, 'set-99')).toEqual(new Uint8Array(100_000).fill(99));
  });

  test('grows with what is put in', async () => {
    const stream = await openIn(await folder());
    await stream.ensureTopics([TOPIC]);
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
    // Of a topic that nobody reads the oldest go instead.
    await stream.ensureTopics([{ ...TOPIC, groups: ['g'] }]);
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
    await stream.ensureTopics([{ ...TOPIC, groups: ['g'], retentionBytes: 300 << 10 }]);
    await until('there is room', async () => ((await stream.partitions('t'))[0]?.bytes ?? 0) <= 300 << 10);
    expect(await codeOf(stream.produce('t', [{ key: 'k', headers: {}, value }]))).toBe('ok');
    await until('it came', () => reader.messages.length === taken + 1);
  });

  test('refuses messages before the disk is full, while progress is still saved', async () => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([TOPIC]);
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

  test('is read anew: a disk that others fill closes it, and opens it again when they have gone', async (context) => {
    const disk = smallDisk(context, '40m');
    const stream = await openIn(join(disk, 'stream'), { minFreeBytes: 8 << 20, retentionEveryMs: 20 });
    await stream.ensureTopics([TOPIC]);
    await stream.produce('t', [message('k', 'v')]);
    expect(stream.pressure('t')).toBeLessThan(0.1);
    fillDisk(disk);
    await until('it is closed', () => stream.pressure('t') === 1);
    clearDisk(disk);
    await until('it is open', () => stream.pressure('t') < 0.1);
    await stream.produce('t', [message('k', 'v')]);
  });

  test('survives commits that fail: they reject, what was there stays and is read, and smaller ones go on', async () => {
    // A file that may not grow stands for a disk that is full: the write itself fails.
    const dir = await folder();
    const script = `import { openLmdbStream } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
      const stream = await openLmdbStream({ dir: process.argv[1], minFreeBytes: 0 });
      await stream.ensureTopics([${JSON.stringify(TOPIC)}]);
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

  test('a group that never comes back holds what it has not read, is named, and can be forgotten', async () => {
    const dir = await folder();
    const before = await openIn(dir);
    await before.ensureTopics([TOPIC]);
    await before.produce('t', [message('k', 'x'.repeat(1000))]);
    const gone = await new Recorder().start(before, { group: 'gone', topics: ['t'] });
    await until('it came', () => gone.messages.length === 1);
    await gone.consumer?.saveProgress({ topic: 't', partition: 0 }, new Uint8Array(1), 0n);
    await before.close();
    const stream = await openIn(dir, { retentionEveryMs: 5 });
    await stream.ensureTopics([{ ...TOPIC, retentionBytes: 0, groups: ['g'] }]);
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
      { ...TOPIC, groups: ['g'], share: 0.25 },
      { ...TOPIC, name: 'other', groups: ['h'], share: 0.5 },
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
    await stream.ensureTopics([{ ...TOPIC, groups: ['g'] }]);
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
      { ...TOPIC, groups: ['g'] },
      { ...TOPIC, name: 'aside' },
    ]);
    const put = (name: string): Promise<string> => codeOf(stream.produce(name, [{ key: 'k', headers: {}, value: new Uint8Array(100 << 10) }]));
    while ((await put('t')) === 'ok');
    expect(await put('t')).toBe('stream.full');
    expect(await put('aside')).toBe('ok');
    const { bytes = 0, maxBytes } = await stream.state();
    expect(maxBytes).toBe(4 << 20);
    expect(bytes > 3.75 * 2 ** 20 - (110 << 10) && bytes < 4 << 20).toBe(true);
  });
});
