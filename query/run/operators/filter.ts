// Filter: keeps the rows for which a predicate is true; never reorders.
import { type Batch, bitAt } from '../../../core/batch/batch.ts';
import { countOnes } from '../../../core/batch/bits.ts';
import { takeRows } from '../../../core/batch/take.ts';
import type { PlanExpression } from '../../3-plan/expression.ts';
import type { Filter } from '../../3-plan/nodes.ts';
import type { RunEnvironment } from '../environment.ts';
import { evaluateTrue } from '../evaluate.ts';
import { type Operator, stateless } from './operator.ts';

/** The rows for which the predicate is true. */
export const rowsWhere = (batch: Batch, predicate: PlanExpression, env: RunEnvironment): Batch => {
  const bits = evaluateTrue(predicate, batch, env);
  const count = countOnes(bits, batch.length);
  if (count === batch.length) return batch;
  const rows = new Int32Array(count);
  for (let i = 0, at = 0; at < count; i++) if (bitAt(bits, i)) rows[at++] = i;
  return takeRows(batch, rows);
};

export const filterOperator = (node: Filter, env: RunEnvironment): Operator => stateless((batch) => rowsWhere(batch, node.predicate, env));
