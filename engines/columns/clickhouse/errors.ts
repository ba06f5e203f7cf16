// Which of our errors an error of ClickHouse or of the way to it is.
// Numbers: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp

import { certificateReason } from '../../../core/certificate-error.ts';
import { CodedError } from '../../../core/errors.ts';
import { ForeignAnswer, ServerError } from './http.ts';

/** Number → the setting whose bound was passed, where the text does not name it. */
const LIMITS: Readonly<Record<number, string>> = {
  158: 'max_rows_to_read',
  159: 'max_execution_time',
  160: 'max_estimated_execution_time',
  161: 'max_columns_to_read',
  167: 'max_ast_depth',
  168: 'max_ast_elements',
  191: 'max_rows_in_set',
  241: 'max_memory_usage',
  290: 'max_bytes_to_read',
  306: 'the depth of a statement',
  307: 'max_bytes_to_read',
  396: 'max_result_rows',
};

const CANCELLED = new Set([394, 734, 735]);

/**
 * Of an insert: the fault lies in the values of a row, in a table that is as we made it. Missing where nothing may be, a time that the
 * column's unit cannot hold, a constraint of the table. Whatever else an insert is refused for is of no row but of the table: types that
 * cannot be turned into each other (53, 70), texts where numbers, dates or UUIDs are due (6, 27, 38, 41, 72, 376), sizes (69, 128, 131),
 * ranges of types that we do not have (321); 117 is of the bytes, which may have been cut on their way.
 */
const ROW_ERRORS = new Set([349, 407, 469]);

/** Unknown user, wrong password, a user that may not come from this address. */
const REFUSED_USER = new Set([192, 193, 194, 195, 516]);
/** A missing grant, or a user that may only read. */
const MISSING_RIGHT = new Set([164, 497]);
const UNKNOWN_DATABASE = 81;
const PINNED_SETTING = 452;

/** Statuses by which a proxy says that it reaches nobody. */
const PROXY_WAITS = new Set([429, 502, 503, 504]);

/** `throwIf`, of which our statements make use for the deadline of an insert alone. */
const LATE = 395;

/**
 * The statement is right but the store cannot do it now: not enough space, read-only, too many parts or statements,
 * shutting down, a lost replica or coordinator, a statement of the same name that still runs. Trying again may help, and whether an
 * insert stands is not known.
 */
const UNAVAILABLE = new Set([3, 75, 76, 202, 203, 209, 210, 216, 225, 236, 242, 243, 252, 254, 279, 285, 286, 319, 373, 499, 568, 586, 668, 999, 1000, 1001]);

const TOO_MANY_PARTITIONS = /Too many partitions for single INSERT block/;

/** The store's words without what it quotes of the statement. */
const withoutStatement = (reason: string): string => {
  const cut = reason.search(/: (?:While|In scope|while) |\(in query|\bIn scope\b|\bSELECT\b|\bINSERT\b/);
  return (cut < 0 ? reason : reason.slice(0, cut)).trim().slice(0, 300);
};

/** Never throws; what it is given was thrown by an `HttpCaller`, in a call that `isInsert` or another. */
export const columnsError = (error: unknown, isInsert = false): CodedError => {
  if (error instanceof CodedError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ServerError)) return wayError(error, reason);
  const { code } = error;
  const told = { reason: withoutStatement(reason) };
  const whole = { reason: reason.trim().slice(0, 300) };
  if (REFUSED_USER.has(code)) return new CodedError('columns.refused-user', whole, { cause: error });
  if (MISSING_RIGHT.has(code)) return new CodedError('columns.missing-right', whole, { cause: error });
  if (code === UNKNOWN_DATABASE) return new CodedError('columns.no-database', whole, { cause: error });
  if (code === PINNED_SETTING) return new CodedError('columns.pinned-setting', whole, { cause: error });
  if (CANCELLED.has(code)) return new CodedError('columns.cancelled', {}, { cause: error });
  const limit = /'(max_\w+)'/.exec(reason)?.[1] ?? LIMITS[code];
  if (LIMITS[code] !== undefined && limit !== undefined) return new CodedError('columns.limit', { limit, reason: withoutStatement(reason) }, { cause: error });
  if (UNAVAILABLE.has(code) && !TOO_MANY_PARTITIONS.test(reason)) return new CodedError('columns.unavailable', told, { cause: error });
  if (isInsert && code === LATE) return new CodedError('columns.late', {}, { cause: error });
  if (isInsert && ROW_ERRORS.has(code)) return new CodedError('columns.refused-rows', { code, reason }, { cause: error });
  return new CodedError('columns.rejected', { code, reason }, { cause: error });
};

/** The store was not reached, or something else answered in its place. */
const wayError = (error: unknown, reason: string): CodedError => {
  const options = { cause: error };
  const certificate = certificateReason(error) ?? certificateReason((error as Error).cause);
  if (certificate !== undefined) return new CodedError('columns.certificate', { reason: certificate }, options);
  if (error instanceof ForeignAnswer && !PROXY_WAITS.has(error.status)) return new CodedError('columns.foreign-answer', { reason }, options);
  return new CodedError('columns.unavailable', { reason: reason === '' ? 'the connection broke' : reason }, options);
};
