// CSV: quoting, formulas, numbers.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvText } from './csv.ts';

const one = (value: unknown, type = 'string'): string => csvText([{ name: 'v', type, values: [value] }], 1).slice(2, -1);

test('cells that a spreadsheet would run are text, numbers stay numbers', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '=HYPERLINK("http://x","y")']) expect(one(text).replace(/^"/, '')).toMatch(/^'/);
  expect([one(-1.5, 'float'), one('-9223372036854775808', 'int'), one(null), one('a-b')]).toEqual(['-1.5', '-9223372036854775808', '', 'a-b']);
  expect(csvText([{ name: '=cmd', type: 'string', values: [] }], 0)).toBe("'=cmd\n");
});

test('what is quoted reads back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const made = one(text);
      const read = made.startsWith('"') ? made.slice(1, -1).replaceAll('""', '"') : made;
      expect(read === text || read === `'${text}`).toBe(true);
      if (!made.startsWith('"')) expect(made).not.toMatch(/[",\r\n]/);
    }),
  );
});
