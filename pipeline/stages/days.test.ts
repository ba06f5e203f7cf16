// Rows by day against a naive split, with days before 1970 and batches that straddle midnight.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FLOAT, TIME_MS, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { byDay, DAY_MS } from './days.ts';

const time = fc.oneof(fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }), fc.constantFrom(0, -1, DAY_MS, DAY_MS - 1, 1_795_000_000_000));

test('every row is in the block of its day, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.array(time, { maxLength: 30 }), { maxLength: 5 }), (batches) => {
      const expected = new Map<number, [number, number][]>();
      const given = batches.map((times, b) => {
        for (const [row, ms] of times.entries()) {
          const day = Math.floor(ms / DAY_MS);
          expected.set(day, [...(expected.get(day) ?? []), [ms, b * 100 + row]]);
        }
        return batchOf([
          ['time', columnFrom(TIME_MS, times.map(BigInt))],
          [
            'n',
            columnFrom(
              FLOAT,
              times.map((_, row) => b * 100 + row),
            ),
          ],
        ]);
      });
      const found = byDay(given).map(({ day, batch }) => [
        day,
        Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => Number(valueAt(column, row)))),
      ]);
      expect(found).toEqual([...expected].sort(([a], [b]) => a - b));
    }),
  );
});
