// Project: new columns, all computed from the input's row at once.
import type { Column } from '../../../core/batch/batch.ts';
import type { PlanExpression } from '../../3-plan/expression.ts';
import type { PlanColumn, Project } from '../../3-plan/nodes.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { fieldsOf, widen } from '../conform.ts';
import type { RunEnvironment } from '../environment.ts';
import { evaluate } from '../evaluate.ts';
import { type Operator, stateless } from './operator.ts';

export const projectOperator = (node: Project, env: RunEnvironment): Operator => {
  const fields = fieldsOf(node.columns);
  return stateless((batch) => ({
    length: batch.length,
    fields,
    columns: node.values.map((value: PlanExpression, i): Column => {
      const { type } = node.columns[i] as PlanColumn;
      return widen(evaluate(value, batch, env), physicalType(type));
    }),
  }));
};
