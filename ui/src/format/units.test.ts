// Holds how numbers are written for people: families of units, human steps, and the dash for what is not known.
import { describe, expect, it } from 'vitest';
import { axisLabels, axisSteps, formatNumber, UNKNOWN } from './units.ts';

describe('formatNumber', () => {
  it.each([
    [0, 'By', '0 B'],
    [1536, 'By', '1.5 KiB'],
    [1023, 'By', '1,023 B'],
    [10 * 1024 ** 3, 'By', '10 GiB'],
    [123_456_789, 'By/s', '118 MiB/s'],
    [2048, 'KiBy', '2 MiB'],
    [0.1234, '1', '12.3%'],
    [1, '1', '100%'],
    [0.00012, '1', '0.012%'],
    [50, '%', '50%'],
    [0.5, 's/s', '50%'],
    [0.0012, 's', '1.2 ms'],
    [65, 's', '1m 5s'],
    [3600, 's', '1h'],
    [90_000, 's', '1d 1h'],
    [119.9, 's', '2m'],
    [-65, 's', '-1m 5s'],
    [250, 'ms', '250 ms'],
    [12_345, '{process}', '12,345'],
    [1_234_567, '{packet}/s', '1.23 M/s'],
    [12.5, 'Cel', '12.5 °C'],
    [0.1 + 0.2, null, '0.3'],
    [3, 'furlong', '3 furlong'],
  ])('writes %s %s as %s', (value, unit, text) => {
    expect(formatNumber(value, unit)).toBe(text);
  });

  it('never writes 0 for what is not known', () => {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) expect(formatNumber(value, 'By')).toBe(UNKNOWN);
  });
});

describe('axes', () => {
  it('counts bytes in powers of two and time in time units', () => {
    expect(axisSteps('By')).toContain(1024 ** 2);
    expect(axisSteps('By')).not.toContain(1_000_000);
    expect(axisSteps('s')).toContain(300);
    expect(axisSteps('ms')).toContain(60_000);
  });

  it('writes all labels of an axis in one step', () => {
    expect(axisLabels([0, 512 * 1024 ** 2, 1024 ** 3, 1536 * 1024 ** 2], 'By')).toEqual(['0', '0.5 GiB', '1 GiB', '1.5 GiB']);
    expect(axisLabels([0, 0.25, 0.5], '1')).toEqual(['0%', '25%', '50%']);
    expect(axisLabels([0, 0.0025, 0.005], '1')).toEqual(['0%', '0.25%', '0.5%']);
    expect(axisLabels([0, 60, 120], 's')).toEqual(['0', '1m', '2m']);
    expect(axisLabels([0, 500_000, 1_000_000], '{request}/s')).toEqual(['0', '0.5 M/s', '1 M/s']);
  });
});
