// Expressions over batches: a branch not taken has no effect, dictionaries and constants give what plain columns give.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Value, valueAt } from '../../core/batch/batch.ts';
import { type CaseExpression, call, columnReference, literal, type PlanExpression } from '../3-plan/expression.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { planType } from '../3-plan/physical.ts';
import { evaluate } from './evaluate.ts';
import { batchFrom, type Row, testEnvironment, withDictionaries } from './testing/environment.ts';

const COLUMNS: readonly PlanColumn[] = [
  { name: 'x', type: 'float' },
  { name: 'y', type: 'float' },
  { name: 's', type: 'string' },
];
const x = columnReference('x', 'float');
const y = columnReference('y', 'float');
const s = columnReference('s', 'string');
const zero = literal('float', 0);
const divided = call('divide', 'float', x, y);
const isZero = call('equals', 'bool', y, zero);

const ROWS: readonly Row[] = [
  [6, 2, 'a'],
  [1, 0, 'b'],
  [null, 0, null],
  [8, 4, 'a'],
];
/** Fields by name, since an object literal with `then` looks like a promise. */
const branch = (condition: PlanExpression, value: PlanExpression): CaseExpression['branches'][number] =>
  Object.fromEntries([
    ['when', condition],
    ['then', value],
  ]) as unknown as CaseExpression['branches'][number];
const valuesOf = (e: PlanExpression, rows: readonly Row[] = ROWS, env = testEnvironment()): Value[] => {
  const column = evaluate(e, batchFrom(COLUMNS, rows), env);
  return Array.from({ length: column.length }, (_, i) => valueAt(column, i));
};

test('case: the first branch that is true, else the other; a branch not taken counts nothing', () => {
  const env = testEnvironment();
  const guarded: PlanExpression = { op: 'case', type: 'float', branches: [branch(isZero, literal('float', -1))], otherwise: divided };
  expect(valuesOf(guarded, ROWS, env)).toEqual([3, -1, -1, 2]);
  expect(env.lost()).toBe(0);
  const missing: PlanExpression = { op: 'case', type: 'string', branches: [branch(isZero, s)], otherwise: literal('string', null) };
  expect(valuesOf(missing)).toEqual([null, 'b', null, null]);
  const branches = [branch(call('equals', 'bool', s, literal('string', 'a')), literal('string', 'first')), branch(call('exists', 'bool', s), s)];
  expect(valuesOf({ op: 'case', type: 'string', branches, otherwise: literal('string', '-') })).toEqual(['first', 'b', '-', 'first']);
});

test('and, or, ??: the right side is not noticed where the left decides', () => {
  const env = testEnvironment();
  const above = call('greater', 'bool', divided, literal('float', 2));
  expect(valuesOf(call('and', 'bool', call('not', 'bool', isZero), above), ROWS, env)).toEqual([true, false, false, false]);
  expect(valuesOf(call('or', 'bool', isZero, above), ROWS, env)).toEqual([true, true, true, false]);
  expect(
    valuesOf(
      call('coalesce', 'float', x, divided),
      [
        [1, 0, null],
        [2, 0, null],
      ],
      env,
    ),
  ).toEqual([1, 2]);
  expect(env.lost()).toBe(0);
  expect(valuesOf(above, ROWS, env)).toEqual([true, false, false, false]);
  expect(env.lost()).toBe(1);
});

test('an int where a float is meant becomes one', () => {
  const mixed: PlanExpression = { op: 'case', type: 'float', branches: [branch(isZero, literal('int', 1n))], otherwise: x };
  expect(valuesOf(mixed)).toEqual([6, 1, 1, 8]);
  expect(valuesOf(call('coalesce', 'float', x, literal('int', 7n)))).toEqual([6, 1, 7, 8]);
});

test('no rows', () => {
  expect(valuesOf(divided, [])).toEqual([]);
  expect(valuesOf({ op: 'case', type: 'float', branches: [branch(isZero, x)], otherwise: y }, [])).toEqual([]);
  expect(valuesOf(literal('string', 'a'), [])).toEqual([]);
});

test('a function that the plan must not know is a mistake of the plan', () => {
  expect(() => valuesOf(call('__proto__' as never, 'float', x))).toThrow(TypeError);
});

const text = fc.option(fc.constantFrom('a', 'B', 'web-1', 'Straße', '', 'x y z', '10.0.0.1'), { freq: 4, nil: null });
const TEXT_CALLS: readonly PlanExpression[] = [
  call('upper', 'string', s),
  call('equals', 'bool', s, literal('string', 'a')),
  call('not_equals', 'bool', s, literal('string', 'a')),
  call('less', 'bool', s, literal('string', 'b')),
  call('like', 'bool', s, literal('string', '*e*')),
  call('length', 'int', s),
  call('int', 'int', s),
  call('exists', 'bool', s),
  call('coalesce', 'string', s, literal('string', '-')),
  call('cidr', 'bool', s, literal('string', '10.0.0.0/8')),
  call('split', planType('list'), s, literal('string', ' ')),
  call('concat', 'string', s, literal('string', '!')),
];

test('a dictionary gives what plain text gives', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 30 }), fc.constantFrom(...TEXT_CALLS), fc.boolean(), (values, e, shares) => {
      const batch = batchFrom(
        COLUMNS,
        values.map((v) => [null, null, v]),
      );
      const dictionary = withDictionaries(batch);
      const column = dictionary.columns[2];
      if (column?.layout !== 'dictionary') throw new TypeError('no dictionary');
      // With shared entries the dictionary is shorter than the column.
      const first = new Map<Value, number>();
      for (const [i, v] of values.entries()) if (!first.has(v)) first.set(v, i);
      const distinct = batchFrom(
        [COLUMNS[2] as PlanColumn],
        [...first.keys()].map((v) => [v ?? '']),
      );
      const places = [...first.keys()];
      const short = { ...column, indices: Int32Array.from(values, (v) => places.indexOf(v)), dictionary: distinct.columns[0] as typeof column.dictionary };
      const other = shares && values.length > 0 ? { ...dictionary, columns: [...dictionary.columns.slice(0, 2), short] } : dictionary;
      const [a, b] = [batch, other].map((each) => evaluate(e, each, testEnvironment()));
      for (let i = 0; i < values.length; i++) expect(valueAt(b as NonNullable<typeof b>, i)).toEqual(valueAt(a as NonNullable<typeof a>, i));
    }),
    { numRuns: 300 },
  );
});
