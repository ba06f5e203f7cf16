// Holds that a table's order is total and keeps missing last, and how values are written in cells.
import { describe, expect, it } from 'vitest';
import { exactText, timeText, valueText } from '../format/value.ts';
import { orderOf } from './order.ts';

describe('orderOf', () => {
  it('sorts numbers, texts and times with missing last either way', () => {
    const numbers = { name: 'x', type: 'float', unit: null, values: [2, null, 10, 2] };
    expect([...orderOf(4, numbers, false)]).toEqual([0, 3, 2, 1]);
    expect([...orderOf(4, numbers, true)]).toEqual([2, 0, 3, 1]);
    const texts = { name: 'x', type: 'string', unit: null, values: ['b', null, 'a', 'B'] };
    expect([...orderOf(4, texts, false)]).toEqual([3, 2, 0, 1]);
    expect([...orderOf(4, texts, true)]).toEqual([0, 2, 3, 1]);
    const times = { name: 'time', type: 'time', unit: null, values: ['2026-11-20T10:00:00.000Z', '2026-11-20T09:00:00.000000001Z'] };
    expect([...orderOf(2, times, false)]).toEqual([1, 0]);
    expect([...orderOf(2, undefined, true)]).toEqual([0, 1]);
  });

  it('orders 100,000 rows', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_003);
    const order = orderOf(values.length, { name: 'x', type: 'int', unit: null, values }, false);
    for (let i = 1; i < order.length; i++) expect(values[order[i] as number] as number).toBeGreaterThanOrEqual(values[order[i - 1] as number] as number);
  });
});

describe('values', () => {
  it('are written by type and unit, and never as 0 when missing', () => {
    expect(valueText({ name: 'x', type: 'int', unit: 'By' }, 2048)).toBe('2 KiB');
    expect(valueText({ name: 'x', type: 'duration', unit: null }, 65)).toBe('1m 5s');
    expect(valueText({ name: 'x', type: 'int', unit: null }, null)).toBe('–');
    expect(valueText({ name: 'x', type: 'list', unit: null }, ['10.0.0.1', 'fe80::1'])).toBe('10.0.0.1, fe80::1');
    expect(valueText({ name: 'x', type: 'map', unit: null }, { a: 1 })).toBe('{"a":1}');
    expect(valueText({ name: 'pid', type: 'int', unit: null }, 12345)).toBe('12345');
    expect(valueText({ name: 'x', type: 'bool', unit: null }, false)).toBe('false');
    expect(exactText({ a: 1 })).toBe('{"a":1}');
    expect(timeText('no time')).toBe('no time');
    expect(timeText('2026-11-20T10:00:00.123Z')).toMatch(/^2026-11-\d\d \d\d:\d\d:00\.123$/);
  });
});
