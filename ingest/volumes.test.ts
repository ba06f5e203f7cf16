// Who sent most within a day, whatever else was sent, and that a day later it is forgotten.
import { expect, test } from 'vitest';
import { Volumes } from './volumes.ts';

const HOUR = 3_600_000;

test('names the host that most came of, over the last day, and nobody where nothing came', () => {
  const volumes = new Volumes();
  expect(volumes.largest(0)).toBeUndefined();
  volumes.note('web-1', 100, HOUR);
  volumes.note('web-2', 70, 2 * HOUR);
  volumes.note('web-2', 60, 13 * HOUR);
  expect(volumes.largest(14 * HOUR)).toEqual({ host: 'web-2', bytes: 130, all: 230 });
  volumes.note('web-3', 90, 25 * HOUR);
  expect(volumes.largest(25 * HOUR)).toEqual({ host: 'web-3', bytes: 90, all: 150 });
  expect(volumes.largest(60 * HOUR)).toBeUndefined();
});

test('of more hosts than it tells apart the sum is right, and one that was there before goes on being counted', () => {
  const volumes = new Volumes();
  volumes.note('flood', 5, 0);
  for (let i = 0; i < 12_000; i++) volumes.note(`host ${i}`, 1, 0);
  volumes.note('flood', 5, 0);
  expect(volumes.largest(0)).toEqual({ host: 'flood', bytes: 10, all: 12_010 });
});
