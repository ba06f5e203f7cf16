// Holds what the history keeps, that two texts can be made again from their comparison, names of files, and ranges as one word.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { savedRangeProblem } from '../../../schemas/saved-query.ts';
import { diffLines } from './diff.ts';
import { fileName } from './file-name.ts';
import { type HistoryEntry, parseHistory, withRun, withStar } from './history.ts';
import { rangeText, readRangeText } from './range-text.ts';

const runs = (texts: readonly string[]): readonly HistoryEntry[] =>
  texts.reduce<readonly HistoryEntry[]>((entries, text, at) => withRun(entries, text, '1h', at), []);

describe('history', () => {
  it('is newest first, each text once with its newest range', () => {
    const entries = withRun(runs(['a', 'b', 'c']), 'a', '6h', 9);
    expect(entries.map(({ text, range }) => [text, range])).toEqual([
      ['a', '6h'],
      ['c', '1h'],
      ['b', '1h'],
    ]);
  });
  it('is bounded, and a star keeps an entry and stays when it is run again', () => {
    const many = (begin: string): readonly string[] => Array.from({ length: 300 }, (_, i) => `${begin} ${i}`);
    const starred = withStar(runs(['kept']), 'kept', true);
    const after = many('x').reduce((entries, text, i) => withRun(entries, text, '1h', i + 1), starred);
    expect(after).toHaveLength(201);
    expect(after.at(-1)).toMatchObject({ text: 'kept', starred: true });
    expect(withRun(after, 'kept', '2h', 1000)[0]).toMatchObject({ text: 'kept', range: '2h', starred: true });
    expect(withStar(after, 'kept', false).map(({ text }) => text)).not.toContain('kept');
    const large = runs(Array.from({ length: 20 }, (_, i) => `${i}${'x'.repeat(60_000)}`));
    expect(large.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(500_000);
  });
  it('reads whatever stands in the browser’s store, and what it wrote', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (kept) => Array.isArray(parseHistory(kept))));
    expect(parseHistory('[1, null, {"text":"a"}, {"text":"from logs","range":"1h","at":5,"starred":false}]')).toHaveLength(1);
    const entries = withStar(runs(['a', 'b']), 'a', true);
    expect(parseHistory(JSON.stringify(entries))).toEqual(entries);
    const twice = { text: 'a', range: '1h', at: 9, starred: false };
    expect(parseHistory(JSON.stringify([...entries, twice, { ...twice, at: 10 }])).map(({ text, starred }) => [text, starred])).toEqual(
      entries.map(({ text, starred }) => [text, starred]),
    );
  });
});

describe('diffLines', () => {
  it('has both texts, and marks nothing where they are the same', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const lines = diffLines(a, b);
        const of = (kind: string): string => lines.flatMap((line) => (line.kind === 'same' || line.kind === kind ? [line.text] : [])).join('\n');
        expect([of('removed'), of('added')]).toEqual([a, b]);
        if (a === b) expect(lines.every(({ kind }) => kind === 'same')).toBe(true);
      }),
    );
  });
  it('finds the one line that changed, and ends on long texts', () => {
    expect(diffLines('a\nb\nc', 'a\nx\nc').map(({ kind, text }) => `${kind} ${text}`)).toEqual(['same a', 'removed b', 'added x', 'same c']);
    const long = (word: string): string => Array.from({ length: 5000 }, (_, i) => `${word}${i}`).join('\n');
    expect(diffLines(long('a'), long('b'))).toHaveLength(10_000);
  });
});

it('names of files say the text and are safe anywhere', () => {
  const at = Date.parse('2026-11-29T10:00:00Z');
  expect(fileName('from logs last 6h\n| where severity == "error"', at, 'csv')).toBe('from-logs-last-6h-where-severity-error_2026-11-29T10-00-00Z.csv');
  expect(fileName('../../.. // x', at, 'json')).toBe('result_2026-11-29T10-00-00Z.json');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*\.csv$/u.test(fileName(text, at, 'csv'))));
});

it('a range comes back from its word, which the server takes', () => {
  for (const range of [
    { kind: 'relative', span: '1h30m' },
    { kind: 'day', day: 'yesterday' },
    { kind: 'absolute', from: 1000, to: 2000 },
  ] as const) {
    expect(readRangeText(rangeText(range))).toEqual(range);
    expect(savedRangeProblem(rangeText(range))).toBeUndefined();
  }
  for (const text of ['', 'x', '/', 'a/b', '6y', '999999w'.repeat(40), '0001-01-01T00:00:00Z/9999-01-01T00:00:00Z'])
    expect(readRangeText(text)).toBeUndefined();
});
