// Offsets as lines and columns.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placesIn } from './positions.ts';

const at = (text: string, offset: number): string => {
  const { start } = placesIn(text)({ start: offset, end: offset });
  return `${start.line}:${start.column}`;
};

test.each([
  ['', 0, '1:1'],
  ['abc', 3, '1:4'],
  ['a\nb', 1, '1:2'],
  ['a\nb', 2, '2:1'],
  ['a\r\nb', 2, '1:3'],
  ['a\r\nb', 3, '2:1'],
  ['\n\n', 2, '3:1'],
  // UTF-16 units: a character outside the basic plane is two.
  ['😀x', 2, '1:3'],
  ['abc', 99, '1:4'],
  ['abc', -1, '1:1'],
])('%j at %i is %s', (text, offset, place) => expect(at(text, offset)).toBe(place));

test('counting newlines says the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'é') }), fc.nat(), (text, n) => {
      const offset = n % (text.length + 1);
      const before = text.slice(0, offset).split('\n');
      expect(at(text, offset)).toBe(`${before.length}:${(before.at(-1) as string).length + 1}`);
    }),
  );
});
