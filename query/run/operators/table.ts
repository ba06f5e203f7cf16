// Table: a function from table to table that runs only here; its operators are handed in by name.
import type { Table } from '../../3-plan/nodes.ts';
import type { RunEnvironment } from '../environment.ts';
import type { Operator } from './operator.ts';

export const tableOperator = (node: Table, env: RunEnvironment): Operator => {
  const make = Object.hasOwn(env.tables, node.function) ? env.tables[node.function] : undefined;
  if (make === undefined) throw new TypeError(`the plan uses ${JSON.stringify(node.function)}, which is no table function here`);
  return make(node, env);
};
