// Very long lines: whatever they are, what stands out of them is drawn, gaps stay gaps, and the time it takes is bounded.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Column, Value } from '../data/types.ts';
import { panelsOf } from './series.ts';
import { MOST_POINTS, stepFor, thinned } from './thin.ts';

const values = fc.array(fc.oneof({ weight: 9, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) }, { weight: 1, arbitrary: fc.constant(null) }), {
  minLength: 1,
  maxLength: 400,
});

test('each step has its least and its largest value in their order; the ends of the whole line are kept', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 90 }), (all, half) => {
      const times = all.map((_, i) => 1000 + i * 7);
      const step = 2 * half;
      const thin = thinned({ times, values: all }, 1000, step);
      const numbers = all.filter((value) => value !== null);
      const kept = thin.values.filter((value) => value !== null);
      expect(thin.times.every((at, i) => (at - 1000) % half === 0 && (i === 0 || at > (thin.times[i - 1] as number)))).toBe(true);
      expect(kept.every((value) => numbers.includes(value))).toBe(true);
      if (numbers.length > 0) {
        expect(Math.max(...kept)).toBe(Math.max(...numbers));
        expect(Math.min(...kept)).toBe(Math.min(...numbers));
      }
      // a step in which nothing has a value is a gap in both of its points
      for (let i = 0; i < thin.times.length; i += 2) {
        const of = all.filter((_, at) => Math.floor(((times[at] as number) - 1000) / step) === ((thin.times[i] as number) - 1000) / step);
        expect([thin.values[i], thin.values[i + 1]].map((value) => value === null)).toEqual(Array(2).fill(of.every((value) => value === null)));
      }
    }),
  );
});

const ROWS = 100_000;
const column = (name: string, type: string, of: (row: number) => Value): Column => ({
  name,
  type,
  unit: null,
  values: Array.from({ length: ROWS }, (_, i) => of(i)),
});
const began = Date.UTC(2026, 10, 20);
const time = (of: (row: number) => number): Column => column('time', 'time', (row) => new Date(began + of(row)).toISOString());

test('of 100,000 rows and 300 columns of values a bounded number of points and columns is drawn, and the figures are those of all rows', () => {
  const { panels, columns, rows } = panelsOf([
    time((row) => row * 1000),
    ...Array.from({ length: 300 }, (_, c) => column(`c${String(c).padStart(3, '0')}`, 'float', (row) => (row === 77_777 && c === 59 ? 1e6 : c + (row % 3)))),
  ]);
  expect(columns).toEqual({ drawn: 60, of: 300 });
  expect(rows).toEqual({ drawn: ROWS, of: ROWS });
  const panel = panels[0];
  expect(panel?.thinnedFrom).toBe(ROWS);
  expect(panel?.times.length).toBeLessThan(MOST_POINTS);
  const spike = panel?.lines.find(({ label }) => label === 'c059');
  expect(spike?.max).toBe(1e6);
  expect(spike?.avg).toBeCloseTo((59 * ROWS + ROWS - 1 + 1e6 - 59 - (77_777 % 3)) / ROWS, 1);
  expect(spike?.points).toContain(1e6);
});

test('300 columns of keys, and as many lines as rows, are bounded and told too', () => {
  const keys = Array.from({ length: 299 }, (_, c) => column(`k${c}`, 'string', (row) => `v${(row * c) % 97}`));
  const many = panelsOf([time((row) => row % 1000), ...keys, column('value', 'float', (row) => row)]);
  expect(many.rows.drawn).toBeLessThan(ROWS);
  expect(many.rows.of).toBe(ROWS);
  const lines = panelsOf([time((row) => (row % 7) * 1000), column('key', 'string', (row) => `${row}`), column('value', 'float', (row) => row)]);
  expect(lines.panels[0]?.total).toBe(ROWS);
  expect(lines.panels[0]?.lines.map(({ label }) => label)).toEqual(Array.from({ length: 20 }, (_, i) => `${ROWS - 1 - i}`));
});

test('a bucket that is not whole stays so when its line is thinned', () => {
  const last = began + (ROWS - 1) * 1000;
  const [panel] = panelsOf([time((row) => row * 1000), column('value', 'int', () => 1)], { partial: new Set([last]) }).panels;
  expect(panel?.partial.filter(Boolean).length).toBe(1);
  expect(stepFor(began, last) % 2).toBe(0);
});
