// How a call can lack a result though all its arguments are present: what is not representable is missing. The tables that say so of each
// function are in functions/.
import type { PlanExpression } from './expression.ts';

/** `never`; `for-some` arguments, as x/0; `too-large`: only where the result is beyond what its type holds. */
export type Failing = 'never' | 'for-some' | 'too-large';

/** By the name of a function. */
export type FailingTable = Readonly<Record<string, Failing>>;

/** Whether evaluating it can be noticed: something in it may be counted. */
export const canFail = (e: PlanExpression, failing: FailingTable): boolean => {
  if (e.op === 'call') return failing[e.function] !== 'never' || e.arguments.some((a) => canFail(a, failing));
  return e.op === 'case' && (canFail(e.otherwise, failing) || e.branches.some((b) => canFail(b.when, failing) || canFail(b.then, failing)));
};
