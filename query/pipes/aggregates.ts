// Aggregates of a pipe: `summarize`, the aggregate pipes (`sum by host`), and what `every`, `top` and `distinct` share with them.
import type { Argument, Call, Expression, Name, Pipe } from '../1-syntax/ast.ts';
import { FUNCTIONS_NOT_YET } from '../1-syntax/not-yet.ts';
import { spanning } from '../1-syntax/span.ts';
import { binWidth } from '../1-syntax/time-bin.ts';
import { isAggregateName, SHARE } from '../2-semantic/aggregate.ts';
import { doubted, isMistaken, isSure, mayBeTimed, mistakenColumn, mistakenValue } from '../2-semantic/doubt.ts';
import { checkExpression } from '../2-semantic/expression.ts';
import { fix, replace } from '../2-semantic/report.ts';
import type { AggregateCollector, AggregateUse, Scope } from '../2-semantic/scope.ts';
import { columnNamed, NO_ROWS, type Relation, type RelationColumn, type Typed, visible } from '../2-semantic/type.ts';
import { bind, neededConstant, typeOf } from '../3-plan/bind.ts';
import { columnReference, mapExpression, type PlanExpression } from '../3-plan/expression.ts';
import { type Plan, planColumns } from '../3-plan/lower.ts';
import type { AggregateCall, PlanColumn } from '../3-plan/nodes.ts';
import { PlacedError } from '../3-plan/placed-error.ts';
import type { Planning } from '../3-plan/request.ts';
import { type Checked, clauseOf, type IqlPipe, type Key, type Keys, keyColumn, keysOf, type PlanScope, syntax, wrongForm } from './pipe.ts';
import { computed, hiddenName, kept, project, renamed } from './project.ts';

export interface AggregateOptions {
  readonly pipe: string;
  /** Where its name begins. */
  readonly start: number;
  readonly overTime: boolean;
  readonly wrong: () => undefined;
  /** Unnamed aggregates are called `x.f`. */
  readonly qualify: boolean;
  /** Names of other columns of the output. */
  readonly taken: readonly string[];
}

/** One output of an aggregating pipe: an expression over columns `#aggregate.n`. */
export interface AggregateOutput {
  readonly column: RelationColumn;
  readonly value: Typed;
}

export interface CollectedAggregates {
  readonly uses: readonly AggregateUse[];
  /** Number of the argument that each use stands in. */
  readonly places: readonly number[];
  readonly outputs: readonly AggregateOutput[];
  /** A mistake hides the name of one. */
  readonly maybe: boolean;
}

/** `p95 x` written as two words is the call `p95(x)`. */
const asExpression = (argument: Argument): Expression | undefined => {
  const [first, second] = argument.words;
  if (second === undefined) return first;
  if (first?.node !== 'name' || argument.words.length > 2) return undefined;
  const call: Call = {
    node: 'call',
    function: first,
    arguments: [second],
    where: undefined,
    written: 'words',
    span: spanning(first.span, second.span),
  };
  return call;
};

/** One argument as it was read; `value` is undefined where it has a mistake (reported). */
interface Found {
  readonly argument: Argument;
  readonly e: Expression;
  readonly value: Typed | undefined;
  readonly written: string;
}

/** Reads the aggregates of the arguments; one with a mistake (reported) is a column of unknown type. */
export const collectAggregates = (
  args: readonly Argument[],
  input: Relation,
  { keys: read, maybe: maybeKeys }: Keys,
  scope: PlanScope,
  options: AggregateOptions,
): CollectedAggregates => {
  const uses: AggregateUse[] = [];
  const keys = read.map((k) => k.name);
  const collector: AggregateCollector = {
    pipe: options.pipe,
    start: options.start,
    overTime: options.overTime,
    keys,
    maybeKeys,
    add: (use, span) => {
      const name = `#aggregate.${uses.length}`;
      uses.push({ ...use, name });
      return { op: 'column', name, type: use.type, span };
    },
  };
  const inner: Scope = { ...scope, relation: input, aggregates: collector };
  const found: Found[] = [];
  const places: number[] = [];
  let maybe = false;
  for (const [place, argument] of args.entries()) {
    const e = asExpression(argument);
    if (e === undefined) {
      options.wrong();
      maybe = true;
      continue;
    }
    const later = e.node === 'name' && columnNamed(input, e.name) === undefined ? FUNCTIONS_NOT_YET.get(e.name) : undefined;
    if (later !== undefined) {
      scope.reporter.error('iql.not-yet', { what: `\`${(e as Name).name}\``, instead: later }, e.span);
      maybe = true;
      continue;
    }
    const before = uses.length;
    const checked = checkExpression(inner, e);
    const bare = checked !== undefined && uses.length === before;
    if (bare) scope.reporter.error('iql.aggregate-wanted', { pipe: options.pipe }, argument.span);
    const loose = checked === undefined || bare ? [] : looseColumns(checked, new Set([...keys, ...options.taken]));
    for (const t of maybeKeys ? [] : loose) scope.reporter.error('iql.not-aggregated', { name: fieldName(t) ?? 'it' }, t.span);
    while (places.length < uses.length) places.push(place);
    found.push({ argument, e, value: bare ? undefined : checked, written: e.node === 'call' ? e.function.name : e.node === 'name' ? e.name : '' });
  }
  const columns = found.map((f) => (f.value === undefined ? namedColumn(f.e, input, scope) : aggregatedColumn(f.value, uses)));
  const hidden = found.some((f, i) => f.value === undefined && columns[i] === undefined && !isPlainCount(f.e));
  const names = new Set([...keys, ...options.taken]);
  const outputs = new Map<string, AggregateOutput>();
  for (const [i, f] of found.entries()) {
    const { argument, e, value } = f;
    const of = columns[i];
    const often = of !== undefined && columns.filter((c) => c === of).length > 1;
    const known = value !== undefined || of !== undefined || isPlainCount(e);
    const short = argument.name?.name ?? defaultName(f, of, options.qualify || often);
    const long = argument.name === undefined && short !== undefined && names.has(short) ? defaultName(f, of, true) : short;
    // `count by count` counts rows beside a key of that name.
    const name = of === undefined && argument.name === undefined && long !== undefined && keys.includes(long) ? `${long}.${f.written}` : long;
    // A mistake may hide that a column is aggregated twice, or that a label or key has its name, and so how this is called.
    const column = of === undefined ? undefined : columnNamed(input, of);
    const unclear = argument.name === undefined && of !== undefined && (hidden || !isSure(input) || maybeKeys || (column !== undefined && isMistaken(column)));
    if (unclear) maybe = true;
    if (name === undefined) scope.reporter.error('iql.name-needed', {}, argument.span);
    if (name === undefined || (argument.name === undefined && !known)) {
      maybe = true;
      continue;
    }
    if (names.has(name)) {
      scope.reporter.error('iql.repeated-name', { name }, argument.span);
      const first = outputs.get(name);
      if (first !== undefined) outputs.set(name, { ...first, column: mistakenColumn(name) });
      maybe = true;
      continue;
    }
    names.add(name);
    const use = value === undefined ? undefined : useOf(value, uses);
    outputs.set(name, {
      column:
        value === undefined || unclear
          ? { ...mistakenColumn(name), label: false }
          : { name, type: { ...value.type, bare: false }, kind: use?.kind ?? 'gauge', label: false, description: '' },
      value: value ?? mistakenValue(e.span),
    });
  }
  return { uses, places, outputs: [...outputs.values()], maybe };
};

/** Columns of the input that stand beside aggregates, and attributes; the output has only these `names`. */
const looseColumns = (t: Typed, names: ReadonlySet<string>): readonly Typed[] => {
  const out: Typed[] = [];
  const left: Typed[] = [t];
  for (let e = left.pop(); e !== undefined; e = left.pop()) {
    if (e.op === 'column' ? !e.name.startsWith('#') && !names.has(e.name) : e.op === 'call' && e.function === 'map_get' && fieldName(e) !== undefined)
      out.push(e);
    else if (e.op === 'call') left.push(...e.arguments);
    else if (e.op === 'list') left.push(...e.items);
    else if (e.op === 'case') left.push(e.otherwise, ...e.branches.flatMap((b) => [b.when, b.then]));
  }
  return out.toSorted((a, b) => a.span.start - b.span.start);
};

const isPlainCount = (e: Expression): boolean =>
  (e.node === 'name' && e.name === 'count') || (e.node === 'call' && e.function.name === 'count' && e.arguments.length === 0);

/** The column that an aggregate with a mistake names, if it is there. */
const namedColumn = (e: Expression, input: Relation, scope: Scope): string | undefined => {
  const named = e.node === 'call' && isAggregateName(scope, e.function.name) ? e.arguments.filter((a) => a.node === 'name') : [];
  const [only] = named;
  return only !== undefined && named.length === 1 && columnNamed(input, only.name) !== undefined ? only.name : undefined;
};

/** The column of an aggregate that stands alone; the largest of levels comes as the level of its rank, and their list is sorted. */
const aggregateOf = (value: Typed): string | undefined => {
  if (value.op === 'column') return value.name;
  if (value.op !== 'call') return undefined;
  const place = value.function === 'list_get' ? value.arguments[1] : value.function === 'in_level_order' ? value.arguments[0] : undefined;
  return place?.op === 'column' && place.span.start === value.span.start && place.span.end === value.span.end ? place.name : undefined;
};
const useOf = (value: Typed, uses: readonly AggregateUse[]): AggregateUse | undefined => {
  const name = aggregateOf(value);
  return uses.find((u) => u.name === name);
};

const aggregatedColumn = (value: Typed, uses: readonly AggregateUse[]): string | undefined => {
  const use = useOf(value, uses);
  const [argument] = use?.arguments ?? [];
  return argument === undefined ? undefined : fieldName(argument);
};

/** The name under which a user knows it: a column's, or that of an attribute in its map. */
const fieldName = (t: Typed): string | undefined => {
  if (t.op === 'column') return t.name;
  if (t.op !== 'call') return undefined;
  const [first, second] = t.arguments;
  // A duration made seconds.
  if ((t.function === 'to_float' || t.function === 'level') && first?.span.start === t.span.start && first.span.end === t.span.end) return fieldName(first);
  if (t.function === 'map_get') {
    // An attribute by its name alone, or as `attributes["k"]`.
    const key = first?.op === 'column' && second?.op === 'literal' && first.span.start === t.span.start ? String(second.literal) : '';
    return key === '' || key.startsWith('#') ? undefined : key;
  }
  // An attribute that is text in some rows and a number in others.
  return t.function === 'coalesce' && first?.span.start === t.span.start && second?.span.end === t.span.end && second.span.start === t.span.start
    ? fieldName(first)
    : undefined;
};

const defaultName = ({ e, value, written }: Found, column: string | undefined, qualify: boolean): string | undefined => {
  if (value === undefined ? e.node !== 'name' && e.node !== 'call' : aggregateOf(value) === undefined) return undefined;
  if (column === undefined) return written;
  return qualify ? `${column}.${written}` : column;
};

const shareOf = (t: Typed, request: Planning): PlanExpression => {
  const share = Number(neededConstant(t, request, 'the share of a quantile'));
  if (!(share >= 0 && share <= 1)) throw new PlacedError('iql.argument-type', { ...SHARE, got: String(share) }, t.span);
  return { op: 'literal', type: 'float', value: share };
};

/** `grouped`: the input as `withKeys` leaves it. */
export const aggregateCalls = (uses: readonly AggregateUse[], request: Planning, grouped: Grouped): readonly AggregateCall[] => {
  const expression = (e: Typed): PlanExpression =>
    mapExpression(bind(e, request), (x) => (x.op === 'column' ? { ...x, name: grouped.moved.get(x.name) ?? x.name } : x));
  return uses.map((u) => ({
    name: u.name,
    type: typeOf(u.type),
    function: u.function,
    arguments: u.arguments.map((a, i) => (u.function === 'quantile' && i > 0 ? shareOf(a, request) : expression(a))),
    where: u.where === undefined ? undefined : expression(u.where),
  }));
};

export const useColumns = (uses: readonly AggregateUse[]): readonly PlanColumn[] => uses.map((u) => ({ name: u.name, type: typeOf(u.type) }));

/** The plan of the outputs from a node that has the keys and `#aggregate.n`. */
export const outputsOf =
  (output: Relation, outputs: readonly AggregateOutput[]) =>
  (input: Plan): Plan => {
    const columns = planColumns(output);
    const values = new Map(outputs.map((o) => [o.column.name, o.value]));
    return (request) => ({
      node: 'project',
      input: input(request),
      columns,
      values: columns.map((c) => {
        const value = values.get(c.name);
        return value === undefined ? columnReference(c.name, c.type) : bind(value, request);
      }),
    });
  };

export interface Grouped {
  readonly output: Relation;
  readonly plan: (plan: Plan) => Plan;
  /** Where columns went whose name a key has taken: aggregates mean the input's. */
  readonly moved: ReadonlyMap<string, string>;
}

/** The input with computed keys as columns of their own. */
export const withKeys = (input: Relation, keys: readonly Key[]): Grouped => {
  const fresh = keys.filter((k) => k.value.op !== 'column' || k.value.name !== k.name);
  if (fresh.length === 0) return { output: input, plan: (p) => p, moved: new Map() };
  const names = new Set(fresh.map((k) => k.name));
  const columns = visible(input);
  const moved = new Map(columns.filter((c) => names.has(c.name)).map((c) => [c.name, hiddenName(input, c.name)]));
  const made = project(input, [
    ...columns.map((c) => (moved.has(c.name) ? renamed(c, moved.get(c.name) as string) : kept(c))),
    ...fresh.map((k) => computed(keyColumn(k), k.value)),
  ]);
  return { ...made, moved };
};

/** Across rows: an `Aggregate` by the keys; on bucketed data `time` is kept by itself. */
export const checkAggregates = (
  args: readonly Argument[],
  { keys, maybe }: Keys,
  input: Relation,
  scope: PlanScope,
  options: Omit<AggregateOptions, 'taken'>,
): Checked => {
  const bucketed = input.bucket !== undefined && input.timed && !keys.some((k) => k.name === 'time');
  const time = bucketed ? input.columns.filter((c) => c.name === 'time') : [];
  const collected = collectAggregates(args, input, { keys, maybe }, scope, { ...options, taken: time.map((c) => c.name) });
  const names = [...time.map((c) => c.name), ...keys.map((k) => k.name)];
  const grouped = withKeys(input, keys);
  const certain: Relation = {
    ...NO_ROWS,
    columns: [...time, ...keys.map(keyColumn), ...collected.outputs.map((o) => o.column)],
    shape: 'series',
    key: keys.filter((k) => k.name !== 'time').map((k) => k.name),
    timed: names.includes('time') && (bucketed || keys.some((k) => k.name === 'time' && k.value.type.value === 'time')),
    bucket: bucketed ? input.bucket : undefined,
    order: names.map((column) => orderKey(column, keys)),
    origin: input.origin,
  };
  // On buckets `time` would be there too.
  const mayHaveTime = input.bucket !== undefined && !input.timed && mayBeTimed(input);
  const output = doubted(certain, maybe || collected.maybe || mayHaveTime || !isSure(input));
  const keyColumns = planColumns({ ...output, columns: output.columns.slice(0, names.length) });
  const aggregated =
    (plan: Plan): Plan =>
    (request) => ({
      node: 'aggregate',
      input: grouped.plan(plan)(request),
      keys: names,
      aggregates: aggregateCalls(collected.uses, request, grouped),
      time: grouped.output.timed ? 'time' : undefined,
      order: grouped.output.order,
      columns: [...keyColumns, ...useColumns(collected.uses)],
    });
  const plan = outputsOf(output, collected.outputs);
  return {
    output,
    plan: collected.outputs.length === 0 ? aggregated : (p) => plan(aggregated(p)),
    streaming: bucketed
      ? { kind: 'bounded', bound: 'the groups of the open buckets' }
      : { kind: 'unbounded', reason: 'it is over all rows; put `every` before it' },
  };
};

const orderKey = (column: string, keys: readonly Key[]) => {
  const levels = keys.find((k) => k.name === column)?.value.type.levels;
  return levels === undefined ? { column, descending: false } : { column, descending: false, levels };
};

/** Tells of `summarize … by bin(time, 5m)`, which is `every 5m …`. */
const binKey = (pipe: Pipe, input: Relation, scope: PlanScope): boolean => {
  const keys = clauseOf(pipe, 'by')?.arguments ?? [];
  const place = keys.findIndex((k) => k.name === undefined && k.words.length === 1 && binWidth(k.words[0]) !== undefined);
  const key = keys[place];
  if (key === undefined || !mayBeTimed(input)) return false;
  const width = `every ${binWidth(key.words[0])}`;
  const short = pipe.name !== 'summarize';
  const start = pipe.nameSpan.start;
  const next = keys[place + 1];
  const gone =
    place === 0
      ? { start: next === undefined ? (pipe.arguments.at(-1)?.span.end ?? pipe.nameSpan.end) : key.span.start, end: next?.span.start ?? key.span.end }
      : { start: (keys[place - 1] as Argument).span.end, end: key.span.end };
  const first = replace({ start, end: short ? start : pipe.nameSpan.end }, short ? `${width} ` : width);
  scope.reporter.error(
    'iql.foreign-form',
    { found: 'a bucket of time as a key', instead: `${width} …` },
    key.span,
    fix(`Write ${width}`, first, replace(gone, '')),
  );
  return true;
};

export const summarize: IqlPipe = {
  syntax: syntax('summarize', { clauses: ['by'] }),
  form: 'summarize n = count(), p99(x), … [by k, …]',
  summary: 'Aggregates across rows or series',
  examples: ['from processes last 5m | latest | summarize n = count(), sum(memory) by user'],
  check: (pipe, input, scope) => {
    const wrong = (): undefined => wrongForm(pipe, summarize, scope);
    if (binKey(pipe, input, scope)) return undefined;
    if (pipe.arguments.length === 0) return wrong();
    const keys = keysOf(clauseOf(pipe, 'by'), input, scope, wrong);
    return checkAggregates(pipe.arguments, keys, input, scope, { pipe: 'summarize', start: pipe.nameSpan.start, overTime: false, wrong, qualify: true });
  },
};

/** The call that an aggregate pipe is short for. */
const asCall = (pipe: Pipe): Argument | undefined => {
  const [argument, ...more] = pipe.arguments;
  const name = { node: 'name', name: pipe.name, span: pipe.nameSpan } as const;
  const span = spanning(pipe.nameSpan, argument?.span ?? pipe.nameSpan);
  const words = [...(argument?.words ?? []), ...more.flatMap((a) => a.words)];
  if (more.some((a) => a.name !== undefined || a.clauses.length > 0) || (argument?.clauses.length ?? 0) > 0) return undefined;
  const [only] = words;
  if (words.length === 1 && only?.node === 'call' && only.function.span.start === pipe.nameSpan.start)
    return { name: argument?.name, words, clauses: [], span };
  const call: Call = { node: 'call', function: name, arguments: words, where: undefined, written: 'words', span };
  return { name: argument?.name, words: [call], clauses: [], span };
};

export const aggregatePipe = (name: string, summary: string, pattern?: RegExp): IqlPipe => {
  const definition: IqlPipe = {
    syntax: { ...syntax(name, { clauses: ['by'] }), ...(pattern === undefined ? {} : { pattern }) },
    form: `${name} [x] [by k, …]`,
    summary,
    examples: [`from metrics.system.cpu.utilization | every 1m avg | ${name === 'count' ? 'count' : name} by host`],
    check: (pipe, input, scope) => {
      const wrong = (): undefined => wrongForm(pipe, definition, scope);
      if (binKey(pipe, input, scope)) return undefined;
      const argument = asCall(pipe);
      if (argument === undefined || !isAggregateName(scope, pipe.name)) return wrong();
      const keys = keysOf(clauseOf(pipe, 'by'), input, scope, wrong);
      return checkAggregates([argument], keys, input, scope, { pipe: pipe.name, start: pipe.nameSpan.start, overTime: false, wrong, qualify: false });
    },
  };
  return definition;
};
