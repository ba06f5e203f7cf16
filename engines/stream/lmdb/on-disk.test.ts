// What the log has acknowledged lies on the disk, and not in the memory of the system alone, where a kill leaves it and a power cut does not: as
// Linux tells of the pages of its file (`/proc/self/smaps`), which a read has mapped into this process. A log that syncs nothing is found out.
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { expect, test } from 'vitest';
import { describeWith } from '../../../test/support/need.ts';
import { message } from '../conformance-support.ts';
import { openLmdbStream } from './open.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'stream-on-disk-'));

/** KiB of the file in this process: all, and those that are not on the disk. */
const pagesOf = (dir: string): { readonly mapped: number; readonly dirty: number } => {
  let [mapped, dirty, isOurs] = [0, 0, false];
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isOurs = line.endsWith(join(dir, 'data.mdb'));
    if (!isOurs) continue;
    const [, name, size] = /^(Rss|Shared_Dirty|Private_Dirty): +(\d+) kB/.exec(line) ?? [];
    if (name === 'Rss') mapped += Number(size);
    else if (name !== undefined) dirty += Number(size);
  }
  return { mapped, dirty };
};

/** Whether it can be seen here: not where files lie in memory, nor where the system does not tell. */
const canSee = async (): Promise<true | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const dir = folder();
  try {
    const root = open<Buffer, Buffer>({ path: dir, noSubdir: false, noSync: true, overlappingSync: false, keyEncoding: 'binary', encoding: 'binary' });
    root.transactionSync(() => {
      for (let i = 0; i < 50; i++) root.putSync(Buffer.from([1, i]), Buffer.alloc(10_000, i));
    });
    for (const { value } of root.getRange({})) value.at(-1);
    const before = pagesOf(dir);
    const file = openSync(join(dir, 'data.mdb'), 'r+');
    fsyncSync(file);
    closeSync(file);
    const after = pagesOf(dir);
    await root.close();
    return before.dirty > 400 && after.dirty === 0 ? true : undefined;
  } finally {
    rmSync(dir, { recursive: true });
  }
};

describeWith('what was acknowledged lies on the disk', await canSee(), 'Linux, and a folder for temporary files on a disk (TMPDIR)', () => {
  test('messages, progress, checkpoints, places, topics and whose it is', async () => {
    const dir = folder();
    const at = { topic: 't', partition: 0 };
    // Nothing but what is asked for is written.
    const stream = await openLmdbStream({ dir, retentionEveryMs: 3_600_000 });
    try {
      const consumer = await stream.consume(
        { group: 'g', topics: ['t'] },
        { assigned: async () => undefined, deliver: async () => undefined, revoked: async () => undefined, failed: () => undefined },
      );
      const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
        ['a topic', () => stream.ensureTopics([{ name: 't', partitions: 1, retentionBytes: 1 << 30, retentionMs: 86_400_000 }])],
        [
          'messages',
          () =>
            Promise.all(
              Array.from({ length: 50 }, (_, n) =>
                stream.produce('t', [{ ...message('k', 'x'.repeat(20_000)), shared: { key: `s${n}`, value: Buffer.alloc(9000) } }]),
              ),
            ),
        ],
        ['a message', () => stream.produce('t', [message('k', 'small')])],
        ['progress', () => consumer.saveProgress(at, Buffer.alloc(200_000), 1n)],
        ['a checkpoint', () => consumer.saveCheckpoint(at, Buffer.alloc(200_000), 1n)],
        ['a place', () => stream.reset('other', at, Buffer.alloc(200_000), 1n)],
        ['whose it is', () => stream.belongTo('me', { own: 1, at: 1, all: 1 })],
        ['the end of a group', () => stream.forget('other')],
      ];
      for (const [what, write] of steps) {
        await write();
        // So that its pages are mapped.
        if (what !== 'a topic') await stream.peek(at, 0n, 1 << 30);
        await stream.committed('g', 't');
        stream.identity();
        expect(pagesOf(dir), what).toEqual({ mapped: expect.any(Number), dirty: 0 });
      }
      expect(pagesOf(dir).mapped).toBeGreaterThan(1000);
    } finally {
      await stream.close();
      rmSync(dir, { recursive: true });
    }
  });
});
