// `inframirror replay` where it is needed: the stream has forgotten how far its groups were. They do not begin by themselves; after the command
// what stands already stands once, whatever it was, and what came meanwhile is read.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLmdbStream } from '../../engines/stream/lmdb/open.ts';
import { type Definition, frameOf, partOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { TOPOLOGY } from '../../pipeline/topology.ts';
import { command, eventually, type Outcome, type Product, preparedFolder, startProduct } from './support/product.ts';

const HOUR = 3_600_000;
const METRIC: Definition = ['e2e.replayed', [['host', 'web-1']]];
const first = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
const range = { from: new Date(first).toISOString(), to: new Date(first + HOUR).toISOString() };
/** Frames of one run: ten samples, two lines of a file and an event each. */
const frame = (seq: number): Uint8Array => {
  const nanos = BigInt(first + seq * 60_000) * 1_000_000n;
  const at = BigInt(seq) * 20n;
  return frameOf(
    [
      seriesPart([METRIC]),
      samplesPart(
        METRIC,
        Array.from({ length: 10 }, (_, i) => [first + seq * 60_000 + i * 1000, 1] as const),
      ),
      partOf('logs', {
        time: [nanos, nanos],
        severity: ['info', 'info'],
        body: ['one', 'two'],
        host: ['web-1', 'web-1'],
        file: [7n, 7n],
        position: [at, at + 10n],
      }),
      partOf('events', { time: [nanos], kind: ['e2e.replayed'], title: [`event ${seq}`], host: ['web-1'] }),
    ],
    { agent: 'e2e-replay', host: 'web-1', seq: seq * 10 },
  );
};

let folder = '';
let product: Product;
const send = async (seq: number): Promise<void> => {
  expect((await product.frames(frame(seq))).status).toBe(200);
};
const run = (...args: readonly string[]): Promise<Outcome> => command([...args, '--data', folder]);
const standing = async (): Promise<readonly number[]> =>
  (
    await Promise.all([
      product.values('from metrics.e2e.replayed | summarize n = count()', undefined, range),
      product.values('from metrics.e2e.replayed | summarize s = sum(value)', undefined, range),
      product.values('from logs | where host == "web-1" | summarize n = count()', undefined, range),
      product.values('from events | where kind == "e2e.replayed" | summarize n = count()', undefined, range),
    ])
  ).map(([value]) => Number(value));
const groupOf = (topic: string): string | undefined => TOPOLOGY.find((route) => route.topic === topic)?.group;
/** After so many frames. */
const stands = (frames: number): Promise<true> =>
  eventually(`${frames} frames are stored`, async () => {
    const found = await standing();
    const whole = [10, 10, 2, 1].map((n) => n * frames);
    return found.every((n, i) => n >= (whole[i] as number)) ? true : undefined;
  });
const once = (frames: number): readonly number[] => [10, 10, 2, 1].map((n) => n * frames);
const pipelines = async () => (await product.parts()).filter(({ name }) => name.startsWith('pipeline'));
const settled = (): Promise<true> =>
  eventually('nothing waits', async () => {
    const parts = await pipelines();
    return parts.length > 0 && parts.every(({ detail }) => detail.startsWith('0 messages')) ? true : undefined;
  });

beforeAll(async () => {
  folder = await preparedFolder();
  product = await startProduct({ folder, args: ['--no-agent'] });
}, 180_000);
afterAll(async () => {
  await product?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('of groups whose progress is gone it says from where they read, and rows are there once', async () => {
  for (const seq of [1, 2, 3]) await send(seq);
  await stands(3);
  await settled();
  await product.stop();
  const stream = await openLmdbStream({ dir: join(folder, 'stream'), minFreeBytes: 0 });
  const groups = (await stream.state()).groups.map(({ group }) => group);
  for (const group of new Set(groups)) await stream.forget(group);
  await stream.close();

  product = await startProduct({ folder, args: ['--no-agent'] });
  await send(4);
  for (const topic of new Set(TOPOLOGY.map((route) => route.topic))) {
    const { code, stdout, stderr } = await run('replay', '--topic', topic, '--from', 'earliest');
    expect([code, stderr]).toEqual([0, '']);
    const told = [...stdout.matchAll(/^(\S+) reads (\S+), partition \d+, from offset (\d+): (\d+) messages$/gm)];
    expect(told.map(([, group, name]) => `${group} ${name}`)).toEqual(told.map(() => `${groupOf(topic)} ${topic}`));
    const messages = told.reduce((sum, [, , , , count]) => sum + Number(count), 0);
    if (!['im.processes', 'im.jvm'].includes(topic)) expect(messages).toBeGreaterThanOrEqual(4);
  }
  await stands(4);
  await settled();
  expect(await standing()).toEqual(once(4));
}, 180_000);
