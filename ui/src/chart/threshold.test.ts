// Holds which conditions at the end of a text are drawn, and where.
import { describe, expect, it } from 'vitest';
import { thresholdsOf } from './threshold.ts';

const values = (text: string, unit: string | null, columns = ['value']) => thresholdsOf(text, columns, unit).map(({ value }) => value);

describe('thresholdsOf', () => {
  it('reads what the drawn value is compared with, in its unit', () => {
    expect(values('from metrics.x\n| every 1m avg\n| where value > 90%', '1')).toEqual([0.9]);
    expect(values('from x | where value > 90%', '%')).toEqual([90]);
    expect(values('from x | where value >= 1.5GiB and value < 4 | every 1m avg', 'By')).toEqual([]);
    expect(values('from x | every 1m avg | where value >= 1.5GiB', 'By')).toEqual([1.5 * 1024 ** 3]);
    expect(values('from x | every 1m avg | where value > 1MB', 'KiBy')).toEqual([1e6 / 1024]);
    expect(values('from x | every 1m p95(d) | where p95 > 250ms or p95 < 1s', 's', ['p95'])).toEqual([0.25, 1]);
    expect(values('from x | every 1m count | where count > 1_000', '{}', ['count'])).toEqual([1000]);
    expect(thresholdsOf('from x | every 1m avg | where value > 90%', ['value'], '1')[0]?.label).toBe('> 90%');
  });

  it('draws nothing for other columns, other kinds and other pipes', () => {
    expect(values('from x | every 1m avg | where cpu > 90%', '1')).toEqual([]);
    expect(values('from x | every 1m avg | where value > 5ms', 'By')).toEqual([]);
    expect(values('from x | where value > 90% | every 1m avg', '1')).toEqual([]);
    expect(values('from x | every 1m avg | where host == "value > 3"', '1')).toEqual([]);
    expect(values('', null)).toEqual([]);
  });
});
