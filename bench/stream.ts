// The LMDB stream: appending, durable, against writing and fsyncing the same bytes to a plain file; reading back.
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import type { Stream } from '../engines/stream/port.ts';
import { cpuSeconds, type Figure, short } from './figure.ts';

const KIB = 1024;
const TOPIC = { name: 'bench', partitions: 4, retentionBytes: 2 ** 40, retentionMs: 86_400_000 };

/** Messages a second of clock and of processor; `atOnce` calls share commits. */
const append = async (dir: string, size: number, atOnce: number, calls: number): Promise<Figure> => {
  const value = new Uint8Array(size).fill(7);
  const stream = await openLmdbStream({ dir: join(dir, `${size}-${atOnce}`) });
  await stream.ensureTopics([TOPIC]);
  const began = performance.now();
  const ours = await cpuSeconds(
    () => Promise.all(Array.from({ length: atOnce }, (_, i) => stream.produce('bench', [{ key: String(i), headers: {}, value }]))),
    calls,
    3,
  );
  const seconds = (performance.now() - began) / 1000 / (calls * 3);
  await stream.close();

  const file = openSync(join(dir, 'raw'), 'w');
  const bytes = new Uint8Array(size * atOnce).fill(7);
  const rawBegan = performance.now();
  const raw = await cpuSeconds(
    () => {
      writeSync(file, bytes);
      fsyncSync(file);
    },
    calls,
    3,
  );
  const rawSeconds = (performance.now() - rawBegan) / 1000 / (calls * 3);
  closeSync(file);
  const mb = (size * atOnce) / 1e6;
  return {
    what: `stream append, ${size / KIB} KiB × ${atOnce} at once`,
    value: `${short(ours / mb)} CPU-s/MB, ${short(seconds * 1000)} ms`,
    against: `${short(raw / mb)} CPU-s/MB, ${short(rawSeconds * 1000)} ms (file and fsync)`,
    ratio: ours / raw,
  };
};

const readAll = (stream: Stream, group: string, count: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let read = 0;
    void stream.consume(
      { group, topics: ['bench'] },
      {
        assigned: () => Promise.resolve(undefined),
        deliver: ({ messages }) => {
          read += messages.length;
          if (read === count) resolve();
          return Promise.resolve();
        },
        revoked: () => Promise.resolve(),
        failed: reject,
      },
    );
  });

const read = async (dir: string): Promise<Figure> => {
  const stream = await openLmdbStream({ dir: join(dir, 'read') });
  await stream.ensureTopics([TOPIC]);
  const value = new Uint8Array(256 * KIB).fill(7);
  for (let i = 0; i < 20; i++)
    await stream.produce(
      'bench',
      Array.from({ length: 10 }, (_, n) => ({ key: String(n), headers: {}, value })),
    );
  let group = 0;
  const ours = await cpuSeconds(() => readAll(stream, `g${group++}`, 200), 1, 3);
  await stream.close();
  const mb = (200 * 256 * KIB) / 1e6;
  const copy = new Uint8Array(value.length);
  const copying = await cpuSeconds(() => copy.set(value), 200, 3);
  return {
    what: 'stream read, 256 KiB messages',
    value: `${short(mb / ours)} MB/CPU-s`,
    against: `${short(value.length / 1e6 / copying)} MB/CPU-s (copying the bytes once)`,
    ratio: mb / ours / (value.length / 1e6 / copying),
  };
};

export const run = async (): Promise<readonly Figure[]> => {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return [await append(dir, 256 * KIB, 1, 50), await append(dir, 256 * KIB, 16, 20), await append(dir, 4 * KIB, 64, 50), await read(dir)];
  } finally {
    rmSync(dir, { recursive: true });
  }
};
