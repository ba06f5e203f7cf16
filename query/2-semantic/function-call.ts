// Calls of scalar functions, checked against their signatures.

import { isZone } from '../../core/zone.ts';
import type { Call, Expression, Span } from '../1-syntax/ast.ts';
import { nearest } from '../1-syntax/nearest.ts';
import { nearestZone } from '../1-syntax/nearest-zone.ts';
import { FUNCTIONS_NOT_YET } from '../1-syntax/not-yet.ts';
import { spanning } from '../1-syntax/span.ts';
import { checkLevel, levelAt, rank } from './compare.ts';
import { isConstant } from './constant.ts';
import { typeName } from './numeric.ts';
import { checkRegex } from './regex-argument.ts';
import { fix, replace, writeName } from './report.ts';
import type { Scope, Slot } from './scope.ts';
import { settle, settleFreely } from './settle.ts';
import { callOf, isNumber, STRING, type Type, type Typed, type } from './type.ts';
import { unified } from './unified.ts';

const WANTED: Readonly<Record<Slot, { readonly settle: Type | undefined; readonly fits: (t: Type) => boolean; readonly name: string }>> = {
  number: { settle: type('float'), fits: isNumber, name: 'a number' },
  int: { settle: type('int'), fits: (t) => t.value === 'int', name: 'a whole number' },
  string: { settle: STRING, fits: (t) => t.value === 'string' || t.value === 'ip', name: 'text' },
  'constant-string': { settle: STRING, fits: (t) => t.value === 'string', name: 'text' },
  regex: { settle: STRING, fits: (t) => t.value === 'string', name: 'a regular expression' },
  time: { settle: type('time'), fits: (t) => t.value === 'time', name: 'a time' },
  duration: { settle: type('duration'), fits: (t) => t.value === 'duration', name: 'a duration' },
  zone: { settle: STRING, fits: (t) => t.value === 'string', name: 'a time zone' },
  any: { settle: undefined, fits: (t) => t.value !== 'list' && t.value !== 'map' && t.value !== 'histogram', name: 'a single value' },
  'as-text': { settle: undefined, fits: (t) => t.value !== 'list' && t.value !== 'map' && t.value !== 'histogram', name: 'a single value' },
  ordered: { settle: undefined, fits: (t) => ['int', 'float', 'string', 'time', 'duration'].includes(t.value), name: 'a number, text, time or duration' },
  same: { settle: undefined, fits: () => true, name: 'the same type' },
};

/** What a parameter without another use is where it is converted. */
const CONVERTED: Readonly<Record<string, Type>> = {
  text: { ...STRING, free: true },
  hash: { ...STRING, free: true },
  concat: { ...STRING, free: true },
  int: type('float'),
  float: type('float'),
  bool: type('bool'),
  duration: type('duration'),
  time: type('time'),
};

export const checkCall = (scope: Scope, e: Call): Typed | undefined => {
  const name = e.function.name;
  const signature = scope.spoilt.has(name) ? undefined : scope.functions.scalars.get(name);
  const most = signature?.variadic === true ? Number.POSITIVE_INFINITY : (signature?.slots.length ?? 0);
  const least = (signature?.slots.length ?? 0) - (signature?.optional ?? 0);
  if (signature === undefined || e.where !== undefined || e.arguments.length > most || e.arguments.length < least) {
    for (const argument of e.arguments) scope.check(scope, argument);
    if (e.where !== undefined) scope.check(scope, e.where);
    if (signature !== undefined) scope.reporter.error('iql.argument-count', { form: signature.form, got: e.arguments.length }, e.span);
    else if (!scope.spoilt.has(name) && name !== '') unknownFunction(scope, e);
    return undefined;
  }
  const args = e.arguments.map((argument, i) => {
    const slot = signature.slots[Math.min(i, signature.slots.length - 1)] as Slot;
    return slot === 'same' ? scope.check(scope, argument) : checkArgument(scope, name, slot, i, argument);
  });
  const right = args.filter((a) => a !== undefined);
  if (!signature.slots.includes('same')) return right.length < args.length ? undefined : callOf(signature.name, signature.result(right), e.span, ...right);
  if (args[0] === undefined) return undefined;
  const same = unified(scope, right, name, spanOf(right), right.length < args.length ? [] : e.arguments);
  if (same === undefined || right.length < args.length) return undefined;
  const levels = same.find((t) => t.type.levels !== undefined)?.type.levels;
  if (levels === undefined) return callOf(signature.name, signature.result(same), e.span, ...same);
  // Levels go by their rank.
  if (same.map((t) => checkLevel(scope, t, levels)).includes(false)) return undefined;
  const ranks = same.map((t) => rank(t, levels));
  return levelAt(callOf(signature.name, type('int'), e.span, ...ranks), levels);
};

const unknownFunction = (scope: Scope, e: Call): void => {
  const { name, span } = e.function;
  const foreign = foreignCall(e);
  const later = FUNCTIONS_NOT_YET.get(name.toLowerCase());
  if (foreign !== undefined) {
    scope.reporter.error('iql.foreign-form', { found: `${name}(…)`, instead: foreign }, e.span, fix(`Write ${foreign}`, replace(e.span, foreign)));
    return;
  }
  if (later !== undefined) {
    scope.reporter.error('iql.not-yet', { what: `\`${name}\``, instead: later }, span);
    return;
  }
  const near = nearest(name, [...scope.fns.keys(), ...scope.functions.scalars.keys(), ...scope.functions.aggregates.keys(), 'if']) ?? '';
  scope.reporter.error('iql.unknown-function', { name, nearest: near }, span, writeName(span, near));
};

/** `ago(1h)` of other languages. */
const foreignCall = (e: Call): string | undefined => {
  const [first] = e.arguments;
  if (e.arguments.length !== 1 || e.where !== undefined || e.function.name.toLowerCase() !== 'ago') return undefined;
  return first?.node === 'quantity' && first.kind === 'duration' ? `(now - ${first.text})` : undefined;
};

const checkArgument = (scope: Scope, name: string, slot: Slot, place: number, argument: Expression): Typed | undefined => {
  const wanted = WANTED[slot];
  const checked = scope.check(scope, argument);
  if (checked === undefined) return undefined;
  const as = wanted.settle ?? (checked.op === 'parameter' ? CONVERTED[name] : undefined);
  const settled = as === undefined ? settleFreely(scope, checked) : settle(scope, checked, as);
  if (settled === undefined) return undefined;
  const constant = isConstant(settled);
  if (!wanted.fits(settled.type)) {
    scope.reporter.error('iql.argument-type', { function: name, wanted: wanted.name, got: typeName(settled.type) }, argument.span);
    return undefined;
  }
  if ((slot === 'constant-string' || slot === 'regex' || slot === 'zone') && !constant) {
    scope.reporter.error('iql.constant-wanted', { what: `argument ${place + 1} of ${name}` }, argument.span);
    return undefined;
  }
  if (slot === 'zone' && settled.op === 'literal' && !isZone(String(settled.literal))) {
    const near = nearestZone(String(settled.literal)) ?? '';
    const mend = near === '' ? undefined : fix(`Write "${near}"`, replace(argument.span, JSON.stringify(near)));
    scope.reporter.error('iql.unknown-zone', { zone: String(settled.literal), nearest: near }, argument.span, mend);
    return undefined;
  }
  if (slot === 'regex' && !checkRegex(scope, settled, argument)) return undefined;
  return slot === 'as-text' ? asText(settled) : settled;
};

const asText = (t: Typed): Typed => {
  if (t.type.value === 'string' || t.type.value === 'ip') return t;
  return t.type.value === 'missing' ? { ...t, type: STRING } : callOf('text', STRING, t.span, t);
};

const spanOf = (args: readonly Typed[]): Span => {
  const [first] = args;
  const last = args.at(-1);
  return first === undefined || last === undefined ? { start: 0, end: 0 } : spanning(first.span, last.span);
};
