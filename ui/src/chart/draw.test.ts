// Holds what a chart's axes show: where the value axis stands, and which buckets are marked as not whole.
import { describe, expect, it } from 'vitest';
import { check, staticCatalogue } from '../../../query/language.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import { isRead, timeSpace, valueRange } from './draw.ts';
import { EVENTS_TEXT, marksOf } from './events.ts';
import { partialBuckets } from './partial.ts';

describe('valueRange', () => {
  it('stands on 0 for ratios and for what begins near nothing', () => {
    expect(valueRange('1', 0.5, 0.6)[0]).toBe(0);
    expect(valueRange('By', 1, 100)[0]).toBe(0);
    expect(valueRange(null, 5, 5)[0]).toBe(0);
  });

  it('ends at 100% for nearly full ratios, and leaves room elsewhere', () => {
    expect(valueRange('1', 0, 0.97)).toEqual([0, 1]);
    const [low, high] = valueRange('Cel', 60, 70);
    expect(low).toBeLessThan(60);
    expect(low).toBeGreaterThan(50);
    expect(high).toBeGreaterThan(70);
    expect(valueRange('By/s', -10, 10)[0]).toBeLessThan(-10);
    expect(valueRange('By', 0, 0)[1]).toBeGreaterThan(0);
  });

  it('is there without any value', () => {
    expect(valueRange('1', Number.NaN, Number.NaN)).toEqual([0, 1]);
  });
});

describe('the crosshair', () => {
  it('reads only what it stands on, a bucket over all its width', () => {
    const samples = { times: [1000, 2000], bucket: undefined };
    expect(isRead(samples, 0, 1100, 10)).toBe(true);
    expect(isRead(samples, 0, 1500, 10)).toBe(false);
    expect(isRead({ ...samples, bucket: 1000 }, 0, 1500, 10)).toBe(true);
    expect(isRead({ ...samples, bucket: 1000 }, 1, 9000, 10)).toBe(false);
  });
});

describe('timeSpace', () => {
  it('leaves room for minutes on a phone and for seconds where they are shown', () => {
    expect(timeSpace(5 * 60_000, 290)).toBeLessThan(290 / 5);
    expect(timeSpace(60_000, 290)).toBeGreaterThan(54);
  });
});

describe('partialBuckets', () => {
  const times = [0, 10, 20, 30, 40];
  it('are those cut by the range and those still filling', () => {
    expect(partialBuckets({ bucket: 10, times }, 5, 50, Number.NaN)).toEqual([{ from: 0, to: 10 }]);
    expect(partialBuckets({ bucket: 10, times }, 0, 45, Number.NaN)).toEqual([{ from: 40, to: 50 }]);
    expect(partialBuckets({ bucket: 10, times }, 0, 50, 35)).toEqual([
      { from: 30, to: 40 },
      { from: 40, to: 50 },
    ]);
  });

  it('are none where all is there or nothing is in buckets', () => {
    expect(partialBuckets({ bucket: 10, times }, 0, 50, 60)).toEqual([]);
    expect(partialBuckets({ bucket: undefined, times }, 5, 45, 20)).toEqual([]);
  });
});

describe('marks', () => {
  it('are asked for by a right text and stand in order of time', () => {
    expect(check(EVENTS_TEXT, staticCatalogue(DATASETS)).diagnostics).toEqual([]);
    const column = (name: string, values: (string | null)[]) => ({ name, type: 'string', unit: null, values });
    expect(
      marksOf([column('time', ['1970-01-01T00:00:02Z', '1970-01-01T00:00:01Z']), column('kind', ['agent.start', 'deploy']), column('title', [null, 'new'])]),
    ).toEqual([
      { time: 1000, title: 'new' },
      { time: 2000, title: 'agent.start' },
    ]);
    expect(marksOf([])).toEqual([]);
  });
});
