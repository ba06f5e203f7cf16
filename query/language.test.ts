// What a browser and a server ask of the language, with texts nobody would write: never throws, never slow, always says where.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DATASETS } from '../schemas/catalogue.ts';
import { EXAMPLES } from './1-syntax/test-support/texts.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { plan } from './compile.ts';
import { check, complete, format, highlight, staticCatalogue } from './language.ts';
import { specCatalogue } from './testing/spec-run.ts';

const everything = (text: string): void => {
  const { diagnostics } = check(text, specCatalogue);
  for (const d of diagnostics) {
    expect(d.span.start).toBeGreaterThanOrEqual(0);
    expect(d.span.end).toBeLessThanOrEqual(text.length);
    expect(d.span.start).toBeLessThanOrEqual(d.span.end);
    expect(d.message.length).toBeLessThan(2000);
  }
  format(text);
  highlight(text);
  for (const at of [0, text.length >> 1, text.length]) complete(text, at, specCatalogue);
};

describe('hostile texts', () => {
  test.each([
    ['1 MiB of letters', 'a'.repeat(1 << 20)],
    ['1 MiB of text', `data [{a: "${'x'.repeat(1 << 20)}"}]`],
    ['1 MiB of pipes', `data [{a: 1}]${' | limit 5'.repeat((1 << 20) / 10)}`],
    ['10,000 parentheses', `data [{a: 1}] | where ${'('.repeat(10_000)}a${')'.repeat(10_000)} == 1`],
    ['10,000 open parentheses', `from logs | where ${'('.repeat(10_000)}`],
    ['10,000 brackets', `data [{a: ${'['.repeat(10_000)}`],
    ['10,000 nots', `data [{a: true}] | where ${'not '.repeat(10_000)}a`],
    ['10,000 minuses', `data [{a: 1}] | set b = ${'- '.repeat(10_000)}a`],
    ['a sum of 10,000', `data [{a: 1}] | set b = a${' + a'.repeat(10_000)}`],
    ['an or of 10,000', `data [{a: 1}] | where a == 1${' or a == 1'.repeat(10_000)}`],
    ['10,000 ifs within each other', `data [{a: 1}] | set b = ${'if(a == 1, '.repeat(10_000)}1`],
    ['sub-queries within each other', `from hosts | where host in (${'from hosts | where host in ('.repeat(3000)}`],
    ['10,000 lets', `${'let a = 1\n'.repeat(10_000)}data [{a: 1}]`],
    ['lets that name each other', 'let a = b\nlet b = a\ndata [{x: 1}] | where x == a'],
    ['queries that name each other', 'let a = (from b)\nlet b = (from a)\nfrom a'],
    ['a let that names itself', 'let a = (from a)\nfrom a'],
    ['zero bytes', 'from logs\0 | where host\0 == "a\0"'],
    ['lone surrogates', 'from logs | where host == "\ud800" | search \udfff'],
    [
      'labels and parameters named __proto__',
      'data gauge [{time: @2026-11-20, value: 1, `__proto__`: "a", constructor: "b"}] | where `__proto__` == $__proto__ and constructor == $constructor | every 1m avg | max by `__proto__`',
    ],
    ['functions and pipes named after the prototype', 'data [{a: 1}] | toString 1 | set b = constructor(a), c = hasOwnProperty(a) | __proto__ x'],
    ['a metric named __proto__', 'from metrics.__proto__ | every 1m avg'],
  ])('%s', (_, text) => {
    const before = performance.now();
    everything(text);
    // Quadratic work on a text of this size takes minutes; a slow machine does not.
    expect(performance.now() - before).toBeLessThan(20_000);
  });
});

const pieces = fc.constantFrom(
  'from ',
  'data [{a: 1, time: @2026-11-20, s: "x"}]',
  'logs',
  'metrics.http.requests',
  'processes',
  ' | ',
  ' where ',
  ' every 1m ',
  ' avg',
  ' rate ',
  ' by ',
  ' per ',
  'host',
  ' over 5m',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ',',
  '=',
  ' == ',
  ' > ',
  '90%',
  '5',
  '1KiB',
  '"a"',
  ' and ',
  ' not ',
  ' in ',
  '$p',
  '@2026-11-20',
  ' top ',
  ' sort ',
  ' limit ',
  ' set x = ',
  ' select ',
  ' summarize ',
  ' fill ',
  ' latest',
  ' lookup hosts on host',
  ' search a or "b',
  'case when ',
  ' then ',
  ' end',
  'if(',
  'let q = ',
  '`',
  '\0',
  '😀',
  ' distinct ',
  ' rename a as b',
  ' last 5m',
  ' ?? ',
  '-',
  '*',
  'p95(',
  'count()',
  ' desc',
);
const soups = fc.array(pieces, { maxLength: 30 }).map((p) => p.join(''));

test('soups of words never make anything throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        soups,
        fc.string(),
        fc.tuple(fc.constantFrom(...EXAMPLES), fc.nat(200), soups).map(([e, at, s]) => e.slice(0, at) + s + e.slice(at + 3)),
      ),
      everything,
    ),
    { numRuns: 1500 },
  );
});

test('a text without errors plans', () => {
  const request = {
    at: 1_763_000_000_000_000_000n,
    from: 1_762_990_000_000_000_000n,
    to: 1_763_000_000_000_000_000n,
    zone: 'UTC',
    parameters: new Map(),
    rights: ALL_ROWS,
    completeTo: 1_763_000_000_000_000_000n,
    notice: () => {},
  };
  fc.assert(
    fc.property(soups, (text) => {
      const checked = check(text, specCatalogue);
      if (checked.query === undefined) return;
      try {
        plan(checked, request);
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/^iql\./);
      }
    }),
    { numRuns: 1500 },
  );
});

test('an empty text is told what to write', () => {
  const { diagnostics, query } = check('', staticCatalogue(DATASETS));
  expect([diagnostics.length > 0, query]).toEqual([true, undefined]);
});
