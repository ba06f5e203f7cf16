// Holds what a click on a value writes: literals that fit their unit, the right place in the pipe, nothing else changed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, staticCatalogue } from '../../../query/language.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import type { Diagnostic, Value } from '../data/types.ts';
import { fieldText, filterText, literalText, onlyFieldText, partsOf, sourceText, withoutFilters, withoutTrailing } from './filter-text.ts';
import { hasOwnRange, ownRange, replaceOwnRange } from './own-range.ts';
import { applyFix, offsetOf, offsetsOf } from './positions.ts';

const text = { name: 'host', type: 'string', unit: null };

describe('filterText', () => {
  it('adds a pipe at the end, before sort and limit', () => {
    expect(filterText('from logs', text, 'web-1', true)).toBe('from logs\n| where host == "web-1"');
    expect(filterText('from logs', text, 'web-1', false)).toBe('from logs\n| where host != "web-1"');
    expect(filterText('from logs | sort time desc | limit 50', text, 'a', true)).toBe('from logs\n| where host == "a"\n| sort time desc | limit 50');
    expect(filterText('from processes\n| latest\n| top 5 by cpu', text, 'a', true)).toBe('from processes\n| latest\n| top 5 by cpu\n| where host == "a"');
  });

  it('asks for missing values with exists, and adds the same filter once', () => {
    expect(filterText('from logs', text, null, true)).toBe('from logs\n| where not exists host');
    expect(filterText('from logs', text, null, false)).toBe('from logs\n| where exists host');
    const once = filterText('from logs | limit 5', text, 'a', true) as string;
    expect(filterText(once, text, 'a', true)).toBe(once);
  });

  it('is not led astray by texts, comments and sub-queries', () => {
    const written = 'let x = (from hosts | limit 1)\nfrom logs // a | comment (\n| where body == "a | limit 5" and x == r"\\" | limit 3 // end';
    expect(partsOf(written).map(({ word }) => word)).toEqual(['', 'where', 'limit']);
    expect(filterText(written, text, 'a"b', true)).toBe(
      'let x = (from hosts | limit 1)\nfrom logs // a | comment (\n| where body == "a | limit 5" and x == r"\\"\n| where host == "a\\"b"\n| limit 3 // end',
    );
    expect(filterText('from logs // all', text, 'a', true)).toBe('from logs\n| where host == "a" // all');
  });

  it('reads search by its own rules', () => {
    expect(partsOf('from logs | search don\'t http://x "a | b" | limit 5').map(({ word }) => word)).toEqual(['', 'search', 'limit']);
  });

  it('makes texts that the language takes, for columns of every unit', () => {
    const catalogue = staticCatalogue(DATASETS);
    const processes = DATASETS.find(({ name }) => name === 'processes');
    const values: Readonly<Record<string, Value>> = { time: '2026-11-20T10:00:00.000Z', int: 12, float: 0.25, string: 'a"b' };
    for (const source of [
      'from processes',
      'from processes last 5m // all\n| latest | sort cpu desc | limit 5',
      'from processes | where name != "|" | limit 9',
    ]) {
      for (const { name, type, unit } of processes?.columns ?? []) {
        for (const value of [values[type] ?? null, null]) {
          const filtered = filterText(source, { name, type, unit: unit ?? null }, value, true) as string;
          expect(check(filtered, catalogue).diagnostics, filtered).toEqual([]);
        }
      }
      expect(check(onlyFieldText(source, { name: 'cpu' }, true), catalogue).diagnostics).toEqual([]);
    }
  });

  it('keeps the text it adds to, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (any) => {
        const added = filterText(any, text, 'v', true) as string;
        const squeezed = (s: string): string => s.replace(/\s+/g, '');
        expect(squeezed(added).length).toBeLessThanOrEqual(squeezed(any).length + '|wherehost=="v"'.length);
        expect([...squeezed(any)].every((char) => added.includes(char))).toBe(true);
      }),
    );
  });

  it('writes literals in the unit of the column', () => {
    expect(literalText({ type: 'int', unit: 'By' }, 4096)).toBe('4096B');
    expect(literalText({ type: 'float', unit: 'By/s' }, 1.5)).toBe('1.5B/s');
    expect(literalText({ type: 'float', unit: 'KiBy' }, 2)).toBe('2048B');
    expect(literalText({ type: 'float', unit: '1' }, 1e308)).toBe(BigInt(1e308).toString());
    expect(literalText({ type: 'float', unit: 'd' }, 1e308)).toBeUndefined();
    expect(literalText({ type: 'duration', unit: 's' }, 5)).toBe('5s');
    expect(literalText({ type: 'float', unit: 'ms' }, 250)).toBe('0.25s');
    expect(literalText({ type: 'float', unit: '1' }, 0.9)).toBe('0.9');
    expect(literalText({ type: 'float', unit: '1' }, 1.5)).toBe('150%');
    expect(literalText({ type: 'int', unit: null }, '9007199254740993')).toBe('9007199254740993');
    expect(literalText({ type: 'float', unit: null }, 1e-7)).toBe('0.0000001');
    for (const unit of ['Cel', 'V', '1/s', '{x}/s', '{x}.{x}', 'By.By', '']) {
      const written = literalText({ type: 'float', unit }, 20) ?? '';
      const text = `data gauge("${unit}") [{time: @2026-11-20, value: 1}] | where value == ${written}`;
      expect(check(text, staticCatalogue([])).diagnostics, text).toEqual([]);
    }
    expect(literalText({ type: 'time', unit: null }, '2026-11-20T10:00:00.000Z')).toBe('@2026-11-20T10:00:00.000Z');
    expect(literalText({ type: 'string', unit: null }, 'é\n"')).toBe('"é\\n\\""');
    expect(literalText({ type: 'map', unit: null }, { a: 1 })).toBeUndefined();
  });

  it('quotes names that are no plain names', () => {
    expect(['http.status_code', 'x.p99.9', 'größe', 'job:rate 5m', 'by', '1a'].map(fieldText)).toEqual([
      'http.status_code',
      'x.p99.9',
      'größe',
      '`job:rate 5m`',
      '`by`',
      '`1a`',
    ]);
    for (const name of ['two\nlines', 'a`b', '\\u{a}', 'esc\u001b[31m']) {
      const text = `data [{${fieldText(name)}: 1}]`;
      const { diagnostics, query } = check(text, staticCatalogue([]));
      expect([diagnostics, query?.relation.columns[0]?.name], text).toEqual([[], name]);
    }
    expect(onlyFieldText('from logs', { name: 'body' }, true)).toBe('from logs\n| select time, body');
  });
});

describe('ranges in the text', () => {
  it('are found in the source only and replaced there', () => {
    expect(hasOwnRange('from logs last 6h | limit 5')).toBe(true);
    expect(hasOwnRange('from logs | where body == "the last 6h"')).toBe(false);
    expect(replaceOwnRange('from logs last 6h | limit 5', 0, 60_000)).toBe(
      'from logs between @1970-01-01T00:00:00.000Z and @1970-01-01T00:01:00.000Z | limit 5',
    );
    expect(replaceOwnRange(replaceOwnRange('from logs last 6h', 0, 1), 5, 6)).toBe('from logs between @1970-01-01T00:00:00.005Z and @1970-01-01T00:00:00.006Z');
    const quoted = 'data [{body: "the last 6h"}] // last 1h';
    expect(hasOwnRange(quoted)).toBe(false);
    expect(replaceOwnRange(quoted, 0, 1)).toBe(quoted);
    expect(replaceOwnRange('from logs last 1h offset 1w | limit 5', 0, 1)).toBe(
      'from logs between @1970-01-01T00:00:00.000Z and @1970-01-01T00:00:00.001Z | limit 5',
    );
  });

  it('are read where this side knows what they mean', () => {
    for (const far of ['last 99999999w', `last ${'9'.repeat(400)}w`, `between now - ${'9'.repeat(400)}w and now`, 'between @0001-01-01 and @9999-12-31'])
      expect(ownRange(`from logs ${far}`, 10_000_000)).toBeUndefined();
    expect(ownRange('from logs last 1h30m | limit 5', 10_000_000)).toEqual({ from: 4_600_000, to: 10_000_000 });
    const written = replaceOwnRange('from logs last 6h', 1000, 60_000);
    expect(ownRange(written, 5)).toEqual({ from: 1000, to: 60_000 });
    for (const text of ['from logs', 'from logs offset 1w', 'from logs last 1h offset 1w', 'from logs between @b and @a'])
      expect(ownRange(text, 5)).toBeUndefined();
    expect(hasOwnRange('from logs offset 1w')).toBe(true);
  });
});

describe('a text without its filters', () => {
  it('keeps its source and what follows', () => {
    expect(withoutFilters('from logs last 1h\n| where body == "a | b"\n| search "x"\n| summarize count()')).toBe('from logs last 1h\n| summarize count()');
    expect(withoutFilters('from logs | where false')).toBe('from logs');
    expect(withoutFilters('from logs | limit 5 | where false')).toBeUndefined();
    expect(sourceText('data [{a: "|"}] | where false')).toBe('data [{a: "|"}]');
  });
});

describe('positions', () => {
  it('count UTF-16 units from 1 and stay inside the text', () => {
    expect(offsetOf('ab\ncd', { line: 2, column: 2 })).toBe(4);
    expect(offsetOf('😀x\n', { line: 1, column: 3 })).toBe(2);
    expect(offsetOf('ab\ncd', { line: 1, column: 99 })).toBe(2);
    expect(offsetOf('ab', { line: 9, column: 1 })).toBe(2);
    expect(offsetsOf('abc\nd', null)).toEqual({ from: 0, to: 3 });
    expect(offsetsOf('abc', null)).toEqual({ from: 0, to: 3 });
  });

  it('apply all edits of a fix', () => {
    const span = (line: number, column: number, end: number) => ({ start: { line, column }, end: { line, column: end } });
    const diagnostic: Diagnostic = {
      severity: 'error',
      code: 'x',
      message: 'x',
      span: null,
      fix: {
        label: 'Write it',
        edits: [
          { span: span(2, 3, 7), text: 'host' },
          { span: span(1, 1, 5), text: 'from' },
        ],
      },
    };
    expect(applyFix('form logs\n| hots', diagnostic.fix as NonNullable<Diagnostic['fix']>)).toBe('from logs\n| host');
  });
});

it('of an alert the query that it judges is changed', () => {
  const text = 'alert x when (from hosts | where os == "linux" | sort host) for 5m';
  const filtered = filterText(text, { name: 'host', type: 'string', unit: null }, 'a', true);
  expect(filtered).toBe('alert x when (from hosts | where os == "linux"\n| where host == "a"\n| sort host) for 5m');
  expect(check(filtered as string, staticCatalogue(DATASETS)).diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(withoutTrailing(text)).toBe('from hosts | where os == "linux"');
});
