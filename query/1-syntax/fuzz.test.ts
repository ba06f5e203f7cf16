// The parser and the printer against random trees, soups of tokens and mutated texts: no throw, no hang, and what is printed reads back the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokens } from './highlight.ts';
import { parse } from './parser.ts';
import { print } from './printer.ts';
import { queryOf } from './statements.ts';
import { tokenSoup, treesOf, withoutSpans } from './test-support/arbitrary.ts';
import { TEST_PIPES } from './test-support/pipes.ts';
import { EXAMPLES } from './test-support/texts.ts';

const trees = treesOf(TEST_PIPES);

/** What must hold of every text, right or wrong. */
const mustHold = (text: string): void => {
  const { text: tree, diagnostics } = parse(text, TEST_PIPES);
  for (const { span, fix, message } of diagnostics) {
    expect(message).not.toBe('');
    for (const s of [span, ...(fix?.edits.map((e) => e.span) ?? [])]) {
      expect(s.start).toBeGreaterThanOrEqual(0);
      expect(s.end).toBeGreaterThanOrEqual(s.start);
      expect(s.end).toBeLessThanOrEqual(text.length);
    }
  }
  // An alert without its query is told by the check.
  if (queryOf(tree) === undefined && !tree.statements.some((s) => s.node === 'alert')) expect(diagnostics).not.toEqual([]);
  else if (diagnostics.length === 0) {
    const printed = print(tree, TEST_PIPES);
    const again = parse(printed, TEST_PIPES);
    expect(again.diagnostics).toEqual([]);
    expect(print(again.text, TEST_PIPES)).toBe(printed);
  }
  const colours = tokens(text, TEST_PIPES);
  colours.forEach(({ span }, i) => {
    expect(span.end).toBeGreaterThan(span.start);
    expect(span.start).toBeGreaterThanOrEqual(colours[i - 1]?.span.end ?? 0);
  });
};

test('what is printed of a random tree reads back as that tree', () => {
  fc.assert(
    fc.property(trees.text, (tree) => {
      const printed = print(tree, TEST_PIPES);
      const { text, diagnostics } = parse(printed, TEST_PIPES);
      expect(diagnostics, printed).toEqual([]);
      expect(withoutSpans({ ...text, comments: [] }), printed).toEqual(withoutSpans(tree));
      expect(print(text, TEST_PIPES)).toBe(printed);
    }),
    { numRuns: 1500 },
  );
});

test('a soup of tokens gives diagnostics in place and never an error', () => {
  fc.assert(fc.property(tokenSoup, mustHold), { numRuns: 1500 });
});

test('a mutated text gives diagnostics in place and never an error', () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(...EXAMPLES),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 8 }), fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('(', ')', '|', '"', ' from ', ' let ', ' end '))), {
        maxLength: 4,
      }),
    )
    .map(([text, edits]) => edits.reduce((t, [at, cut, put]) => t.slice(0, at % (t.length + 1)) + put + t.slice((at % (t.length + 1)) + cut), text));
  fc.assert(fc.property(mutated, mustHold), { numRuns: 1500 });
});

test('every prefix of a text is read, as it is while someone types', () => {
  for (const text of EXAMPLES) for (let end = 0; end <= text.length; end++) mustHold(text.slice(0, end));
});

test('comments between any two words are kept, and the tree is the same', () => {
  const commented = fc
    .tuple(fc.constantFrom(...EXAMPLES.filter((t) => !t.includes('search'))), fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 1, maxLength: 5 }))
    .map(([text, places]) => {
      const gaps = tokens(text, TEST_PIPES).map((t) => t.span.end);
      const chosen = [...new Set(places.map(([n]) => gaps[n % gaps.length] as number))].sort((a, b) => b - a);
      const commentedText = chosen.reduce((t, at, i) => `${t.slice(0, at)}${places[i]?.[1] ? '\n' : ' '}// note ${i}\n${t.slice(at)}`, text);
      return { text, commentedText };
    });
  fc.assert(
    fc.property(commented, ({ text, commentedText }) => {
      const before = parse(text, TEST_PIPES);
      const with_ = parse(commentedText, TEST_PIPES);
      expect(with_.diagnostics).toEqual([]);
      const printed = print(with_.text, TEST_PIPES);
      const again = parse(printed, TEST_PIPES);
      expect(withoutSpans({ ...again.text, comments: [] })).toEqual(withoutSpans({ ...before.text, comments: [] }));
      expect(again.text.comments.map((c) => c.text).sort(), printed).toEqual(with_.text.comments.map((c) => c.text).sort());
      expect(print(again.text, TEST_PIPES)).toBe(printed);
    }),
    { numRuns: 500 },
  );
});
