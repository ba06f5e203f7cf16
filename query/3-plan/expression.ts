// Expressions of a plan: fully typed, every name resolved, every parameter, `now` and time literal already a value.
// Operators are functions too (`add`, `equals`, `and`), so that a store or the runner needs one table.
import type { Value } from '../../core/batch/batch.ts';
import type { ValueType } from '../../schemas/types.ts';

export interface ColumnReference {
  readonly op: 'column';
  readonly name: string;
  readonly type: ValueType;
}
/** `value` in the column representation: int, time (ns) and duration (ns) as bigint, missing as null. A list of values: `type` is 'list', `item` its element's. */
export interface Literal {
  readonly op: 'literal';
  readonly type: ValueType;
  readonly item?: ValueType;
  readonly value: Value;
}
/** `function` is a key of the scalar functions' tables. */
export interface FunctionCall {
  readonly op: 'call';
  readonly function: string;
  readonly type: ValueType;
  readonly arguments: readonly PlanExpression[];
}
/** The first branch whose condition is true; without one `otherwise`; a branch not taken has no effect. */
export interface CaseExpression {
  readonly op: 'case';
  readonly type: ValueType;
  readonly branches: readonly { readonly when: PlanExpression; readonly then: PlanExpression }[];
  readonly otherwise: PlanExpression;
}
export type PlanExpression = ColumnReference | Literal | FunctionCall | CaseExpression;

export const columnReference = (name: string, type: ValueType): ColumnReference => ({ op: 'column', name, type });
export const literal = (type: ValueType, value: Value): Literal => ({ op: 'literal', type, value });
export const call = (name: string, type: ValueType, ...args: readonly PlanExpression[]): FunctionCall => ({
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

export const eachColumn = (e: PlanExpression, visit: (name: string) => void): void => {
  switch (e.op) {
    case 'column':
      visit(e.name);
      break;
    case 'call':
      for (const a of e.arguments) eachColumn(a, visit);
      break;
    case 'case':
      for (const b of e.branches) {
        eachColumn(b.when, visit);
        eachColumn(b.then, visit);
      }
      eachColumn(e.otherwise, visit);
      break;
    case 'literal':
  }
};

/** The parts of a conjunction; a predicate that is none is its only part. */
export const conjuncts = (e: PlanExpression | undefined): readonly PlanExpression[] => {
  if (e === undefined) return [];
  return e.op === 'call' && e.function === 'and' ? e.arguments.flatMap(conjuncts) : [e];
};

export const conjunction = (parts: readonly PlanExpression[]): PlanExpression | undefined =>
  parts.length === 0 ? undefined : parts.reduce((a, b) => call('and', 'bool', a, b));
