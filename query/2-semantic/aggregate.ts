// Aggregates inside expressions: `avg`, `avg x`, `avg(x where c)`. Checks the column they take and hands them to the collector of the
// pipe at hand, which gives each a column of its own.

import type { Call, Expression } from '../1-syntax/ast.ts';
import type { Fix } from '../1-syntax/diagnostic.ts';
import { printName } from '../1-syntax/print-expression.ts';
import { inLevelOrder, levelAt, rank } from './compare.ts';
import { checkCondition } from './condition.ts';
import { isConstant } from './constant.ts';
import { isMistaken, isSure } from './doubt.ts';
import type { AggregateFunction } from './function-names.ts';
import { toFloat, typeName } from './numeric.ts';
import { fix, replace } from './report.ts';
import type { AggregateCollector, AggregateSignature, Scope } from './scope.ts';
import { settle } from './settle.ts';
import { columnNamed, isNumber, type Typed, type, visible } from './type.ts';

const PERCENTILE = /^p(\d{1,2}(?:\.\d+)?|100)$/;

/** `p99.9` is 0.999. */
export const percentile = (name: string): number | undefined => {
  const m = PERCENTILE.exec(name);
  return m === null ? undefined : Number((Number(m[1]) / 100).toPrecision(15));
};

export const isAggregateName = (scope: Pick<Scope, 'functions'>, name: string): boolean =>
  scope.functions.aggregates.has(name) || percentile(name) !== undefined;

type NamedAggregate = AggregateSignature & { readonly name: AggregateFunction };

/** What a quantile takes beside its column. */
export const SHARE = { function: 'quantile', wanted: 'a share from 0 to 1 (`p95 x` is `quantile(0.95, x)`)' };

const SUMMING = new Set<string>(['sum', 'avg', 'min', 'max', 'stddev', 'variance', 'quantile']);
const RISING = new Set<string>(['rate', 'increase']);

export const checkAggregate = (scope: Scope, e: Call): Typed | undefined => {
  const written = e.function.name;
  const collector = scope.aggregates;
  if (collector === undefined) {
    scope.reporter.error('iql.aggregate-here', { name: written }, e.span);
    for (const argument of e.arguments) scope.check(scope, argument);
    if (e.where !== undefined) checkCondition(scope, e.where);
    return undefined;
  }
  const q = percentile(written);
  const signature = scope.functions.aggregates.get(q === undefined ? written : 'quantile') as NamedAggregate;
  const { name } = signature;
  const inner: Scope = { ...scope, aggregates: undefined };
  const where = e.where === undefined ? undefined : checkCondition(inner, e.where);
  const known = e.where === undefined || where !== undefined;
  const args = [...e.arguments];
  const wrong = (): undefined => {
    for (const argument of e.arguments) scope.check(inner, argument);
    return undefined;
  };
  if (signature.overTime && !collector.overTime) {
    scope.reporter.error('iql.over-time-only', { name: written }, e.span);
    return wrong();
  }
  let constant: Typed | undefined;
  if (name === 'quantile') {
    const before = scope.reporter.errors;
    constant = q === undefined ? takeConstant(scope, args) : { op: 'literal', literal: q, type: type('float'), span: e.function.span };
    if (constant === undefined) {
      if (scope.reporter.errors === before) scope.reporter.error('iql.argument-count', { form: signature.form, got: e.arguments.length }, e.span);
      return wrong();
    }
  }
  if (args.length > 1) {
    scope.reporter.error('iql.argument-count', { form: signature.form, got: e.arguments.length }, e.span);
    return wrong();
  }
  if (args.length === 0 && signature.argument === 'none-or-any')
    return known ? collector.add({ function: name, arguments: [], where, type: signature.result(undefined), kind: 'gauge' }, e.span) : undefined;
  const argument = args[0] === undefined ? onlyColumn(scope, written, collector, e) : scope.check(inner, args[0]);
  if (argument === undefined) return undefined;
  const checked = fitArgument(scope, written, signature, argument, e);
  if (checked === undefined) return undefined;
  // A mistake may hide which column is meant.
  const sure = args[0] !== undefined || !(collector.maybeKeys || !isSure(scope.relation) || visible(scope.relation).some(isMistaken));
  const kind = sure && checked.op === 'column' ? columnNamed(scope.relation, checked.name)?.kind : undefined;
  if (!heedKind(scope, written, name, collector, checked, kind, e) || !known) return undefined;
  const { levels } = checked.type;
  if (levels !== undefined && (name === 'max' || name === 'min')) {
    const place = collector.add({ function: name, arguments: [rank(checked, levels)], where, type: type('int'), kind: 'gauge' }, e.span);
    return known ? levelAt(place, levels) : undefined;
  }
  const result = signature.result(checked.type);
  if (levels !== undefined && name === 'values') {
    const found = collector.add({ function: name, arguments: [checked], where, type: result, kind: 'gauge' }, e.span);
    return inLevelOrder(found, levels);
  }
  // What is no duration any more is in seconds: worked out of seconds.
  const taken = result.value === 'float' && checked.type.value === 'duration' ? toFloat(checked) : checked;
  return collector.add(
    {
      function: name,
      arguments: constant === undefined ? [taken] : [taken, constant],
      where,
      type: result,
      kind: (name === 'last' || name === 'first') && kind === 'counter' ? 'counter' : 'gauge',
    },
    e.span,
  );
};

/** The share of `quantile(0.95, x)`, taken from the arguments: the first that is a constant. */
const takeConstant = (scope: Scope, args: Expression[]): Typed | undefined => {
  for (const [i, e] of args.entries()) {
    // A column is looked at where it is the argument.
    if (args.length > 1 && i < args.length - 1 && e.node === 'name' && columnNamed(scope.relation, e.name) !== undefined) continue;
    const t = scope.check(scope, e);
    if (t === undefined) return undefined;
    const settled = settle(scope, t, type('float'));
    if (!isNumber(settled.type) || !isConstant(settled)) continue;
    args.splice(i, 1);
    const q = toFloat(settled);
    if (q.op !== 'literal' || (Number(q.literal) >= 0 && Number(q.literal) <= 1)) return q;
    scope.reporter.error('iql.argument-type', { ...SHARE, got: String(q.literal) }, e.span);
    return undefined;
  }
  return undefined;
};

/** The only value column, on rows the only numeric one that is no key. */
const onlyColumn = (scope: Scope, name: string, collector: AggregateCollector, e: Call): Typed | undefined => {
  const values = visible(scope.relation).filter((c) => isNumber(c.type) || c.type.value === 'duration');
  const free = values.filter((c) => !collector.keys.includes(c.name) && !scope.relation.key.includes(c.name));
  const [only] = free;
  if (only === undefined || free.length > 1) {
    if (collector.maybeKeys || !isSure(scope.relation) || visible(scope.relation).some(isMistaken)) return undefined;
    scope.reporter.error(
      'iql.aggregate-argument',
      { name, choices: free.length === 0 ? 'there is no column of numbers' : free.map((c) => c.name).join(', ') },
      e.span,
    );
    return undefined;
  }
  return { op: 'column', name: only.name, type: only.type, span: e.span };
};

const fitArgument = (scope: Scope, written: string, signature: AggregateSignature, argument: Typed, e: Call): Typed | undefined => {
  const settled = settle(scope, argument, type(signature.argument === 'number' ? 'float' : 'string'));
  const numeric = isNumber(settled.type) || settled.type.value === 'duration';
  const ordered = numeric || settled.type.value === 'string' || settled.type.value === 'time' || settled.type.value === 'ip';
  const fits =
    signature.argument === 'number' ? numeric : signature.argument === 'ordered' ? ordered : settled.type.value !== 'map' && settled.type.value !== 'list';
  if (!fits) {
    scope.reporter.error(
      'iql.argument-type',
      { function: written, wanted: signature.argument === 'number' ? 'a number' : 'a single value', got: typeName(settled.type) },
      e.span,
    );
    return undefined;
  }
  return settled;
};

/** Over time the counter's rate in its place; across series its rate first. */
const asRate = (collector: AggregateCollector, column: string, e: Call): Fix => {
  const before = 'every auto rate | ';
  if (!collector.overTime) return fix('Take its rate first', replace({ start: collector.start, end: collector.start }, before));
  return fix('Write rate', e.arguments.length < 2 ? replace(e.function.span, 'rate') : replace(e.span, `rate(${printName(column)})`));
};

const heedKind = (
  scope: Scope,
  written: string,
  name: string,
  collector: AggregateCollector,
  argument: Typed,
  kind: 'gauge' | 'counter' | undefined,
  e: Call,
): boolean => {
  const column = argument.op === 'column' ? argument.name : 'it';
  if (kind === 'gauge' && RISING.has(name)) {
    scope.reporter.error('iql.gauge-rate', { name: written, column, instead: 'delta' }, e.span, fix('Write delta', replace(e.function.span, 'delta')));
    return false;
  }
  if (kind === 'counter' && SUMMING.has(name) && scope.relation.raw) {
    scope.reporter.error('iql.counter-aggregate', { name: written, column }, e.span, asRate(collector, column, e));
    return false;
  }
  // By time it adds what was sampled at one moment.
  const acrossTime = !collector.overTime && !collector.keys.includes('time');
  if (kind === 'gauge' && name === 'sum' && scope.relation.raw && scope.relation.shape === 'series' && acrossTime)
    scope.reporter.warning('iql.raw-sum', { name: written }, e.span);
  return true;
};
