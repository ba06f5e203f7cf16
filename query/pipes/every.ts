// `every 1m agg [over 5m] [by k]`: aggregates over time, per series or, on rows, per group.

import { earlierOf } from '../../core/time.ts';
import type { Argument, Span } from '../1-syntax/ast.ts';
import { isConstant } from '../2-semantic/constant.ts';
import { doubted, isMistaken, isSure, mayBeTimed } from '../2-semantic/doubt.ts';
import { checkExpression } from '../2-semantic/expression.ts';
import type { AggregateFunction } from '../2-semantic/function-names.ts';
import { typeName } from '../2-semantic/numeric.ts';
import { fix, replace } from '../2-semantic/report.ts';
import type { AggregateUse } from '../2-semantic/scope.ts';
import { settle } from '../2-semantic/settle.ts';
import { columnNamed, NO_ROWS, type Relation, type RelationColumn, type Typed, type, visible, type Width } from '../2-semantic/type.ts';
import { neededConstant } from '../3-plan/bind.ts';
import { bucketAt } from '../3-plan/bucket.ts';
import { columnReference } from '../3-plan/expression.ts';
import { type Plan, planColumns } from '../3-plan/lower.ts';
import { type Every, type Fill, OVER_TIME, type PlanNode } from '../3-plan/nodes.ts';
import { PlacedError } from '../3-plan/placed-error.ts';
import type { Planning } from '../3-plan/request.ts';
import { aggregateCalls, type CollectedAggregates, collectAggregates, outputsOf, useColumns, withKeys } from './aggregates.ts';
import { afterMistake, clauseOf, type IqlPipe, type Key, keyColumn, keysOf, type PlanScope, syntax, written, wrongForm } from './pipe.ts';
import { bucketFor, checkAmount, widthOf } from './width.ts';

const MINUTE = 60_000_000_000n;

const seconds = (nanos: bigint): string => `${Number(nanos / 1_000_000n) / 1000}s`;

/** Look-back: a window that begins before the range needs the rows there, if nothing in between would count or cut them. */
const lookingBack = (node: PlanNode, by: bigint): PlanNode => {
  switch (node.node) {
    case 'scan':
    case 'inline':
      return { ...node, before: by };
    case 'filter':
    case 'project':
      return { ...node, input: lookingBack(node.input, by) };
    case 'order':
      return node.count === undefined ? { ...node, input: lookingBack(node.input, by) } : node;
    case 'join':
      // These keep or widen single rows of the left side.
      return node.kind === 'semi' || node.kind === 'anti' || node.kind === 'lookup' ? { ...node, left: lookingBack(node.left, by) } : node;
    default:
      return node;
  }
};

interface Shape {
  readonly keys: readonly string[];
  readonly carry: readonly RelationColumn[];
  readonly zeros: boolean;
}

/** Of series, what one adds to the next. */
const ADDED: ReadonlySet<string> = new Set<AggregateFunction>(['count', 'sum', 'rate', 'increase', 'delta', 'last', 'first']);
const SAME: ReadonlySet<string> = new Set<AggregateFunction>(['avg', 'min', 'max', 'any', 'values']);

/** How that which `every` gives of each series goes together: a sum of quantiles, deviations or different values says nothing. */
const acrossSeries = (argument: Argument): string => {
  const [, aggregate] = argument.words;
  const [e] = aggregate === undefined ? [] : named({ ...argument, words: [aggregate] }).words;
  const called = e?.node === 'name' ? e.name : e?.node === 'call' ? e.function.name : 'sum';
  return SAME.has(called) ? called : ADDED.has(called) ? 'sum' : 'max';
};

export const every: IqlPipe = {
  syntax: { ...syntax('every', { clauses: ['by'], argumentClauses: ['over'] }), leads: true },
  form: 'every width agg [over window], … [by k, …]',
  summary: 'Aggregates over time: per series; on rows per bucket and group',
  examples: ['from metrics.system.cpu.utilization | every 1m avg', 'from logs last 6h | every 5m count by service'],
  check: (pipe, input, scope) => {
    const wrong = (): undefined => wrongForm(pipe, every, scope);
    const [head, ...more] = pipe.arguments;
    if (head === undefined) return wrong();
    const before = scope.reporter.errors;
    const known = widthOf(head.words[0], scope);
    const width = known ?? { kind: 'auto' };
    const timed = mayBeTimed(input);
    if (!timed) scope.reporter.error('iql.every-untimed', { source: input.origin }, written(pipe));
    const by = clauseOf(pipe, 'by');
    // Where it is not known what the rows are, they are what the pipe takes them for.
    const shapeKnown = isSure(input);
    const series = shapeKnown ? input.shape === 'series' : by === undefined;
    if (series && by !== undefined) {
      const keys = by.arguments.map((a) => (a.words[0]?.node === 'name' ? a.words[0].name : 'k')).join(', ');
      const instead = `| ${acrossSeries(head)} by ${keys}`;
      const mend = fix(`Write ${instead}`, replace({ start: by.span.start, end: by.span.start }, `| ${acrossSeries(head)} `));
      scope.reporter.error('iql.every-by', { instead }, by.span, mend);
    }
    // `every avg`: the width is what is lacking.
    const bare = head.words.length < 2;
    if (bare && known !== undefined && scope.reporter.errors === before) scope.reporter.error('iql.aggregate-wanted', { pipe: 'every' }, written(pipe));
    const args: readonly Argument[] = [...(bare ? [] : [named({ ...head, words: head.words.slice(1) })]), ...more];
    const overs = oversOf(args, scope, wrong);
    const read = keysOf(by, input, scope, wrong);
    const all = 'kind' in width && width.kind === 'all';
    const keys = all ? read.keys : read.keys.filter((k) => k.name !== 'time');
    if (keys.length < read.keys.length && known !== undefined) scope.reporter.error('iql.name-taken', { name: 'time' }, by?.span ?? written(pipe));
    const grouped = withKeys(input, keys);
    const rows = !series || by !== undefined;
    const shape: Shape = !rows
      ? {
          keys: input.key,
          carry: input.columns.filter((c) => c.label && c.name !== 'time' && !input.key.includes(c.name) && !c.name.startsWith('#')),
          zeros: false,
        }
      : { keys: keys.map((k) => k.name), carry: [], zeros: true };
    const taken = ['time', ...shape.keys, ...shape.carry.filter((c) => !isMistaken(c)).map((c) => c.name)];
    const collected = collectAggregates(
      args.map((a) => ({ ...a, clauses: [] })),
      input,
      { keys, maybe: read.maybe },
      scope,
      { pipe: 'every', start: pipe.nameSpan.start, overTime: series || !shapeKnown, wrong, qualify: false, taken },
    );
    const certain = outputRelation(
      input,
      shape,
      keys,
      width,
      collected.outputs.map((o) => o.column),
    );
    // Series carry labels along, whichever they are.
    const output = doubted(certain, bare || !timed || read.maybe || collected.maybe || (!rows && !isSure(input)));
    if (overs === undefined || scope.reporter.errors > before || !input.timed) return afterMistake(output);
    const windows = byWindow(collected, overs).map(({ over, uses }) =>
      planEvery(
        input,
        grouped.output,
        output,
        shape,
        width,
        over,
        uses.map((u) => u.function),
        (request) => aggregateCalls(uses, request, grouped),
        useColumns(uses),
        written(pipe),
        head.words[0]?.span ?? written(pipe),
      ),
    );
    const windowed = oneOf(windows, shape, output, useColumns(collected.uses));
    const outputs = outputsOf(output, collected.outputs);
    return {
      output,
      plan: (plan) => outputs(windowed(grouped.plan(plan))),
      steps: windows.length + 2,
      copies: windows.length,
      streaming: { kind: 'bounded', bound: series ? 'one state for each series and open bucket' : 'one state for each group and open bucket' },
    };
  },
};

/** The name of the first aggregate stands after the width, where `x = avg` reads as `x == avg`. */
const named = (argument: Argument): Argument => {
  const [only, ...others] = argument.words;
  if (argument.name !== undefined || others.length > 0 || only?.node !== 'binary' || only.operator !== '==' || only.left.node !== 'name') return argument;
  return { ...argument, name: only.left, words: [only.right] };
};

/** The `over` of each argument; undefined when one is wrong (reported). */
const oversOf = (args: readonly Argument[], scope: PlanScope, wrong: () => undefined): readonly (Typed | undefined)[] | undefined => {
  const found: (Typed | undefined)[] = [];
  let whole = true;
  for (const argument of args) {
    const clause = argument.clauses.find((c) => c.word === 'over');
    const e = clause?.arguments[0]?.words[0];
    if (clause !== undefined && (e === undefined || clause.arguments.length > 1)) wrong();
    const checked = e === undefined ? undefined : checkExpression(scope, e);
    if (e !== undefined && checked === undefined) whole = false;
    const t = checked === undefined ? undefined : settle(scope, checked, type('duration'));
    if (e !== undefined && t !== undefined && (t.type.value !== 'duration' || (t.op === 'literal' && t.literal !== null && (t.literal as bigint) <= 0n)))
      scope.reporter.error('iql.argument-type', { ...OVER, got: t.type.value === 'duration' ? 'this' : typeName(t.type) }, e.span);
    else if (e !== undefined && t !== undefined && !isConstant(t)) scope.reporter.error('iql.constant-wanted', { what: 'the window' }, e.span);
    found.push(t);
  }
  return whole ? found : undefined;
};

/** The aggregates that share a window. */
const byWindow = (
  { uses, places }: CollectedAggregates,
  overs: readonly (Typed | undefined)[],
): readonly { readonly over: Typed | undefined; readonly uses: readonly AggregateUse[] }[] => {
  const groups = new Map<string, { over: Typed | undefined; uses: AggregateUse[] }>();
  for (const [i, use] of uses.entries()) {
    const over = overs[places[i] as number];
    const key = over === undefined ? '' : over.op === 'literal' ? String(over.literal) : over.op === 'parameter' ? `$${over.name}` : `#${places[i]}`;
    const group = groups.get(key) ?? { over, uses: [] };
    group.uses.push(use);
    groups.set(key, group);
  }
  return [...groups.values()];
};

/** Windows of several lengths side by side: all their rows, made one for each key and bucket. */
const oneOf =
  (windows: readonly ((plan: Plan) => Plan)[], shape: Shape, output: Relation, aggregates: ReturnType<typeof useColumns>) =>
  (plan: Plan): Plan => {
    const [only, ...others] = windows as [(plan: Plan) => Plan, ...((plan: Plan) => Plan)[]];
    if (others.length === 0) return only(plan);
    const keys = [...shape.keys, ...(output.timed ? ['time'] : [])];
    const keyed = planColumns({ ...output, columns: keys.map((k) => columnNamed(output, k) as RelationColumn) });
    const values = [...planColumns({ ...output, columns: shape.carry }), ...aggregates];
    return (request) => ({
      node: 'aggregate',
      input: { node: 'union', inputs: windows.map((w) => w(plan)(request)), columns: [...keyed, ...values] },
      keys,
      aggregates: values.map((c) => ({ name: c.name, type: c.type, function: 'any', arguments: [columnReference(c.name, c.type)], where: undefined })),
      time: undefined,
      order: [],
      columns: [...keyed, ...values],
    });
  };

const OVER = { function: 'over', wanted: 'a positive duration' };

const windowOf = (over: Typed, request: Planning): bigint => {
  const window = neededConstant(over, request, 'the window') as bigint;
  if (window <= 0n) throw new PlacedError('iql.argument-type', { ...OVER, got: `${seconds(window)}` }, over.span);
  return window;
};

/** The bucket's, where a mistake hides that of the rows. */
const TIME: RelationColumn = { name: 'time', type: type('time'), kind: undefined, label: false, description: '' };

const outputRelation = (input: Relation, shape: Shape, keys: readonly Key[], width: Width | Typed, aggregates: readonly RelationColumn[]): Relation => {
  const all = !('op' in width) && width.kind === 'all';
  const there = visible(input).filter((c) => c.name === 'time' && !isMistaken(c));
  const time = all ? [] : there.length > 0 ? there : [TIME];
  const keyColumns = shape.zeros ? keys.map(keyColumn) : shape.keys.flatMap((k) => input.columns.filter((c) => c.name === k));
  const named = new Set(aggregates.map((c) => c.name));
  const shown = [...keyColumns.filter((c) => !c.name.startsWith('#')), ...shape.carry.filter((c) => !named.has(c.name))];
  const hidden = keyColumns.filter((c) => c.name.startsWith('#'));
  return {
    ...NO_ROWS,
    columns: [...time, ...shown, ...aggregates, ...hidden],
    shape: 'series',
    key: shape.keys,
    timed: !all,
    bucket: width,
    order: [...time, ...shown, ...hidden].map((c) =>
      c.type.levels === undefined ? { column: c.name, descending: false } : { column: c.name, descending: false, levels: c.type.levels },
    ),
    origin: input.origin,
  };
};

/** What is 0, or empty, of no rows at all. */
const OF_NOTHING: ReadonlySet<AggregateFunction> = new Set(['count', 'sum', 'distinct_count', 'values']);

/** A row for each group in each bucket, up to where the data is complete. */
const withZeros = (window: Every, { completeTo }: Planning): Fill => ({
  node: 'fill',
  input: window,
  keys: window.keys,
  carry: window.carry,
  bucket: window.bucket,
  from: window.from,
  to: earlierOf(completeTo, window.to),
  values: window.aggregates.filter((a) => OF_NOTHING.has(a.function)).map((a) => a.name),
  method: 'zeros',
  columns: window.columns,
});

const planEvery =
  (
    input: Relation,
    grouped: Relation,
    output: Relation,
    shape: Shape,
    width: Width | Typed,
    over: Typed | undefined,
    functions: readonly AggregateFunction[],
    aggregates: (request: Planning) => ReturnType<typeof aggregateCalls>,
    aggregateColumns: ReturnType<typeof useColumns>,
    span: Span,
    widthSpan: Span,
  ) =>
  (plan: Plan): Plan => {
    const keyed = [...shape.keys, ...shape.carry.map((c) => c.name)].map((name) => output.columns.find((c) => c.name === name) as RelationColumn);
    const time = output.timed ? [{ name: 'time', type: 'time' as const }] : [];
    const columns = [...planColumns({ ...output, columns: keyed }), ...time, ...aggregateColumns];
    const interval = input.intervalMs === undefined ? undefined : BigInt(input.intervalMs) * 1_000_000n;
    return (request) => {
      const bucket = bucketFor(width, request);
      checkAmount(bucket, request, span, widthSpan);
      let window = over === undefined ? undefined : windowOf(over, request);
      if (window === undefined && interval !== undefined && !shape.zeros && bucket.kind === 'fixed' && bucket.nanos < 2n * interval) {
        window = 2n * interval;
        request.notice('info', 'iql.widened-window', { window: seconds(window), interval: seconds(interval) }, span);
      }
      const lookback = functions.some((f) => OVER_TIME.has(f)) ? (interval !== undefined && 5n * interval > 5n * MINUTE ? 5n * interval : 5n * MINUTE) : 0n;
      const firstEnd = bucket.kind === 'all' ? request.to : bucketAt(bucket, request.from).end;
      const begins = window === undefined ? request.from : earlierOf(request.from, firstEnd - window);
      const before = request.from - begins + lookback;
      const rows = plan(request);
      const made: Every = {
        node: 'every',
        input: before > 0n ? lookingBack(rows, before) : rows,
        keys: shape.keys,
        carry: shape.carry.map((c) => c.name),
        bucket,
        over: window,
        from: request.from,
        to: request.to,
        lookback,
        whole: shape.zeros,
        aggregates: aggregates(request),
        delta: input.temporality === 'delta',
        ties: grouped.order.filter((k) => k.column !== 'time'),
        columns,
      };
      return shape.zeros ? withZeros(made, request) : made;
    };
  };
