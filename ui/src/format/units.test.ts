// Holds how numbers are written for people: families of units, human steps, and the dash for what is not known.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisLabels, axisSteps, columnFormat, formatNumber, UNKNOWN } from './units.ts';

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
    [1e308, '1', '1.00e308'],
    [-1e308, 's/s', '-1.00e308 s/s'],
    [1e308, 'd', '1.00e308 d'],
  ])('writes %s %s as %s', (value, unit, text) => {
    expect(formatNumber(value, unit)).toBe(text);
  });

  it('never writes 0 for what is not known', () => {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) expect(formatNumber(value, 'By')).toBe(UNKNOWN);
  });
});

describe('columnFormat', () => {
  const column = (values: (number | null)[], unit: string | null) => values.map(columnFormat(values, unit));

  it.each<[(number | null)[], string | null, string[]]>([
    [[8.5574, 0.80328, null], null, ['8.56', '0.80', UNKNOWN]],
    [[0.123, 0.0000556, 0], '1', ['12.300%', '0.006%', '0%']],
    [[463 * 1024 ** 2, 2.938 * 1024 ** 2], 'By', ['463 MiB', '3 MiB']],
    [[5 * 1024 ** 3, 20 * 1024 ** 2], 'By', ['5.00 GiB', '0.02 GiB']],
    [[5 * 1024 ** 3, 20], 'By', ['5.00 GiB', '<0.01 GiB']],
    [[2048, 2048], 'By', ['2 KiB', '2 KiB']],
    [[0.5, 1], '1', ['50%', '100%']],
    [[930, 349], '{}', ['930', '349']],
    [[21_516, 3], '{}', ['21,516', '3']],
    [[12.5, 3], '{x}', ['12.5', '3.0']],
    [[2_500_000, 40_000], '{x}/s', ['2.50 M/s', '0.04 M/s']],
    [[0.0123, 0.0005], 's', ['12.3 ms', '0.5 ms']],
    [[-0.0000001, 5], null, ['>-0.01', '5.00']],
    [[4000, 65], 's', ['1h 7m', '1m 5s']],
    [[0, 0], 'By', ['0 B', '0 B']],
  ])('writes %j %s as %j', (values, unit, texts) => {
    expect(column(values, unit)).toEqual(texts);
  });

  it('puts points under points and one unit behind all', () => {
    const unit = fc.constantFrom('By', 'By/s', '1', '{}', '{x}/s', 'Cel', null, 'ms');
    const number = fc.double({ min: -1e5, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 20 }), unit, (values, of) => {
        const texts = column(values, of).filter((text) => !/^0[^.\d]*$/.test(text));
        const tails = new Set(texts.map((text) => text.replace(/^[<>-]*[\d,]+/, '').replace(/\d/g, '0')));
        if (Math.max(...values.map(Math.abs)) > 1e-9 && !texts.some((text) => /\d[mhd]/.test(text)))
          expect(tails.size, texts.join(' | ')).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('axes', () => {
  it('steps by 1, 2, 5, and never by a part of a whole thing', () => {
    expect(axisSteps('{}', true).slice(0, 4)).toEqual([1, 2, 5, 10]);
    for (const unit of ['{x}/s', null, 'Cel']) expect(axisSteps(unit)).not.toContain(2.5);
  });

  it('counts bytes in powers of two and time in time units', () => {
    expect(axisSteps('By')).toContain(1024 ** 2);
    expect(axisSteps('By')).not.toContain(1_000_000);
    expect(axisSteps('s')).toContain(300);
    expect(axisSteps('ms')).toContain(60_000);
  });

  it('writes all labels of an axis in one step', () => {
    expect(axisLabels([0, 512 * 1024 ** 2, 1024 ** 3, 1536 * 1024 ** 2], 'By')).toEqual(['0', '0.5 GiB', '1 GiB', '1.5 GiB']);
    expect(axisLabels([0, 1e308], '1')).toEqual(['0%', '1.00e308']);
    expect(axisLabels([0, 0.25, 0.5], '1')).toEqual(['0%', '25%', '50%']);
    expect(axisLabels([0, 0.0025, 0.005], '1')).toEqual(['0%', '0.25%', '0.5%']);
    expect(axisLabels([0, 60, 120], 's')).toEqual(['0', '1m', '2m']);
    expect(axisLabels([0, 500_000, 1_000_000], '{request}/s')).toEqual(['0', '0.5 M/s', '1 M/s']);
  });
});

it('a unit may be called anything', () => {
  for (const unit of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) expect(formatNumber(2, unit)).toBe(`2 ${unit}`);
});
