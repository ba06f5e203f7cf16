// Holds what the crosshair reads and that its box never covers what it reads.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barAt, isRead, placeBeside, readingsAt } from './read.ts';
import { shapeOf } from './shape.ts';
import { panel } from './support/panel.ts';

describe('the crosshair', () => {
  it('reads only what it stands on, a bucket over all its width', () => {
    const samples = { times: [1000, 2000], bucket: undefined };
    expect(isRead(samples, 0, 1100, 10)).toBe(true);
    expect(isRead(samples, 0, 1500, 10)).toBe(false);
    expect(isRead({ ...samples, bucket: 1000 }, 0, 1500, 10)).toBe(true);
    expect(isRead({ ...samples, bucket: 1000 }, 1, 9000, 10)).toBe(false);
  });

  it('reads the bar it stands on, to its end', () => {
    const times = [0, 10, 30];
    expect([-1, 0, 9.9, 10, 19, 20, 29, 30, 39, 40].map((at) => barAt(times, 10, at))).toEqual([undefined, 0, 0, 1, 1, undefined, undefined, 2, 2, undefined]);
    expect(barAt([], 10, 0)).toBe(undefined);
  });

  it('reads the highest first, each by itself and all together where they add up', () => {
    const counts = panel({ a: [1, null], b: [5, 2], c: [3, undefined] }, { additive: true });
    const shape = shapeOf(counts, 'stacked-bar', false, new Set());
    expect(readingsAt(counts, shape, [0, 0, 0])).toEqual({
      lines: [
        { line: 1, value: 5 },
        { line: 2, value: 3 },
        { line: 0, value: 1 },
      ],
      total: 9,
    });
    expect(readingsAt(counts, shape, [1, 1, null])).toEqual({ lines: [{ line: 1, value: 2 }], total: null });
    const alone = shapeOf(counts, 'stacked-bar', false, new Set(['a', 'c']));
    expect(readingsAt(counts, alone, [0, 0, 0]).total).toBe(4);
    const gauges = panel({ a: [1], b: [5] });
    expect(readingsAt(gauges, shapeOf(gauges, 'line', false, new Set()), [0, 0]).total).toBe(null);
  });
});

describe('placeBeside', () => {
  const size = (most: number) => fc.record({ width: fc.integer({ min: 1, max: most }), height: fc.integer({ min: 1, max: most }) });
  it('never covers the pointer, never leaves the chart by its sides, and stands near', () => {
    fc.assert(
      fc.property(size(500), size(1600), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (box, chart, fx, fy) => {
        const x = fx * chart.width;
        const { left, top, most } = placeBeside(x, fy * chart.height, box, chart);
        const width = Math.min(box.width, most);
        expect(left > x || left + width < x || most === 0).toBe(true);
        if (most > 0) {
          expect(left + width).toBeLessThanOrEqual(chart.width + 1e-9);
          expect(left).toBeGreaterThanOrEqual(-1e-9);
          expect(Math.min(Math.abs(left - x), Math.abs(left + width - x))).toBeLessThan(15);
        }
        expect(top).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
