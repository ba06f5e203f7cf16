// Texts with mistakes, made from right ones: each mistake is told, and nothing that follows from it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sized } from '../test/support/long.ts';
import { parse } from './1-syntax/parser.ts';
import { queryOf } from './1-syntax/statements.ts';
import { MOST_TOLD } from './2-semantic/report.ts';
import { check, complete, type Diagnostic, highlight } from './language.ts';
import { PIPE_SYNTAXES } from './pipes/index.ts';
import { randomText } from './testing/random-text.ts';
import { specCatalogue } from './testing/spec-run.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';

const choices = fc.noBias(
  fc.record({
    head: fc.array(fc.nat(1 << 20), { minLength: 2, maxLength: 2 }),
    pipes: fc.array(fc.array(fc.nat(1 << 20), { minLength: 24, maxLength: 24 }), { maxLength: 5, size: 'max' }),
  }),
);
const rightText = choices.map(({ head, pipes }) => randomText(head, pipes, learnedCatalogue)).filter((text) => errorsOf(text).length === 0);

// Strict: an unknown field of lines is a mistake too.
const errorsOf = (text: string): readonly Diagnostic[] => check(text, learnedCatalogue, { strict: true }).diagnostics.filter((d) => d.severity === 'error');

interface Part {
  readonly start: number;
  readonly end: number;
}
const partsOf = (text: string): readonly Part[] => {
  const query = queryOf(parse(text, PIPE_SYNTAXES).text);
  return query === undefined ? [] : [query.source.span, ...query.pipes.map((p) => p.span)];
};

/** Words that may be misspelt: they name a source, a pipe, a function or a column that is there, and give no name. */
const wordsOf = (text: string): readonly Part[] =>
  highlight(text).flatMap(({ span, kind }) => {
    const gives = /^\s*=(?!=)/.test(text.slice(span.end)) || /\bas\s+$/.test(text.slice(0, span.start));
    return (kind === 'name' || kind === 'function' || kind === 'pipe') && !gives ? [span] : [];
  });
const misspelt = (text: string, at: Part, word: string): string => `${text.slice(0, at.start)}${word}${text.slice(at.end)}`;

const at = <V>(values: readonly V[], n: number): V | undefined => values[n % Math.max(values.length, 1)];
const shown = (text: string, found: readonly Diagnostic[]): string => `${text}\n${found.map((d) => d.message).join('\n')}`;

test.each([
  ['a column that is aggregated has another name', 'from processes | every 1m qqzzq(cpu), n = count(time) | where cpu.any == "web-1"'],
  ['lookup knows its key, but not the column', 'from processes | lookup hosts on qqzzq'],
  ['the number that is no key', 'from hosts | sum by qqzzq'],
  ['the time was meant', 'from events | select kind, title, qqzzq | distinct time | every 1m count()'],
  ['a column is aggregated twice', 'from processes | every 1m avg(cpu where cpu < 50%), n = qqzzq(cpu) | where cpu.avg > 50%'],
  ['a label may have the name', 'from processes | set x = qqzzq(user) | every 1m quantile(0.25, x) | where x.quantile == 1'],
  ['the dropped column was meant', 'from processes | drop qqzzq | every 1m avg'],
  ['a name that may not be taken', 'from qqzzq | rename state as x | every 1m sum(pid / pid where pid != 0) | rename time as x'],
  ['all may be meant', 'from logs | every qqzzq count() by time | where time == @2026-10-25T01:00:00Z'],
  ['the words of an unknown pipe', 'from logs | qqzzq *'],
  ['a column renamed to its own name', 'from logs | rename path as x | rename qqzzq as x'],
  ['the same behind an unknown source', 'from qqzzq | every 1m count() | rename time as x | rename y as x'],
  ['the counter may be no argument', 'from metrics.system.network.io | set x = 1 | sum by device, qqzzq'],
  ['the column of numbers may be the one with the mistake', 'from metrics.system.network.io | set x = qqzzq(value) | sum by device'],
])('found: %s', (_, text) => {
  expect(errorsOf(text).map((d) => text.slice(d.span.start, d.span.end))).toEqual([expect.stringContaining('qqzzq')]);
});

test('a misspelt word is told once, and nothing that follows from it', () => {
  fc.assert(
    fc.property(rightText, fc.nat(), (text, n) => {
      const word = at(wordsOf(text), n);
      if (word === undefined) return;
      const wrong = misspelt(text, word, 'qqzzq');
      const found = errorsOf(wrong);
      expect(found.length, shown(wrong, found)).toBeLessThanOrEqual(1);
    }),
    { numRuns: sized(500, 1500) },
  );
});

test('of two misspelt words nothing is told but where they stand', () => {
  fc.assert(
    fc.property(rightText, fc.nat(), fc.nat(), (text, n, m) => {
      const words = wordsOf(text);
      const [last, first] = [at(words, n), at(words, m)].filter((w) => w !== undefined).toSorted((a, b) => b.start - a.start);
      if (last === undefined || first === undefined || last === first) return;
      const wrong = misspelt(misspelt(text, last, 'qqzzq'), first, 'zqzqz');
      const found = errorsOf(wrong);
      expect(found.length, shown(wrong, found)).toBeLessThanOrEqual(2);
      for (const d of found) expect(/qqzzq|zqzqz/.test(wrong.slice(d.span.start, d.span.end)), shown(wrong, [d])).toBe(true);
    }),
    { numRuns: sized(500, 1500) },
  );
});

test('a value of another type is told in its condition and nowhere else', () => {
  fc.assert(
    fc.property(rightText, fc.nat(), fc.constantFrom('"qqzzq"', '5', 'true', '@2026-11-20', '90%', '5m', '1KiB'), (text, n, value) => {
      const conditions = partsOf(text).filter((p) => /^\|\s*where\b/.test(text.slice(p.start)));
      const inside = (span: Part): boolean => conditions.some((p) => p.start <= span.start && span.end <= p.end);
      const literal = at(
        highlight(text).filter(({ kind, span }) => ['text', 'number', 'time'].includes(kind) && inside(span)),
        n,
      );
      if (literal === undefined) return;
      const wrong = misspelt(text, literal.span, value);
      const place = conditions.find((p) => p.start <= literal.span.start && literal.span.end <= p.end) as Part;
      const end = place.end + wrong.length - text.length;
      for (const d of errorsOf(wrong)) expect([d.span.start >= place.start, d.span.end <= end], shown(wrong, [d])).toEqual([true, true]);
    }),
    { numRuns: sized(333, 1000) },
  );
});

test('each of many mistakes is told, wherever it stands', () => {
  const WRONG = [
    'where qqzzq == 1',
    'where lenght("a") > 1',
    'sort qqzzq',
    'limit "x"',
    'where 5 and true',
    'top 5 by zqzqz',
    'where true and lower(7) == "x"',
  ];
  fc.assert(
    fc.property(rightText, fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), (text, picks) => {
      let wrong = text;
      const ends = partsOf(text).map((p) => p.end);
      for (const [i, end] of [...ends.entries()].toReversed()) wrong = `${wrong.slice(0, end)}\n| ${at(WRONG, picks[i] as number)}${wrong.slice(end)}`;
      const found = errorsOf(wrong);
      expect(found.length, shown(wrong, found)).toBe(ends.length);
    }),
    { numRuns: sized(266, 800) },
  );
});

test('whatever is done to a text: nothing throws, things are told in order, once, and not without end', () => {
  const edits = fc.array(
    fc.tuple(fc.nat(), fc.nat({ max: 8 }), fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('(', ')', '|', '"', ' from ', ' by ', '='))),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(rightText, edits, (text, changes) => {
      const wrong = changes.reduce((t, [place, cut, put]) => t.slice(0, place % (t.length + 1)) + put + t.slice((place % (t.length + 1)) + cut), text);
      const { diagnostics, query } = check(wrong, learnedCatalogue);
      const keys = diagnostics.map((d) => `${d.code} ${d.span.start} ${d.span.end}`);
      expect(new Set(keys).size).toBe(keys.length);
      expect(diagnostics.map((d) => d.span.start)).toEqual(diagnostics.map((d) => d.span.start).toSorted((a, b) => a - b));
      expect(diagnostics.some((d) => d.severity === 'error')).toBe(query === undefined);
      complete(wrong, (changes[0]?.[0] ?? 0) % (wrong.length + 1), learnedCatalogue);
    }),
    { numRuns: sized(500, 1500) },
  );
});

describe('no more is told than anybody reads', () => {
  const mistakes = (amount: number): string => `data [{a: 1}]${'\n| where a == "x"'.repeat(amount)}`;
  test('up to the limit all of them', () => {
    expect(check(mistakes(MOST_TOLD), specCatalogue).diagnostics.map((d) => d.code)).toEqual(Array(MOST_TOLD).fill('iql.type-mismatch'));
  });
  test('beyond it one that says where the rest was cut', () => {
    const text = mistakes(MOST_TOLD + 3);
    const { diagnostics } = check(text, specCatalogue);
    expect(diagnostics).toHaveLength(MOST_TOLD + 1);
    const last = diagnostics.at(-1) as Diagnostic;
    expect([last.code, last.severity, text.slice(0, last.span.start).split('\n').length]).toEqual(['iql.more-mistakes', 'error', MOST_TOLD + 2]);
    expect(last.message).toContain('3 more are not');
  });
  test('an error behind many warnings is told', () => {
    const { diagnostics } = check(`from logs${'\n| where qqzzq == "x"'.repeat(2 * MOST_TOLD)} | limit "x"`, specCatalogue);
    expect(diagnostics.filter((d) => d.severity === 'error').map((d) => d.code)).toEqual(['iql.argument-type']);
    expect(diagnostics).toHaveLength(MOST_TOLD + 1);
  });
});

test.each(['9'.repeat(400), '9'.repeat(300), '9'.repeat(25), '1e308', '99999999'])(
  'a quantity of %s of any unit, wherever it stands, is judged and never thrown at',
  (digits) => {
    for (const unit of ['', 'ns', 's', 'm', 'h', 'd', 'w', 'B', 'GB', 'TiB', '%', '/s', 'MB/s'])
      for (const text of [
        `data [{a: 1}] | set b = ${digits}${unit}`,
        `data [{a: 1}] | set b = now - ${digits}${unit}`,
        `data [{a: 1}] | where a > ${digits}${unit} * 2`,
        `from logs last ${digits}${unit}`,
        `from logs offset ${digits}${unit} | count`,
        `from logs between now - ${digits}${unit} and now`,
        `from logs | every ${digits}${unit} count`,
        `from metrics.system.cpu.utilization | every 1m avg over ${digits}${unit}`,
        `from logs | limit ${digits}${unit}`,
      ])
        expect(() => check(text, learnedCatalogue)).not.toThrow();
  },
);
