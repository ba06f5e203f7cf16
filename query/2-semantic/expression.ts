// Checks one expression: resolves names, finds types and units, puts in conversions. Reports what is wrong and then goes on with
// `undefined`, so that one mistake is told once; the other operands are still looked at.

import type { Binary, Call, Case, Expression, Name, Parameter, QuantityLiteral, Span } from '../1-syntax/ast.ts';
import { nearest } from '../1-syntax/nearest.ts';
import { DURATION_NANOS } from '../1-syntax/number-literal.ts';
import { checkAggregate, isAggregateName } from './aggregate.ts';
import { compare, membership } from './compare.ts';
import { checkCondition } from './condition.ts';
import { isMistaken, isSure } from './doubt.ts';
import { callForm, checkFnCall } from './fn.ts';
import { checkCall } from './function-call.ts';
import type { AnyScalar } from './function-names.ts';
import { align, scaled, typeName } from './numeric.ts';
import { fix, replace, writeName } from './report.ts';
import type { Scope } from './scope.ts';
import { settle, settleFreely } from './settle.ts';
import { BOOLEAN, callOf, columnNamed, isNumber, STRING, type Type, type Typed, type, visible } from './type.ts';
import { unified } from './unified.ts';
import { BYTES, COUNT, perSecond, RATIO } from './unit.ts';

const literal = (value: boolean | number | bigint | string | null, t: Type, span: Span): Typed => ({ op: 'literal', literal: value, type: t, span });

export const checkExpression = (scope: Scope, e: Expression): Typed | undefined => {
  const before = scope.size.parts;
  return scope.size.begin(e) ? scope.size.end(e, checkNode(scope, e), before) : undefined;
};

const checkNode = (scope: Scope, e: Expression): Typed | undefined => {
  switch (e.node) {
    case 'name':
      return checkName(scope, e);
    case 'text':
      return literal(e.value, STRING, e.span);
    case 'number':
      return literal(e.value, { value: e.integer ? 'int' : 'float', unit: undefined, bare: true }, e.span);
    case 'quantity':
      return quantity(e);
    case 'time':
      return { op: 'time', text: e.text, type: type('time'), span: e.span };
    case 'bool':
      return literal(e.value, BOOLEAN, e.span);
    case 'missing':
      // Of no width: what should stand here is missing, which the parser has told.
      return e.span.start === e.span.end ? undefined : literal(null, type('missing'), e.span);
    case 'now':
      return { op: 'now', type: type('time'), span: e.span };
    case 'parameter':
      return checkParameter(scope, e);
    case 'unary':
      return checkUnary(scope, e);
    case 'binary':
      return checkBinary(scope, e);
    case 'between': {
      const operand = checkExpression(scope, e.operand);
      const low = checkExpression(scope, e.low);
      const high = checkExpression(scope, e.high);
      if (operand === undefined || low === undefined || high === undefined) return undefined;
      const from = compare(scope, '>=', operand, low, { right: e.low }, e.span);
      const to = compare(scope, '<=', operand, high, { right: e.high }, e.span);
      return from === undefined || to === undefined ? undefined : callOf('and', BOOLEAN, e.span, from, to);
    }
    case 'in':
      return membership(scope, e);
    case 'call':
      if (e.function.name === 'if') return checkIf(scope, e);
      return checkNamedCall(scope, e);
    case 'case':
      return checkCase(scope, e);
    case 'index':
      return checkIndex(scope, e.operand, e.index, e.span);
    case 'list':
    case 'map':
      scope.reporter.error('iql.argument-type', { function: 'an expression', wanted: 'a single value', got: e.node === 'list' ? 'a list' : 'a map' }, e.span);
      return undefined;
    case 'query-expression':
      scope.reporter.error('iql.query-here', {}, e.span);
      scope.stray(e.query);
      return undefined;
  }
};

const checkParameter = ({ row, reporter }: Scope, { name, span }: Parameter): Typed | undefined => {
  if (row !== undefined && columnNamed(row, name) === undefined) {
    const near = nearest(
      name,
      visible(row).map((c) => c.name),
    );
    const mend = near === undefined ? undefined : writeName({ start: span.start + 1, end: span.end }, near);
    if (row.doubt === undefined) reporter.error('iql.unknown-field', { name, source: 'the rows of this alert', nearest: near ?? '' }, span, mend);
    return undefined;
  }
  return { op: 'parameter', name, list: false, type: type('unknown'), span };
};

const checkNamedCall = (scope: Scope, e: Call): Typed | undefined => {
  const { name } = e.function;
  const fn = scope.fns.get(name);
  if (fn !== undefined) return checkFnCall(scope, e, fn);
  return isAggregateName(scope, name) && !scope.spoilt.has(name) ? checkAggregate(scope, e) : checkCall(scope, e);
};

/** A value for a column: whatever is still open becomes text. */
export const checkValue = (scope: Scope, e: Expression): Typed | undefined => {
  const t = checkExpression(scope, e);
  if (t === undefined) return undefined;
  const settled = settleFreely(scope, t);
  return settled?.type.value === 'missing' ? { ...settled, type: STRING } : settled;
};

const quantity = (e: QuantityLiteral): Typed => {
  switch (e.kind) {
    case 'duration':
      return literal(durationNanos(e), type('duration'), e.span);
    case 'size':
      return literal(Number.isSafeInteger(e.value) ? BigInt(e.value) : e.value, type(Number.isSafeInteger(e.value) ? 'int' : 'float', BYTES), e.span);
    case 'ratio':
      return literal(e.value, type('float', RATIO), e.span);
    case 'rate':
      return literal(e.value, type('float', perSecond(/B\/s$/.test(e.text) ? BYTES : COUNT)), e.span);
  }
};

/** d is 24 h and w 168 h here; pipes that mean calendar units look at the parts. */
export const durationNanos = (e: QuantityLiteral): bigint =>
  e.parts.reduce((sum, p) => sum + BigInt(Math.round(p.value * (DURATION_NANOS[p.unit] as number))), 0n);

const checkName = (scope: Scope, e: Name): Typed | undefined => {
  const column = columnNamed(scope.relation, e.name);
  if ((column !== undefined && isMistaken(column)) || e.name === '' || scope.spoilt.has(e.name)) return undefined;
  if (column !== undefined) return { op: 'column', name: e.name, type: column.type, span: e.span, made: column.made };
  const value = scope.expanding.has(e.name) ? undefined : scope.values.get(e.name);
  if (value !== undefined) return scope.lets.at(scope, e, value);
  const fn = scope.fns.get(e.name);
  if (fn !== undefined) {
    const mend = fn.parameters.length === 0 ? fix(`Write ${callForm(fn)}`, replace(e.span, callForm(fn))) : undefined;
    scope.reporter.error('iql.fn-call', { name: e.name, form: callForm(fn) }, e.span, mend);
    return undefined;
  }
  if (scope.aggregates !== undefined && isAggregateName(scope, e.name))
    return checkAggregate(scope, { node: 'call', function: e, arguments: [], where: undefined, written: 'words', span: e.span });
  const { open } = scope.relation;
  const maps = open?.maps;
  const seen = open === undefined ? undefined : scope.catalogue.attribute(open.dataset.name, e.name);
  if (maps !== undefined && seen !== undefined) {
    const attribute: Typed & { op: 'attribute' } = { op: 'attribute', name: e.name, text: maps.text, number: maps.number, type: type('unknown'), span: e.span };
    return seen === 'both' ? attribute : settle(scope, attribute, type(seen === 'text' ? 'string' : 'float'));
  }
  if (!isSure(scope.relation)) return undefined;
  const candidates = () => [
    ...visible(scope.relation).map((c) => c.name),
    ...(open === undefined ? [] : scope.catalogue.attributeNames(open.dataset.name)),
    ...[...scope.values.keys()].filter((name) => !scope.expanding.has(name)),
  ];
  const near = (scope.reporter.full ? undefined : nearest(e.name, candidates())) ?? '';
  const mend = writeName(e.span, near);
  const parameters = { name: e.name, source: scope.relation.origin, nearest: near };
  if (open === undefined || scope.strict) {
    scope.reporter.error('iql.unknown-field', parameters, e.span, mend);
    return undefined;
  }
  scope.reporter.warning('iql.unknown-field', parameters, e.span, mend);
  if (maps !== undefined) return { op: 'attribute', name: e.name, text: maps.text, number: maps.number, type: type('unknown'), span: e.span };
  return literal(null, type('missing'), e.span);
};

const checkUnary = (scope: Scope, e: Expression & { node: 'unary' }): Typed | undefined => {
  if (e.operator === 'not') {
    const operand = checkCondition(scope, e.operand);
    return operand && callOf('not', BOOLEAN, e.span, operand);
  }
  const operand = checkExpression(scope, e.operand);
  if (operand === undefined) return undefined;
  if (e.operator === 'exists') {
    const free = settleFreely(scope, operand);
    return free && callOf('exists', BOOLEAN, e.span, free);
  }
  const number = settle(scope, operand, type('float'));
  if (!isNumber(number.type) && number.type.value !== 'duration') {
    scope.reporter.error('iql.argument-type', { function: '-', wanted: 'a number', got: typeName(number.type) }, e.span);
    return undefined;
  }
  if (number.op === 'literal' && number.literal !== null) return { ...number, literal: -(number.literal as number), span: e.span };
  return callOf('negate', number.type, e.span, number);
};

const checkBinary = (scope: Scope, e: Binary): Typed | undefined => {
  if (e.operator === 'and' || e.operator === 'or') {
    const left = checkCondition(scope, e.left);
    const right = checkCondition(scope, e.right);
    return left === undefined || right === undefined ? undefined : callOf(e.operator, BOOLEAN, e.span, left, right);
  }
  const l = checkOperand(scope, e.left, e.right);
  const r = checkOperand(scope, e.right, e.left);
  if (l === undefined || r === undefined) return undefined;
  switch (e.operator) {
    case '*':
    case '/':
    case '%':
    case '+':
    case '-':
      return arithmetic(scope, e, l, r);
    case '??': {
      const right = settle(scope, r, l.type.value === 'unknown' ? STRING : l.type);
      const same = unified(scope, [settle(scope, l, right.type), right], '??', e.span, [e.left, e.right]);
      return same && callOf('coalesce', (same[0] as Typed).type, e.span, ...same);
    }
    default:
      return compare(scope, e.operator, l, r, e, e.span);
  }
};

/** A bare word beside an ordered text is most likely one of its levels: offer the quotes. */
const checkOperand = (scope: Scope, e: Expression, other: Expression): Typed | undefined => {
  if (e.node === 'name' && other.node === 'name' && columnNamed(scope.relation, e.name) === undefined && isSure(scope.relation) && !scope.values.has(e.name)) {
    const levels = columnNamed(scope.relation, other.name)?.type.levels;
    if (levels?.includes(e.name.toLowerCase()) === true) {
      const quoted = JSON.stringify(e.name.toLowerCase());
      scope.reporter.error(
        'iql.unknown-field',
        { name: e.name, source: scope.relation.origin, nearest: e.name.toLowerCase() },
        e.span,
        fix(`Write ${quoted}`, replace(e.span, quoted)),
      );
      return undefined;
    }
  }
  return checkExpression(scope, e);
};

const SIGN = { '+': 'add', '-': 'subtract', '%': 'remainder' } as const;

const arithmetic = (scope: Scope, e: Binary & { operator: string }, l0: Typed, r0: Typed): Typed | undefined => {
  const number = type('float');
  const time = l0.type.value === 'time' || r0.type.value === 'time';
  const l = settle(
    scope,
    l0,
    time ? type(e.operator === '-' ? 'time' : 'duration') : isNumber(r0.type) || r0.type.value === 'duration' ? { ...r0.type, unit: undefined } : number,
  );
  const r = settle(
    scope,
    r0,
    l.type.value === 'time' ? type('duration') : isNumber(l.type) || l.type.value === 'duration' ? { ...l.type, unit: undefined } : number,
  );
  const [lv, rv] = [l.type.value, r.type.value];
  const operator = e.operator as '*' | '/' | '%' | '+' | '-';
  const call = (name: AnyScalar, t: Type, a: Typed, b: Typed): Typed => callOf(name, t, e.span, a, b);
  if (operator === '-' && lv === 'time' && rv === 'time') return call('subtract', type('duration'), l, r);
  if (lv === 'time' && rv === 'duration' && (operator === '+' || operator === '-')) return call(SIGN[operator], type('time'), l, r);
  if (operator === '+' && lv === 'duration' && rv === 'time') return call('add', type('time'), r, l);
  const numeric = (t: Type): boolean => isNumber(t) || t.value === 'duration';
  if (!numeric(l.type) || !numeric(r.type)) {
    scope.reporter.error('iql.type-mismatch', { operator, left: typeName(l.type), right: typeName(r.type) }, e.span);
    return undefined;
  }
  if (operator === '*' || operator === '/') return scaled(operator, l, r, e.span);
  if (lv === 'duration' && rv === 'duration') return call(SIGN[operator], type('duration'), l, r);
  const same = align(scope, operator, l, r, e);
  if (same === undefined) return undefined;
  return call(SIGN[operator], { value: same.left.type.value, unit: same.unit, bare: same.bare }, same.left, same.right);
};

const checkIf = (scope: Scope, e: Call): Typed | undefined => {
  const [when, then, otherwise] = e.arguments;
  if (when === undefined || then === undefined || e.arguments.length > 3) {
    for (const argument of e.arguments) checkExpression(scope, argument);
    scope.reporter.error('iql.argument-count', { form: 'if(condition, then [, else])', got: e.arguments.length }, e.span);
    return undefined;
  }
  return checkBranches(scope, [{ when, then }], otherwise, e.span);
};

const checkCase = (scope: Scope, e: Case): Typed | undefined => checkBranches(scope, e.branches, e.otherwise, e.span);

const checkBranches = (scope: Scope, branches: Case['branches'], otherwise: Expression | undefined, span: Span): Typed | undefined => {
  const whens = branches.map((b) => checkCondition(scope, b.when));
  const values = [
    ...branches.map((b) => checkExpression(scope, b.then)),
    otherwise === undefined ? literal(null, type('missing'), span) : checkExpression(scope, otherwise),
  ];
  const right = values.filter((v) => v !== undefined);
  const complete = right.length === values.length;
  const same = unified(scope, right, 'case', span, complete ? [...branches.map((b) => b.then), ...(otherwise === undefined ? [] : [otherwise])] : []);
  if (same === undefined || whens.includes(undefined) || !complete) return undefined;
  const free = same.map((v) => settleFreely(scope, v));
  if (free.includes(undefined)) return undefined;
  return {
    op: 'case',
    branches: branches.map((_, i) => {
      const [when, then] = [whens[i] as Typed, free[i] as Typed];
      return { when, then };
    }),
    otherwise: free[branches.length] as Typed,
    type: (free[0] as Typed).type,
    span,
  };
};

const checkIndex = (scope: Scope, of: Expression, by: Expression, span: Span): Typed | undefined => {
  const operand = checkExpression(scope, of);
  const index = checkExpression(scope, by);
  if (operand === undefined || index === undefined) return undefined;
  const isMap = operand.type.value === 'map';
  const key = settle(scope, index, isMap ? STRING : type('int'));
  if ((!isMap && operand.type.value !== 'list') || key.type.value !== (isMap ? 'string' : 'int')) {
    scope.reporter.error('iql.type-mismatch', { operator: '[ ]', left: typeName(operand.type), right: typeName(key.type) }, span);
    return undefined;
  }
  if (isMap) checkAttribute(scope, of, by);
  return callOf(isMap ? 'map_get' : 'list_get', type(operand.type.item ?? 'string', operand.type.unit), span, operand, key);
};

/** Tells of `attributes["k"]` that no row was ever seen to have it; where nothing was learned nothing is told. */
const checkAttribute = (scope: Scope, of: Expression, by: Expression): void => {
  const { open } = scope.relation;
  if (open?.maps === undefined || of.node !== 'name' || by.node !== 'text' || (of.name !== open.maps.text && of.name !== open.maps.number)) return;
  const names = scope.catalogue.attributeNames(open.dataset.name);
  const isColumn = columnNamed(scope.relation, by.value) !== undefined;
  if (isColumn || names.length === 0 || scope.catalogue.attribute(open.dataset.name, by.value) !== undefined) return;
  const near = (scope.reporter.full ? undefined : nearest(by.value, names)) ?? '';
  const mend = near === '' ? undefined : fix(`Write ${near}`, replace(by.span, JSON.stringify(near)));
  const parameters = { name: by.value, source: scope.relation.origin, nearest: near };
  if (scope.strict) scope.reporter.error('iql.unknown-field', parameters, by.span, mend);
  else scope.reporter.warning('iql.unknown-field', parameters, by.span, mend);
};
