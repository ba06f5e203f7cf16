// A series index for tests without a store: two series of each metric, one of fra1.
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { labelOfColumn } from '../../schemas/label-column.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { MetricInfo } from '../../schemas/types.ts';
import type { KnownSeries } from '../4-emit/known-series.ts';
import { RUN_FUNCTIONS } from '../functions/run/functions.ts';
import { SeriesFinder } from '../series/find-series.ts';
import { SeriesIndex } from '../series/series-index.ts';

const typeOf = (name: string) => TABLE_FIELDS.series.find((f) => f.name === name)?.type ?? ({ kind: 'int', bits: 64, signed: true } as const);

export const twoSeriesEach = (metrics: readonly MetricInfo[]): KnownSeries => {
  const index = new SeriesIndex();
  const rows = metrics.flatMap((metric, i) => ['a', 'b'].map((value, k) => ({ metric, id: BigInt(i * 2 + k + 1), value })));
  const column = (name: string, values: readonly (string | bigint | number | null | ReadonlyMap<string, string>)[]) =>
    [name, columnFrom(typeOf(name), values)] as const;
  index.feed(
    batchOf([
      column(
        'name',
        rows.map((r) => r.metric.name),
      ),
      column(
        'id',
        rows.map((r) => r.id),
      ),
      column(
        'from',
        rows.map(() => 0n),
      ),
      column(
        'told',
        rows.map(() => 0n),
      ),
      column(
        'kind',
        rows.map((r) => r.metric.kind),
      ),
      column(
        'temporality',
        rows.map((r) => r.metric.temporality),
      ),
      column(
        'unit',
        rows.map((r) => r.metric.unit ?? null),
      ),
      column(
        'description',
        rows.map(() => null),
      ),
      column(
        'interval',
        rows.map((r) => r.metric.intervalMs ?? 0),
      ),
      column(
        'labels',
        rows.map((r) => new Map(r.metric.labels.map((label) => [labelOfColumn(label), label === 'datacenter' && r.value === 'a' ? 'fra1' : r.value]))),
      ),
      column(
        'enrichment',
        rows.map(() => new Map()),
      ),
    ]),
  );
  return new SeriesFinder(index, RUN_FUNCTIONS);
};
