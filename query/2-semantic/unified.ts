// Values that stand for one another (branches of `case`, sides of `??`, arguments of `least`) are of one type and unit.
import type { Expression, Span } from '../1-syntax/ast.ts';
import { align, toFloat, typeName } from './numeric.ts';
import type { Scope } from './scope.ts';
import { settle } from './settle.ts';
import { isNumber, type Typed } from './type.ts';

/** All of one type; numbers in the first one's unit. `written`: how they stand in the text, where all of them are there. */
export const unified = (scope: Scope, values: readonly Typed[], operator: string, span: Span, written: readonly Expression[]): readonly Typed[] | undefined => {
  const lead = values.find((v) => v.type.value !== 'missing' && v.type.value !== 'unknown') ?? values[0];
  if (lead === undefined) return [];
  const all = values.map((v) => settle(scope, v, lead.type));
  const first = all[0] as Typed;
  if (all.every((v) => isNumber(v.type) || v.type.value === 'duration') && all.some((v) => isNumber(v.type))) {
    const anyFloat = all.some((v) => v.type.value !== 'int');
    const out = all.flatMap((v, i): readonly Typed[] => {
      const same = align(scope, operator, first, v, { left: written[0], right: written[i] });
      return same === undefined ? [] : [anyFloat ? toFloat(same.right) : same.right];
    });
    if (out.length < all.length) return undefined;
    const unit = all.find((v) => v.type.unit !== undefined)?.type.unit;
    const bare = all.every((v) => v.type.bare);
    return out.map((v) => ({ ...v, type: { ...v.type, unit, bare } }));
  }
  const other = all.find((v) => v.type.value !== first.type.value);
  if (other !== undefined) {
    scope.reporter.error('iql.type-mismatch', { operator, left: typeName(first.type), right: typeName(other.type) }, span);
    return undefined;
  }
  return all;
};
