// Holds what a list that is open keeps of itself while more is written, without asking the server again.
import { expect, test } from 'vitest';
import type { Completion } from '../data/types.ts';
import { narrowed } from './completing.ts';

const item = (kind: string, insert: string): Completion => ({ kind, label: insert, detail: null, type: null, unit: null, insert, from: 29, to: 29 });

/** As the server answers behind `service == `. */
const found = [item('value', '"payments"'), item('value', '"search"'), item('field', 'span_id'), item('field', '`pa th`'), item('function', 'parse(')];
const inserts = (written: string, of = found) => narrowed(of, written)?.map(({ insert }) => insert);

test('once a quote is written only values are left, also where a field holds the same letters', () => {
  expect(inserts('"pa')).toEqual(['"payments"']);
  expect(inserts('"')).toEqual(['"payments"', '"search"']);
  expect(inserts('"PAY')).toEqual(['"payments"']);
  expect(inserts('"none')).toEqual([]);
});

test('the server is asked where nothing is quoted, and where there may be more values than it sent', () => {
  expect(inserts('pa')).toBeUndefined();
  const many = Array.from({ length: 50 }, (_, i) => item('value', `"a${i}"`));
  expect(inserts('"a', many)).toBeUndefined();
  expect(inserts('"a1', [...many.slice(0, 49), ...Array.from({ length: 40 }, () => item('field', 'a1'))])).toHaveLength(11);
});
