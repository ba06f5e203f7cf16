// Runs that have more to do go again at once, but never before others had their turn, and not after the end.
import { setTimeout as after } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { every } from './repeat.ts';

test('one that has more to do goes again at once, others between; then at its rate', async () => {
  const told: string[] = [];
  let runs = 0;
  const repeated = every(
    60,
    () => {
      told.push(`run ${++runs}`);
      // Of somebody else, due at once.
      setTimeout(() => told.push('other'), 0);
      return runs < 4;
    },
    () => undefined,
  );
  while (runs < 5) await after(5);
  await repeated.stop();
  expect(told.slice(0, 9)).toEqual(['run 1', 'other', 'run 2', 'other', 'run 3', 'other', 'run 4', 'other', 'run 5']);
});

test('one that always has more ends nevertheless', async () => {
  let runs = 0;
  const repeated = every(
    10,
    async () => {
      runs++;
      await after(1);
      return true;
    },
    () => undefined,
  );
  while (runs < 3) await after(5);
  await repeated.stop();
  const ended = runs;
  await after(30);
  expect(runs).toBe(ended);
});
