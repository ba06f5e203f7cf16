// Expressions of a plan: fully typed, every name resolved, every parameter, `now` and time literal already a value.
// Operators are functions too (`add`, `equals`, `and`), so that a store or the runner needs one table.
import type { Value } from '../../core/batch/batch.ts';
import type { AnyScalar } from '../2-semantic/function-names.ts';
import type { PlanType } from './physical.ts';

export interface ColumnReference {
  readonly op: 'column';
  readonly name: string;
  readonly type: PlanType;
}
/** `value` in the column representation: int, time (ns) and duration (ns) as bigint, missing as null. */
export interface Literal {
  readonly op: 'literal';
  readonly type: PlanType;
  readonly value: Value;
}
export interface FunctionCall {
  readonly op: 'call';
  readonly function: AnyScalar;
  readonly type: PlanType;
  readonly arguments: readonly PlanExpression[];
}
/** The first branch whose condition is true; without one `otherwise`; a branch not taken has no effect. */
export interface CaseExpression {
  readonly op: 'case';
  readonly type: PlanType;
  readonly branches: readonly { readonly when: PlanExpression; readonly then: PlanExpression }[];
  readonly otherwise: PlanExpression;
}
export type PlanExpression = ColumnReference | Literal | FunctionCall | CaseExpression;

export const columnReference = (name: string, type: PlanType): ColumnReference => ({ op: 'column', name, type });
export const literal = (type: PlanType, value: Value): Literal => ({ op: 'literal', type, value });
export const call = (name: AnyScalar, type: PlanType, ...args: readonly PlanExpression[]): FunctionCall => ({
  op: 'call',
  function: name,
  type,
  arguments: args,
});

/** Children first; the callback gets a node whose children are already mapped. */
export const mapExpression = (e: PlanExpression, change: (e: PlanExpression) => PlanExpression): PlanExpression => {
  switch (e.op) {
    case 'call':
      return change({ ...e, arguments: e.arguments.map((a) => mapExpression(a, change)) });
    case 'case':
      return change({
        ...e,
        branches: e.branches.map((b) => {
          const [when, then] = [mapExpression(b.when, change), mapExpression(b.then, change)];
          return { when, then };
        }),
        otherwise: mapExpression(e.otherwise, change),
      });
    default:
      return change(e);
  }
};

/** The expression and all within it, outermost first. */
const eachPart = (e: PlanExpression, visit: (part: PlanExpression) => void): void => {
  visit(e);
  if (e.op === 'call') for (const a of e.arguments) eachPart(a, visit);
  if (e.op !== 'case') return;
  for (const b of e.branches) {
    eachPart(b.when, visit);
    eachPart(b.then, visit);
  }
  eachPart(e.otherwise, visit);
};

export const eachColumn = (e: PlanExpression, visit: (name: string) => void): void =>
  eachPart(e, (part) => {
    if (part.op === 'column') visit(part.name);
  });

export const columnsOf = (e: PlanExpression | undefined): ReadonlySet<string> => {
  const found = new Set<string>();
  if (e !== undefined) eachColumn(e, (name) => void found.add(name));
  return found;
};

/** The parts of a conjunction; a predicate that is none is its only part. */
export const conjuncts = (e: PlanExpression | undefined): readonly PlanExpression[] => {
  if (e === undefined) return [];
  return e.op === 'call' && e.function === 'and' ? e.arguments.flatMap(conjuncts) : [e];
};

const LONGEST_CHAIN = 32;

/** One of all, in their order: of many as halves, so that neither we nor a store need go deep. `join` is associative. */
export const joined = <E>([first, ...others]: readonly [E, ...E[]], join: (a: E, b: E) => E): E => {
  if (others.length < LONGEST_CHAIN) return others.reduce(join, first);
  const half = others.length >> 1;
  return join(joined([first, ...others.slice(0, half)], join), joined(others.slice(half) as [E, ...E[]], join));
};

export const conjunction = (parts: readonly PlanExpression[]): PlanExpression | undefined => {
  const [first, ...others] = parts;
  return first && joined([first, ...others], (a, b) => call('and', 'bool', a, b));
};
