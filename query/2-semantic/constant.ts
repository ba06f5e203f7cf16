// Which expressions are constants: whatever no row decides. They are worked out when a text is planned for a request (`3-plan/bind.ts`),
// wherever a value is needed before rows are: ranges, widths, numbers of rows, patterns, zones, lists.
import type { Expression } from '../1-syntax/ast.ts';
import type { Scope } from './scope.ts';
import type { Typed } from './type.ts';

/** No column, attribute or aggregate is in it. */
export const isConstant = (t: Typed): boolean => {
  const left: Typed[] = [t];
  for (let e = left.pop(); e !== undefined; e = left.pop()) {
    if (e.op === 'column' || e.op === 'attribute') return false;
    if (e.op === 'call') left.push(...e.arguments);
    else if (e.op === 'list') left.push(...e.items);
    else if (e.op === 'case') left.push(e.otherwise, ...e.branches.flatMap((b) => [b.when, b.then]));
  }
  return true;
};

/** Days or weeks of the request's zone, where a width or a shift is written in one such unit. */
export interface CalendarUnits {
  readonly unit: 'day' | 'week';
  readonly count: number;
}

/** What a name of a `let` value stands for, followed to its end. */
export const lettered = (e: Expression | undefined, scope: Scope): Expression | undefined => {
  const seen = new Set<string>();
  let found = e;
  while (found?.node === 'name' && !seen.has(found.name)) {
    const value = scope.values.get(found.name);
    if (value === undefined) return found;
    seen.add(found.name);
    found = value;
  }
  return found;
};

/** `1d`, `2w`, or a `let` of one; undefined where it is another length of time. */
export const calendarUnits = (e: Expression | undefined, scope: Scope): CalendarUnits | undefined => {
  const literal = lettered(e, scope);
  if (literal?.node !== 'quantity' || literal.kind !== 'duration' || literal.parts.length !== 1) return undefined;
  const [part] = literal.parts;
  return part === undefined ? undefined : unitsOf(part.value, part.unit);
};

/** The same of the text of a parameter. */
export const calendarText = (text: string | undefined): CalendarUnits | undefined => {
  const m = /^(\d{1,6})([dw])$/.exec(text ?? '');
  return m === null ? undefined : unitsOf(Number(m[1]), m[2] as string);
};

const unitsOf = (count: number, unit: string): CalendarUnits | undefined =>
  (unit === 'd' || unit === 'w') && Number.isInteger(count) && count > 0 ? { unit: unit === 'w' ? 'week' : 'day', count } : undefined;
