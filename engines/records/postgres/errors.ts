// What went wrong at PostgreSQL, told in the catalogue's codes. The driver's error stays as the cause.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
import { CodedError } from '../../../core/errors.ts';

interface ServerError extends Error {
  readonly code?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
  readonly severity?: string;
}

const sqlState = (error: unknown): string | undefined => {
  const { code, severity } = error as ServerError;
  return severity !== undefined && code?.length === 5 ? code : undefined;
};

/** Serialization failure or deadlock: nothing was done, the same again may succeed. */
export const isTransient = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error) ?? '');

/** A value that the driver could not write: nothing was sent. */
const isMistake = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;

const MISSING_FILE = '58P01';
/** Class XX: what is in its files makes no sense to the server. */
const isDamage = (state: string): boolean => state.startsWith('XX') || state === MISSING_FILE;

/** Classes 08 connection, 53 resources (disk full, too many connections), 57P shutdown or start, 58 input and output; no state: the socket. */
export const isUnavailable = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === undefined ? !isMistake(error) : /^(08|53|57P|58)/.test(state) && state !== MISSING_FILE;
};

/** A CodedError of the catalogue; one that is such already is returned as it is. */
export const recordsError = (error: unknown): CodedError => {
  if (error instanceof CodedError) return error;
  const { message, constraint, table, column } = error as ServerError;
  const state = sqlState(error);
  const options = { cause: error };
  if (state === '57014') return new CodedError('records.cancelled', {}, options);
  if (state?.startsWith('23')) return new CodedError('records.conflict', { constraint: constraint ?? `${table ?? '?'}.${column ?? '?'}` }, options);
  if (isTransient(error) || isUnavailable(error)) return new CodedError('records.unavailable', { reason: message }, options);
  if (state !== undefined && isDamage(state)) return new CodedError('records.damaged', { reason: message }, options);
  return new CodedError('records.rejected', { code: state ?? 'value', reason: message }, options);
};
