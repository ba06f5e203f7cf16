// What went wrong at PostgreSQL, told in the catalogue's codes. The driver's error stays as the cause.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
import { certificateReason } from '../../../core/certificate-error.ts';
import { CodedError } from '../../../core/errors.ts';
import { saysDamage } from '../damage.ts';

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

/** What one of two gets that change the catalogue at once, as an internal error. */
const CONCURRENTLY = /^tuple concurrently (updated|deleted)$/;

/** Serialization failure, deadlock, or the catalogue changed meanwhile: nothing was done, the same again may succeed. */
export const isTransient = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === '40001' || state === '40P01' || (state === 'XX000' && CONCURRENTLY.test((error as Error).message));
};

/** A value that the driver could not write: nothing was sent. */
const isMistake = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;

/** Data exceptions, and what no index or value can hold: the fault lies in what was given. Any other is of the statement, the schema or the server. */
const isOfValues = (state: string | undefined): boolean => state === undefined || state.startsWith('22') || state === '54000';

const MISSING_FILE = '58P01';
/** XX001 and XX002 are corruption; any internal error is XX000, and the file may be one of an extension: there the words tell. */
const isDamage = (state: string | undefined, message: string): boolean =>
  state === 'XX001' || state === 'XX002' || ((state === 'XX000' || state === MISSING_FILE) && saysDamage(message));

/** Why no encrypted connection can be made, until a person mends it. */
const wayReason = (error: unknown): string | undefined =>
  certificateReason(error) ?? (error instanceof Error && /does not support SSL connections/.test(error.message) ? 'it speaks no TLS' : undefined);

const NO_DATABASE = '3D000';

/** Classes 08 connection, 53 resources (disk full, too many connections), 57P shutdown or start, 58 input and output; no state: the socket. */
export const isUnavailable = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === undefined ? !isMistake(error) && wayReason(error) === undefined : /^(08|53|57P|58)/.test(state) && state !== MISSING_FILE;
};

/** A CodedError of the catalogue; one that is such already is returned as it is. */
export const recordsError = (error: unknown): CodedError => {
  if (error instanceof CodedError) return error;
  const { message, constraint, table, column } = error as ServerError;
  const state = sqlState(error);
  const options = { cause: error };
  if (state === '57014') return new CodedError('records.cancelled', {}, options);
  if (state?.startsWith('23')) return new CodedError('records.conflict', { constraint: constraint ?? `${table ?? '?'}.${column ?? '?'}` }, options);
  const certificate = state === undefined ? wayReason(error) : undefined;
  if (certificate !== undefined) return new CodedError('records.certificate', { reason: certificate }, options);
  if (state?.startsWith('28')) return new CodedError('records.refused-user', { reason: message }, options);
  if (state === NO_DATABASE) return new CodedError('records.no-database', { reason: message }, options);
  if (isTransient(error) || isUnavailable(error)) return new CodedError('records.unavailable', { reason: message }, options);
  if (isDamage(state, message)) return new CodedError('records.damaged', { reason: message }, options);
  return new CodedError(isOfValues(state) ? 'records.refused-rows' : 'records.rejected', { code: state ?? 'value', reason: message }, options);
};
