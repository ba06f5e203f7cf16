// `sort`, `limit`, `top`, `bottom`, `distinct`, `latest`: order and cut.
import type { Argument, Expression, Pipe } from '../1-syntax/ast.ts';
import type { Fix } from '../1-syntax/diagnostic.ts';
import { isSure, mayBeTimed } from '../2-semantic/doubt.ts';
import { checkValue } from '../2-semantic/expression.ts';
import type { Streaming } from '../2-semantic/pipe.ts';
import { fix, replace } from '../2-semantic/report.ts';
import { columnNamed, type OrderColumn, type Relation, type Typed, visible } from '../2-semantic/type.ts';
import { firstRows, type Plan, planColumns, sorted } from '../3-plan/lower.ts';
import { checkAggregates } from './aggregates.ts';
import {
  afterMistake,
  type Checked,
  clauseOf,
  countArgument,
  countOf,
  type IqlPipe,
  type Key,
  keyColumn,
  keysOf,
  type PlanScope,
  plainArgument,
  syntax,
  written,
  wrongForm,
} from './pipe.ts';
import { computed, hiddenName, kept, type Output, project } from './project.ts';

const everything: Streaming = { kind: 'unbounded', reason: 'it needs every row before it can say which comes first' };
type Step = (plan: Plan) => Plan;

/** Columns to order by: there already, or computed under hidden names. */
const orderColumns = (values: readonly Typed[], input: Relation): { readonly input: Relation; readonly step: Step; readonly names: readonly string[] } => {
  const fresh: Output[] = [];
  const first = hiddenName(input, 'sort');
  const names = values.map((value) => {
    if (value.op === 'column') return value.name;
    const name = fresh.length === 0 ? first : hiddenName(input, `${first.slice(1)}+${fresh.length}`);
    fresh.push(computed({ name, type: value.type, kind: undefined, label: false, description: '' }, value));
    return name;
  });
  if (fresh.length === 0) return { input, step: (p) => p, names };
  const step = project(input, [...visible(input).map(kept), ...fresh]);
  return { input: step.output, step: step.plan, names };
};

const key = (column: string, descending: boolean, value: Pick<Typed, 'type'>): OrderColumn =>
  value.type.levels === undefined ? { column, descending } : { column, descending, levels: value.type.levels };

/** Rows in the order of these keys, ties in input order. */
const ordered = (input: Relation, keys: readonly OrderColumn[]): { readonly output: Relation; readonly plan: Step } => {
  const order = [...keys, ...input.order.filter((k) => !keys.some((x) => x.column === k.column))];
  const columns = planColumns(input);
  return {
    output: { ...input, order },
    plan: (plan) => (request) => ({ node: 'order', input: plan(request), keys: order, count: undefined, per: [], columns }),
  };
};

const limited =
  (relation: Relation, count: Typed, per: readonly string[]): Step =>
  (plan) =>
  (request) =>
    firstRows(sorted(plan(request), relation), countOf(count, request), per);

export const sort: IqlPipe = {
  syntax: { ...syntax('sort'), equals: 'compares' },
  form: 'sort x [desc], y [asc], …',
  summary: 'Order rows; missing stands last',
  examples: ['from processes last 5m | sort memory desc'],
  check: (pipe, input, scope) => {
    if (pipe.arguments.length === 0) {
      wrongForm(pipe, sort, scope);
      return afterMistake(input);
    }
    const values: { readonly value: Typed; readonly descending: boolean }[] = [];
    const before = scope.reporter.errors;
    let whole = true;
    for (const argument of pipe.arguments) {
      const [e, direction] = argument.words;
      const word = direction?.node === 'name' ? direction.name.toLowerCase() : undefined;
      if (e === undefined || argument.name !== undefined || argument.words.length > 2 || (direction !== undefined && word !== 'desc' && word !== 'asc')) {
        wrongForm(pipe, sort, scope, argument.span);
        continue;
      }
      const value = sortable(scope, input, e);
      if (value === undefined) whole = false;
      else values.push({ value, descending: word === 'desc' });
    }
    if (!whole || scope.reporter.errors > before) return afterMistake(input);
    const columns = orderColumns(
      values.map((v) => v.value),
      input,
    );
    const last = ordered(
      columns.input,
      values.map(({ value, descending }, i) => key(columns.names[i] as string, descending, value)),
    );
    return { output: last.output, steps: 2, plan: (plan) => last.plan(columns.step(plan)), streaming: everything };
  },
};

const sortable = (scope: PlanScope, relation: Relation, e: Expression): Typed | undefined => {
  const value = checkValue({ ...scope, relation }, e);
  if (value === undefined) return undefined;
  return orderable(scope, value.type.value, e.span) ? value : undefined;
};

const orderable = (scope: PlanScope, got: Typed['type']['value'], at: Expression['span']): boolean => {
  if (!['list', 'map', 'histogram'].includes(got)) return true;
  scope.reporter.error('iql.argument-type', { function: 'an order', wanted: 'a number, text or time', got: `a ${got}` }, at);
  return false;
};

export const limit: IqlPipe = {
  syntax: syntax('limit'),
  form: 'limit n',
  summary: 'Only the first n rows',
  examples: ['from logs | limit 100'],
  check: (pipe, input, scope) => {
    const e = plainArgument(pipe.arguments[0]);
    if (e === undefined || pipe.arguments.length > 1) wrongForm(pipe, limit, scope);
    const count = countArgument(e, scope);
    if (count === undefined) return afterMistake(input);
    return {
      output: input,
      plan: limited(input, count, []),
      streaming: { kind: 'unbounded', reason: 'the first rows of an endless input never change again' },
    };
  },
};

/** `top 5 cpu`. */
const missingBy = (pipe: Pipe): Fix | undefined => {
  const [, measure] = pipe.arguments[0]?.words ?? [];
  const alone = pipe.arguments.length === 1 && pipe.arguments[0]?.words.length === 2 && pipe.clauses.every((c) => c.word !== 'by');
  return measure?.node === 'name' && alone ? fix('Add by', replace({ start: measure.span.start, end: measure.span.start }, 'by ')) : undefined;
};

/** `top 5 by cpu desc`. */
const needlessOrder = (name: 'top' | 'bottom', { words }: Argument): Fix | undefined => {
  const [measure, order] = words;
  const needless = words.length === 2 && measure !== undefined && order?.node === 'name' && order.name === (name === 'top' ? 'desc' : 'asc');
  return needless ? fix(`Remove ${order.name}`, replace({ start: measure.span.end, end: order.span.end }, '')) : undefined;
};

const topPipe = (name: 'top' | 'bottom'): IqlPipe => {
  const definition: IqlPipe = {
    syntax: syntax(name, { clauses: ['by', 'per'] }),
    form: `${name} n by x [per k] · ${name} n k by agg(x) [per g]`,
    summary: name === 'top' ? 'The n rows (or keys) with the largest x' : 'The n rows (or keys) with the smallest x',
    examples: [`from processes last 5m | latest | ${name} 5 by memory per host`],
    check: (pipe, input, scope) => {
      const [argument] = pipe.arguments;
      const by = clauseOf(pipe, 'by');
      const [count, ...keys] = argument?.words ?? [];
      const [target] = by?.arguments ?? [];
      const before = scope.reporter.errors;
      if (count === undefined || by === undefined || target === undefined || by.arguments.length > 1 || argument?.name !== undefined)
        wrongForm(pipe, definition, scope, undefined, missingBy(pipe));
      const n = countArgument(count, scope);
      if (keys.length > 0 || pipe.arguments.length > 1) return best(pipe, input, scope, n, name === 'top', definition) ?? afterMistake(input);
      const [e] = target?.words ?? [];
      if (target !== undefined && (e === undefined || target.words.length > 1)) wrongForm(pipe, definition, scope, target.span, needlessOrder(name, target));
      const value = e === undefined ? undefined : sortable(scope, input, e);
      const { keys: per } = keysOf(clauseOf(pipe, 'per'), input, scope, () => wrongForm(pipe, definition, scope));
      if (n === undefined || value === undefined || scope.reporter.errors > before) return afterMistake(input);
      const column = orderColumns([value], input);
      const grouped = withHiddenKeys(column.input, per);
      const { names } = grouped;
      const rows = ordered(grouped.output, [key(column.names[0] as string, name === 'top', value)]);
      const cut = limited(rows.output, n, names);
      return { output: rows.output, plan: (plan) => cut(rows.plan(grouped.plan(column.step(plan)))), streaming: everything };
    },
  };
  return definition;
};

/** The input with computed keys under hidden names; `names`: the columns of the keys. */
const withHiddenKeys = (input: Relation, keys: readonly Key[]): { readonly output: Relation; readonly plan: Step; readonly names: readonly string[] } => {
  const names = keys.map((k) => (k.value.op === 'column' ? k.value.name : hiddenName(input, `by.${k.name}`)));
  const fresh = keys.flatMap((k, i) => (k.value.op === 'column' ? [] : [computed({ ...keyColumn(k), name: names[i] as string }, k.value)]));
  if (fresh.length === 0) return { output: input, plan: (p) => p, names };
  return { ...project(input, [...visible(input).map(kept), ...fresh]), names };
};

/** What the keys are ranked by. */
const MEASURE = '#measure';

/** `top n k by agg(x) [per g]`: all rows of the n best keys, in each group. */
const best = (
  pipe: Parameters<IqlPipe['check']>[0],
  input: Relation,
  scope: PlanScope,
  n: Typed | undefined,
  descending: boolean,
  definition: IqlPipe,
): Checked | undefined => {
  const [first, ...more] = pipe.arguments;
  const before = scope.reporter.errors;
  const words = [...(first?.words.slice(1) ?? []), ...more.flatMap((a) => a.words)];
  const per = clauseOf(pipe, 'per')?.arguments ?? [];
  const args = [...words.map((e) => ({ name: undefined, words: [e], clauses: [], span: e.span })), ...per];
  const keys = keysOf({ word: 'by', wordSpan: pipe.nameSpan, arguments: args, span: pipe.span }, input, scope, () => wrongForm(pipe, definition, scope));
  const target = (clauseOf(pipe, 'by')?.arguments ?? []).map((a) => ({ ...a, name: { node: 'name' as const, name: MEASURE, span: a.span } }));
  // Over all buckets: `time` is a key only where it is named as one.
  const aggregated = checkAggregates(target, keys, { ...input, bucket: undefined }, scope, {
    pipe: pipe.name,
    start: pipe.nameSpan.start,
    overTime: false,
    wrong: () => wrongForm(pipe, definition, scope),
    qualify: true,
  });
  if (keys.keys.some((k) => k.value.op !== 'column' && k.value.type.value !== 'unknown')) return wrongForm(pipe, definition, scope);
  const value = columnNamed(aggregated.output, MEASURE);
  if (n === undefined || scope.reporter.errors > before || aggregated.output.doubt !== undefined) return undefined;
  if (value === undefined) return wrongForm(pipe, definition, scope);
  if (!orderable(scope, value.type.value, target[0]?.span ?? written(pipe))) return undefined;
  const ranked = ordered(aggregated.output, [key(MEASURE, descending, value)]);
  // The groups stand behind the keys that are ranked in each of them.
  const groups = keys.keys.slice(keys.keys.length - per.length).map((k) => k.name);
  const cut = limited(ranked.output, n, groups);
  const columns = planColumns(input);
  return {
    output: input,
    copies: 2,
    steps: 4,
    plan: (plan) => (request) => ({
      node: 'join',
      kind: 'semi',
      left: plan(request),
      right: cut(ranked.plan(aggregated.plan(plan)))(request),
      on: keys.keys.map((k) => ({ left: k.name, right: k.name })),
      missingMatches: true,
      within: undefined,
      take: [],
      columns,
    }),
    streaming: everything,
  };
};

export const top = topPipe('top');
export const bottom = topPipe('bottom');

export const distinct: IqlPipe = {
  syntax: syntax('distinct'),
  form: 'distinct k, …',
  summary: 'The different values of these columns, only those',
  examples: ['from processes last 5m | distinct host, user'],
  check: (pipe, input, scope) => {
    if (pipe.arguments.length === 0) return wrongForm(pipe, distinct, scope);
    const keys = keysOf({ word: 'distinct', wordSpan: pipe.nameSpan, arguments: pipe.arguments, span: pipe.span }, input, scope, () =>
      wrongForm(pipe, distinct, scope),
    );
    return checkAggregates([], keys, { ...input, bucket: undefined }, scope, {
      pipe: 'distinct',
      start: pipe.nameSpan.start,
      overTime: false,
      wrong: () => wrongForm(pipe, distinct, scope),
      qualify: false,
    });
  },
};

export const latest: IqlPipe = {
  syntax: syntax('latest', { clauses: ['by'] }),
  form: 'latest [by k, …]',
  summary: 'The newest row of each series, or of each k',
  examples: ['from processes last 5m | latest', 'from logs last 1h | latest by host'],
  check: (pipe, input, scope) => {
    const by = clauseOf(pipe, 'by');
    const before = scope.reporter.errors;
    if (pipe.arguments.length > 0) wrongForm(pipe, latest, scope);
    if (!mayBeTimed(input)) scope.reporter.error('iql.every-untimed', { source: input.origin }, written(pipe));
    const { keys } = keysOf(by, input, scope, () => wrongForm(pipe, latest, scope));
    if (by === undefined && input.shape === 'rows' && isSure(input) && scope.reporter.errors === before) wrongForm(pipe, latest, scope);
    if (scope.reporter.errors > before || !input.timed) return afterMistake({ ...input, raw: false });
    const grouped = withHiddenKeys(input, keys);
    const names = by === undefined ? grouped.output.key : grouped.names;
    const newest = ordered({ ...grouped.output, order: latestTies(grouped.output) }, [{ column: 'time', descending: true }]);
    const one: Typed = { op: 'literal', literal: 1n, type: { value: 'int', unit: undefined, bare: true }, span: pipe.span };
    const cut = limited(newest.output, one, names);
    const output: Relation = { ...newest.output, raw: false };
    return { output, plan: (plan) => cut(newest.plan(grouped.plan(plan))), streaming: { kind: 'bounded', bound: 'one row for each series' } };
  },
};

/** Of rows with one time the one received last is the newest: the receive order turned round. */
const latestTies = (relation: Relation): readonly OrderColumn[] =>
  relation.order.filter((k) => k.column !== 'time').map((k) => (/^#(insert|row|message)$/.test(k.column) ? { ...k, descending: !k.descending } : k));
