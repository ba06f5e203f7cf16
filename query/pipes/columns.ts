// `set`, `select`, `drop`, `rename`: which columns there are.
import type { Argument } from '../1-syntax/ast.ts';
import { doubted, isMistaken, isSure, mistakenColumn, mistakenValue } from '../2-semantic/doubt.ts';
import { checkValue } from '../2-semantic/expression.ts';
import type { Streaming } from '../2-semantic/pipe.ts';
import { MOST_STEPS } from '../2-semantic/size.ts';
import { columnNamed, type Relation, type RelationColumn, type Typed, visible } from '../2-semantic/type.ts';
import type { Plan } from '../3-plan/lower.ts';
import { afterMistake, type Checked, type IqlPipe, isLost, namesOf, ownName, syntax, visibleNames, written, wrongForm } from './pipe.ts';
import { computed, kept, type Output, project, renamed } from './project.ts';

const streaming: Streaming = { kind: 'stateless' };

const valueColumn = (name: string, value: Typed | undefined, input: Relation): RelationColumn => {
  if (value === undefined) return mistakenColumn(name);
  const from = value.op === 'column' ? columnNamed(input, value.name) : undefined;
  return {
    name,
    type: { ...value.type, bare: false },
    kind: from?.kind,
    label: onlyLabels(value, input) && (value.type.value === 'string' || hasColumn(value)),
    description: from?.description ?? '',
  };
};

/** A number that stands in the text is measured by nobody, but it is no label either. */
const hasColumn = (t: Typed): boolean => {
  switch (t.op) {
    case 'column':
    case 'attribute':
      return true;
    case 'call':
      return t.arguments.some(hasColumn);
    case 'case':
      return hasColumn(t.otherwise) || t.branches.some((b) => hasColumn(b.when) || hasColumn(b.then));
    default:
      return false;
  }
};

/** Made of labels alone, and so one itself. */
const onlyLabels = (t: Typed, input: Relation): boolean => {
  switch (t.op) {
    case 'column':
      return columnNamed(input, t.name)?.label ?? false;
    case 'call':
      return t.arguments.every((a) => onlyLabels(a, input));
    case 'case':
      return t.branches.every((b) => onlyLabels(b.when, input) && onlyLabels(b.then, input)) && onlyLabels(t.otherwise, input);
    case 'attribute':
      return false;
    default:
      return true;
  }
};

const speaksOf = (t: Typed, names: ReadonlyMap<string, unknown>): boolean => {
  switch (t.op) {
    case 'column':
      return names.has(t.name);
    case 'call':
      return t.arguments.some((a) => speaksOf(a, names));
    case 'list':
      return t.items.some((a) => speaksOf(a, names));
    case 'case':
      return speaksOf(t.otherwise, names) || t.branches.some((b) => speaksOf(b.when, names) || speaksOf(b.then, names));
    default:
      return false;
  }
};

/** One more behind the visible ones. */
const withVisible = (columns: Relation['columns'], column: RelationColumn): Relation['columns'] => {
  const hidden = columns.findIndex((c) => c.name.startsWith('#'));
  return columns.toSpliced(hidden < 0 ? columns.length : hidden, 0, column);
};

const onlyWord = (argument: Argument): Argument['words'][number] | undefined =>
  argument.words.length === 1 && argument.clauses.length === 0 ? argument.words[0] : undefined;

export const set: IqlPipe = {
  syntax: { ...syntax('set'), equals: 'assigns' },
  form: 'set name = expression, …',
  summary: 'Add or change columns, from left to right',
  examples: ['from processes last 5m | set mib = memory / 1MiB'],
  check: (pipe, input, scope) => {
    const steps: ((plan: Plan) => Plan)[] = [];
    // Columns that stand beside each other are made in one step: one that another is made of, or that is set anew, begins the next.
    let base = input;
    const fresh = new Map<string, Output>();
    let relation = input;
    const names = new Set(visibleNames(input));
    const step = (outputs: readonly Output[]): void => {
      const made = project(base, outputs);
      base = relation = made.output;
      fresh.clear();
      steps.push(made.plan);
    };
    const stepped = (): void => {
      if (fresh.size > 0) step([...visible(base).map(kept), ...fresh.values()]);
    };
    if (pipe.arguments.length === 0) return wrongForm(pipe, set, scope);
    for (const argument of pipe.arguments) {
      const e = onlyWord(argument);
      if (argument.name === undefined || e === undefined) wrongForm(pipe, set, scope, argument.span);
      if (argument.name === undefined) {
        base = doubted(base, true);
        relation = doubted(relation, true);
        continue;
      }
      const value = e === undefined ? undefined : checkValue({ ...scope, relation }, e);
      const output = computed(valueColumn(argument.name.name, value, relation), value ?? mistakenValue(argument.span));
      const { name } = output.column;
      if (names.has(name) || (value !== undefined && speaksOf(value, fresh))) stepped();
      if (names.has(name)) step(visible(base).map((c): Output => (c.name === name ? output : kept(c))));
      else {
        names.add(name);
        fresh.set(name, output);
        relation = { ...relation, columns: withVisible(relation.columns, output.column) };
      }
      if (steps.length > MOST_STEPS) break;
    }
    stepped();
    return { output: relation, steps: steps.length, plan: (plan) => steps.reduce((p, made) => made(p), plan), streaming };
  },
};

export const select: IqlPipe = {
  syntax: syntax('select'),
  form: 'select name, name = expression, …',
  summary: 'Only these columns, in this order',
  examples: ['from processes last 5m | select host, name, mib = memory / 1MiB'],
  check: (pipe, input, scope) => {
    const outputs = new Map<string, Output>();
    let maybe = false;
    if (pipe.arguments.length === 0) return wrongForm(pipe, select, scope);
    for (const argument of pipe.arguments) {
      const e = onlyWord(argument);
      const name = argument.name?.name ?? ownName(e);
      if (e === undefined) wrongForm(pipe, select, scope, argument.span);
      const value = e === undefined ? undefined : checkValue({ ...scope, relation: input }, e);
      if (e !== undefined && name === undefined) scope.reporter.error('iql.name-needed', {}, argument.span);
      if (name === undefined || name === '') {
        maybe = true;
        continue;
      }
      if (outputs.has(name)) {
        scope.reporter.error('iql.repeated-name', { name }, argument.span);
        outputs.set(name, computed(mistakenColumn(name), mistakenValue(argument.span)));
        maybe = true;
        continue;
      }
      if (argument.name === undefined && e !== undefined && isLost(e, value, input)) maybe = true;
      const from = value?.op === 'column' ? columnNamed(input, value.name) : undefined;
      outputs.set(name, from === undefined ? computed(valueColumn(name, value, input), value ?? mistakenValue(argument.span)) : renamed(from, name));
    }
    return closed(project(input, [...outputs.values()]), maybe);
  },
};

/** After `select` the columns are known for certain. */
const closed = (step: { readonly output: Relation; readonly plan: (plan: Plan) => Plan }, maybe: boolean): Checked => ({
  output: doubted({ ...step.output, open: undefined }, maybe || !isSure(step.output)),
  plan: step.plan,
  streaming,
});

export const drop: IqlPipe = {
  syntax: syntax('drop'),
  form: 'drop name, …',
  summary: 'Without these columns',
  examples: ['from processes last 5m | drop command'],
  check: (pipe, input, scope) => {
    if (pipe.arguments.length === 0) return wrongForm(pipe, drop, scope);
    const before = scope.reporter.errors;
    const names = namesOf(pipe.arguments, input, scope, (at) => wrongForm(pipe, drop, scope, at));
    const left = visible(input).filter((c) => !names.some((n) => n.name === c.name));
    if (left.length === 0 && isSure(input)) {
      scope.reporter.error('iql.last-column', {}, written(pipe));
      return afterMistake(input);
    }
    const step = project(input, left.map(kept));
    // Any of them may be the one that was meant.
    return scope.reporter.errors > before ? afterMistake(doubted(step.output, true)) : { ...step, streaming };
  },
};

export const rename: IqlPipe = {
  syntax: syntax('rename', { argumentClauses: ['as'] }),
  form: 'rename old as new, …',
  summary: 'Give columns other names',
  examples: ['from processes last 5m | rename memory as rss'],
  check: (pipe, input, scope) => {
    const names = new Map<string, string>();
    const fresh = new Map<string, Output>();
    const spoilt = new Set<string>();
    if (pipe.arguments.length === 0) return wrongForm(pipe, rename, scope);
    for (const argument of pipe.arguments) {
      const from = argument.words[0];
      const to = argument.clauses[0]?.arguments[0]?.words[0];
      if (from?.node !== 'name' || to?.node !== 'name' || argument.words.length > 1) {
        wrongForm(pipe, rename, scope, argument.span);
        if (to?.node === 'name') fresh.set(to.name, computed(mistakenColumn(to.name), mistakenValue(argument.span)));
        continue;
      }
      const value = checkValue({ ...scope, relation: input, values: new Map() }, from);
      const taken = visible(input).find((c) => c.name === to.name && to.name !== from.name);
      // A column that is misspelt may be the very one whose name is given.
      if (taken !== undefined && (isMistaken(taken) || value === undefined)) spoilt.add(to.name);
      else if (taken !== undefined || [...names.values()].includes(to.name) || fresh.has(to.name)) {
        scope.reporter.error('iql.name-taken', { name: to.name }, to.span);
        spoilt.add(to.name);
      } else if (columnNamed(input, from.name) !== undefined) names.set(from.name, to.name);
      // An attribute, which stays in its map.
      else fresh.set(to.name, computed(valueColumn(to.name, value, input), value ?? mistakenValue(argument.span)));
    }
    const outputs = visible(input).map((c) => renamed(c, names.get(c.name) ?? c.name));
    const step = project(input, [...outputs, ...fresh.values()]);
    const columns = step.output.columns.map((c) => (spoilt.has(c.name) ? mistakenColumn(c.name) : c));
    return { output: spoilt.size === 0 ? step.output : { ...step.output, columns }, plan: step.plan, streaming };
  },
};
