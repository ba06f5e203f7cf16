// Table: functions from table to table that run only here.
import type { Table } from '../../3-plan/nodes.ts';
import type { Operator } from './operator.ts';
import { unnestOperator } from './unnest.ts';

export const tableOperator = (node: Table): Operator => {
  switch (node.function.name) {
    case 'unnest':
      return unnestOperator(node, node.function);
    case 'explain':
      throw new TypeError('what explain tells stands in the plan before it runs');
  }
};
