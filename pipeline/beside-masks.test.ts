// What counts as one line read twice under other masks, by examples; the other way round too.
import { expect, test } from 'vitest';
import { sameBesideMasks } from './beside-masks.ts';

test.each([
  ['ticket=abc77', 'ticket=***'],
  ['rst 7 ticket=abc77 ok', 'rst 7 ticket=*** ok'],
  ['user=bob password=*** ticket=abc ok', 'user=bob password=*** ticket=*** ok'],
  ['{"token":12345,"n":1}', '{"token":"***","n":1}'],
  ['{"m":"{\\"token\\":12345}"}', '{"m":"{\\"token\\":\\"***\\"}"}'],
  [`a=${'x'.repeat(100)} b=1 c=${'y'.repeat(100)} d`, `a=*** b=1 c=${'y'.repeat(100)} d`],
  ['MIIEvQ', '***'],
])('%j and %j are one line', (a, b) => {
  expect(sameBesideMasks(a, b)).toBe(true);
  expect(sameBesideMasks(b, a)).toBe(true);
});

test.each([
  ['ticket=abc', 'ticket=abd'],
  ['at 10:01 ticket=abc', 'at 10:02 ticket=***'],
  ['ticket=abc ok', 'ticket=*** failed'],
  ['*** begin ***', '*** ended ***'],
  ['a=*** b=1 c=***', 'a=1 b=2 c=3'],
  ['ab', 'ab***b'],
])('%j and %j are two', (a, b) => {
  expect(sameBesideMasks(a, b)).toBe(false);
  expect(sameBesideMasks(b, a)).toBe(false);
});

test('texts made to be expensive are compared in no time', () => {
  const [a, b] = [`${'a'.repeat(31)}***`.repeat(2000), 'a'.repeat(65_536)];
  for (let i = 0; i < 100; i++) expect(sameBesideMasks(a, b)).toBe(true);
  expect(sameBesideMasks('"'.repeat(65_536), `***${'"'.repeat(65_536)}x`)).toBe(false);
});
