// The comparison of texts against that of strings.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TextColumn, UTF8 } from './batch.ts';
import { columnFrom } from './build.ts';
import { sameBytes, sameText } from './same-bytes.ts';

test('two texts are the same where their strings are, wherever they stand', () => {
  const texts = fc.array(fc.constantFrom('', 'a', 'ab', 'abc', 'abd', 'ä', '\u0000', '漢'), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(texts, texts, (left, right) => {
      const [x, y] = [columnFrom(UTF8, left) as TextColumn, columnFrom(UTF8, right) as TextColumn];
      for (const [a, one] of left.entries()) for (const [b, other] of right.entries()) expect(sameText(x, a, y, b)).toBe(one === other);
    }),
  );
});

test('pieces of bytes are the same where all of them are, up to their ends', () => {
  const bytes = Uint8Array.of(1, 2, 3, 1, 2, 4);
  expect(sameBytes(bytes, 0, 2, bytes, 3, 5)).toBe(true);
  expect(sameBytes(bytes, 0, 3, bytes, 3, 6)).toBe(false);
  expect(sameBytes(bytes, 0, 2, bytes, 3, 6)).toBe(false);
  expect(sameBytes(bytes, 2, 2, bytes, 6, 6)).toBe(true);
});
