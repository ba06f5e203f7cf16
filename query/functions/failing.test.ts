// What the tables of failing say holds of the functions as they run here: who never fails never does, and results lie where they are said to.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Value, valueAt } from '../../core/batch/batch.ts';
import type { ValueType } from '../../schemas/types.ts';
import { columnReference, literal } from '../3-plan/expression.ts';
import type { Interval } from '../3-plan/failing.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { aggregateMayFail, intervalOf, mayFail } from '../4-emit/interval.ts';
import { evaluate } from '../run/evaluate.ts';
import { runPlan } from '../run/run.ts';
import { batchFrom, inline, testEnvironment } from '../run/testing/environment.ts';
import { FAILING, FAILING_AGGREGATES } from './failing.ts';
import { type AggregateFunction, type AnyScalar, SCALAR_FUNCTIONS } from './names.ts';

const FLOAT_CALLS: readonly (readonly [AnyScalar, number])[] = [
  ['add', 2],
  ['subtract', 2],
  ['multiply', 2],
  ['divide', 2],
  ['remainder', 2],
  ['negate', 1],
  ['scale', 2],
  ['abs', 1],
  ['ceil', 1],
  ['floor', 1],
  ['round', 1],
  ['sqrt', 1],
  ['exp', 1],
  ['ln', 1],
  ['log2', 1],
  ['log10', 1],
  ['pow', 2],
  ['clamp', 3],
  ['least', 2],
  ['greatest', 2],
  ['coalesce', 2],
];
const INT_CALLS: readonly (readonly [AnyScalar, number])[] = [
  ['add', 2],
  ['subtract', 2],
  ['multiply', 2],
  ['remainder', 2],
  ['negate', 1],
  ['abs', 1],
  ['ceil', 1],
  ['floor', 1],
  ['round', 1],
  ['round', 2],
  ['sign', 1],
  ['clamp', 3],
  ['least', 2],
  ['greatest', 2],
  ['coalesce', 2],
];

/** Numbers of all sizes, some of them the odd ones. */
const float = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: -3, max: 3 }).map((n) => n / 4),
  fc.constantFrom(0, -0, 5e-324, 1e140, -1e140, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53),
);
const int = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -20n, max: 20n }),
  fc.constantFrom(2n ** 62n, -(2n ** 62n), 2n ** 31n),
);
const hullOf = (values: readonly (number | bigint)[]): Interval => ({ low: Math.min(...values.map(Number)), high: Math.max(...values.map(Number)) });

const holds = (name: AnyScalar, count: number, type: ValueType, rows: readonly (readonly Value[])[]): void => {
  const columns = Array.from({ length: count }, (_, i): PlanColumn => ({ name: `x${i}`, type: i === 1 && name === 'round' ? 'int' : type }));
  const e = { op: 'call', function: name, type, arguments: columns.map((c) => columnReference(c.name, c.type)) } as const;
  const intervals = new Map(columns.map((c, i) => [c.name, hullOf(rows.map((row) => row[i] as number | bigint))]));
  const env = testEnvironment();
  const made = evaluate(e, batchFrom(columns, rows), env);
  const sure = !mayFail(e, intervals, FAILING);
  if (sure) expect(env.lost()).toBe(0);
  const { low, high } = intervalOf(e, intervals, FAILING);
  for (let i = 0; i < rows.length; i++) {
    const value = valueAt(made, i);
    if (value !== null && sure) expect(Number(value) >= low && Number(value) <= high, `${name}(${rows[i]}) = ${value} in ${low} … ${high}`).toBe(true);
  }
};

test.each(FLOAT_CALLS)('%s of floats', (name, count) => {
  fc.assert(
    fc.property(fc.array(fc.array(float, { minLength: count, maxLength: count }), { minLength: 1, maxLength: 4 }), (rows) => holds(name, count, 'float', rows)),
    {
      numRuns: 500,
    },
  );
});

test.each(INT_CALLS)('%s of ints, %s arguments', (name, count) => {
  fc.assert(
    fc.property(fc.array(fc.array(int, { minLength: count, maxLength: count }), { minLength: 1, maxLength: 4 }), (rows) => holds(name, count, 'int', rows)),
    {
      numRuns: 500,
    },
  );
});

test('usual arithmetic needs no counting', () => {
  const columns = new Map<string, Interval>([
    ['value', { low: -1e140, high: 1e140 }],
    ['memory', { low: -(2 ** 63), high: 2 ** 63 }],
  ]);
  const value = columnReference('value', 'float');
  const sure = (name: AnyScalar, type: ValueType, ...args: Parameters<typeof intervalOf>[0][]): boolean =>
    !mayFail({ op: 'call', function: name, type, arguments: args }, columns, FAILING);
  expect(sure('divide', 'float', value, literal('float', 1024))).toBe(true);
  expect(sure('multiply', 'float', value, literal('float', 100))).toBe(true);
  expect(sure('multiply', 'float', value, value)).toBe(true);
  expect(sure('divide', 'float', value, value)).toBe(false);
  expect(sure('divide', 'float', value, literal('float', 0))).toBe(false);
  expect(sure('add', 'int', columnReference('memory', 'int'), literal('int', 1n))).toBe(false);
  const scalars = FAILING;
  const aggregates = FAILING_AGGREGATES;
  for (const f of ['avg', 'sum', 'stddev', 'quantile', 'rate'] as const)
    expect(aggregateMayFail({ name: f, type: 'float', function: f, arguments: [value], where: undefined }, columns, { scalars, aggregates })).toBe(false);
  expect(
    aggregateMayFail({ name: 's', type: 'int', function: 'sum', arguments: [columnReference('memory', 'int')], where: undefined }, columns, {
      scalars,
      aggregates,
    }),
  ).toBe(true);
});

const AGGREGATES: readonly AggregateFunction[] = [
  'sum',
  'avg',
  'min',
  'max',
  'first',
  'last',
  'any',
  'stddev',
  'variance',
  'quantile',
  'count',
  'distinct_count',
];

test.each(AGGREGATES)('%s', async (name) => {
  await fc.assert(
    fc.asyncProperty(fc.array(float, { minLength: 1, maxLength: 8 }), async (values) => {
      const columns: readonly PlanColumn[] = [{ name: 'x', type: 'float' }];
      const x = columnReference('x', 'float');
      const type = name === 'count' || name === 'distinct_count' ? 'int' : 'float';
      const call = { name: 'made', type, function: name, arguments: name === 'quantile' ? [x, literal('float', 0.3)] : [x], where: undefined } as const;
      const env = testEnvironment();
      const input = inline(
        columns,
        values.map((v) => [v]),
      );
      await runPlan({ node: 'aggregate', input, keys: [], aggregates: [call], columns: [{ name: 'made', type }], time: undefined, order: [] }, env);
      if (!aggregateMayFail(call, new Map([['x', hullOf(values)]]), { scalars: FAILING, aggregates: FAILING_AGGREGATES })) expect(env.lost()).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test('functions of text and time never count', () => {
  const numeric = new Set<string>([...FLOAT_CALLS, ...INT_CALLS].map(([name]) => name));
  for (const name of SCALAR_FUNCTIONS) if (!numeric.has(name)) expect(FAILING[name].fails, name).toBe(false);
});
