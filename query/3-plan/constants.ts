// What a call's constants must be, whoever wrote them: the checker looks at those in a text, this at the values that parameters and the
// request bring, before any store is asked.
import { CodedError } from '../../core/coded-error.ts';
import { zoneNamed } from '../../core/zone.ts';
import { nearestZone } from '../1-syntax/nearest-zone.ts';
import { regexMistake } from '../1-syntax/regex.ts';
import type { PlanExpression } from './expression.ts';

/** Which argument is a regular expression. */
const REGEX: ReadonlyMap<string, number> = new Map([
  ['matches', 1],
  ['replace_regex', 1],
]);
/** Which argument is a time zone. */
const ZONE: ReadonlyMap<string, number> = new Map([
  ...(['year', 'month', 'day', 'weekday', 'hour', 'minute'] as const).map((name) => [name, 1] as const),
  ['format_time', 2],
  ['parse_time', 2],
  ['bucket', 2],
]);

/** A zone by the name that every store knows it by; throws `iql.unknown-zone`. */
export const zoneOf = (zone: string): string => {
  const found = zoneNamed(zone);
  if (found === undefined) throw new CodedError('iql.unknown-zone', { zone, nearest: nearestZone(zone) ?? '' });
  return found;
};

/** The arguments of a call as stores take them; throws `iql.bad-regex`, `iql.unknown-zone`. */
export const fittedArguments = (name: string, args: readonly PlanExpression[]): readonly PlanExpression[] => {
  const regex = args[REGEX.get(name) ?? -1];
  if (regex?.op === 'literal' && typeof regex.value === 'string') {
    const mistake = regexMistake(regex.value);
    if (mistake !== undefined) throw new CodedError('iql.bad-regex', { reason: mistake.reason, place: mistake.start + 1 });
  }
  const place = ZONE.get(name) ?? -1;
  const zone = args[place];
  return zone?.op === 'literal' && typeof zone.value === 'string' ? args.with(place, { ...zone, value: zoneOf(zone.value) }) : args;
};

/** How many arguments a function of local time has without its zone: then the request's is meant. */
export const takesZone = (name: string, given: number): boolean => name !== 'bucket' && ZONE.get(name) === given;
