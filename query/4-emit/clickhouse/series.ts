// Which samples a scan means, by what is known of series, and their labels beside them.
import { type TextColumn, UTF8 } from '../../../core/batch/batch.ts';
import { columnFrom } from '../../../core/batch/build.ts';
import { metricHash } from '../../../schemas/series-id.ts';
import { columnsOf, conjunction, conjuncts, type PlanExpression } from '../../3-plan/expression.ts';
import { type PlanNode, type Scan, scansOf } from '../../3-plan/nodes.ts';
import type { LabelQuestion, LabelRows, Moments } from '../known-series.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import type { ClickHouseContext } from './context.ts';
import { isOneOf, packedLabels } from './packed.ts';

/** By which a sample finds its labels: its series, or of all metrics together its metric, where nothing else of its series matters. */
export const keyOfLabels = ({ dataset }: Scan): '#series' | '#metric' => (dataset.metric === undefined && dataset.key.length === 1 ? '#metric' : '#series');

export const rangeOf = ({ range, before }: Scan): Moments | undefined => range && { from: range.from - before, to: range.to };

/** The filter in two: what speaks of labels alone, so that series say it, and the rest. */
export const splitFilter = (scan: Scan): { readonly labels: PlanExpression | undefined; readonly rest: PlanExpression | undefined } => {
  const isLabel = new Set(scan.dataset.key);
  const parts = conjuncts(scan.filter);
  const only = (e: PlanExpression): boolean => columnsOf(e).size > 0 && [...columnsOf(e)].every((n) => isLabel.has(n));
  return { labels: conjunction(parts.filter(only)), rest: conjunction(parts.filter((p) => !only(p))) };
};

/** Of all scans of a plan that ask for labels. */
export const labelQuestions = (plan: PlanNode): readonly LabelQuestion[] =>
  scansOf(plan).flatMap((scan) => {
    const { labels } = splitFilter(scan);
    return scan.dataset.metric === undefined || labels === undefined ? [] : [{ metric: scan.dataset.metric.name, range: rangeOf(scan), condition: labels }];
  });

/** Of all metrics together, which of them a sample is of. */
const NAME = 'name';

/** What the scan's filter says of labels alone. */
export interface Selection {
  /** What tells its labels, Int64, of `samples AS s`. */
  readonly key: string;
  /** Of the same. */
  readonly conditions: readonly string[];
  /** What is left to be asked of each sample. */
  readonly rest: PlanExpression | undefined;
  /** Series that are meant; of all metrics together, what the scan takes of each. */
  readonly series: number;
  /** Where each of these labels is the same throughout the range. */
  readonly isSteady: (labels: readonly string[]) => boolean;
  readonly rows: (labels: readonly string[]) => LabelRows;
}

export const selectSeries = (scan: Scan, context: ClickHouseContext): Selection => {
  const { metric } = scan.dataset;
  const { labels, rest } = splitFilter(scan);
  if (keyOfLabels(scan) === '#metric') return { ...selectMetrics(labels, context), rest };
  const parts = conjuncts(labels);
  const ofName = parts.filter((part) => metric === undefined && columnsOf(part).has(NAME));
  const names = metric === undefined ? context.known.series.metricsWhere(conjunction(ofName)) : [metric.name];
  const found =
    metric === undefined
      ? context.known.series.findOf(names, rangeOf(scan), conjunction(parts.filter((part) => !ofName.includes(part))))
      : context.known.series.find(metric.name, rangeOf(scan), labels);
  const isMoving = labels !== undefined && found.changes(columnsOf(labels));
  return {
    key: 'reinterpretAsInt64(s.id)',
    conditions: [
      isOneOf('s.metric', 'UInt32', Uint32Array.from(names.flatMap((name) => [metricHash(name), 0])), context),
      ...(found.isWhole && !context.isOfKnown ? [] : [isOneOf('s.id', 'UInt64', found.ids, context)]),
    ],
    // Where a filter on labels holds for a series only at times, each sample has to be asked too.
    rest: isMoving ? scan.filter : rest,
    series: found.size,
    isSteady: (names) => !found.changes(names),
    rows: (names) => found.rows(names),
  };
};

/** A metric's key is its hash; of those that share one, all but the first have a key above all hashes. */
const SHARED = 1;

const selectMetrics = (condition: PlanExpression | undefined, context: ClickHouseContext): Omit<Selection, 'rest'> => {
  const { series } = context.known;
  const names = series.metricsWhere(condition);
  const hashes = [...new Set(names.map(metricHash))];
  const shared = hashes.filter((hash) => series.named(hash).length > 1);
  const others = shared.flatMap((hash) => series.named(hash).slice(1));
  const idsOf = (name: string): string => isOneOf('s.id', 'UInt64', series.find(name, undefined, undefined).ids, context);
  const hashOf = (hash: number): string => context.number('UInt32', hash);
  const isMeant = new Set(names);
  const meant = shared.filter((hash) => !series.named(hash).every((name) => isMeant.has(name)));
  const number = `toInt64(s.metric)`;
  return {
    key:
      others.length === 0
        ? number
        : `multiIf(${others.map((name, i) => `s.metric = ${hashOf(metricHash(name))} AND ${idsOf(name)}, ${2 ** 32 * SHARED + i}`).join(', ')}, ${number})`,
    conditions: [
      ...(condition === undefined ? [] : [isOneOf('s.metric', 'UInt32', Uint32Array.from(hashes.flatMap((hash) => [hash, 0])), context)]),
      ...meant.map(
        (hash) =>
          `(s.metric != ${hashOf(hash)} OR ${series
            .named(hash)
            .filter((name) => isMeant.has(name))
            .map(idsOf)
            .join(' OR ')})`,
      ),
    ],
    series: Number.POSITIVE_INFINITY,
    isSteady: () => true,
    rows: (labels) => {
      const keys = names.flatMap((name) => (others.includes(name) ? [others.indexOf(name), SHARED] : [metricHash(name), 0]));
      const values = columnFrom(UTF8, names) as TextColumn;
      const codes = Int32Array.from(names, (_, i) => i);
      return { ids: Uint32Array.from(keys), since: undefined, labels: new Map(labels.map((label) => [label, { codes, values }])) };
    },
  };
};

/** `labels`: by the column they become. The rows of a query, which have the key (and `time`, where the labels change), with the labels of its series; others have none and are left out. */
export const joinLabels = (
  rows: string,
  own: readonly string[],
  labels: ReadonlyMap<string, string>,
  selection: Selection,
  key: string,
  time: string,
  context: ClickHouseContext,
): string => {
  const told = selection.rows([...new Set(labels.values())]);
  const columns = [
    ...own.map((name) => `r.${quote(name)} AS ${quote(name)}`),
    ...Array.from(labels, ([as, label]) => `s.${quote(label)} AS ${quote(as)}`),
  ].join(', ');
  const on = `r.${quote(key)} = s.${quote(key)}`;
  const join =
    told.since === undefined
      ? `INNER JOIN (${packedLabels(told, key, context)}) AS s ON ${on}`
      : `ASOF INNER JOIN (${packedLabels(told, key, context)}) AS s ON ${on} AND r.${quote(time)} >= s.\`#since\``;
  return `SELECT ${columns} FROM (${rows}) AS r ${join}`;
};
