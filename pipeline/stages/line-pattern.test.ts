// The pattern of a line against the words that iql.md says it has.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withDictionaries } from '../../core/batch/arbitrary.ts';
import { UTF8, valueAt } from '../../core/batch/batch.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { linePatterns } from './line-pattern.ts';
import { wholeLine } from './whole-line.ts';

type Row = readonly [body: string | null, raw: string | null];

const patternsOf = (rows: readonly Row[], coded = false): readonly string[] => {
  const [body, raw] = [0, 1]
    .map((at) =>
      columnFrom(
        UTF8,
        rows.map((row) => row[at] as string | null),
      ),
    )
    .map((c) => (coded ? withDictionaries(c) : c));
  if (body === undefined || raw === undefined) throw new Error('two columns');
  const patterns = linePatterns(body, raw, wholeLine(body, raw).raw);
  return rows.map((_, row) => valueAt(patterns, row) as string);
};

/** docs/iql.md, in one line. */
const tokens = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const LETTERS = /^[a-z]+$/;

test.each<[string, string | null, string | null, string]>([
  ['words', 'Disk Full', null, ' disk full '],
  ['ids and numbers are one', 'GET /a/17?x=3f 200 12 ms', null, ' get a 0 x 0 ms '],
  ['of the whole line', 'up', '{"level":"info","msg":"up"}', ' level info msg up '],
  ['of both, apart', 'up now', 'it was down', ' it was down 0 up now '],
  ['other scripts', 'Größe 日本 von C4', null, ' 0 von 0 '],
  ['a dash is no letter', 'foo—bar', null, ' foo bar '],
  ['nothing', null, null, ' '],
  ['no words', '--- 42 ---', null, ' 0 '],
])('%s', (_, body, raw, pattern) => {
  expect(patternsOf([[body, raw]])).toEqual([pattern]);
});

const word = fc.constantFrom('a', 'B', 'ab', 'é', '日', '1', 'x2', ' ', '-', '—', '"', '\\', '\0', 'İ', '\u212a', '😀', 'Σ', '\n');
const text = fc.oneof(
  { weight: 3, arbitrary: fc.array(word, { maxLength: 10 }).map((w) => w.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
);

test('it has a phrase of ASCII letters exactly where the line or its message has', () => {
  const row = fc.oneof(
    fc.tuple(fc.option(text), fc.option(text)),
    fc.tuple(text, text, text).map(([head, body, tail]): Row => [body, head + body + tail]),
  );
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), fc.boolean(), (rows, coded) => {
      for (const [i, pattern] of patternsOf(rows, coded).entries()) {
        const [body, raw] = rows[i] as Row;
        expect(pattern).toMatch(/^ (?:(?:[a-z]+|0) )*$/);
        expect(pattern).not.toContain(' 0 0 ');
        const texts = [body, raw].filter((t) => t !== null).map(tokens);
        const has = (phrase: readonly string[]): boolean => texts.some((t) => t.some((_, at) => phrase.every((w, k) => t[at + k] === w)));
        // Phrases that stand in it, and such that might.
        const words = [...new Set([...texts.flat(), 'a', 'b', 'ab', 'k'])].filter((w) => LETTERS.test(w));
        for (const one of words) {
          expect(pattern.includes(` ${one} `)).toBe(has([one]));
          for (const two of words) expect(pattern.includes(` ${one} ${two} `), `${one} ${two} in ${pattern}`).toBe(has([one, two]));
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('many patterns are told apart', () => {
  const letters = (n: number): string => n.toString().replaceAll(/\d/g, (d) => 'abcdefghij'[Number(d)] as string);
  const rows = Array.from({ length: 20_000 }, (_, n): Row => [`user ${letters(n % 5000)} in`, null]);
  expect(patternsOf(rows)).toEqual(rows.map((_, n) => ` user ${letters(n % 5000)} in `));
});
