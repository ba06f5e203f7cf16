// Whose advice goes with an error that is told to people. It needs no package: a host that only runs an agent has none.
import { CodedError, type ErrorCode } from '../core/errors.ts';

/** Whose mend is to be told: of a part, its own reason. */
export const mendCode = (error: CodedError): ErrorCode => (error.code === 'start.part' && error.cause instanceof CodedError ? error.cause.code : error.code);
