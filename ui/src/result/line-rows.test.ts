// Lines of the server drawn: as the same rows would be, with what was not given counted, named and put together.
import { describe, expect, it } from 'vitest';
import { type Drawing, drawnLines } from '../chart/drawing.ts';
import type { Column, Lines } from '../data/types.ts';
import { beyondOf, rowsOfLines } from './line-rows.ts';
import { type Panel, panelsOf } from './series.ts';

const minute = (n: number): string => new Date(Date.UTC(2026, 10, 20, 10, n)).toISOString();
const host = (values: string[]): Column => ({ name: 'host', type: 'string', unit: null, values });
const LINES: Lines = {
  times: [0, 1, 2, 3].map(minute),
  keys: [host(['a', 'b'])],
  values: [
    {
      name: 'value',
      type: 'float',
      unit: '1',
      values: [
        [1, 2, null, null],
        [3, null, null, 4],
      ],
      other: { merge: 'max', values: [0.5, null, 0.25, 0] },
    },
  ],
  total: 83,
};
const drawn = (lines: Lines, text = '') => panelsOf(rowsOfLines(lines), { text, beyond: beyondOf(lines) }).panels;

describe('lines', () => {
  it('are drawn as their rows are', () => {
    const whole: Lines = { ...LINES, total: 2, values: LINES.values.map((one) => ({ ...one, other: null })) };
    const rows: Column[] = [
      { name: 'time', type: 'time', unit: null, values: [minute(0), minute(0), minute(1), minute(3)] },
      host(['a', 'b', 'a', 'b']),
      { name: 'value', type: 'float', unit: '1', values: [1, 3, 2, 4] },
    ];
    expect(drawn(whole)).toEqual(panelsOf(rows).panels);
  });

  it('that were not given are counted, and of the largest the largest is drawn', () => {
    const [panel] = drawn(LINES);
    expect(panel?.total).toBe(83);
    expect(panel?.lines.map(({ label, max, identity }) => [label, max, identity.kind])).toEqual([
      ['b', 4, 'host'],
      ['a', 2, 'host'],
      ['largest of 81 more', 0.5, 'rest'],
    ]);
    expect(panel?.lines.at(-1)?.points).toEqual([0.5, null, 0.25, 0]);
  });

  it('that were not given add up where the drawn ones do, together with given ones that are not drawn', () => {
    const [values] = LINES.values;
    const counted: Lines = {
      ...LINES,
      values: [{ ...values, name: 'count', type: 'int', unit: '{}', other: { merge: 'sum', values: [10, 20, 30, 40] } }],
    } as Lines;
    const text = 'from logs | every 1m count by host';
    expect(drawn(counted, text)[0]?.lines.at(-1)).toMatchObject({ label: '81 more', points: [10, 20, 30, 40] });
    const one = panelsOf(rowsOfLines(counted), { text, beyond: beyondOf(counted), mostLines: 1 }).panels[0];
    expect(one?.lines.at(-1)).toMatchObject({ label: '82 more', points: [11, 22, 30, 40] });
  });

  it('whose sum would stand far above the drawn ones are drawn upon them only, and their largest only beside them', () => {
    const [values] = LINES.values;
    const rates: Lines = { ...LINES, values: [{ ...values, unit: 'By/s', other: { merge: 'sum', values: [10, 20, 30, 40] } }] } as Lines;
    const drawnAs = (lines: Lines, drawing: Drawing) => drawnLines(drawn(lines)[0] as Panel, drawing).lines.map(({ label }) => label);
    expect(drawnAs(rates, 'line')).toEqual(['b', 'a']);
    expect(drawnAs(rates, 'stacked-area')).toEqual(['b', 'a', '81 more']);
    expect(drawnAs(LINES, 'line')).toEqual(['b', 'a', 'largest of 81 more']);
    expect(drawnAs(LINES, 'stacked-bar')).toEqual(['b', 'a']);
  });

  it('put together in a way this page does not know are only counted', () => {
    const [values] = LINES.values;
    const odd: Lines = { ...LINES, values: [{ ...values, other: { merge: 'product', values: [1, 1, 1, 1] } }] } as Lines;
    expect(drawn(odd)[0]).toMatchObject({ total: 83, lines: [{ label: 'b' }, { label: 'a' }] });
  });
});
