// The best keys of random rows, held against sorting their aggregates by hand: of plain rows and of buckets, ties and missing included.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowsOf } from '../testing/spec-run.ts';

const KEYS = ['a', 'b', 'c', 'd', undefined] as const;
const row = fc.record({
  minute: fc.integer({ min: 0, max: 59 }),
  k: fc.constantFrom(...KEYS),
  v: fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined }),
});

type Row = { readonly minute: number; readonly k: string | undefined; readonly v: number | undefined };

const written = (rows: readonly Row[]): string => {
  const one = ({ minute, k, v }: Row): string =>
    `{time: @2026-11-20T10:${String(minute).padStart(2, '0')}Z${k === undefined ? '' : `, k: "${k}"`}${v === undefined ? '' : `, v: ${v}`}}`;
  return `data [${rows.map(one).join(', ')}]`;
};

/** Of buckets of twenty minutes: each key's sums, one for each bucket; of plain rows the values. */
const measured = (rows: readonly Row[], bucketed: boolean): ReadonlyMap<string | undefined, readonly number[]> => {
  const out = new Map<string | undefined, number[]>(rows.map((r) => [r.k, bucketed ? [0, 0, 0] : []]));
  for (const { minute, k, v } of rows) {
    const values = out.get(k) as number[];
    const at = Math.floor(minute / 20);
    if (bucketed) values[at] = (values[at] as number) + (v ?? 0);
    else if (v !== undefined) values.push(v);
  }
  return out;
};

const AGGREGATES: Readonly<Record<string, (values: readonly number[]) => number | undefined>> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  max: (values) => (values.length === 0 ? undefined : Math.max(...values)),
  count: (values) => values.length,
};

test('top and bottom of keys are those of the largest and smallest aggregates', async () => {
  const cases = fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: 12 }),
    bucketed: fc.boolean(),
    best: fc.constantFrom('top', 'bottom'),
    count: fc.integer({ min: 0, max: 4 }),
    name: fc.constantFrom(...Object.keys(AGGREGATES)),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, bucketed, best, count, name }) => {
      const text = `${written([{ minute: 0, k: 'a', v: 0 }, ...rows])}${bucketed ? ' | every 20m sum(v) by k' : ''} | ${best} ${count} k by ${name}(v) | distinct k`;
      const all = [...measured([{ minute: 0, k: 'a', v: 0 }, ...rows], bucketed)].map(([k, values]) => ({ k, m: AGGREGATES[name]?.(values) }));
      const worth = (m: number | undefined): number => (m === undefined ? Number.POSITIVE_INFINITY : best === 'top' ? -m : m);
      // Ties go by key, missing last.
      const ranked = all.toSorted((a, b) => worth(a.m) - worth(b.m) || ((a.k ?? '~') < (b.k ?? '~') ? -1 : 1));
      const found = await rowsOf({ text, request: new Map() });
      expect(found.rows.map(([k]) => k ?? '~').sort(), text).toEqual(
        ranked
          .slice(0, count)
          .map(({ k }) => k ?? '~')
          .sort(),
      );
    }),
    { numRuns: 150 },
  );
});
