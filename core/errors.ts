// The catalogue of every error and diagnostic a user can meet: code → sentence made from typed parameters, and the mend.
// `docs/errors.md` is made from it; `core/errors.test.ts` holds both equal.
// Adding one: a line in the file of its area, nothing elsewhere. A code is never given another meaning.
import { AGENT_ERRORS } from './errors/agents.ts';
import { INTAKE_ERRORS } from './errors/intake.ts';
import { IQL_ERRORS } from './errors/iql.ts';
import { IQL_CHECK_ERRORS } from './errors/iql-check.ts';
import { PRODUCT_ERRORS } from './errors/product.ts';
import { SAVED_ERRORS } from './errors/saved.ts';
import { STORE_ERRORS } from './errors/stores.ts';

export const ERRORS = { ...STORE_ERRORS, ...INTAKE_ERRORS, ...AGENT_ERRORS, ...IQL_ERRORS, ...IQL_CHECK_ERRORS, ...PRODUCT_ERRORS, ...SAVED_ERRORS };

export type ErrorCode = keyof typeof ERRORS;
export type ErrorParameters<C extends ErrorCode> = (typeof ERRORS)[C]['example'];

/** The sentence of a code. */
export const errorMessage = <C extends ErrorCode>(code: C, parameters: ErrorParameters<C>): string =>
  (ERRORS[code].message as (p: ErrorParameters<C>) => string)(parameters);

/** An error a caller can tell by its code. */
export class CodedError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'CodedError';
  readonly code: C;
  readonly parameters: ErrorParameters<C>;
  constructor(code: C, parameters: ErrorParameters<C>, options?: ErrorOptions) {
    super(errorMessage(code, parameters), options);
    this.code = code;
    this.parameters = parameters;
  }
}

/** Whether `error` carries that code; narrows it. */
export const hasCode = <C extends ErrorCode>(error: unknown, code: C): error is CodedError<C> => error instanceof CodedError && error.code === code;
