// Between which numbers the columns of a plan lie, as far as tables and functions say: where no call can fail nobody has to count. Never
// narrower than the truth.
import type { Field } from '../../core/batch/batch.ts';
import { EXTREME, type SampleMark } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { ValueType } from '../../schemas/types.ts';
import type { PlanExpression } from '../3-plan/expression.ts';
import type { FailingTable, Interval } from '../3-plan/failing.ts';
import { type AggregateCall, inputsOf, type PlanColumn, type PlanNode, type Scan } from '../3-plan/nodes.ts';
import type { MarkedHours } from './clickhouse/context.ts';

export interface Failures {
  readonly scalars: FailingTable;
  readonly aggregates: FailingTable;
}

/** What is known of a node's columns; by name. */
export type Intervals = ReadonlyMap<string, Interval>;

const MOST_INT = 2 ** 63;
const WHOLE: Interval = { low: -MOST_INT, high: MOST_INT };
const FLOATS: Interval = { low: -Number.MAX_VALUE, high: Number.MAX_VALUE };
/** From 1900 on, as the store's times. */
const TIMES: Interval = { low: -2.3e18, high: MOST_INT };

const wholeOf = (type: ValueType): Interval => (type === 'float' ? FLOATS : WHOLE);

/** Whether a value of the type can be any number of the interval. */
const fits = ({ low, high }: Interval, type: ValueType): boolean =>
  type === 'float' ? Number.isFinite(low) && Number.isFinite(high) : low >= -MOST_INT && high < MOST_INT;

/** What was found already: each part of a long expression is asked again for all that it is part of. */
const found = new WeakMap<Intervals, Map<PlanExpression, Interval>>();

export const intervalOf = (e: PlanExpression, columns: Intervals, failing: FailingTable): Interval => {
  const known = found.get(columns) ?? new Map<PlanExpression, Interval>();
  found.set(columns, known);
  const interval = known.get(e) ?? worked(e, columns, failing);
  known.set(e, interval);
  return interval;
};

const worked = (e: PlanExpression, columns: Intervals, failing: FailingTable): Interval => {
  switch (e.op) {
    case 'column':
      return columns.get(e.name) ?? wholeOf(e.type);
    case 'literal': {
      const value = typeof e.value === 'bigint' || typeof e.value === 'number' ? Number(e.value) : undefined;
      return value === undefined ? wholeOf(e.type) : { low: value, high: value };
    }
    case 'case': {
      const all = [...e.branches.map((b) => b.then), e.otherwise].map((x) => intervalOf(x, columns, failing));
      return { low: Math.min(...all.map((i) => i.low)), high: Math.max(...all.map((i) => i.high)) };
    }
    case 'call': {
      const interval = reached(e, columns, failing);
      return interval !== undefined && fits(interval, e.type) ? interval : wholeOf(e.type);
    }
  }
};

const reached = (e: PlanExpression & { op: 'call' }, columns: Intervals, failing: FailingTable): Interval | undefined => {
  const interval = failing[e.function]?.reach?.(
    e.arguments.map((a) => loose(intervalOf(a, columns, failing), a.type)),
    { type: e.type, of: e.arguments.map((a) => a.type) },
  );
  return interval && loose(interval, e.type);
};

/** Whole numbers are told here as floats, which beyond 2^53 are not exact. */
const loose = ({ low, high }: Interval, type: ValueType): Interval =>
  type === 'float'
    ? { low, high }
    : { low: Math.abs(low) < 2 ** 53 ? low : low - Math.abs(low) / 2 ** 52, high: Math.abs(high) < 2 ** 53 ? high : high + Math.abs(high) / 2 ** 52 };

/** Whether this very call can lack a result though its arguments are present. */
export const mayFail = (e: PlanExpression & { op: 'call' }, columns: Intervals, failing: FailingTable): boolean => {
  if (failing[e.function]?.fails === false) return false;
  const interval = reached(e, columns, failing);
  return interval === undefined || !fits(interval, e.type);
};

const aggregated = (call: AggregateCall, columns: Intervals, failures: Failures): Interval | undefined => {
  const [argument] = call.arguments;
  const x = argument === undefined ? [] : [intervalOf(argument, columns, failures.scalars)];
  return failures.aggregates[call.function]?.reach?.(x, { type: call.type, of: argument === undefined ? [] : [argument.type] });
};

export const aggregateMayFail = (call: AggregateCall, columns: Intervals, failures: Failures): boolean => {
  if (failures.aggregates[call.function]?.fails === false) return false;
  const interval = aggregated(call, columns, failures);
  return interval === undefined || !fits(interval, call.type);
};

/** Marked hours of the scan's metric. */
export const markedHours = ({ dataset, range, before }: Scan, mark: SampleMark, hours: MarkedHours): readonly bigint[] =>
  range === undefined ? [] : hours(mark, dataset.metric && metricHash(dataset.metric.name), range.from - before, range.to);

const scanned = (scan: Scan, column: PlanColumn, hours: MarkedHours): Interval | undefined => {
  const { range, before, dataset } = scan;
  const [from, to] = range === undefined ? [0n, 0n] : [range.from - before, range.to];
  if (column.type === 'time') return column.name === 'time' && range !== undefined ? { low: Number(from), high: Number(to) } : TIMES;
  if (dataset.table === 'samples')
    return column.name === 'value' && markedHours(scan, 'extreme', hours).length === 0 ? { low: -EXTREME, high: EXTREME } : undefined;
  const fields: readonly Field[] = Object.hasOwn(TABLE_FIELDS, dataset.table) ? TABLE_FIELDS[dataset.table as keyof typeof TABLE_FIELDS] : [];
  const type = fields.find((f) => f.name === column.name)?.type;
  if (type?.kind === 'float') return { low: -EXTREME, high: EXTREME };
  return type?.kind === 'int' && type.signed && type.bits < 64 ? { low: -(2 ** (type.bits - 1)), high: 2 ** (type.bits - 1) } : undefined;
};

export const intervalsOf = (node: PlanNode, failures: Failures, hours: MarkedHours): Intervals => {
  const out = new Map<string, Interval>();
  const put = (name: string, interval: Interval | undefined): void => void (interval !== undefined && out.set(name, interval));
  const [input] = inputsOf(node);
  const below = input === undefined ? out : intervalsOf(input, failures, hours);
  switch (node.node) {
    case 'scan':
      for (const c of node.columns) put(c.name, scanned(node, c, hours));
      return out;
    case 'project':
      for (const [i, c] of node.columns.entries()) put(c.name, intervalOf(node.values[i] as PlanExpression, below, failures.scalars));
      return out;
    case 'window':
    case 'aggregate':
      for (const name of node.node === 'window' ? [...node.keys, ...node.carry] : node.keys) put(name, below.get(name));
      for (const a of node.aggregates) {
        const interval = aggregated(a, below, failures);
        put(a.name, interval !== undefined && fits(interval, a.type) ? interval : undefined);
      }
      if (node.node === 'window') put('time', TIMES);
      return out;
    case 'filter':
    case 'sort':
    case 'limit':
      return below;
    case 'join':
      // Only joins that take nothing are ever asked of a store.
      return node.take.length === 0 ? below : out;
    default:
      return out;
  }
};
