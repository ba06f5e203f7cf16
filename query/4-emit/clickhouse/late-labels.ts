// Labels that nothing in the store needs: rows go by their series, and are given their labels when they are here.
import { columnsOf, type PlanExpression } from '../../3-plan/expression.ts';
import type { Every, PlanColumn, PlanNode, Project, Scan } from '../../3-plan/nodes.ts';
import type { KnownSeries } from '../known-series.ts';
import { rangeOf } from './series.ts';

/** The time of the newest row of a window: as of then its labels are told. */
export const NEWEST: PlanColumn = { name: '#newest', type: 'time' };
const SERIES: PlanColumn = { name: '#series', type: 'int' };
const TIME: PlanColumn = { name: 'time', type: 'time' };

export interface LateLabels {
  /** The plan without them; it gives `#series`, and `moment`. */
  readonly node: PlanNode;
  readonly scan: Scan;
  /** By the column they become. */
  readonly labels: ReadonlyMap<string, string>;
  /** Where some of them change in the range: the column that says when a row's are meant. */
  readonly moment: PlanColumn | undefined;
}

/** undefined: the plan has no labels, or something in it needs them. */
export const lateLabels = (plan: PlanNode, series: KnownSeries): LateLabels | undefined => {
  switch (plan.node) {
    case 'scan':
      return ofScan(plan, series);
    case 'filter':
    case 'order': {
      const below = lateLabels(plan.input, series);
      const needed = plan.node === 'filter' ? columnsOf(plan.predicate) : [...plan.keys.map((k) => k.column), ...plan.per];
      if (below === undefined || speaksOf(below, needed)) return undefined;
      return { ...below, node: { ...plan, input: below.node, columns: below.node.columns } };
    }
    case 'project':
      return ofProject(plan, series);
    case 'every':
      return ofEvery(plan, series);
    default:
      return undefined;
  }
};

const speaksOf = ({ labels }: LateLabels, names: Iterable<string>): boolean => [...names].some((name) => labels.has(name));

const withColumns = (columns: readonly PlanColumn[], more: readonly (PlanColumn | undefined)[]): readonly PlanColumn[] => [
  ...columns,
  ...more.filter((c) => c !== undefined).filter((c) => !columns.some(({ name }) => name === c.name)),
];

const ofScan = (scan: Scan, series: KnownSeries): LateLabels | undefined => {
  const { metric } = scan.dataset;
  if (metric === undefined) return undefined;
  const isLabel = new Set(scan.dataset.key);
  const labels = scan.columns.map((c) => c.name).filter((name) => isLabel.has(name));
  if (labels.length === 0) return undefined;
  const moment = series.find(metric.name, rangeOf(scan), undefined).changes(labels) ? TIME : undefined;
  const columns = withColumns(
    scan.columns.filter((c) => !isLabel.has(c.name)),
    [SERIES, moment],
  );
  return { node: { ...scan, columns }, scan, labels: new Map(labels.map((name) => [name, name])), moment };
};

const ofProject = (plan: Project, series: KnownSeries): LateLabels | undefined => {
  const below = lateLabels(plan.input, series);
  if (below === undefined) return undefined;
  const labels = new Map<string, string>();
  const kept: { readonly column: PlanColumn; readonly value: PlanExpression }[] = [];
  for (const [i, column] of plan.columns.entries()) {
    const value = plan.values[i] as PlanExpression;
    const label = value.op === 'column' ? below.labels.get(value.name) : undefined;
    if (label !== undefined) labels.set(column.name, label);
    else if (speaksOf(below, columnsOf(value))) return undefined;
    else kept.push({ column, value });
  }
  if (labels.size === 0) return undefined;
  for (const column of [SERIES, below.moment]) {
    if (column === undefined) continue;
    const same = kept.find(({ column: { name } }) => name === column.name);
    if (same === undefined) kept.push({ column, value: { op: 'column', name: column.name, type: column.type } });
    else if (same.value.op !== 'column' || same.value.name !== column.name) return undefined;
  }
  return { ...below, labels, node: { ...plan, input: below.node, columns: kept.map(({ column }) => column), values: kept.map(({ value }) => value) } };
};

const ofEvery = (plan: Every, series: KnownSeries): LateLabels | undefined => {
  const below = lateLabels(plan.input, series);
  if (below === undefined || plan.keys.length !== 1 || plan.keys[0] !== SERIES.name) return undefined;
  const needed = plan.aggregates.flatMap((a) => [...a.arguments.flatMap((e) => [...columnsOf(e)]), ...columnsOf(a.where)]);
  if (speaksOf(below, [...needed, ...plan.ties.map((t) => t.column)])) return undefined;
  const labels = new Map(plan.carry.flatMap((name): [string, string][] => (below.labels.has(name) ? [[name, below.labels.get(name) as string]] : [])));
  if (labels.size === 0) return undefined;
  const moment = below.moment && NEWEST;
  const columns = withColumns(
    plan.columns.filter((c) => !labels.has(c.name)),
    [moment],
  );
  return { ...below, labels, moment, node: { ...plan, input: below.node, carry: plan.carry.filter((name) => !labels.has(name)), columns } };
};
