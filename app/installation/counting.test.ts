// The stores are counted on again and again, one time after the other, and never while a backup fixes its moment.
import { expect, test } from 'vitest';
import { createLogger } from '../../core/logger.ts';
import { Counting } from './counting.ts';
import type { StoresToTell } from './installation.ts';

/** It hands them on and asks them nothing. */
const STORES = {} as StoresToTell;
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 2));
};

test('a count that is under way is waited for; while it is held none begins; one that fails or hangs is not the last', async () => {
  const under: PromiseWithResolvers<void>[] = [];
  const advance = (): Promise<void> => {
    const one = Promise.withResolvers<void>();
    under.push(one);
    return one.promise;
  };
  const lines: string[] = [];
  const log = createLogger({ level: 'warn', format: 'text', write: (line) => void lines.push(line) });
  const counting = new Counting({ advance }, STORES, log, 1);
  await expect.poll(() => under.length).toBe(1);
  await turns(5);
  expect(under).toHaveLength(1);
  let isHeld = false;
  const holding = counting.hold(60_000).then((open) => {
    isHeld = true;
    return open;
  });
  await turns(5);
  expect(isHeld).toBe(false);
  under[0]?.reject(new Error('a store is away'));
  const open = await holding;
  await turns(5);
  expect(under).toHaveLength(1);
  open();
  await expect.poll(() => under.length).toBe(2);
  under[1]?.resolve();
  await expect.poll(() => under.length).toBe(3);
  under[2]?.resolve();
  expect(lines).toEqual([expect.stringMatching(/not counted on.*a store is away/s)]);
  await counting.stop();
  const count = under.length;
  await turns(5);
  expect(under).toHaveLength(count);
});
