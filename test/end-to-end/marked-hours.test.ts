// Marks of hours are told from where they are written to where questions are asked: a metric whose hour was clean when it was asked for first is
// counted right from the moment on that a second sender has sent the same times, and values that are none.
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Definition, frameOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { eventually, type Product, preparedFolder, startProduct } from './support/product.ts';

let folder: string;
let product: Product;
beforeAll(async () => {
  folder = await preparedFolder();
  product = await startProduct({ folder });
}, 120_000);
afterAll(async () => {
  await product?.stop();
  await rm(folder, { recursive: true, force: true });
});

const METRIC: Definition = ['e2e.marked', [['host', 'a']]];
const FROM = Date.now() - 60_000;
const send = async (agent: string, values: readonly number[]): Promise<void> => {
  const samples = values.map((value, i) => [FROM + i * 100, value] as const);
  expect((await product.frames(frameOf([seriesPart([METRIC]), samplesPart(METRIC, samples)], { agent, seq: 1 }))).status).toBe(200);
};
const totals = (): Promise<readonly unknown[]> =>
  product.values('from metrics.e2e.marked last 1h | summarize n = count(value), total = sum(value) | select text = concat(text(n), " of ", text(total))');

test('an hour that becomes marked', async () => {
  await send('first', [1, 2, 3]);
  const seen: unknown[] = [];
  const until = (wanted: string): Promise<unknown> =>
    eventually(wanted, async () => {
      const [now] = await totals();
      if (seen.at(-1) !== now) seen.push(now);
      return now === wanted;
    });
  await until('3 of 6');
  await send('second', [10, 20, 30]);
  await until('3 of 60');
  await send('third', [100, Number.NaN, 300]);
  await until('2 of 400');
  expect(seen.slice(seen.indexOf('3 of 6'))).toEqual(['3 of 6', '3 of 60', '2 of 400']);
});
