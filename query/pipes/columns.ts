// `set`, `select`, `drop`, `rename`: which columns there are.
import type { Argument } from '../1-syntax/ast.ts';
import { checkValue } from '../2-semantic/expression.ts';
import type { Streaming } from '../2-semantic/pipe.ts';
import { columnNamed, type Relation, type RelationColumn, type Typed, visible } from '../2-semantic/type.ts';
import type { Plan } from '../3-plan/lower.ts';
import { type Checked, type IqlPipe, namesOf, syntax, visibleNames, written, wrongForm } from './pipe.ts';
import { computed, kept, type Output, project, renamed } from './project.ts';

const streaming: Streaming = { kind: 'stateless' };

const valueColumn = (name: string, value: Typed, input: Relation): RelationColumn => {
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

const onlyWord = (argument: Argument): Argument['words'][number] | undefined =>
  argument.words.length === 1 && argument.clauses.length === 0 ? argument.words[0] : undefined;

export const set: IqlPipe = {
  syntax: { ...syntax('set'), equals: 'assigns' },
  form: 'set name = expression, …',
  summary: 'Add or change columns, from left to right',
  examples: ['from processes last 5m | set mib = memory / 1MiB'],
  check: (pipe, input, scope) => {
    let relation = input;
    const steps: ((plan: Plan) => Plan)[] = [];
    if (pipe.arguments.length === 0) return wrongForm(pipe, set, scope);
    for (const argument of pipe.arguments) {
      const e = onlyWord(argument);
      if (e === undefined || argument.name === undefined) return wrongForm(pipe, set, scope, argument.span);
      const value = checkValue({ ...scope, relation }, e);
      if (value === undefined) return undefined;
      const column = valueColumn(argument.name.name, value, relation);
      const there = visibleNames(relation).has(column.name);
      const outputs = visible(relation).map((c): Output => (c.name === column.name ? computed(column, value) : kept(c)));
      const step = project(relation, there ? outputs : [...outputs, computed(column, value)]);
      relation = step.output;
      steps.push(step.plan);
    }
    return { output: relation, plan: (plan) => steps.reduce((p, step) => step(p), plan), streaming };
  },
};

export const select: IqlPipe = {
  syntax: syntax('select'),
  form: 'select name, name = expression, …',
  summary: 'Only these columns, in this order',
  examples: ['from processes last 5m | select host, name, mib = memory / 1MiB'],
  check: (pipe, input, scope) => {
    const outputs: Output[] = [];
    if (pipe.arguments.length === 0) return wrongForm(pipe, select, scope);
    for (const argument of pipe.arguments) {
      const e = onlyWord(argument);
      if (e === undefined) return wrongForm(pipe, select, scope, argument.span);
      const name = argument.name?.name ?? (e.node === 'name' ? e.name : undefined);
      if (name === undefined) {
        scope.reporter.error('iql.name-needed', {}, argument.span);
        return undefined;
      }
      const value = checkValue({ ...scope, relation: input }, e);
      if (value === undefined) return undefined;
      if (outputs.some((o) => o.column.name === name)) {
        scope.reporter.error('iql.repeated-name', { name }, argument.span);
        return undefined;
      }
      const from = value.op === 'column' ? columnNamed(input, value.name) : undefined;
      outputs.push(from === undefined ? computed(valueColumn(name, value, input), value) : renamed(from, name));
    }
    return closed(project(input, outputs));
  },
};

/** After `select` the columns are known for certain. */
const closed = (step: { readonly output: Relation; readonly plan: (plan: Plan) => Plan }): Checked => ({
  output: { ...step.output, open: undefined },
  plan: step.plan,
  streaming,
});

export const drop: IqlPipe = {
  syntax: syntax('drop'),
  form: 'drop name, …',
  summary: 'Without these columns',
  examples: ['from processes last 5m | drop command'],
  check: (pipe, input, scope) => {
    const names = namesOf(pipe.arguments, input, scope, () => wrongForm(pipe, drop, scope));
    if (names === undefined || names.length === 0) return names === undefined ? undefined : wrongForm(pipe, drop, scope);
    const left = visible(input).filter((c) => !names.some((n) => n.name === c.name));
    if (left.length === 0) {
      scope.reporter.error('iql.last-column', {}, written(pipe));
      return undefined;
    }
    return { ...project(input, left.map(kept)), streaming };
  },
};

export const rename: IqlPipe = {
  syntax: syntax('rename', { argumentClauses: ['as'] }),
  form: 'rename old as new, …',
  summary: 'Give columns other names',
  examples: ['from processes last 5m | rename memory as rss'],
  check: (pipe, input, scope) => {
    const names = new Map<string, string>();
    if (pipe.arguments.length === 0) return wrongForm(pipe, rename, scope);
    for (const argument of pipe.arguments) {
      const from = argument.words[0];
      const to = argument.clauses[0]?.arguments[0]?.words[0];
      if (from?.node !== 'name' || to?.node !== 'name' || argument.words.length > 1) return wrongForm(pipe, rename, scope, argument.span);
      if (checkValue({ ...scope, relation: input, values: new Map() }, from) === undefined || columnNamed(input, from.name) === undefined) return undefined;
      if ((visibleNames(input).has(to.name) && to.name !== from.name) || [...names.values()].includes(to.name)) {
        scope.reporter.error('iql.name-taken', { name: to.name }, to.span);
        return undefined;
      }
      names.set(from.name, to.name);
    }
    return {
      ...project(
        input,
        visible(input).map((c) => renamed(c, names.get(c.name) ?? c.name)),
      ),
      streaming,
    };
  },
};
