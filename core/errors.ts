// The catalogue of every error and diagnostic a user can meet: code → sentence made from typed parameters, and the mend.
// `docs/errors.md` is made from it; `core/errors.test.ts` holds both equal.
// Adding one: a line in the file of its area, nothing elsewhere. A code is never given another meaning.
import { makeKnown } from './coded-error.ts';
import { AGENT_ERRORS } from './errors/agents.ts';
import { INTAKE_ERRORS } from './errors/intake.ts';
import { IQL_ERRORS } from './errors/iql.ts';
import { IQL_CHECK_ERRORS } from './errors/iql-check.ts';
import { PRODUCT_ERRORS } from './errors/product.ts';
import { SAVED_ERRORS } from './errors/saved.ts';
import { STORE_ERRORS } from './errors/stores.ts';

export const ERRORS = { ...STORE_ERRORS, ...INTAKE_ERRORS, ...AGENT_ERRORS, ...IQL_ERRORS, ...IQL_CHECK_ERRORS, ...PRODUCT_ERRORS, ...SAVED_ERRORS };

makeKnown(ERRORS);

export { CodedError, type ErrorCode, type ErrorParameters, errorMessage, hasCode } from './coded-error.ts';
