// Holds that the most frequent values are those, whatever the field is called: the text is run over rows that stand in it and compared
// with counting them here.
import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { check, staticCatalogue } from '../../../query/language.ts';
import { rowsOf } from '../../../query/testing/spec-run.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import type { Value } from '../data/types.ts';
import { fieldText } from '../edit/filter-text.ts';
import { TOP, valueCounts, valuesText } from './field-values.ts';

const asked = async (text: string, field: string) => {
  const { columns, rows } = await rowsOf({ text: valuesText(text, field), request: new Map() });
  return valueCounts({ columns: columns.map(({ name, type, unit }, at) => ({ name, type, unit: unit ?? null, values: rows.map((row) => row[at] as Value) })) });
};

test('of a field called `count` too those that most lines have are first, not the largest', async () => {
  const rows = 'data [{count: 9}, {count: 3}, {count: 3}]';
  expect(await asked(`${rows}\n| sort count | limit 1`, 'count')).toEqual([
    { value: 3, count: 2 },
    { value: 9, count: 1 },
  ]);
});

it('counts as one does by hand, whatever the field is called', async () => {
  const name = fc.constantFrom('count', 'n', 'value', 'values', 'x', 'odd name', 'top', 'n.count', 'by', 'a`b');
  const rows = fc.array(fc.option(fc.integer({ min: -3, max: 12 })), { minLength: 1, maxLength: 60 }).filter((all) => all.some((one) => one !== null));
  await fc.assert(
    fc.asyncProperty(name, rows, async (called, values) => {
      const field = fieldText(called);
      const found = await asked(`data [${values.map((value) => `{z: 1${value === null ? '' : `, ${field}: ${value}`}}`).join(', ')}]`, field);
      const counts = new Map<number | null, number>();
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
      expect(found.map(({ count }) => count)).toEqual([...counts.values()].sort((a, b) => b - a).slice(0, TOP));
      for (const { value, count } of found) expect(count).toBe(counts.get(value as number | null));
    }),
  );
});

test.each(['attributes["count"]', 'numbers["n"]', 'attributes["value"]', 'severity', 'time', 'attributes["a\\"] | b"]'])('%s can be counted', (field) => {
  for (const text of ['from logs', 'from logs | set n = 1, value = 2, count = 3'])
    expect(check(valuesText(text, field), staticCatalogue(DATASETS)).diagnostics).toEqual([]);
});
