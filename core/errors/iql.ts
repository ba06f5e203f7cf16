// Diagnostics of IQL: what a text can be told by the parser, the planner and the run. The checker's are in iql-check.ts.
import { IQL_RUN_ERRORS } from './iql-run.ts';
import { IQL_SYNTAX_ERRORS } from './iql-syntax.ts';

export const IQL_ERRORS = { ...IQL_SYNTAX_ERRORS, ...IQL_RUN_ERRORS };
