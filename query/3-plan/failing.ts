// When a call has no result though all its arguments are present: what is not representable is missing and counted. The tables that say so
// of each function are in functions/; here is what is made of them, the same for this process and for stores.
import type { ValueType } from '../../schemas/types.ts';
import type { FunctionCall, PlanExpression } from './expression.ts';

/** Numbers between which values lie, both ends in; times and durations in nanoseconds. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Failing {
  /** Whether a call can lack a result though all its arguments are present. */
  readonly fails: boolean;
  /** Where results lie if the arguments lie in these; what no value of its type holds, or NaN, means that calls may fail. Left out: anywhere. */
  readonly reach?: (args: readonly Interval[], call: { readonly type: ValueType; readonly of: readonly ValueType[] }) => Interval;
}

/** By the name of a function. */
export type FailingTable = Readonly<Record<string, Failing>>;

/** Whether evaluating it can be noticed: something in it may be counted. */
export const canFail = (e: PlanExpression, failing: FailingTable): boolean => {
  if (e.op === 'call') return failing[e.function]?.fails !== false || e.arguments.some((a) => canFail(a, failing));
  return e.op === 'case' && (canFail(e.otherwise, failing) || e.branches.some((b) => canFail(b.when, failing) || canFail(b.then, failing)));
};

const flat = (e: FunctionCall, name: string): readonly PlanExpression[] =>
  e.arguments.flatMap((a) => (a.op === 'call' && a.function === name ? flat(a, name) : [a]));

/**
 * The operands of a chain of `and` (or of `or`) in the order in which they are asked: first those that cannot fail, then the others as they
 * stand. An operand is asked of the rows that the ones before it leave undecided, and only there it counts: however a
 * filter is divided between a store and this process, the count is one.
 */
export const inOrder = (e: FunctionCall, failing: FailingTable): readonly PlanExpression[] => {
  const parts = flat(e, e.function);
  return [...parts.filter((p) => !canFail(p, failing)), ...parts.filter((p) => canFail(p, failing))];
};
