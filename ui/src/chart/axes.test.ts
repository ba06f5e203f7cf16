// Holds what a chart's axes show: where the value axis stands, how far times are apart, what is marked under them.
import { describe, expect, it } from 'vitest';
import { check, staticCatalogue } from '../../../query/language.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import { logRange, timeSpace, valueRange } from './axes.ts';
import { EVENTS_TEXT, marksOf } from './events.ts';

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

  it('stands on 0 where heights are compared', () => {
    expect(valueRange('{}', 900, 930, true)[0]).toBe(0);
    expect(valueRange('By/s', -10, -5, true)[1]).toBe(0);
    expect(valueRange('By/s', -10, 5, true)[1]).toBeGreaterThan(5);
  });

  it('is whole powers of ten on a log axis, whatever is there', () => {
    expect(logRange(3, 420)).toEqual([1, 1000]);
    expect(logRange(0.02, 0.02)).toEqual([0.01, 0.1]);
    for (const none of [Number.NaN, 0, -1]) expect(logRange(none, none)).toEqual([1, 10]);
  });

  it('is there without any value', () => {
    expect(valueRange('1', Number.NaN, Number.NaN)).toEqual([0, 1]);
  });
});

describe('timeSpace', () => {
  it('leaves room for minutes on a phone and for seconds where they are shown', () => {
    expect(timeSpace(5 * 60_000, 290)).toBeLessThan(290 / 5);
    expect(timeSpace(60_000, 290)).toBeGreaterThan(54);
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
