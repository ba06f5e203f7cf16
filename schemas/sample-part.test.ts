// Parts against what the language works out from the samples themselves (query/functions/run/series.ts), over random series with resets,
// markers, missing values and start times: wherever a stretch is cut, and however the parts are put together again.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SERIES } from '../query/functions/run/series.ts';
import type { SeriesWindow } from '../query/run/aggregate.ts';
import { before, deltaOf, increaseOf, Part, rateOf, type Sample } from './sample-part.ts';

type Event = { readonly time: number } & (Sample | { readonly kind: 'stale' | 'missing' });

const put = (part: Part, event: Event): Part => {
  if ('value' in event) part.addRun(Float64Array.of(event.time), Float64Array.of(event.value), Float64Array.of(event.start), 0, 1);
  else if (event.kind === 'stale') part.addStale();
  else part.addMissing();
  return part;
};
const lift = (event: Event): Part => put(new Part(), event);
const partOfAll = (events: readonly Event[]): Part => events.reduce(put, new Part());
const concat = (a: Part, b: Part): Part => {
  const both = new Part();
  both.append(a);
  both.append(b);
  return both;
};

const FIRST = 1_000_000;
const numbers = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: -1000, max: 1000 }).map((v) => v / 10),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
);
const event = fc.record({
  gap: fc.integer({ min: 1, max: 400 }),
  value: numbers,
  kind: fc.constantFrom('sample', 'sample', 'sample', 'sample', 'stale', 'missing'),
  /** From the sample's time; undefined: not known. */
  start: fc.option(fc.integer({ min: -1500, max: 50 }), { nil: undefined }),
});
const series = fc.array(event, { maxLength: 30 }).map((list) => {
  let time = FIRST;
  return list.map(({ gap, value, kind, start }): Event => {
    time += gap;
    if (kind !== 'sample') return { time, kind: kind as 'stale' | 'missing' };
    return { time, value, start: start === undefined ? 0 : time + start };
  });
});

/** Put together two by two, at random. */
const together = (parts: readonly Part[], choices: readonly number[]): Part => {
  const left = [...parts];
  for (let i = 0; left.length > 1; i++) {
    const at = (choices[i % choices.length] ?? 0) % (left.length - 1);
    left.splice(at, 2, concat(left[at] as Part, left[at + 1] as Part));
  }
  return left[0] ?? new Part();
};

/** As far as sums of floats are the same in every order. */
const near = (a: number | undefined, b: number | undefined): void => {
  if (a === undefined || b === undefined) expect(a).toBe(b);
  else expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 + 1e-12 * Math.max(Math.abs(a), Math.abs(b)));
};

const told = (part: Part) => {
  const { count, missing, stale, opens, ends, min, max, resets } = part;
  return { count, missing, stale, opens, ends, min, max, resets, runs: part.runs(), last: count === 0 ? undefined : part.last };
};

const expectSame = (a: Part, b: Part): void => {
  expect(told(a)).toEqual(told(b));
  near(a.sum + a.sumLost, b.sum + b.sumLost);
  near(a.rise + a.riseLost, b.rise + b.riseLost);
};

test('a stretch cut anywhere, put together in any order, is one part', () => {
  fc.assert(
    fc.property(series, fc.array(fc.nat(30), { maxLength: 6 }), fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }), (events, cuts, choices) => {
      const bounds = [0, ...cuts.map((c) => Math.min(c, events.length)), events.length].sort((a, b) => a - b);
      const parts = bounds.slice(1).map((to, i) => partOfAll(events.slice(bounds[i], to)));
      expectSame(together(parts, choices), partOfAll(events));
      expectSame(together(events.map(lift), choices), partOfAll(events));
    }),
    { numRuns: 2000 },
  );
});

const windowOfLanguage = (events: readonly Event[], from: number, to: number, lookback: number, delta: boolean): SeriesWindow | undefined => {
  const seen = events.filter((e) => !('kind' in e && e.kind === 'missing'));
  const first = seen.findIndex((e) => e.time >= from);
  const end = seen.filter((e) => e.time < to).length;
  if (first < 0 || first >= end) return undefined;
  const earlier = seen[first - 1];
  return {
    times: BigInt64Array.from(seen, (e) => BigInt(e.time) * 1_000_000n),
    values: Float64Array.from(seen, (e) => ('value' in e ? e.value : 0)),
    starts: BigInt64Array.from(seen, (e) => ('value' in e && e.start !== 0 ? BigInt(e.start) * 1_000_000n : -1n)),
    stale: Uint8Array.from(seen, (e) => ('value' in e ? 0 : 1)),
    before: earlier !== undefined && 'value' in earlier && earlier.time >= from - lookback ? first - 1 : -1,
    first,
    end,
    from: BigInt(from) * 1_000_000n,
    delta,
  };
};

test('increase, rate and delta of a window are those of its samples', () => {
  const moments = fc.tuple(fc.integer({ min: FIRST - 10, max: FIRST + 9000 }), fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 0, max: 1000 }));
  let known = 0;
  fc.assert(
    fc.property(series, moments, fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }), fc.boolean(), (events, [from, length, lookback], choices, delta) => {
      const to = from + length;
      const inside = events.filter((e) => e.time >= from && e.time < to);
      const window = {
        part: together(inside.map(lift), choices),
        before: before(partOfAll(events.filter((e) => e.time < from)), from, lookback),
        from,
      };
      const language = windowOfLanguage(events, from, to, lookback, delta);
      const asked = (name: 'increase' | 'rate' | 'delta'): number | undefined => {
        const value = language === undefined ? undefined : SERIES[name](language);
        if (value !== undefined) known++;
        return value === undefined ? undefined : Number(value);
      };
      near(increaseOf(window, delta), asked('increase'));
      near(rateOf(window, delta), asked('rate'));
      if (!delta) near(deltaOf(window), asked('delta'));
    }),
    { numRuns: 5000 },
  );
  expect(known).toBeGreaterThan(1000);
});

test('what lies in a window is counted, summed and bounded', () => {
  fc.assert(
    fc.property(series, (events) => {
      const part = partOfAll(events);
      const values = events.flatMap((e) => ('value' in e ? [e.value] : []));
      expect([part.count, part.missing + part.stale]).toEqual([values.length, events.length - values.length]);
      if (part.count === 0) return;
      near(
        part.sum + part.sumLost,
        values.reduce((a, b) => a + b, 0),
      );
      expect([part.min, part.max, part.first.value, part.last.value]).toEqual([Math.min(...values), Math.max(...values), values[0], values.at(-1)]);
    }),
  );
});
