// Who is said never to fail never does, as the functions run here.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ValueType } from '../../schemas/types.ts';
import { AGGREGATES, type AnyScalar } from '../2-semantic/function-names.ts';
import { columnReference } from '../3-plan/expression.ts';
import type { PlanColumn } from '../3-plan/nodes.ts';
import { evaluate } from '../run/evaluate.ts';
import { runPlan } from '../run/run.ts';
import { batchFrom, inline, testEnvironment } from '../run/testing/environment.ts';
import { FAILING, FAILING_AGGREGATES } from './failing.ts';

/** Functions of numbers that cannot fail, and their arguments. */
const NEVER: readonly (readonly [AnyScalar, number])[] = [
  ['ceil', 1],
  ['floor', 1],
  ['sign', 1],
  ['clamp', 3],
  ['least', 2],
  ['greatest', 2],
  ['coalesce', 2],
  ['equals', 2],
  ['less', 2],
];

/** Numbers of all sizes, some of them the odd ones. */
const float = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(0, -0, 5e-324, 1e140, -1e140, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53),
);
const int = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -20n, max: 20n }));

test.each(NEVER.flatMap(([name, count]) => (['float', 'int'] as const).map((of) => [name, of, count] as const)))('%s of %s', (name, of, count) => {
  expect(FAILING[name]).toBe('never');
  const type: ValueType = name === 'equals' || name === 'less' ? 'bool' : name === 'sign' ? 'int' : of;
  const columns = Array.from({ length: count }, (_, i): PlanColumn => ({ name: `x${i}`, type: of }));
  const e = { op: 'call', function: name, type, arguments: columns.map((c) => columnReference(c.name, c.type)) } as const;
  const row = fc.array<number | bigint>(of === 'float' ? float : int, { minLength: count, maxLength: count });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      const env = testEnvironment();
      evaluate(e, batchFrom(columns, rows), env);
      expect(env.lost()).toBe(0);
    }),
  );
});

test.each(AGGREGATES.filter((name) => FAILING_AGGREGATES[name] === 'never' && name !== 'values'))('%s', async (name) => {
  const x = columnReference('x', 'float');
  const type = name === 'count' || name === 'distinct_count' ? 'int' : 'float';
  const call = { name: 'made', type, function: name, arguments: [x], where: undefined } as const;
  await fc.assert(
    fc.asyncProperty(fc.array(float, { minLength: 1, maxLength: 8 }), async (values) => {
      const env = testEnvironment();
      const input = inline(
        [{ name: 'x', type: 'float' }],
        values.map((v) => [v]),
      );
      await runPlan({ node: 'aggregate', input, keys: [], aggregates: [call], columns: [{ name: 'made', type }], time: undefined, order: [] }, env);
      expect(env.lost()).toBe(0);
    }),
  );
});
