// A chart whose buckets the server holds, through the whole product, where the pipeline is a process of its own: a sample that comes late into one of
// them is in the next answer, once another question has found it.
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

const METRIC: Definition = ['e2e.late', [['host', 'a']]];
const MINUTE = 60_000;
const FROM = Math.floor(Date.now() / MINUTE) * MINUTE - 30 * MINUTE;
let seq = 1;
const send = async (samples: readonly (readonly [number, number])[]): Promise<void> => {
  expect((await product.frames(frameOf([seriesPart([METRIC]), samplesPart(METRIC, samples)], { agent: 'late', seq }))).status).toBe(200);
  seq += 2;
};
const CHART = 'from metrics.e2e.late last 1h | every 1m sum';
/** What the chart adds up to, and what the samples do. */
const chart = async (): Promise<number> =>
  (await product.values(`${CHART} | sum by host | select value`)).reduce<number>((sum, value) => sum + Number(value), 0);
const samples = async (): Promise<number> => Number((await product.values('from metrics.e2e.late last 1h | summarize total = sum(value) | select total'))[0]);
const held = async (): Promise<boolean> => (await product.values(`${CHART} | sum by host | explain analyze | select at`)).includes('memory');

test('a late sample is in the next answer', async () => {
  await send(Array.from({ length: 30 }, (_, i) => [FROM + i * MINUTE, 1] as const));
  await eventually('all samples', async () => (await chart()) === 30);
  for (let late = 1; late <= 5; late++) {
    await eventually('the chart is held', held);
    await send([[FROM + late * 3 * MINUTE + 7, 100]]);
    await eventually('the late sample', async () => (await samples()) === 30 + late * 100);
    expect(await chart()).toBe(30 + late * 100);
  }
});
