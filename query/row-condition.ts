// The condition of somebody's rights as it is written: a condition of IQL on whose row it is. What could count, fail or look anywhere else is refused.
import { CodedError } from '../core/errors.ts';
import type { Dataset } from '../schemas/types.ts';
import type { PlanExpression } from './3-plan/expression.ts';
import { PASSES } from './3-plan/passes.ts';
import type { PlanRequest } from './3-plan/request.ts';
import { ALL_ROWS, WHOSE } from './3-plan/rights.ts';
import { plan } from './compile.ts';
import { check, staticCatalogue } from './language.ts';

const ROWS: Dataset = {
  name: 'hosts',
  description: '',
  role: 'records',
  table: 'hosts_now',
  shape: 'rows',
  key: [],
  columns: WHOSE.map((name) => ({ name, type: 'string', description: '' })),
};
const NOW: PlanRequest = { rights: ALL_ROWS, at: 0n, from: 0n, to: 0n, zone: 'UTC', parameters: new Map(), completeTo: 0n, notice: () => undefined };
const NO_PASS: ReadonlySet<string> = new Set(PASSES.map(({ name }) => name));
const FUNCTIONS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'equals', 'not_equals', 'in', 'exists', 'like', 'starts_with']);

/** Throws `access.condition`. */
export const conditionOf = (text: string): PlanExpression => {
  const refused = (reason: string): CodedError => new CodedError('access.condition', { condition: text, reason });
  const checked = check(`from hosts | where ${text}`, staticCatalogue([ROWS]), { strict: true });
  const wrong = checked.diagnostics.find(({ severity }) => severity !== 'info');
  if (wrong !== undefined) throw refused(wrong.message);
  if (checked.parameters.size > 0) throw refused('it has a parameter');
  const made = plan(checked, NOW, { without: NO_PASS }).plan;
  if (made.node !== 'filter' || made.input.node !== 'scan') throw refused('it is more than one condition');
  const problem = problemOf(made.predicate);
  if (problem !== undefined) throw refused(problem);
  return made.predicate;
};

const problemOf = (e: PlanExpression): string | undefined => {
  if (e.op === 'column' || (e.op === 'literal' && e.type !== 'bool')) return undefined;
  if (e.op !== 'call' || !FUNCTIONS.has(e.function)) return `it may say ==, !=, in, like, starts with, exists, and, or, not of ${WHOSE.join(', ')}`;
  return e.arguments.map(problemOf).find((problem) => problem !== undefined);
};
