// What stands where only true and false make sense: after `where`, in `case when`, beside `and`.
import type { Expression } from '../1-syntax/ast.ts';
import { typeName } from './numeric.ts';
import type { Scope } from './scope.ts';
import { settle } from './settle.ts';
import { BOOLEAN, type Typed } from './type.ts';

/** A condition: bool, settled. */
export const checkCondition = (scope: Scope, e: Expression): Typed | undefined => {
  const t = scope.check(scope, e);
  if (t === undefined) return undefined;
  const settled = settle(scope, t, BOOLEAN);
  if (settled.type.value !== 'bool') {
    scope.reporter.error('iql.not-a-condition', { got: typeName(settled.type) }, e.span);
    return undefined;
  }
  return settled;
};
