// A regular expression that stands in a text, checked where it stands: the mistake is told at its place inside the literal.
import type { Expression, Span } from '../1-syntax/ast.ts';
import { regexMistake } from '../1-syntax/regex.ts';
import { within } from '../1-syntax/span.ts';
import type { Scope } from './scope.ts';
import type { Typed } from './type.ts';

/** Where characters `start` to `end` of the value of a text literal are written; the whole of it where its escapes hide that. */
const placeIn = (e: Expression | undefined, whole: Span, start: number, end: number): Span => {
  if (e?.node !== 'text' || e.span.start !== whole.start) return whole;
  const from = whole.start + (e.raw ? 2 : 1);
  if (e.raw) return within(whole, from + start, from + end);
  const written = (value: string): number => JSON.stringify(value).length - 2;
  return written(e.value) === whole.end - whole.start - 2
    ? within(whole, from + written(e.value.slice(0, start)), from + written(e.value.slice(0, end)))
    : whole;
};

/** Whether `t`, read from `e`, is no constant or a right one; what is wrong is told. Parameters are looked at when they have a value. */
export const checkRegex = (scope: Scope, t: Typed, e: Expression | undefined): boolean => {
  if (t.op !== 'literal' || typeof t.literal !== 'string') return true;
  const mistake = regexMistake(t.literal);
  if (mistake === undefined) return true;
  scope.reporter.error('iql.bad-regex', { reason: mistake.reason, place: mistake.start + 1 }, placeIn(e, t.span, mistake.start, mistake.end));
  return false;
};
