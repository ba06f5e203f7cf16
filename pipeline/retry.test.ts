// Waiting for a store: as long as it takes, told once it is over, and not at all when the work was called off.
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CodedError } from '../core/errors.ts';
import { backoffMs, retryUntilStopped, Stopped, settledOrAborted } from './retry.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const healthOf = () => {
  const told: string[] = [];
  const health = {
    failed: (error: Error) => told.push(error.message),
    parked: (error: Error) => told.push(`parked: ${error.message}`),
    recovered: () => told.push('over'),
  };
  return { told, health };
};

test('it goes on until the work succeeds', async () => {
  const { told, health } = healthOf();
  let calls = 0;
  const done = retryUntilStopped(() => (++calls < 4 ? Promise.reject(new Error(`no ${calls}`)) : Promise.resolve('yes')), new AbortController().signal, health);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await done).toBe('yes');
  expect(told).toEqual(['no 1', 'no 2', 'no 3', 'over']);
});

test('what lasts is thrown, and the store is known to answer', async () => {
  const { told, health } = healthOf();
  let calls = 0;
  const done = retryUntilStopped(
    () => Promise.reject(new Error(++calls === 1 ? 'away' : 'refused')),
    new AbortController().signal,
    health,
    (error) => (error as Error).message === 'refused',
  );
  const outcome = expect(done).rejects.toThrow('refused');
  await vi.advanceTimersByTimeAsync(1000);
  await outcome;
  expect(told).toEqual(['away', 'over']);
});

test.each([
  ['in a call that never ends', () => new Promise<void>(() => undefined)],
  ['in the pause after a failure', () => Promise.reject(new Error('away'))],
])('called off %s, it ends at once', async (_, work) => {
  const { health } = healthOf();
  const abort = new AbortController();
  const outcome = expect(retryUntilStopped(work, abort.signal, health)).rejects.toThrow(Stopped);
  await vi.advanceTimersByTimeAsync(10);
  abort.abort();
  await outcome;
  expect(vi.getTimerCount()).toBe(0);
});

test('pauses grow, with jitter, up to a bound', () => {
  for (let attempt = 0; attempt < 60; attempt++) {
    const most = Math.min(10_000, 100 * 2 ** attempt);
    for (let i = 0; i < 20; i++) {
      const ms = backoffMs(attempt);
      expect(ms).toBeGreaterThanOrEqual(most / 2);
      expect(ms).toBeLessThanOrEqual(most);
    }
  }
});

test.each([
  new CodedError('columns.rejected', { code: 497, reason: 'Not enough privileges' }),
  new CodedError('records.rejected', { code: '42501', reason: 'permission denied for table hosts' }),
])('what the store refuses for good ($code) is told as such and tried again each minute, until somebody has mended it', async (refusal) => {
  const { told, health } = healthOf();
  const mended = Date.now() + 150_000;
  let calls = 0;
  const work = (): Promise<string> => {
    calls++;
    return Date.now() < mended ? Promise.reject(refusal) : Promise.resolve('yes');
  };
  const done = retryUntilStopped(work, new AbortController().signal, health);
  await vi.advanceTimersByTimeAsync(200_000);
  expect(await done).toBe('yes');
  expect(calls).toBe(4);
  expect(told.map((text) => text.replace(/:.*/, ''))).toEqual(['parked', 'parked', 'parked', 'over']);
});

test('what waits for work or an end leaves nothing on the signal', async () => {
  const { signal } = new AbortController();
  for (let i = 0; i < 20; i++) await settledOrAborted(i % 2 === 0 ? Promise.resolve() : Promise.reject(new Error('no')), signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  const ending = new AbortController();
  const waiting = settledOrAborted(new Promise(() => undefined), ending.signal);
  ending.abort();
  await waiting;
  await settledOrAborted(new Promise(() => undefined), ending.signal);
});
