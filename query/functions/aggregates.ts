// Signatures of the aggregates: what they take and give. `p50` … `p99.9` are `quantile` with a constant.

import type { AggregateFunction } from '../2-semantic/function-names.ts';
import type { AggregateSignature } from '../2-semantic/scope.ts';
import { type Type, type } from '../2-semantic/type.ts';
import { COUNT, multiplyUnits, perSecond, SECONDS, type Unit } from '../2-semantic/unit.ts';

const unitOf = (t: Type | undefined): Unit | undefined => (t?.value === 'duration' ? SECONDS : t?.unit);
const float = (t: Type | undefined): Type => type('float', unitOf(t));
const same = (t: Type | undefined): Type => ({ value: t?.value ?? 'float', unit: t?.unit, bare: false, levels: t?.levels });
const square = (t: Type | undefined): Type => {
  const unit = unitOf(t);
  return type('float', unit === undefined ? undefined : multiplyUnits(unit, unit));
};

const aggregate = (
  form: string,
  summary: string,
  argument: AggregateSignature['argument'],
  result: AggregateSignature['result'],
  extra: { readonly constants?: number; readonly overTime?: boolean } = {},
): AggregateSignature => ({
  form,
  summary,
  argument,
  result,
  constants: extra.constants ?? 0,
  overTime: extra.overTime ?? false,
});

export const AGGREGATE_SIGNATURES: Readonly<Record<AggregateFunction, AggregateSignature>> = {
  count: aggregate('count()', 'Number of rows; count(x): of those where x is not missing', 'none-or-any', () => type('int', COUNT)),
  sum: aggregate('sum(x)', 'Sum; 0 of nothing', 'number', same),
  avg: aggregate('avg(x)', 'Mean', 'number', float),
  min: aggregate('min(x)', 'Smallest', 'ordered', same),
  max: aggregate('max(x)', 'Largest', 'ordered', same),
  first: aggregate('first(x)', 'The one with the earliest time', 'any', same),
  last: aggregate('last(x)', 'The one with the latest time', 'any', same),
  stddev: aggregate('stddev(x)', 'Standard deviation (population)', 'number', float),
  variance: aggregate('variance(x)', 'Variance (population)', 'number', square),
  quantile: aggregate('quantile(q, x)', 'Quantile, interpolated between the closest ranks; p95 x is quantile(0.95, x)', 'number', float, { constants: 1 }),
  distinct_count: aggregate('distinct_count(x)', 'How many different values', 'any', () => type('int', COUNT)),
  any: aggregate('any(x)', 'The first that is not missing', 'any', same),
  values: aggregate('values(x)', 'The different values, ascending', 'any', (t) => ({
    ...type('list'),
    item: t === undefined || t.value === 'missing' || t.value === 'unknown' ? 'string' : t.value,
  })),
  rate: aggregate(
    'rate(x)',
    'Rise of a counter per second',
    'number',
    (t) => {
      const unit = unitOf(t);
      return type('float', unit === undefined ? undefined : perSecond(unit));
    },
    { overTime: true },
  ),
  increase: aggregate('increase(x)', 'Rise of a counter, resets heeded', 'number', float, { overTime: true }),
  delta: aggregate('delta(x)', 'Change of a gauge', 'number', float, { overTime: true }),
};
