// What a sender may send in a day: held against a model that keeps every frame, over days, jumps of the clock and changes of the limit.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CodedError } from '../core/errors.ts';
import { ByteQuota, type OverQuota } from './byte-quota.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 20, 12);
const refusalOf = (quota: ByteQuota, sender: string, now: number, isBound = true): CodedError<'intake.quota'> | undefined => {
  try {
    quota.mustHave({ sender, host: `host of ${sender}`, isBound }, now);
    return undefined;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'intake.quota') return error as CodedError<'intake.quota'>;
    throw error;
  }
};

test('is the sum of the hours that reach into the last day, and goes on when it says', () => {
  const step = fc.record({ wait: fc.integer({ min: 0, max: 40 * HOUR }), bytes: fc.integer({ min: 0, max: 500 }), limit: fc.constantFrom(700, 1000, 1500) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const limits = { bytesPerSender: 1000, bytesShared: 1 };
      const quota = new ByteQuota(limits, () => undefined);
      const sent: { readonly hour: number; readonly bytes: number }[] = [];
      let now = START;
      const hourOf = (at: number): number => Math.floor(at / HOUR);
      const sumAt = (at: number): number => sent.reduce((sum, { hour, bytes }) => (hour > hourOf(at) - 24 ? sum + bytes : sum), 0);
      for (const { wait, bytes, limit } of steps) {
        now += wait;
        limits.bytesPerSender = limit;
        expect(quota.bytesOf('a', now)).toBe(sumAt(now));
        const refusal = refusalOf(quota, 'a', now);
        expect(refusal !== undefined).toBe(sumAt(now) >= limit);
        if (refusal === undefined) {
          quota.note({ sender: 'a', host: 'h', isBound: true }, bytes, now);
          sent.push({ hour: hourOf(now), bytes });
        } else {
          const { seconds } = refusal.parameters;
          expect(sumAt(now + seconds * 1000)).toBeLessThan(limit);
          expect(sumAt(now + seconds * 1000 - HOUR)).toBeGreaterThanOrEqual(limit);
        }
      }
    }),
  );
});

test('each is told of once a day, and named until an hour after its last try', () => {
  const told: OverQuota[] = [];
  const quota = new ByteQuota({ bytesPerSender: 100, bytesShared: 1e9 }, (over) => told.push(over));
  const send = (now: number): void => quota.note({ sender: 'a', host: 'web-1', isBound: true }, 150, now);
  send(START);
  expect(quota.over(START)).toEqual([]);
  for (let i = 0; i < 5; i++) expect(refusalOf(quota, 'a', START + i)).toBeDefined();
  const over = { sender: 'a', host: 'host of a', bytes: 150, limit: 100 };
  expect(told).toEqual([over]);
  expect(quota.over(START + HOUR / 2)).toEqual([over]);
  expect(quota.over(START + 2 * HOUR)).toEqual([]);
  send(START + 25 * HOUR);
  expect(refusalOf(quota, 'a', START + 25 * HOUR)).toBeDefined();
  expect(told).toHaveLength(2);
});

test('names without a key of their own push out none that has one, and are none of those', () => {
  const quota = new ByteQuota({ bytesPerSender: 100, bytesShared: 1e9 }, () => undefined);
  quota.note({ sender: 'a', host: 'h', isBound: true }, 100, START);
  expect(refusalOf(quota, 'a', START, false)).toBeUndefined();
  for (let i = 0; i < 40_000; i++) quota.note({ sender: `made-up-${i}`, host: 'h', isBound: false }, 100, START);
  expect(refusalOf(quota, 'a', START)).toBeDefined();
  expect(refusalOf(quota, 'made-up-39999', START, false)).toBeDefined();
  // Of so many names the oldest are forgotten.
  expect(refusalOf(quota, 'made-up-0', START, false)).toBeUndefined();
});

test('names without a key of their own have a limit together, which those with one do not fill', () => {
  const told: OverQuota[] = [];
  const quota = new ByteQuota({ bytesPerSender: 100, bytesShared: 1000 }, (over) => told.push(over));
  let sent = 0;
  for (let i = 0; i < 1000 && refusalOf(quota, `made-up-${i}`, START, false) === undefined; i++) {
    quota.note({ sender: `key-${i}`, host: 'h', isBound: true }, 60, START);
    quota.note({ sender: `made-up-${i}`, host: 'h', isBound: false }, 60, START);
    sent += 60;
  }
  expect(sent).toBe(1020);
  const over = { sender: 'the shared token', host: '', bytes: 1020, limit: 1000 };
  expect(told).toEqual([over]);
  expect(quota.over(START)).toEqual([over]);
  // Before it is known under which name.
  expect(() => quota.mustHaveTogether(START)).toThrow(CodedError);
  expect(refusalOf(quota, 'key-0', START)).toBeUndefined();
  expect(refusalOf(quota, 'made-up-0', START + 23 * HOUR, false)).toBeDefined();
  expect(refusalOf(quota, 'made-up-0', START + 24 * HOUR, false)).toBeUndefined();
});

test('a clock that was ahead once makes nothing count for longer than a day', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 24 * 400 }), fc.integer({ min: 0, max: 30 }), (hoursAhead, before) => {
      const told: OverQuota[] = [];
      const quota = new ByteQuota({ bytesPerSender: 100, bytesShared: 100 }, (over) => told.push(over));
      const note = (bytes: number, at: number): void => quota.note({ sender: 'a', host: 'h', isBound: true }, bytes, at);
      note(10, START - before * HOUR);
      note(100, START + hoursAhead * HOUR);
      expect(refusalOf(quota, 'a', START + hoursAhead * HOUR)).toBeDefined();
      // It is right again: what was sent a moment ago counts for a day from here, then each hour for its own.
      expect(refusalOf(quota, 'a', START)?.parameters.seconds).toBe(86_400);
      expect(quota.over(START + 2 * HOUR)).toEqual([]);
      expect(refusalOf(quota, 'a', START + 23 * HOUR)).toBeDefined();
      for (let hour = 24; hour < 100; hour++) {
        expect(refusalOf(quota, 'a', START + hour * HOUR)).toBeUndefined();
        note(4, START + hour * HOUR);
      }
      expect(quota.bytesOf('a', START + 99 * HOUR)).toBe(96);
      note(10, START + 99 * HOUR);
      expect(refusalOf(quota, 'a', START + 99 * HOUR)).toBeDefined();
      expect(told.at(-1)?.bytes).toBe(106);
    }),
  );
});

test('requests that waited over the end of an hour push nothing out', () => {
  const quota = new ByteQuota({ bytesPerSender: 100, bytesShared: 100 }, () => undefined);
  for (let i = 0; i < 100; i++) quota.note({ sender: 'a', host: 'h', isBound: true }, 1, START - (i % 2) * HOUR);
  expect(quota.bytesOf('a', START)).toBe(100);
});

test('a clock that is set back forgets nothing', () => {
  const quota = new ByteQuota({ bytesPerSender: 100, bytesShared: 1e9 }, () => undefined);
  quota.note({ sender: 'a', host: 'h', isBound: true }, 60, START);
  quota.note({ sender: 'a', host: 'h', isBound: true }, 60, START - 5 * HOUR);
  expect(refusalOf(quota, 'a', START - 5 * HOUR)).toBeDefined();
  expect(refusalOf(quota, 'a', START)).toBeDefined();
});
