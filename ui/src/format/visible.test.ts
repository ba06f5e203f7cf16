// Holds that nothing of a text acts on the page or a terminal, and that harmless text stays as it is.
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { visibleLine, visibleText } from './visible.ts';

test.each([
  ['plain größe 日本 👩‍💻', 'plain größe 日本 👩‍💻'],
  ['\u001b[31mred\u001b[0m', 'red'],
  ['\u001b]0;title\u0007', '␛]0;title␇'],
  ['a\u0000b\u007f\u0085', 'a␀b␡\\u0085'],
  ['user\u202egnp.exe', 'user\\u202egnp.exe'],
  ['a\r\nb\rc\td', 'a\nb␍c\td'],
  ['\ud800x', '\ufffdx'],
])('%j is shown %j', (text, shown) => expect(visibleText(text)).toBe(shown));

it('is one line where it must be', () => {
  expect(visibleLine('a\n\tb', 10)).toBe('a⏎ b');
  expect(visibleLine('abcdef', 3)).toBe('abc…');
  expect(visibleLine('ab\ud83d\ude00', 3)).toBe('ab\ufffd…');
});

it('shows no text that acts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visibleText(text)).not.toMatch(/(?![\t\n])[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
      expect(visibleLine(text, 50)).not.toContain('\n');
    }),
  );
});
