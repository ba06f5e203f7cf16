// Holds the volume of log lines (its text, its bars) and where rows of differing height stand.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, staticCatalogue } from '../../../query/language.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import { columnsByThemselves } from './columns.ts';
import { fieldsOf } from './fields.ts';
import { RowHeights } from './heights.ts';
import { orderOfTimes } from './lines.ts';
import { totalsOf, volumeOf, volumeText } from './volume.ts';

const hour = { kind: 'relative', span: '1h' } as const;

describe('columnsByThemselves', () => {
  const column = (name: string, values: readonly string[]) => ({ name, type: 'string', unit: null, values });
  it('names who wrote the lines wherever that differs, however far down', () => {
    const one = Array.from({ length: 9999 }, () => 'web-1');
    expect(columnsByThemselves([column('host', one), column('body', one)])).toEqual([]);
    expect(columnsByThemselves([column('host', [...one, 'web-2']), column('source', one), column('service', ['a', ...one])])).toEqual(['host', 'service']);
    expect(columnsByThemselves([])).toEqual([]);
  });
});

describe('volumeText', () => {
  it('counts the lines the text chooses, by severity', () => {
    expect(volumeText('from logs | search "x" | limit 50', hour)).toBe('from logs | search "x"\n| every 1m count by severity');
    expect(volumeText('from logs last 6h', hour)).toBe('from logs last 6h\n| every 5m count by severity');
    const counted = volumeText('from logs | where exists service // all\n| search "a | b" | sort time', hour) as string;
    expect(check(counted, staticCatalogue(DATASETS)).diagnostics).toEqual([]);
    expect(volumeText('from logs | select time, body', hour)).toBeUndefined();
    expect(volumeText('from logs | top 5 by time', hour)).toBeUndefined();
  });

  it('stacks severities, the worst on top', () => {
    const { bars, width, highest } = volumeOf([
      { name: 'time', type: 'time', unit: null, values: ['1970-01-01T00:01:00Z', '1970-01-01T00:00:00Z', '1970-01-01T00:01:00Z'] },
      { name: 'severity', type: 'string', unit: null, values: ['error', 'info', null] },
      { name: 'count', type: 'int', unit: null, values: [2, 0, 3] },
    ]);
    expect(bars).toEqual([
      { time: 0, total: 0, parts: [] },
      {
        time: 60_000,
        total: 5,
        parts: [
          { severity: null, from: 0, to: 3 },
          { severity: 'error', from: 3, to: 5 },
        ],
      },
    ]);
    expect([width, highest]).toEqual([60_000, 5]);
    expect(totalsOf(bars)).toEqual([
      { severity: 'error', total: 2 },
      { severity: null, total: 3 },
    ]);
  });

  it('tells severities apart that a text made numbers of, each once in a bar', () => {
    const { bars } = volumeOf([
      { name: 'time', type: 'time', unit: null, values: Array<string>(5).fill('1970-01-01T00:01:00Z') },
      { name: 'severity', type: 'int', unit: null, values: [1, 2, null, 2, null] },
      { name: 'count', type: 'int', unit: null, values: [4, 2, 3, 1, 1] },
    ]);
    expect(bars.flatMap(({ parts }) => parts.map(({ severity, from, to }) => [severity, to - from]))).toEqual([
      ['1', 4],
      ['2', 3],
      [null, 4],
    ]);
    expect(totalsOf(bars)).toHaveLength(3);
  });

  it('takes as many severities and bars as an answer has', () => {
    const of = (rows: number, times: number) =>
      volumeOf([
        { name: 'time', type: 'time', unit: null, values: Array.from({ length: rows }, (_, row) => new Date((row % times) * 1000).toISOString()) },
        { name: 'severity', type: 'int', unit: null, values: Array.from({ length: rows }, (_, row) => row) },
        { name: 'count', type: 'int', unit: null, values: Array<number>(rows).fill(1) },
      ]);
    expect(of(50_000, 1).bars[0]?.parts).toHaveLength(50_000);
    expect(of(150_000, 150_000).highest).toBe(1);
  });
});

describe('orderOfTimes', () => {
  it('tells newest first from newest last, and from neither', () => {
    const [a, b, c] = ['2026-11-20T10:00:00.000Z', '2026-11-20T10:00:00.001Z', '2026-11-20T10:00:01.000000001Z'] as const;
    expect(orderOfTimes([c, b, b, a])).toBe('falling');
    expect(orderOfTimes([a, b, b, c])).toBe('rising');
    expect(orderOfTimes([a, c, b])).toBe('none');
    expect(orderOfTimes([])).toBe('falling');
    expect(orderOfTimes([a, a])).toBe('falling');
  });
});

describe('fieldsOf', () => {
  it('shows what is there, maps as fields of their own', () => {
    const fields = fieldsOf(
      [
        { name: 'body', type: 'string', unit: null, values: ['x'] },
        { name: 'trace_id', type: 'string', unit: null, values: [null] },
        { name: 'attributes', type: 'map', unit: null, values: [{ 'http.method': 'GET', __proto__x: '1' }] },
        { name: 'numbers', type: 'map', unit: null, values: [{ status: 500 }] },
      ],
      0,
    );
    expect(fields.map(({ field, value }) => [field.name, field.type, value])).toEqual([
      ['body', 'string', 'x'],
      ['http.method', 'string', 'GET'],
      ['__proto__x', 'string', '1'],
      ['status', 'float', 500],
    ]);
  });
});

describe('RowHeights', () => {
  it('finds the row at any pixel, whatever was measured', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 50 }), fc.array(fc.nat(49)), fc.nat(5000), (heights, seen, pixels) => {
        const rows = new RowHeights(heights.length, 20);
        const model = heights.map(() => 20);
        for (const row of seen) {
          rows.measured(row, heights[row] ?? 20);
          if (row < heights.length) model[row] = heights[row] as number;
          expect(rows.offset(Math.min(row, heights.length))).toBe(model.slice(0, row).reduce((a, b) => a + b, 0));
        }
        expect(rows.total).toBe(model.reduce((a, b) => a + b, 0));
        const row = rows.at(pixels);
        expect(rows.offset(row)).toBeLessThanOrEqual(pixels);
        if (row + 1 < heights.length) expect(rows.offset(row + 1)).toBeGreaterThan(pixels);
      }),
    );
  });
});
