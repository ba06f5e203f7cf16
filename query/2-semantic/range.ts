// The range of a source: checked here, worked out for a request by the planner.
import type { Expression, Range, Span } from '../1-syntax/ast.ts';
import type { Fix } from '../1-syntax/diagnostic.ts';
import { timeLiteralNanos } from '../1-syntax/time-literal.ts';
import { type CalendarUnits, calendarUnits } from './constant.ts';
import { checkExpression } from './expression.ts';
import { typeName } from './numeric.ts';
import { fix, replace } from './report.ts';
import type { Scope } from './scope.ts';
import { settle } from './settle.ts';
import { type Typed, type } from './type.ts';

/** A duration that may be in calendar units of the request's zone; of a parameter the request says. */
export interface Shift {
  readonly calendar: CalendarUnits | undefined;
  readonly value: Typed;
}

export interface CheckedRange {
  readonly last: Typed | undefined;
  readonly between: { readonly from: Typed; readonly to: Typed } | undefined;
  readonly at: Typed | undefined;
  readonly offset: Shift | undefined;
  readonly span: Span;
}

/** A time in quotes, as other languages write it. */
const quotedTime = (e: Expression): Fix | undefined => {
  const written = e.node === 'text' ? e.value.replace(' ', 'T') : '';
  return timeLiteralNanos(written, 'UTC') === undefined ? undefined : fix(`Write @${written}`, replace(e.span, `@${written}`));
};

export const checkRange = (scope: Scope, range: Range): CheckedRange | undefined => {
  const checked = (e: Parameters<typeof checkExpression>[1] | undefined, wanted: 'time' | 'duration', place: string): Typed | undefined => {
    if (e === undefined) return undefined;
    const t = checkExpression(scope, e);
    if (t === undefined) return undefined;
    const settled = settle(scope, t, type(wanted));
    if (settled.type.value === wanted) return settled;
    const parameters = { function: place, wanted: wanted === 'time' ? 'a time' : 'a duration', got: typeName(settled.type) };
    scope.reporter.error('iql.argument-type', parameters, e.span, wanted === 'time' ? quotedTime(e) : undefined);
    return undefined;
  };
  const before = scope.reporter.errors;
  const last = checked(range.last, 'duration', 'last');
  const from = checked(range.between?.from, 'time', 'between');
  const to = checked(range.between?.to, 'time', 'between');
  const at = checked(range.at, 'time', 'at');
  const offset = checked(range.offset, 'duration', 'offset');
  if (scope.reporter.errors > before) return undefined;
  return {
    span: range.span,
    last,
    between: from === undefined || to === undefined ? undefined : { from, to },
    at,
    offset: offset === undefined ? undefined : { value: offset, calendar: calendarUnits(range.offset, scope) },
  };
};
