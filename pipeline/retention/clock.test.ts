// The clock that retention asks: jumps are waited for, restarts and corrections are not taken for jumps.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClockState, heldUntil, lookedAt } from './clock.ts';

const DAY = 86_400_000;
const start = Date.UTC(2026, 10, 29);
/** Whether it is believed at each of these moments, one after the other. */
const believed = (...moments: readonly number[]): readonly boolean[] => {
  let state: ClockState | undefined;
  return moments.map((at) => {
    state = lookedAt(state, start + at, undefined);
    return heldUntil(state) === undefined;
  });
};

test('a clock that goes on is believed, after a short stop too', () => {
  expect(believed(0, 60_000, DAY, 2.9 * DAY)).toEqual([true, true, true, true]);
});

test('after a jump it is waited for a day, through restarts', () => {
  expect(believed(0, 30 * DAY, 30.5 * DAY, 30.99 * DAY, 31 * DAY, 32 * DAY)).toEqual([true, false, false, false, true, true]);
  expect(believed(0, 30 * DAY, 60 * DAY, 60.9 * DAY, 61 * DAY)).toEqual([true, false, false, false, true]);
});

test('a clock that is set right again has jumped nowhere', () => {
  expect(believed(0, 30 * DAY, 0.1 * DAY, 0.2 * DAY)).toEqual([true, false, true, true]);
});

test('the first look of all believes what is stored', () => {
  expect(heldUntil(lookedAt(undefined, start, start - DAY))).toBeUndefined();
  expect(heldUntil(lookedAt(undefined, start, undefined))).toBeUndefined();
  expect(heldUntil(lookedAt(undefined, start, start - 20 * DAY))).toBe(start + DAY);
});

test('nothing is removed in the first day after a jump, whatever the clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -40 * DAY, max: 40 * DAY }), { minLength: 1, maxLength: 30 }), (steps) => {
      let [state, at, jumpedAt]: [ClockState, number, number | undefined] = [{ at: start }, start, undefined];
      for (const step of steps) {
        at += step;
        if (step > 2 * DAY) jumpedAt = at;
        state = lookedAt(state, at, undefined);
        const mustWait = jumpedAt !== undefined && at >= jumpedAt && at < jumpedAt + DAY;
        if (mustWait && step > 2 * DAY) expect(heldUntil(state)).toBeDefined();
      }
    }),
  );
});
