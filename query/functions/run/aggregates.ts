// Every aggregate as it runs here, by name: those that accumulate rows and those of a series over a window. The compiler finds what is forgotten.

import type { AggregateFunction } from '../../2-semantic/function-names.ts';
import type { AggregateRun, SeriesRun } from '../../run/aggregate.ts';
import { distinctCount, values } from './aggregates/distinct.ts';
import { any, first, last } from './aggregates/edges.ts';
import { max, min } from './aggregates/extremes.ts';
import { quantile } from './aggregates/quantile.ts';
import { stddev, variance } from './aggregates/spread.ts';
import { avg, count, sum } from './aggregates/sums.ts';
import { SERIES } from './series.ts';

export const SERIES_AGGREGATES: Readonly<Record<keyof typeof SERIES, SeriesRun>> = SERIES;

export const ACCUMULATORS: Readonly<Record<Exclude<AggregateFunction, keyof typeof SERIES>, AggregateRun>> = {
  count,
  sum,
  avg,
  min,
  max,
  first,
  last,
  stddev,
  variance,
  quantile,
  distinct_count: distinctCount,
  any,
  values,
};
