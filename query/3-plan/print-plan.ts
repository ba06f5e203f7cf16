// Plans as people read them: a node a line, its inputs indented below.
import { formatTime } from '../../core/time.ts';
import type { Bucket } from './bucket.ts';
import type { PlanExpression } from './expression.ts';
import { type AggregateCall, inputsOf, type OrderKey, type PlanNode, type Scan } from './nodes.ts';
import { kindOf } from './physical.ts';

const value = (v: unknown, type: string): string => {
  if (typeof v === 'bigint' && type === 'time') return `@${formatTime(v)}`;
  if (typeof v === 'bigint') return type === 'duration' ? `${Number(v) / 1e9}s` : String(v);
  if (Array.isArray(v)) return `[${v.map((i) => value(i, '')).join(', ')}]`;
  return v instanceof Map ? JSON.stringify([...v]) : JSON.stringify(v);
};

const expression = (e: PlanExpression): string => {
  switch (e.op) {
    case 'column':
      return e.name;
    case 'literal':
      return value(e.value, kindOf(e.type));
    case 'call':
      return `${e.function}(${e.arguments.map(expression).join(', ')})`;
    case 'case':
      return `case(${[...e.branches.map((b) => `${expression(b.when)} → ${expression(b.then)}`), `else ${expression(e.otherwise)}`].join('; ')})`;
  }
};

const order = (keys: readonly OrderKey[]): string =>
  keys.map((k) => `${k.column}${k.descending ? ' desc' : ''}${k.levels === undefined ? '' : ' by levels'}`).join(', ');
const calls = (list: readonly AggregateCall[]): string =>
  list
    .map((a) => `${a.name} = ${a.function}(${a.arguments.map(expression).join(', ')}${a.where === undefined ? '' : ` where ${expression(a.where)}`})`)
    .join(', ');
const bucket = (b: Bucket): string => {
  if (b.kind === 'fixed') return `${seconds(b.nanos)}${b.phase === undefined ? '' : ` from ${seconds(b.phase)} on`}`;
  return b.kind === 'all' ? 'all' : `${b.count} ${b.unit} of ${b.zone}`;
};
const span = (from: bigint, to: bigint): string => `${formatTime(from)} … ${formatTime(to)}`;
const seconds = (ns: bigint): string => `${Number(ns) / 1e9}s`;

const details = (n: PlanNode): string => {
  switch (n.node) {
    case 'scan':
      return `${n.dataset.name}${n.range === undefined ? '' : ` ${span(n.range.from, n.range.to)}`}${n.at === undefined ? '' : ` at ${n.at}`}${n.before === 0n ? '' : ` and ${seconds(n.before)} before`}${n.filter === undefined ? '' : ` where ${expression(n.filter)}`} (${n.columns.map((c) => c.name).join(', ')})`;
    case 'inline':
      return `${n.batch.length} rows`;
    case 'filter':
      return expression(n.predicate);
    case 'project':
      return n.columns
        .map((c, i) => {
          const e = expression(n.values[i] as PlanExpression);
          return e === c.name ? e : `${c.name} = ${e}`;
        })
        .join(', ');
    case 'every':
      return `${bucket(n.bucket)}${n.over === undefined ? '' : ` over ${seconds(n.over)}`} in ${span(n.from, n.to)} by (${n.keys.join(', ')}) ${calls(n.aggregates)}${n.carry.length === 0 ? '' : ` carry ${n.carry.join(', ')}`}${n.whole ? ' whole' : ''}${n.lookback === 0n ? '' : ` look back ${seconds(n.lookback)}`}${n.delta ? ' delta' : ''}`;
    case 'aggregate':
      return `by (${n.keys.join(', ')}) ${calls(n.aggregates)}${n.order.length === 0 ? '' : ` in order of ${[...(n.time === undefined ? [] : [n.time]), order(n.order)].join(', ')}`}`;
    case 'order':
      return [
        ...(n.keys.length === 0 ? [] : [`by ${order(n.keys)}`]),
        ...(n.count === undefined ? [] : [`first ${n.count}`]),
        ...(n.per.length === 0 ? [] : [`per ${n.per.join(', ')}`]),
      ].join(' ');
    case 'join':
      return `${n.kind} on ${n.on.map((o) => (o.left === o.right ? o.left : `${o.left} == ${o.right}`)).join(', ')}${n.byKeys === undefined ? '' : ' asked by keys'}${n.take.length === 0 ? '' : ` take ${n.take.map((t) => (t.fill ? `${t.as} where missing` : t.as)).join(', ')}`}`;
    case 'union':
      return '';
    case 'fill':
      return `${n.method} ${n.values.join(', ')} by (${n.keys.join(', ')}) ${bucket(n.bucket)}${n.method === 'zeros' ? ` to ${formatTime(n.to)}` : ''}`;
    case 'table':
      return n.function.name === 'unnest' ? `unnest ${n.function.list}` : n.function.name;
  }
};

/** `leaf`: of a scan that stands for something else, what that is. */
export const printPlan = (node: PlanNode, leaf: (scan: Scan) => string | undefined = () => undefined, depth = 0): readonly string[] => [
  `${'  '.repeat(depth)}${(node.node === 'scan' ? leaf(node) : undefined) ?? `${node.node} ${details(node)}`}`.trimEnd(),
  ...inputsOf(node).flatMap((i) => printPlan(i, leaf, depth + 1)),
];
