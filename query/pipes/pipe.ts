// What the files of pipes share: the definition bound to this planner's kind of plan, and the reading of common argument forms.
import type { Argument, Clause, Expression, Name, Pipe, Span } from '../1-syntax/ast.ts';
import type { Fix } from '../1-syntax/diagnostic.ts';
import type { PipeSyntax } from '../1-syntax/signature.ts';
import { spanning } from '../1-syntax/span.ts';
import { isConstant } from '../2-semantic/constant.ts';
import { mistakenValue } from '../2-semantic/doubt.ts';
import { checkExpression, checkValue } from '../2-semantic/expression.ts';
import type { CheckedPipe, PipeDefinition, PipeScope } from '../2-semantic/pipe.ts';
import { fix, replace } from '../2-semantic/report.ts';
import { settle } from '../2-semantic/settle.ts';
import { columnNamed, type Relation, type RelationColumn, type Typed, type, visible } from '../2-semantic/type.ts';
import { neededConstant } from '../3-plan/bind.ts';
import type { Plan } from '../3-plan/lower.ts';
import { PlacedError } from '../3-plan/placed-error.ts';
import type { Planning } from '../3-plan/request.ts';

export type IqlPipe = PipeDefinition<Plan>;
export type Checked = CheckedPipe<Plan>;
export type PlanScope = PipeScope<Plan>;

export const syntax = (
  name: string,
  words: { readonly clauses?: readonly string[]; readonly argumentClauses?: readonly string[]; readonly raw?: boolean } = {},
): PipeSyntax => ({
  name,
  clauses: words.clauses ?? [],
  argumentClauses: words.argumentClauses ?? [],
  raw: words.raw ?? false,
});

/** The pipe without its bar. */
export const written = (pipe: Pipe): Span => spanning(pipe.nameSpan, pipe.span);

/** Reports that the pipe is not written as its form says. */
export const wrongForm = (pipe: Pipe, definition: { readonly form: string }, scope: PlanScope, at: Span = written(pipe), mend?: Fix): undefined => {
  scope.reporter.error('iql.pipe-form', { pipe: pipe.name, form: definition.form }, at, mend);
  return undefined;
};

/** After a mistake (reported): what goes out, as far as it is certain. */
export const afterMistake = (output: Relation): Checked => ({ output, plan: (plan) => plan, streaming: { kind: 'stateless' } });

/** The clause of that word; reports a second one. */
export const clauseOf = (pipe: Pipe, word: string): Clause | undefined => pipe.clauses.find((c) => c.word === word);

/** The only expression of an argument without a name or clauses. */
export const plainArgument = (argument: Argument | undefined): Expression | undefined =>
  argument !== undefined && argument.name === undefined && argument.clauses.length === 0 && argument.words.length === 1 ? argument.words[0] : undefined;

/** A list of column names, each of which must be there; one that is not is reported. */
export const namesOf = (args: readonly Argument[], input: Relation, scope: PlanScope, wrong: (at: Span) => undefined): readonly Name[] => {
  const out: Name[] = [];
  for (const argument of args) {
    const e = plainArgument(argument);
    if (e === undefined || e.node !== 'name') {
      wrong(argument.span);
      continue;
    }
    if (columnNamed(input, e.name) === undefined) checkValue({ ...scope, relation: input, values: new Map() }, e);
    if (out.some((n) => n.name === e.name)) scope.reporter.error('iql.repeated-name', { name: e.name }, e.span);
    out.push(e);
  }
  return out;
};

/** What a value is called that was given no name: a field as it is, `map["k"]` as its key; anything else needs a name. */
export const ownName = (e: Expression | undefined): string | undefined => {
  if (e?.node === 'name') return e.name;
  const key = e?.node === 'index' && e.operand.node === 'name' && e.index.node === 'text' ? e.index.value : '';
  return key === '' || key.startsWith('#') ? undefined : key;
};

/** A key: a column as it is, or `name = expression`. */
export interface Key {
  readonly name: string;
  readonly value: Typed;
  readonly column: RelationColumn | undefined;
}

export interface Keys {
  readonly keys: readonly Key[];
  /** A mistake hides one. */
  readonly maybe: boolean;
}

/** Whether a column is named that is not there: any may be meant. */
export const isLost = (e: Expression, value: Typed | undefined, input: Relation): boolean =>
  value === undefined && !(e.node === 'name' && columnNamed(input, e.name) !== undefined);

/** `by a, b, k = lower(x)`; a key with a mistake (reported) is one of unknown type. */
export const keysOf = (clause: Clause | undefined, input: Relation, scope: PlanScope, wrong: () => undefined): Keys => {
  const out: Key[] = [];
  let maybe = false;
  for (const argument of clause?.arguments ?? []) {
    const [e] = argument.words;
    const name = argument.name?.name ?? ownName(e);
    if (e === undefined || argument.words.length > 1 || argument.clauses.length > 0) {
      wrong();
      maybe = true;
      continue;
    }
    const value = checkValue({ ...scope, relation: input }, e);
    if (name === '') {
      maybe = true;
      continue;
    }
    if (name === undefined) {
      scope.reporter.error('iql.name-needed', {}, argument.span);
      maybe = true;
      continue;
    }
    if (out.some((k) => k.name === name)) {
      scope.reporter.error('iql.repeated-name', { name }, argument.span);
      maybe = true;
      continue;
    }
    if (argument.name === undefined && isLost(e, value, input)) maybe = true;
    const column = value?.op === 'column' ? columnNamed(input, value.name) : undefined;
    out.push({ name, value: value ?? mistakenValue(e.span), column });
  }
  return { keys: out, maybe };
};

export const keyColumn = (key: Key): RelationColumn => ({
  name: key.name,
  type: { ...key.value.type, bare: false },
  kind: undefined,
  label: key.name !== 'time',
  description: key.column?.description ?? '',
});

const COUNT = { function: 'the number of rows', wanted: 'a whole number that is not negative' };

const shown = (t: Typed): string => (t.op === 'literal' ? String(t.literal) : 'an expression');

/** A whole number, not negative, known when planning. */
export const countArgument = (e: Expression | undefined, scope: PlanScope): Typed | undefined => {
  if (e === undefined) return undefined;
  const checked = checkExpression(scope, e);
  if (checked === undefined) return undefined;
  const t = settle(scope, checked, type('int'));
  if (!isConstant(t) || t.type.value !== 'int' || (t.op === 'literal' && t.literal !== null && (t.literal as bigint) < 0n)) {
    // `1e9` is a number with a fraction by its form.
    const whole = e.node === 'number' && Number.isSafeInteger(e.value) ? fix(`Write ${e.value}`, replace(e.span, String(e.value))) : undefined;
    scope.reporter.error('iql.argument-type', { ...COUNT, got: whole === undefined ? shown(t) : 'one with an exponent or a point' }, e.span, whole);
    return undefined;
  }
  return t;
};

/** The number of rows that is asked for. */
export const countOf = (count: Typed, request: Planning): number => {
  const n = neededConstant(count, request, COUNT.function) as bigint | number;
  if (n < 0 || typeof n === 'number') throw new PlacedError('iql.argument-type', { ...COUNT, got: String(n) }, count.span);
  return Number(n);
};

export const visibleNames = (r: Relation): ReadonlySet<string> => new Set(visible(r).map((c) => c.name));
