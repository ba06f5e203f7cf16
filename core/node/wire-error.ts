// Errors as they cross from one process or thread to another: with their code and its parameters, and without their stack.
import { CodedError, type ErrorCode, type ErrorParameters } from '../coded-error.ts';
// Makes the sentences of all codes known.
import '../errors.ts';

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly coded?: { readonly code: string; readonly parameters: unknown };
  readonly code?: string;
  readonly cause?: string;
}

/** Errors that somebody tells by their class. */
const CLASSES: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = { RangeError, TypeError };

export const wireError = (error: unknown): WireError => {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, cause } = error;
  const code = (error as { readonly code?: unknown }).code;
  return {
    name,
    message,
    ...(error instanceof CodedError ? { coded: { code: error.code, parameters: error.parameters } } : typeof code === 'string' ? { code } : {}),
    ...(cause === undefined ? {} : { cause: cause instanceof Error ? cause.message : String(cause) }),
  };
};

export const errorFrom = ({ name, message, coded, code, cause }: WireError): Error => {
  const options = cause === undefined ? {} : { cause: new Error(cause) };
  if (coded !== undefined) return new CodedError(coded.code as ErrorCode, coded.parameters as ErrorParameters<ErrorCode>, options);
  const error = new (CLASSES[name] ?? Error)(message, options);
  if (error.name !== name) error.name = name;
  return code === undefined ? error : Object.assign(error, { code });
};
