// Whatever the mistake, a fix that is offered leaves a text that reads: alone, of each diagnostic, with any names.

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnOfLabel } from '../schemas/label-column.ts';
import { metricHash } from '../schemas/series-id.ts';
import { printName } from './1-syntax/print-expression.ts';
import type { Catalogue } from './2-semantic/catalogue.ts';
import { check, type Diagnostic, highlight, parseErrors } from './language.ts';
import { readSpec } from './testing/spec-file.ts';
import { specCatalogue } from './testing/spec-run.ts';
import { learnedCatalogue } from './testing/store-metrics.ts';

const applied = (text: string, { fix }: Diagnostic): string | undefined =>
  fix?.edits.toSorted((a, b) => b.span.start - a.span.start).reduce((t, { span, text: put }) => t.slice(0, span.start) + put + t.slice(span.end), text);

/** Each fix alone: what read before reads on; what does not has no mistake more, and the only one is mended (where `every` is asked for: a mistake made at random may hide others). */
const expectMended = (text: string, catalogue: Catalogue, every = true): number => {
  let fixes = 0;
  const errors = parseErrors(text);
  const before = errors.length;
  if (before > 0 && !every) return 0;
  for (const d of check(text, catalogue).diagnostics) {
    const after = applied(text, d);
    if (after === undefined) continue;
    fixes += 1;
    const left = parseErrors(after).map((e) => e.message);
    expect(left.length, `${text}\n→ ${d.fix?.label}\n${after}\n${left.join('\n')}`).toBeLessThanOrEqual(
      before === 1 && errors[0]?.span.start === d.span.start && errors[0].code === d.code ? 0 : before,
    );
  }
  return fixes;
};

const folder = new URL('spec/', import.meta.url);
const corpus = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.iql'))
  .flatMap((f) => readSpec(f, readFileSync(new URL(f, folder), 'utf8')).map((c) => c.text));

test('each fix of each case of the specification', () => {
  let fixes = 0;
  for (const text of corpus) fixes += expectMended(text, specCatalogue);
  expect(fixes).toBeGreaterThan(0);
});

test('what people bring from other languages', () => {
  for (const text of FOREIGN) expectMended(text, learnedCatalogue);
});

test('a word of a right text cut or doubled', () => {
  fc.assert(
    fc.property(fc.constantFrom(...corpus), fc.nat(), fc.nat(3), fc.boolean(), (text, n, length, doubled) => {
      const at = n % (text.length + 1);
      const end = Math.min(text.length, at + length);
      expectMended(doubled ? text.slice(0, end) + text.slice(at) : text.slice(0, at) + text.slice(end), specCatalogue, false);
    }),
    { numRuns: 1500 },
  );
});

test('a name that is also a unit, behind a number', () => {
  const texts = ['data [{h: 1, x: 2}] | top 2 y x', 'data [{B: 1}] | where A > 2 A', 'data [{m: 1}] | top 5 by max(n) | top 5 n n'];
  let fixes = 0;
  for (const text of texts) fixes += expectMended(text, specCatalogue);
  expect(fixes).toBeGreaterThan(texts.length);
});

/** Without the blanks that no sign needs; as it is where one of them was needed. */
const squeezed = (text: string): string => {
  const wordsOf = (t: string): readonly string[] => highlight(t).map(({ span }) => t.slice(span.start, span.end).replaceAll(' ', ''));
  const close = text.replaceAll(/(?<!\w) | (?!\w)/g, '');
  return wordsOf(close).join(' ') === wordsOf(text).join(' ') ? close : text;
};

test('texts without a blank too many', () => {
  let fixes = 0;
  for (const text of [...FOREIGN, ...SQUEEZABLE, ...corpus]) fixes += expectMended(squeezed(text), specCatalogue);
  expect(fixes).toBeGreaterThan(0);
});

const names = fc.oneof(
  fc.constantFrom(
    'a b',
    'x`y',
    'esc\u001b[31mred',
    'c1\u009bx',
    'rtl\u202eevil',
    'from',
    'by',
    '5m',
    'a..b',
    'a.',
    '"q"',
    'two\nlines',
    'cr\r',
    '\\u{a}',
    '\\u{',
    '\\n',
    'ü😀',
    '-',
    '//',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
);

test('names of others are written so that they are read', () => {
  let fixes = 0;
  fc.assert(
    fc.property(names, fc.boolean(), (odd, asMetric) => {
      const name = `longenough${odd}`;
      const info = {
        name,
        hash: metricHash(name),
        kind: 'gauge',
        temporality: 'cumulative',
        unit: undefined,
        description: undefined,
        labels: [name],
        intervalMs: 1000,
        enrichment: [],
      };
      const catalogue: Catalogue = {
        ...learnedCatalogue,
        metric: (asked) => (asked === name ? ({ ...learnedCatalogue.metric('system.cpu.utilization'), ...info } as never) : undefined),
        metricNames: () => [name],
      };
      const text = asMetric
        ? `from ${printName(`metrics.longenouhg${odd}`)}`
        : `from ${printName(`metrics.${name}`)} | where ${printName(`longenouhg${odd}`)} == "x"`;
      for (const d of check(text, catalogue).diagnostics) {
        const after = applied(text, d);
        if (after === undefined) continue;
        fixes += 1;
        expect(
          check(after, catalogue)
            .diagnostics.filter((e) => e.severity === 'error')
            .map((e) => e.message),
          `${JSON.stringify(text)} → ${JSON.stringify(after)}`,
        ).toEqual([]);
      }
      expect(columnOfLabel(name)).toBe(name);
    }),
  );
  expect(fixes).toBeGreaterThan(0);
});

// And as far as they have come with it.
test('a bin that is not closed yet', () => {
  for (const text of ['from logs | bin(time, 5m', 'from logs | bin(time, 5m | count', 'from logs | bin('])
    expect(check(text, learnedCatalogue).diagnostics).not.toEqual([]);
});

const SQUEEZABLE = [
  'from logs | where time >= "2026-11-28" and body == ""',
  'from logs | where time in "2026-11-28"',
  'from processes | top 5 `cpu`',
  'from processes | top 5 `cpu` desc per host',
  'from logs | count by `host` | where `hst` `hst` == ""',
  'from logs | summarize `host` by service, bin(time, 5m)',
  'alert a if (from processes last 5m | every 5m max `cpu` by host) > 1',
];
const FOREIGN = [
  'form logs',
  'severity:error',
  'rate(system.network.io[5m])',
  'from logs | every bin(time, 5m) count',
  'from logs | bin(time, 5m)',
  'from logs | group by host',
  'from processes | sort by cpu desc',
  'from processes | top 5 cpu',
  'from processes | where name ~ "x"',
  'from logs | where time > ago(1h)',
  'from logs | where time > now() - 1h',
  'from logs between "2026-11-28" and "2026-11-29"',
  'from logs | limit 1e9',
  'SELECT * FROM logs WHERE severity = "error"',
  'from logs | summarize count() by bin(time, 5m)',
  'logs | count',
  'from logs | where severity = error',
  'from logs where severity == "error"',
  'from logs | where body like "%x%"',
  'from logs | stats count by host',
  'from logs | where severity => "warn"',
];
