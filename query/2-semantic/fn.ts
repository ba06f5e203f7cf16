// Functions of a text: each call is checked as its body with the arguments in the place of the parameters, on the rows of the call, so that a
// mistake in an argument is told at the argument and one in the body there, with the call. None may lead back to itself.
import type { Call, Expression, FunctionDefinition, Name } from '../1-syntax/ast.ts';
import { isAggregateName } from './aggregate.ts';
import { unsure } from './doubt.ts';
import { fix, replace } from './report.ts';
import type { AggregateCollector, Scope } from './scope.ts';
import { NO_ROWS, type Typed } from './type.ts';

/** `half(x)`: how it is called. */
export const callForm = ({ name, parameters }: Pick<FunctionDefinition, 'name' | 'parameters'>): string =>
  `${name.name}(${parameters.map((p) => p.name).join(', ')})`;

/** Names in a tree, each once; `calls`: those of functions. */
export const namesIn = (tree: unknown): { readonly names: ReadonlySet<string>; readonly calls: ReadonlySet<string> } => {
  const names = new Set<string>();
  const calls = new Set<string>();
  const left: unknown[] = [tree];
  while (left.length > 0) {
    const node = left.pop() as Partial<Name | Call> | null | undefined;
    if (node === null || typeof node !== 'object') continue;
    if (node.node === 'name') names.add((node as Name).name);
    else {
      const { function: called, ...rest } = node as Partial<Call>;
      if (called !== undefined) calls.add(called.name);
      left.push(...Object.values(rest));
    }
  }
  return { names, calls };
};

/** What is no value: names of functions, of arguments and of sources, keys of maps. */
const KEPT: ReadonlySet<string> = new Set(['function', 'name', 'key', 'span', 'nameSpan', 'wordSpan', 'operatorSpan']);

/** The tree with values in the place of these names. */
const substituted = <T>(tree: T, values: ReadonlyMap<string, Expression>): T => {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((item) => substituted(item, values)) as T;
  const node = tree as Partial<Name>;
  if (node.node === 'name') return (values.get((node as Name).name) ?? tree) as T;
  return Object.fromEntries(Object.entries(tree).map(([key, inner]) => [key, KEPT.has(key) ? inner : substituted(inner, values)])) as T;
};

export const checkFnCall = (scope: Scope, e: Call, fn: FunctionDefinition): Typed | undefined => {
  const { name } = fn.name;
  const fits = e.arguments.length === fn.parameters.length && e.where === undefined && e.named === undefined;
  if (!fits) {
    for (const argument of [...e.arguments, ...(e.named ?? []).map((n) => n.value)]) scope.check(scope, argument);
    scope.reporter.error('iql.argument-count', { form: callForm(fn), got: e.arguments.length + (e.named?.length ?? 0) }, e.span);
    return undefined;
  }
  if (!scope.size.mayExpand(scope.expanding.size, e.span)) return undefined;
  const body = substituted(fn.body, new Map(fn.parameters.map((p, i) => [p.name, e.arguments[i] as Expression])));
  const inner: Scope = { ...scope, expanding: new Set([...scope.expanding, name]) };
  const found = scope.reporter.within({ span: e.span, message: `${name} is called here` }, () => scope.check(inner, body));
  return found && { ...found, span: e.span };
};

const ANY_AGGREGATE: AggregateCollector = {
  pipe: 'fn',
  start: 0,
  overTime: true,
  keys: [],
  maybeKeys: true,
  add: ({ type }, span) => ({ op: 'column', name: '#aggregate', type, span }),
};

/** What is wrong with a function wherever it is called. */
export const checkFn = (scope: Scope, fn: FunctionDefinition): void => {
  if (fn.body.node === 'query-expression') {
    scope.reporter.error('iql.fn-query', { name: fn.name.name }, fn.body.span);
    scope.stray(fn.body.query);
    return;
  }
  const { names: used } = namesIn(fn.body);
  for (const { name, span } of fn.parameters) if (!used.has(name)) scope.reporter.warning('iql.unused-parameter', { name, function: fn.name.name }, span);
  // What a parameter is only a call says: here it is a hole, of which nothing is told. Functions that it calls are looked at by themselves.
  const holes = new Map(fn.parameters.map(({ name, span: { start } }): [string, Expression] => [name, { node: 'missing', span: { start, end: start } }]));
  const spoilt = new Set([...scope.spoilt, ...scope.fns.keys()]);
  scope.check({ ...scope, relation: unsure(NO_ROWS), fns: new Map(), spoilt, aggregates: ANY_AGGREGATE }, substituted(fn.body, holes));
};

/** Tells names that cannot be: two parameters of one name, a function of the language's name. */
export const checkFnNames = (scope: Pick<Scope, 'reporter' | 'functions'>, { name, parameters }: FunctionDefinition): boolean => {
  const seen = new Set<string>();
  let right = true;
  for (const p of parameters) {
    if (seen.has(p.name)) {
      scope.reporter.error('iql.let-repeated', { name: p.name }, p.span);
      right = false;
    }
    seen.add(p.name);
  }
  if (scope.functions.scalars.has(name.name) || isAggregateName(scope, name.name) || name.name === 'if') {
    const own = `my_${name.name}`;
    scope.reporter.error('iql.fn-taken', { name: name.name }, name.span, fix(`Write ${own}`, replace(name.span, own)));
    right = false;
  }
  return right;
};

/** The functions that lead back to themselves, each with the way it takes. */
export const recursive = (fns: ReadonlyMap<string, FunctionDefinition>, values: ReadonlyMap<string, Expression>): ReadonlyMap<string, readonly string[]> => {
  const uses = (name: string): readonly string[] => {
    const fn = fns.get(name);
    const own = new Set(fn?.parameters.map((p) => p.name));
    const { names, calls } = namesIn(fn?.body ?? values.get(name));
    return [...[...calls].filter((n) => fns.has(n)), ...[...names].filter((n) => values.has(n) && !own.has(n))];
  };
  const found = new Map<string, readonly string[]>();
  const done = new Set<string>();
  for (const start of fns.keys()) {
    // Not by calls of its own: a chain may be longer than the process's stack.
    const way: { readonly name: string; readonly left: string[] }[] = done.has(start) ? [] : [{ name: start, left: [...uses(start)] }];
    const onWay = new Set(way.map((w) => w.name));
    for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
      const next = last.left.pop();
      if (next === undefined) {
        way.pop();
        onWay.delete(last.name);
        done.add(last.name);
      } else if (onWay.has(next)) {
        const names = way.map((w) => w.name);
        const circle = names.slice(names.indexOf(next));
        for (const [i, name] of circle.entries()) if (fns.has(name) && !found.has(name)) found.set(name, [...circle.slice(i), ...circle.slice(0, i), name]);
      } else if (!done.has(next)) {
        onWay.add(next);
        way.push({ name: next, left: [...uses(next)] });
      }
    }
  }
  return found;
};
