// Regular expressions are refused with a place and a reason; what is taken is taken by the runner's engine too.
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { expect, test } from 'vitest';
import { regexMistake } from './regex.ts';
import { arbitraryRegex } from './test-support/arbitrary-regex.ts';

test.each([
  ['(', '(', '`(` is not closed'],
  ['a|b)', ')', '`)` closes no group'],
  ['(?=a)', '(?=', '`(?=` looks around, which RE2 cannot'],
  ['(?<=a)b', '(?<=', '`(?<=` looks around, which RE2 cannot'],
  ['x[z-a]', 'z-a', 'the range `z-a` goes backwards'],
  ['x[a', '[', '`[` is not closed'],
  ['a**', '**', '`**` repeats a repetition; put the first into a group: `(?:…)`'],
  ['*a', '*', '`*` has nothing to repeat'],
  ['a\\8', '\\8', '`\\8` looks back at a group, which RE2 cannot'],
  ['a{1001}', '{1001}', '`{1001}` repeats more than 1000 times'],
  ['a{2,1}', '{2,1}', '`{2,1}` ends before it begins'],
  ['x(a{100}){100}', '(a{100}){100}', 'repetitions within each other come to 10000 times, 1000 are allowed'],
  ['\\p{Foo}', '\\p{Foo}', 'there is no class of characters `\\p{Foo}`'],
  ['[[:foo:]]', '[:foo:]', 'there is no class of characters `[:foo:]`'],
  ['a\\', '\\', 'a `\\` stands at the end'],
  ['a\\Z', '\\Z', 'there is no escape `\\Z`'],
  ['(?P<a', '(?P<a', 'the name of a group is letters, digits and `_`: `(?P<name>…)`'],
  ['\\p{L}{100}', '\\p{L}{100}', 'it is too large: 50101 steps, 20000 are allowed'],
])('%s', (pattern, place, reason) => {
  const found = regexMistake(pattern);
  expect(found?.reason).toBe(reason);
  expect(pattern.slice(found?.start, found?.end)).toBe(place);
});

test.each([
  '',
  'a',
  '^a.*b$',
  '(a|b)+?',
  '[^]a-]',
  '[a-]',
  '\\d+\\.\\d{1,3}',
  '(?i)error|warn',
  '(?s-i:a.b)',
  '\\p{Greek}\\PN',
  '\\Qa*b\\E+',
  '\\x{1F600}',
  '[[:^alpha:]\\d]',
  'a{,3}',
  '{',
  '\\12',
  '(?P<n>a)',
])('right: %s', (pattern) => expect(regexMistake(pattern)).toBeUndefined());

test('what is taken compiles in the runner; a mistake lies in the expression', () => {
  fc.assert(
    fc.property(arbitraryRegex, (pattern) => {
      const found = regexMistake(pattern);
      if (found === undefined) expect(() => RE2JS.compile(pattern, RE2JS.DOTALL)).not.toThrow();
      else expect(found.start >= 0 && found.start < found.end && found.end <= pattern.length, JSON.stringify(found)).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

test('any text is read without throwing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (pattern) => void regexMistake(pattern)),
    { numRuns: 2000 },
  );
  expect(regexMistake('('.repeat(65_000))?.reason).toBe('groups stand more than 200 within each other');
});
