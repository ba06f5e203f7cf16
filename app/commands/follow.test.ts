// Which rows of an answer are new: those it has more often than the answer before.
import { expect, test } from 'vitest';
import { NewRows } from './follow.ts';
import type { ShownColumn } from './shown-column.ts';

const columns = (values: readonly string[]): readonly ShownColumn[] => [{ name: 'body', type: 'string', unit: null, values }];
const next = (rows: NewRows, values: readonly string[]): readonly number[] => rows.of(columns(values), values.length);

test('equal rows are told apart by their number', () => {
  const rows = new NewRows();
  expect(next(rows, ['b', 'a'])).toEqual([0, 1]);
  expect(next(rows, ['b', 'a'])).toEqual([]);
  expect(next(rows, ['b', 'b', 'a'])).toEqual([1]);
  expect(next(rows, ['c', 'b', 'b'])).toEqual([0]);
  // What has left the range and stands again in a later one would be new: the range only moves on.
  expect(next(rows, ['c'])).toEqual([]);
});
