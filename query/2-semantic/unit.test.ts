// Units: what UCUM texts mean, what fits together, and that no text is refused.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BYTES,
  COUNT,
  conversion,
  divideUnits,
  isCount,
  isRatio,
  multiplyUnits,
  parseUnit,
  perSecond,
  RATIO,
  SECONDS,
  sameDimension,
  type Unit,
} from './unit.ts';

const unit = (text: string): Unit => {
  const found = parseUnit(text);
  if (found === undefined) throw new Error(text);
  return found;
};

test.each([
  ['ms', 's', 0.001],
  ['min', 's', 60],
  ['KiBy', 'By', 1024],
  ['%', '1', 0.01],
  ['MBy/s', 'By/s', 1e6],
  ['kBy/ms', 'By/s', 1e6],
  ['bit/s', 'By/s', 0.125],
  ['{request}/min', '{x}/s', 1 / 60],
  ['s.s', 's2', 1],
  ['1/s', 's-1', 1],
])('%s is %s times %s', (a, b, factor) => {
  expect(sameDimension(unit(a), unit(b))).toBe(true);
  expect(conversion(unit(a), unit(b))).toBeCloseTo(factor, 12);
});

test.each([
  ['By', 's'],
  ['By', 'By/s'],
  ['1', '{request}'],
  ['Cel', 'K'],
  ['s', 's2'],
])('%s and %s measure different things', (a, b) => expect(sameDimension(unit(a), unit(b))).toBe(false));

test('counts of anything are one dimension, ratios have none', () => {
  expect(sameDimension(unit('{process}'), unit('{thread}'))).toBe(true);
  expect([isCount(unit('{x}')), isCount(COUNT), isCount(unit('1')), isCount(unit('{x}/s'))]).toEqual([true, true, false, false]);
  expect([isRatio(unit('1')), isRatio(unit('%')), isRatio(RATIO), isRatio(unit('By'))]).toEqual([true, true, true, false]);
});

test('no unit is unknown, not a ratio', () => {
  expect([parseUnit(undefined), parseUnit('')]).toEqual([undefined, undefined]);
});

test('products and quotients', () => {
  expect(sameDimension(multiplyUnits(perSecond(BYTES), SECONDS), BYTES)).toBe(true);
  expect(divideUnits(unit('ms'), SECONDS)).toBeUndefined();
  expect(perSecond(BYTES).text).toBe('By/s');
  expect(multiplyUnits(RATIO, BYTES).text).toBe('By');
});

const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'By s m{}/.1%-2kMi') }));

test('every text is some unit or none; a unit is of its own dimension, and divided by itself a plain number', () => {
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      const [x, y] = [parseUnit(a), parseUnit(b)];
      if (x === undefined || y === undefined) return;
      expect(sameDimension(x, x)).toBe(true);
      expect(divideUnits(x, x)).toBeUndefined();
      expect(sameDimension(multiplyUnits(x, y), multiplyUnits(y, x))).toBe(true);
    }),
  );
});
