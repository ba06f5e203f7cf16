// An error that can be told by its code. The sentences of the language's codes are known here; those of all other parts are made known by
// `errors.ts`, the whole catalogue: what runs in a browser needs none of them.
import type { AGENT_ERRORS } from './errors/agents.ts';
import type { ErrorEntry } from './errors/entry.ts';
import type { INTAKE_ERRORS } from './errors/intake.ts';
import { IQL_ERRORS } from './errors/iql.ts';
import { IQL_CHECK_ERRORS } from './errors/iql-check.ts';
import type { PRODUCT_ERRORS } from './errors/product.ts';
import type { SAVED_ERRORS } from './errors/saved.ts';
import type { STORE_ERRORS } from './errors/stores.ts';

type Catalogue = typeof STORE_ERRORS &
  typeof INTAKE_ERRORS &
  typeof AGENT_ERRORS &
  typeof IQL_ERRORS &
  typeof IQL_CHECK_ERRORS &
  typeof PRODUCT_ERRORS &
  typeof SAVED_ERRORS;

export type ErrorCode = keyof Catalogue;
export type ErrorParameters<C extends ErrorCode> = Catalogue[C]['example'];

type Sentence = ErrorEntry<never>['message'];
const sentences = new Map<string, Sentence>();

/** What `errorMessage` knows from then on. */
export const makeKnown = (entries: Readonly<Record<string, Pick<ErrorEntry<never>, 'message'>>>): void => {
  for (const [code, { message }] of Object.entries(entries)) sentences.set(code, message);
};
makeKnown({ ...IQL_ERRORS, ...IQL_CHECK_ERRORS });

/** The sentence of a code; the code itself where its part is not here. */
export const errorMessage = <C extends ErrorCode>(code: C, parameters: ErrorParameters<C>): string => sentences.get(code)?.(parameters as never) ?? code;

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
