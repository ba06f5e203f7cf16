// Random regular expressions, right and wrong ones, out of the pieces that engines read differently.
import fc from 'fast-check';

const PIECES = [
  ...['a', 'b', 'é', '😀', 'z', '0', ' ', '-', '&', '!', ',', ':', '_', '<', '>', '='],
  ...['(', ')', '(?:', '(?i)', '(?s-i:', '(?-s)', '(?U)', '(?m)', '(?P<n>', '(?P<m>', '(?<k>', '(?', '|', '^', '$', '.'],
  ...['*', '+', '?', '{2}', '{2,}', '{,3}', '{2,1}', '{1,40}', '{', '}'],
  ...['[', '[^', ']', '[:alpha:]', '[:^word:]', '[a-z]', '[^b]', '\\-'],
  ...['\\d', '\\W', '\\s', '\\b', '\\B', '\\A', '\\z', '\\p{L}', '\\pN', '\\P{^Greek}', '\\x41', '\\x{1F600}', '\\12', '\\1', '\\0', '\\n', '\\a'],
  ...['\\.', '\\_', '\\`', '\\<', '\\Q', '\\E', '\\C', '\n'],
];

export const arbitraryRegex: fc.Arbitrary<string> = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''));

/** Texts on which such expressions differ. */
export const arbitrarySubject: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('a', 'b', 'B', 'é', 'É', '😀', 'z', '0', ' ', '-', '\n', '_', 'α', '{', 'K', '\u212a', 'ſ', 's'), { maxLength: 8 })
  .map((pieces) => pieces.join(''));
