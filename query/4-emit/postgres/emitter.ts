// Plans as questions to PostgreSQL. It is asked for nothing that could fail.
import type { PlanExpression } from '../../3-plan/expression.ts';
import type { PlanNode, Scan } from '../../3-plan/nodes.ts';
import { type Answers, type Emission, type Emitter, LONGEST_TEXT, LOSSLESS } from '../emitter.ts';
import type { SqlRequest } from '../sql-request.ts';
import { emitPostgres, PostgresContext } from './select.ts';

export const postgresEmitter: Emitter<SqlRequest> = {
  answers: (condition: PlanExpression, scan: Scan): Answers => (postgresEmitter.emit({ ...scan, filter: condition }, false) === undefined ? 'no' : 'exact'),
  emit: (node: PlanNode): Emission<SqlRequest> | undefined => {
    const context = new PostgresContext();
    const text = emitPostgres(node, context);
    if (text === undefined || text.length > LONGEST_TEXT) return undefined;
    return { request: { text, parameters: context.parameters }, losses: LOSSLESS };
  },
  explain: (request) => request,
};
