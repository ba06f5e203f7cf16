// Holds what the browser says of a text by itself: errors with fixes that mend, and nothing that only the server can know.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkHere, completeHere, formatHere, iqlCatalogue } from './local-language.ts';
import { applyFix, offsetOf, spanOf } from './positions.ts';

const catalogue = iqlCatalogue({
  datasets: [
    {
      name: 'logs',
      description: '',
      attributes: [
        { name: 'http.status_code', type: 'number' },
        { name: 'error.message', type: 'text' },
      ],
    },
  ],
  metrics: [{ name: 'system.cpu.utilization', kind: 'gauge', unit: '1', description: null, labels: ['host', 'cpu.mode'] }],
});

describe('the language in the browser', () => {
  it('finds errors whatever data there is, with a fix that mends them', () => {
    const text = 'from metrics.system.cpu.utilization\n| where value > 90';
    const [found] = checkHere(text, catalogue);
    expect(found).toMatchObject({ severity: 'error', span: { start: { line: 2, column: 17 }, end: { line: 2, column: 19 } } });
    const mended = applyFix(text, found?.fix as NonNullable<NonNullable<typeof found>['fix']>);
    expect(mended).toBe('from metrics.system.cpu.utilization\n| where value > 90%');
    expect(checkHere(mended, catalogue)).toEqual([]);
  });

  it('leaves names it may not know yet to the server', () => {
    expect(checkHere('from metrics.brand.new | where x > 1', catalogue)).toEqual([]);
    expect(checkHere('from logs | where my_attribute == "a"', catalogue)).toEqual([]);
  });

  it('completes with type and unit, and lays out', () => {
    const text = 'from metrics.system.cpu.utilization | where va';
    expect(completeHere(text, text.length, catalogue)[0]).toMatchObject({ label: 'value', unit: '1', insert: 'value', from: text.length - 2, to: text.length });
    expect(formatHere('from logs|limit 5')).toMatch(/^from logs\s+\| limit 5$/);
    expect(formatHere('from logs | where (')).toBeUndefined();
  });

  it('completes the attributes that lines have been seen with', () => {
    const labels = (text: string) => completeHere(text, text.length, catalogue).map(({ label }) => label);
    expect(labels('from logs | where err')).toContain('error.message');
    expect(labels('from logs | where http.')).toEqual(['http.status_code']);
    expect(labels('from processes | where http.')).toEqual([]);
  });

  it('takes any text, and positions lead back to their offsets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, n) => {
        expect(Array.isArray(checkHere(text, catalogue))).toBe(true);
        const offset = n % (text.length + 1);
        expect(offsetOf(text, spanOf(text, offset, offset).start)).toBe(offset);
      }),
    );
  });
});
