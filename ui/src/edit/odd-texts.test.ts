// Holds that what a click changes in a text is that and nothing else, in texts with pipes, ranges and brackets wherever they mean nothing.
// The oracle knows the parts from which a text was put together, and compares what both mean, comments left out.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from '../../../query/1-syntax/parser.ts';
import { print } from '../../../query/1-syntax/printer.ts';
import { PIPE_SYNTAXES } from '../../../query/pipes/index.ts';
import { filterText, onlyFieldText, partsOf, sourceText, withoutFilters, withoutTrailing } from './filter-text.ts';
import { hasOwnRange, ownRange, ownRangeText, replaceOwnRange, withoutOwnRange } from './own-range.ts';

const meaning = (text: string): string => {
  const { text: tree, diagnostics } = parse(text, PIPE_SYNTAXES);
  expect(
    diagnostics.filter(({ severity }) => severity === 'error'),
    text,
  ).toEqual([]);
  return print({ ...tree, comments: [] }, PIPE_SYNTAXES);
};

const ODD = ['a | limit 5', 'last 6h', '// no', 'it is (', '| where x', '\\"', 'between @a and @b', '`', '] }', '😀', ''];
const odd = fc.oneof(fc.constantFrom(...ODD), fc.string({ maxLength: 12 })).map((text) => JSON.stringify(text.replaceAll('\0', '')));
const name = fc.constantFrom('host', '`a | limit 1`', '`last 6h`', '`a``b`', 'http.status', '`// x`');
/** Between two tokens; `search` takes `//` as a word. */
const gap = fc.constantFrom(' ', '\n', '  \n\t', ' // a | limit 1 (\n', ' // last 6h "\n', '\n// `\n');
const plainGap = fc.constantFrom(' ', '\n', '\n\n ');

/** In their pieces, between which any gap may stand. */
const where = fc.oneof(
  fc.tuple(name, odd).map(([n, o]) => ['where', n, '==', o]),
  fc.tuple(name, odd).map(([n, o]) => ['where', '(', n, 'in', '(', o, ',', o, ')', ')', 'or', n, 'has', o]),
  fc.tuple(name, odd).map(([n, o]) => ['where', n, 'in', '(', 'from', 'hosts', 'last', '5m', '|', 'where', n, '==', o, '|', 'limit', '3', ')']),
  name.map((n) => ['where', n, 'matches', 'r"\\"', 'and', "r'| last 6h'", '==', n]),
  name.map((n) => ['where', 'attributes', '[', '"a | b"', ']', '==', n]),
);
const search = fc.constantFrom(`search don't http://x "a | b"`, 'search "last 6h" -(x or y*)').map((text) => [text]);
const filter = fc.oneof({ weight: 4, arbitrary: where }, { weight: 1, arbitrary: search });
const other = fc.oneof(
  fc.tuple(name, odd).map(([n, o]) => ['set', 'x', '=', 'concat', '(', n, ',', o, ')']),
  name.map((n) => ['count', 'by', n]),
  name.map((n) => ['top', '5', 'by', n]),
);
const trailing = fc.oneof(
  name.map((n) => ['sort', n, 'desc']),
  fc.constant(['limit', '50']),
);
const definition = fc.oneof(
  fc.constant([]),
  odd.map((o) => ['let', 'w', '=', '(', 'from', 'hosts', '|', 'where', 'body', '==', o, ')', '\n']),
  odd.map((o) => ['let', 's', '=', o, '\n']),
);
const HOUR = 3_600_000;
const AT = 1_000 * HOUR;
const range = fc.constantFrom<readonly [readonly string[], number, number]>(
  [['last', '6h'], AT - 6 * HOUR, AT],
  [['last', '1h30m'], AT - 1.5 * HOUR, AT],
  [['between', '@1970-01-02T00:00:00Z', 'and', '@1970-01-03T01:00:00+01:00'], 24 * HOUR, 48 * HOUR],
  [['between', 'now', '-', '2h', 'and', 'now'], AT - 2 * HOUR, AT],
);
const source = fc.oneof(
  fc.constantFrom(['from', 'logs'], ['from', '`odd | name`']),
  odd.map((o) => ['data', '[', '{', 'body', ':', o, '}', ']']),
);

const texts = fc
  .record({
    definition,
    source,
    range: fc.option(range, { nil: undefined }),
    filters: fc.array(filter, { maxLength: 3 }),
    others: fc.array(other, { maxLength: 2 }),
    trailing: fc.array(trailing, { maxLength: 2 }),
    gaps: fc.array(gap, { minLength: 16, maxLength: 16 }),
    plain: fc.array(plainGap, { minLength: 4, maxLength: 4 }),
    end: fc.constantFrom('', '\n', ' // | limit 1', '\n// last 6h\n'),
  })
  .map((parts) => {
    let n = 0;
    let raw = false;
    /** Pieces with gaps that mean nothing. */
    const write = (pieces: readonly string[]): string =>
      pieces
        .map((piece) => {
          // Behind `search` a comment would be words.
          const between = raw ? parts.plain[n % 4] : parts.gaps[n % 16];
          n += 1;
          raw = piece.startsWith('search');
          return `${n === 1 ? '' : between}${piece}`;
        })
        .join('');
    const piped = (pipes: readonly (readonly string[])[]): readonly string[] => pipes.flatMap((pipe) => ['|', ...pipe]);
    const ranged = (bounds: readonly string[]): readonly string[] => [...parts.definition, ...parts.source, ...bounds];
    const own = parts.range?.[0] ?? [];
    const written = write([...ranged(own), ...piped([...parts.filters, ...parts.others, ...parts.trailing])]);
    return { ...parts, own, ranged, piped, written: written + (raw ? '' : parts.end) };
  });
const plain = (pieces: readonly string[]): string => meaning(pieces.join(' '));
const column = { name: 'host', type: 'string', unit: null };

describe('in any text', () => {
  it('a filter stands behind what chooses rows, and nothing else is changed', () => {
    fc.assert(
      fc.property(texts, odd, fc.boolean(), (t, o, keep) => {
        const value: unknown = JSON.parse(o);
        const filtered = filterText(t.written, column, value as string, keep) as string;
        const pipe = ['where', 'host', keep ? '==' : '!=', JSON.stringify(value)];
        const before = [...t.filters, ...t.others];
        fc.pre(before.at(-1)?.join(' ') !== pipe.join(' '));
        expect(meaning(filtered)).toBe(plain([...t.ranged(t.own), ...t.piped([...before, pipe, ...t.trailing])]));
        expect(filterText(filtered, column, value as string, keep)).toBe(filtered);
        for (const said of t.written.match(/\/\/ a \| limit 1 \(/g) ?? []) expect(filtered).toContain(said);
        expect(meaning(onlyFieldText(t.written, column, true))).toBe(
          plain([...t.ranged(t.own), ...t.piped([...before, ...t.trailing, ['select', 'time', ',', 'host']])]),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('its parts are found and left out', () => {
    fc.assert(
      fc.property(texts, (t) => {
        expect(
          partsOf(t.written)
            .slice(1)
            .map(({ word }) => word),
        ).toEqual([...t.filters, ...t.others, ...t.trailing].map(([word = '']) => word.split(' ')[0]));
        expect(meaning(sourceText(t.written))).toBe(plain(t.ranged(t.own)));
        expect(meaning(withoutTrailing(t.written))).toBe(plain([...t.ranged(t.own), ...t.piped([...t.filters, ...t.others])]));
        const unfiltered = withoutFilters(t.written);
        if (t.filters.length === 0) expect(unfiltered).toBeUndefined();
        else expect(meaning(unfiltered as string)).toBe(plain([...t.ranged(t.own), ...t.piped([...t.others, ...t.trailing])]));
      }),
      { numRuns: 400 },
    );
  });

  it('its range is found, read, replaced and taken out', () => {
    fc.assert(
      fc.property(texts, (t) => {
        const rest = t.piped([...t.filters, ...t.others, ...t.trailing]);
        expect(hasOwnRange(t.written)).toBe(t.range !== undefined);
        expect(ownRange(t.written, AT)).toEqual(t.range && { from: t.range[1], to: t.range[2] });
        expect(meaning(withoutOwnRange(t.written))).toBe(plain([...t.ranged([]), ...rest]));
        const other = t.range === undefined ? [] : ['between', '@1970-01-01T00:00:00.000Z', 'and', '@1970-01-01T01:00:00.000Z'];
        expect(meaning(replaceOwnRange(t.written, 0, HOUR))).toBe(plain([...t.ranged(other), ...rest]));
      }),
      { numRuns: 400 },
    );
  });
});

describe('ranges of the queries that a source names', () => {
  const twice = 'let a = (from logs last 6h | where body == "last 1h")\nlet b = (from a)\nfrom b | where host in (from hosts last 5m | select host)';
  it("are the text's own", () => {
    expect(ownRangeText(twice)).toBe('last 6h');
    expect(ownRange(twice, AT)).toEqual({ from: AT - 6 * HOUR, to: AT });
    expect(withoutOwnRange(twice)).toBe(twice.replace(' last 6h', ''));
  });

  it('are nearer in the source itself', () => {
    const text = 'let a = (from logs last 6h)\nfrom a last 2h';
    expect(ownRangeText(text)).toBe('last 2h');
    expect(withoutOwnRange(text)).toBe('let a = (from logs last 6h)\nfrom a');
  });

  it('several are all said and all replaced, and are one where they are the same', () => {
    const text = 'from combine(a = (from logs last 1h | every 1m count), b = (from logs last 2h | every 1m count))';
    expect(ownRangeText(text)).toBe('last 1h, last 2h');
    expect(ownRange(text, AT)).toBeUndefined();
    expect(withoutOwnRange(text)).toBe(text.replace(' last 1h', '').replace(' last 2h', ''));
    expect(ownRange(text.replace('2h', '1h'), AT)).toEqual({ from: AT - HOUR, to: AT });
    expect(ownRange(replaceOwnRange(text, 0, HOUR), AT)).toEqual({ from: 0, to: HOUR });
  });

  it('a definition that is not used has none, and neither has the moment of an inventory', () => {
    expect(hasOwnRange('let a = (from logs last 6h)\nfrom logs')).toBe(false);
    expect(hasOwnRange('from hosts at @2026-11-20')).toBe(false);
  });
});
