// A series index for tests without a store: two series of each metric, whose labels are `a` and `b`, the first one in fra1.
import type { MetricInfo } from '../../schemas/types.ts';
import type { KnownSeries } from '../4-emit/known-series.ts';
import { RUN_FUNCTIONS } from '../functions/run/functions.ts';
import { SeriesFinder } from '../series/find-series.ts';
import { base, fed } from './told-series.ts';

export const twoSeriesEach = (metrics: readonly MetricInfo[]): KnownSeries => {
  const rows = metrics.flatMap(({ name, kind, labels }, i) =>
    ['a', 'b'].map((value, k) => {
      const said = labels.map((label) => [label, label === 'datacenter' && value === 'a' ? 'fra1' : value]);
      return { ...base, name, kind, id: BigInt(i * 2 + k + 1), labels: Object.fromEntries(said) };
    }),
  );
  return new SeriesFinder(fed(rows), RUN_FUNCTIONS);
};
