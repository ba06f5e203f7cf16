// Logs in folders of their own for the tests of one file, which are closed and gone when each of them ends. No part of the product.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type LmdbStreamOptions, openLmdbStream } from '../lmdb/open.ts';
import type { Stream } from '../port.ts';

export const TOPIC = { name: 't', partitions: 1, retentionBytes: 1 << 30, retentionMs: 86_400_000 };

export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: { code?: string }) => error.code ?? String(error),
  );

/** To be called once, outside of tests. */
export const logsOfTests = () => {
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
  return { folder, openIn };
};
