// Comparisons, text tests and membership. Two-valued: what they give is never missing.

import type { BinaryOperator, Expression, In, Span } from '../1-syntax/ast.ts';
import { nearest } from '../1-syntax/nearest.ts';
import { timeLiteralNanos } from '../1-syntax/time-literal.ts';
import { isConstant } from './constant.ts';
import type { AnyScalar } from './function-names.ts';
import { align, typeName } from './numeric.ts';
import { checkRegex } from './regex-argument.ts';
import { fix, replace } from './report.ts';
import type { Scope } from './scope.ts';
import { settle, settleFreely } from './settle.ts';
import { BOOLEAN, callOf, isNumber, STRING, type Type, type Typed, type } from './type.ts';

const FUNCTION: Readonly<Partial<Record<BinaryOperator, AnyScalar>>> = {
  '==': 'equals',
  '!=': 'not_equals',
  '<': 'less',
  '<=': 'less_or_equal',
  '>': 'greater',
  '>=': 'greater_or_equal',
  like: 'like',
  'not like': 'like',
  'starts with': 'starts_with',
  matches: 'matches',
  contains: 'contains',
  has: 'has',
};

const call = (name: AnyScalar, span: Span, ...args: readonly Typed[]): Typed => callOf(name, BOOLEAN, span, ...args);

interface Sides {
  readonly left?: Expression;
  readonly right?: Expression;
}

export const compare = (scope: Scope, operator: BinaryOperator, l0: Typed, r0: Typed, ast: Sides, span: Span): Typed | undefined => {
  const name = FUNCTION[operator] as AnyScalar;
  if (!/^[=!<>]/.test(operator)) {
    const text = call(name, span, ...(textOperands(scope, operator, l0, r0, ast, span) ?? []));
    if (text.op === 'call' && text.arguments.length === 0) return undefined;
    return operator === 'not like' ? call('not', span, text) : text;
  }
  const known = l0.type.value !== 'unknown' && l0.type.value !== 'missing' ? l0.type : r0.type;
  const wanted = known.value === 'unknown' || known.value === 'missing' ? STRING : known;
  const l = settle(scope, l0, wanted);
  const r = settle(scope, r0, wanted);
  if ((isNumber(l.type) || l.type.value === 'duration') && (isNumber(r.type) || r.type.value === 'duration')) {
    if (l.type.value === 'duration' && r.type.value === 'duration') return call(name, span, l, r);
    const same = align(scope, operator, l, r, ast);
    return same && call(name, span, same.left, same.right);
  }
  if (!comparable(l.type, r.type)) {
    scope.reporter.error('iql.type-mismatch', { operator, left: typeName(l.type), right: typeName(r.type) }, span, mismatchFix(l, r));
    return undefined;
  }
  const levels = l.type.levels ?? r.type.levels;
  if (levels === undefined) return call(name, span, l, r);
  if ([checkLevel(scope, l, levels), checkLevel(scope, r, levels)].includes(false)) return undefined;
  if (operator === '==' || operator === '!=') return call(name, span, l, r);
  return call(name, span, rank(l, levels), rank(r, levels));
};

const comparable = (a: Type, b: Type): boolean => {
  const text = (t: Type): boolean => t.value === 'string' || t.value === 'ip';
  return (a.value === b.value && !['list', 'map', 'histogram'].includes(a.value)) || (text(a) && text(b));
};

/** Text beside a time or a number is most often a literal in the wrong quotes. */
const mismatchFix = (l: Typed, r: Typed): ReturnType<typeof fix> | undefined => {
  const [text, other] = l.op === 'literal' ? [l, r] : [r, l];
  if (text.op !== 'literal' || typeof text.literal !== 'string') return undefined;
  const time = text.literal.replace(' ', 'T');
  if (other.type.value === 'time' && timeLiteralNanos(time, 'UTC') !== undefined) return fix(`Write @${time}`, replace(text.span, `@${time}`));
  if (isNumber(other.type) && /^-?\d+(\.\d+)?$/.test(text.literal)) return fix(`Write ${text.literal}`, replace(text.span, text.literal));
  return undefined;
};

export const checkLevel = (scope: Scope, t: Typed, levels: readonly string[]): boolean => {
  if (t.op !== 'literal' || typeof t.literal !== 'string' || levels.includes(t.literal)) return true;
  const near = nearest(t.literal.toLowerCase(), levels) ?? levels.find((l) => t.literal?.toString().toLowerCase().startsWith(l)) ?? '';
  scope.reporter.error(
    'iql.unknown-level',
    { value: t.literal, levels: levels.join(', '), nearest: near },
    t.span,
    near === '' ? undefined : fix(`Write "${near}"`, replace(t.span, JSON.stringify(near))),
  );
  return false;
};

const listOf = (levels: readonly string[], span: Span): Typed => ({ op: 'literal', literal: levels, type: { ...type('list'), item: 'string' }, span });

/** The place of an ordered text among its levels. */
export const rank = (t: Typed, levels: readonly string[]): Typed => {
  if (t.op === 'literal' && typeof t.literal === 'string') return { ...t, literal: BigInt(levels.indexOf(t.literal)), type: type('int') };
  return callOf('level', type('int'), t.span, t, listOf(levels, t.span));
};

/** The level of a rank. */
export const levelAt = (place: Typed, levels: readonly string[]): Typed => {
  return callOf('list_get', { ...STRING, levels }, place.span, listOf(levels, place.span), place);
};

/** A list of levels, sorted by their ranks. */
export const inLevelOrder = (texts: Typed, levels: readonly string[]): Typed => ({
  op: 'call',
  function: 'in_level_order',
  arguments: [texts, listOf(levels, texts.span)],
  type: texts.type,
  span: texts.span,
});

const textOperands = (scope: Scope, operator: string, l0: Typed, r0: Typed, ast: Sides, span: Span): readonly [Typed, Typed] | undefined => {
  const l = settle(scope, l0, STRING);
  const r = settle(scope, r0, STRING);
  const bad = [l, r].filter((t) => t.type.value !== 'string' && t.type.value !== 'ip');
  for (const { type: t, span: at } of bad) scope.reporter.error('iql.argument-type', { function: operator, wanted: 'text', got: typeName(t) }, at);
  if (bad.length > 0) return undefined;
  if (!isConstant(r) && operator !== 'contains' && operator !== 'starts with') {
    scope.reporter.error('iql.constant-wanted', { what: operator === 'has' ? 'the token' : 'the pattern' }, span);
    return undefined;
  }
  return operator === 'matches' && !checkRegex(scope, r, ast.right) ? undefined : [l, r];
};

/** `x in (a, b)`, `x in ($list)`. A sub-query is taken out by `where` before it gets here. */
export const membership = (scope: Scope, e: In): Typed | undefined => {
  let operand = scope.check(scope, e.operand);
  const items = e.items.map((i) => scope.check(scope, i));
  const lead = items.find((i) => i !== undefined && i.type.value !== 'unknown' && i.type.value !== 'missing');
  if (operand !== undefined)
    operand = lead !== undefined ? settle(scope, operand, lead.type) : items.includes(undefined) ? undefined : settleFreely(scope, operand);
  if (operand === undefined) return undefined;
  const out: Typed[] = [];
  /** Comparisons with what only the row knows. */
  const others: Typed[] = [];
  for (const [i, item] of items.entries()) {
    if (item === undefined) continue;
    if (item.op === 'parameter') {
      out.push(settle(scope, { ...item, list: true }, operand.type));
      continue;
    }
    const one = compare(scope, '==', operand, item, { right: e.items[i] as Expression }, item.span);
    if (one === undefined || one.op !== 'call') continue;
    if (!isConstant(item)) {
      others.push(one);
      continue;
    }
    if (one.arguments[0]?.type.value !== operand.type.value) operand = one.arguments[0] as Typed;
    out.push(one.arguments[1] as Typed);
  }
  if (items.length === 0 || out.length + others.length < items.length) return undefined;
  const wide = operand;
  const values = out.map((v) =>
    v.type.value === 'int' && wide.type.value === 'float' && v.op === 'literal' ? { ...v, literal: Number(v.literal), type: wide.type } : v,
  );
  const list: Typed = {
    op: 'list',
    items: values,
    type: { ...type('list'), item: operand.type.value === 'missing' || operand.type.value === 'unknown' ? 'string' : operand.type.value },
    span: e.span,
  };
  const found = [...(out.length === 0 ? [] : [call('in', e.span, operand, list)]), ...others].reduce((a, b) => call('or', e.span, a, b));
  return e.negated ? call('not', e.span, found) : found;
};
