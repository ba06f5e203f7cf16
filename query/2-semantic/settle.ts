// Parameters and attributes get their type from their use; here is where a use decides.
import { typeName } from './numeric.ts';
import type { Scope } from './scope.ts';
import { callOf, isNumber, STRING, type Type, type Typed, type } from './type.ts';

const attributeAs = (t: Typed & { op: 'attribute' }, number: boolean): Typed => ({
  op: 'call',
  function: 'map_get',
  type: number ? type('float') : STRING,
  span: t.span,
  arguments: [
    { op: 'column', name: number ? t.number : t.text, type: { ...type('map'), item: number ? 'float' : 'string' }, span: t.span },
    { op: 'literal', literal: t.name, type: STRING, span: t.span },
  ],
});

/** `t` as the type it is used as; what has a type already is given back. */
export const settle = (scope: Scope, t: Typed, wanted: Type): Typed => {
  if (t.op === 'attribute') return attributeAs(t, isNumber(wanted) || wanted.value === 'duration');
  if (t.op === 'parameter' && t.type.value === 'unknown') {
    const as: Type = isNumber(wanted) ? type(wanted.value) : { ...wanted, bare: false };
    noteParameter(scope, t, as);
    return { ...t, type: as };
  }
  if (t.type.value === 'missing') return { ...t, type: { ...wanted, bare: false } };
  return t;
};

const noteParameter = (scope: Scope, t: Typed & { op: 'parameter' }, as: Type): void => {
  const known = scope.parameters.get(t.name);
  if (known === undefined || (known.type.value === 'int' && as.value === 'float') || (known.type.free === true && as.value === 'string' && as.free !== true)) {
    scope.parameters.set(t.name, { type: as, list: t.list, span: t.span });
    return;
  }
  const both = isNumber(known.type) && isNumber(as);
  if (known.type.value !== as.value && !both)
    scope.reporter.error('iql.parameter-conflict', { name: t.name, first: typeName(known.type), second: typeName(as) }, t.span);
};

/** Where nothing says what it should be: attributes as text (a number as its text), parameters are an error (reported; undefined). */
export const settleFreely = (scope: Scope, t: Typed): Typed | undefined => {
  if (t.op === 'attribute') {
    const number = attributeAs(t, true);
    return {
      op: 'call',
      function: 'coalesce',
      type: STRING,
      span: t.span,
      arguments: [attributeAs(t, false), callOf('text', STRING, t.span, number)],
    };
  }
  if (t.op === 'parameter' && t.type.value === 'unknown') {
    const known = scope.parameters.get(t.name);
    if (known !== undefined) return { ...t, type: known.type };
    scope.reporter.error('iql.unknown-parameter-type', { name: t.name }, t.span);
    return undefined;
  }
  return t;
};
