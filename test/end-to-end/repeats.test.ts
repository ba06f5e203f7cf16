// What is answered 200 stands: other rows under a seq that was taken are refused before and after any end of the server, and what comes again
// as it was is acknowledged again, and stands once.
import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type Definition, frameOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { eventually, type Product, preparedFolder, startProduct } from './support/product.ts';

const METRIC: Definition = ['e2e.repeats', [['host', 'web-1']]];
const BOOT = BigInt(Date.now());
const first = Date.now() - 600_000;
const START = { args: ['--no-agent'] };

/** Of two parts, with one sample: `value`, at a time of its own. */
const send = async (product: Product, seq: number, value: number, boot = BOOT): Promise<string> => {
  const parts = [seriesPart([METRIC]), samplesPart(METRIC, [[first + value * 1000, value]])];
  const answer = await product.frames(frameOf(parts, { agent: 'e2e-repeats', host: 'web-1', boot, seq }));
  return `${answer.status} ${((await answer.json()) as { readonly code?: string }).code ?? ''}`.trim();
};
const values = async (product: Product): Promise<readonly number[]> =>
  (await product.values('from metrics.e2e.repeats last 1h | select value', undefined, { limit: 1000 })).map(Number).toSorted((a, b) => a - b);
const stand = (product: Product, wanted: readonly number[]): Promise<true> =>
  eventually(`${wanted} stand`, async () => JSON.stringify(await values(product)) === JSON.stringify(wanted));
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'other rows under a seq that was taken are refused after %s too, and a repeat is not',
  async (signal) => {
    const folder = await preparedFolder();
    let product = await startProduct({ folder, ...START });
    try {
      for (let n = 1; n <= 10; n++) expect(await send(product, n * 2, n)).toBe('200');
      expect(await send(product, 10, 105)).toBe('409 intake.older-seq');
      await stand(product, upTo(10));
      product.child.kill(signal);
      await product.ended;
      product = await startProduct({ folder, ...START });
      await eventually('the groups are there', async () =>
        (await product.parts()).some(({ name, detail }) => name === 'pipeline samples' && detail.startsWith('0 messages')),
      );
      for (const n of [10, 9, 5, 1]) expect(`${n}: ${await send(product, n * 2, n + 200)}`).toBe(`${n}: 409 intake.older-seq`);
      // What an agent sends again: the frame whose answer it did not get.
      expect(await send(product, 20, 10)).toBe('200');
      expect(await send(product, 22, 11)).toBe('200');
      expect(await send(product, 22, 11)).toBe('200');
      expect(await send(product, 22, 211)).toBe('409 intake.older-seq');
      // Another run, and what comes late of the one before.
      expect(await send(product, 1, 12, BOOT + 1n)).toBe('200');
      expect(await send(product, 22, 11)).toBe('200');
      expect(await send(product, 22, 311)).toBe('409 intake.older-run');
      await stand(product, upTo(12));
    } finally {
      await product.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
  180_000,
);
