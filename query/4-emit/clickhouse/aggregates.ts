// Every aggregate in ClickHouse's SQL. `x` is the argument with the filter worked in: NULL where a row does not count.

import type { AggregateFunction } from '../../2-semantic/function-names.ts';
import type { EmitAggregate } from './dialect.ts';

const finite = (sql: string): string => `ifNotFinite(${sql}, NULL)`;
const float = (of: string): boolean => of === 'float';
/** 0 and −0 are one value. */
const plain = (x: string, of: string): string => (float(of) ? `(${x} + 0.)` : x);
/** Of durations the runner works in exact integers: left to it. */
const number = (of: string): boolean => of === 'float' || of === 'int';

const sum = (x: string, of: string): string =>
  float(of) ? finite(`ifNull(sumKahan(${x}), 0)`) : `accurateCastOrNull(ifNull(sum(toInt128(${x})), 0), 'Int64')`;

/** Statistics whose result the runner gives to the last digits only of floats. */
const spread =
  (name: string): EmitAggregate =>
  ({ x, of }) =>
    x !== undefined && number(of) ? `if(count(${x}) = 0, NULL, ${finite(`${name}(toFloat64(${x}))`)})` : undefined;

const edge =
  (name: string): EmitAggregate =>
  ({ x, order }) =>
    x === undefined || order === undefined ? undefined : `${name}If(tuple(toNullable(${x})), ${order}, isNotNull(${x})).1`;

/** undefined: the function goes over a series and stands only in a window. */
export const CLICKHOUSE_AGGREGATES: Readonly<Record<AggregateFunction, EmitAggregate>> = {
  count: ({ x, where }) => `toInt64(${x !== undefined ? `count(${x})` : where === undefined ? 'count()' : `countIf(${where})`})`,
  sum: ({ x, of }) => (x === undefined || !(number(of) || of === 'duration') ? undefined : sum(x, of)),
  avg: ({ x, of }) =>
    x === undefined || !number(of)
      ? undefined
      : `if(count(${x}) = 0, NULL, ${float(of) ? finite(`sumKahan(${x}) / count(${x})`) : `toFloat64(sum(toInt128(${x}))) / count(${x})`})`,
  min: ({ x }) => (x === undefined ? undefined : `minOrNull(${x})`),
  max: ({ x }) => (x === undefined ? undefined : `maxOrNull(${x})`),
  first: edge('argMin'),
  last: edge('argMax'),
  any: edge('argMin'),
  stddev: spread('stddevPopStable'),
  variance: spread('varPopStable'),
  // Of nothing it is NaN.
  quantile: ({ x, of, q }) => (x === undefined || !number(of) ? undefined : finite(`quantileExactInclusive(${q})(toFloat64(${x}))`)),
  distinct_count: ({ x, of }) => (x === undefined ? undefined : `toInt64(uniqExact(${plain(x, of)}))`),
  values: ({ x, of }) => (x === undefined ? undefined : `arraySort(groupUniqArray(${plain(x, of)}))`),
  rate: () => undefined,
  increase: () => undefined,
  delta: () => undefined,
};
