// What a text is planned by: as of when, over which range, and with which values of its parameters.
import { CodedError, type ErrorCode, type ErrorParameters } from '../core/errors.ts';
import { NANOS_PER_HOUR } from '../core/time.ts';
import type { CheckedText } from './2-semantic/check.ts';
import type { Reporter } from './2-semantic/report.ts';
import { zoneOf } from './3-plan/constants.ts';
import type { Plan } from './3-plan/lower.ts';
import type { PlacedError } from './3-plan/placed-error.ts';
import type { PlanRequest } from './3-plan/request.ts';
import type { RowRights } from './3-plan/rights.ts';
import { readParameters, writtenDurations } from './parameters.ts';

export interface WhenAndWith {
  /** Nanoseconds; `to` is `at`, `from` an hour before `to`, `at` now, where they are left out. */
  readonly from?: bigint;
  readonly to?: bigint;
  readonly at?: bigint;
  readonly zone?: string;
  readonly params?: unknown;
}

/** Throws the last of the mistakes in it, in the order of the text; those before are reported. */
export const planRequest = (checked: CheckedText<Plan>, given: WhenAndWith, rights: RowRights, now: bigint, reporter: Reporter): PlanRequest => {
  const { at = now, to = at, from = to - NANOS_PER_HOUR, params } = given;
  const zone = zoneOf(given.zone ?? 'UTC');
  const mistakes: PlacedError[] = [];
  const parameters = readParameters(checked.parameters, params, zone, (mistake) => mistakes.push(mistake));
  const inOrder = mistakes.toSorted((a, b) => a.span.start - b.span.start);
  const last = inOrder.pop();
  if (last !== undefined) {
    for (const { code, parameters: said, span } of inOrder) reporter.error(code, said as ErrorParameters<ErrorCode>, span);
    throw last;
  }
  if (from > to) throw new CodedError('iql.bad-range', {});
  const durations = writtenDurations(checked.parameters, params);
  return { rights, at, to, from, zone, parameters, durations, completeTo: at, notice: () => undefined };
};
