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

test('a clock that is set back by less than it had jumped is as wrong as before', () => {
  expect(believed(0, 30 * DAY, 30 * DAY - 1000, 30.5 * DAY)).toEqual([true, false, false, false]);
  expect(believed(0, 30 * DAY, 30 * DAY - 60_000, 31 * DAY - 60_000)).toEqual([true, false, false, true]);
  expect(believed(0, 30 * DAY, 60 * DAY, 30 * DAY, 0.1 * DAY)).toEqual([true, false, false, false, true]);
});

test('a time days ahead of all that was believed is believed only when the clock has gone on for a day since, whatever it does', () => {
  const step = fc.oneof(fc.integer({ min: -40 * DAY, max: 40 * DAY }), fc.integer({ min: -2 * DAY, max: 2 * DAY }), fc.integer({ min: -60_000, max: 60_000 }));
  let waited = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      let state: ClockState = { at: start };
      let trusted = start;
      /** Looks since then. */
      let since: number[] = [];
      let at = start;
      for (const by of steps) {
        at += by;
        state = lookedAt(state, at, undefined);
        if (heldUntil(state) !== undefined) {
          waited++;
          since.push(at);
          continue;
        }
        if (at - trusted > 2 * DAY) {
          // From one of the looks on it went on, neither back behind it nor by days at once.
          const wentOn = since.some((look, i) => {
            const later = [...since.slice(i + 1), at];
            return at - look >= DAY && later.every((next, n) => next >= look && next - (later[n - 1] ?? look) <= 2 * DAY);
          });
          expect([steps, wentOn]).toEqual([steps, true]);
        }
        trusted = at;
        since = [];
      }
    }),
    { numRuns: 1000 },
  );
  expect(waited).toBeGreaterThan(0);
});
