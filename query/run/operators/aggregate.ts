// Aggregate: across rows by keys. Keeps a state a group and emits at the end, groups in the order of their first row.
import { type Batch, type Column, columnOf } from '../../../core/batch/batch.ts';
import type { Aggregate } from '../../3-plan/nodes.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { Accumulators } from '../accumulate.ts';
import { fieldsOf, missingColumn } from '../conform.ts';
import type { RunEnvironment } from '../environment.ts';
import { KeyTable } from '../keys.ts';
import { rowOrder } from '../row-order.ts';
import type { Emit, Operator } from './operator.ts';

export const aggregateOperator = (node: Aggregate, env: RunEnvironment): Operator => {
  const types = node.keys.map((key) => {
    const column = node.columns.find((c) => c.name === key);
    return physicalType(column?.type ?? 'string');
  });
  const keys = new KeyTable(types, true);
  const accumulators = new Accumulators(node.aggregates, env);
  return {
    push: (batch: Batch) => {
      if (batch.length === 0) return;
      const groups = keys.add(
        node.keys.map((key) => columnOf(batch, key)),
        batch.length,
      );
      accumulators.prepare(batch, rowOrder(batch, node.time, node.order))(groups, keys.size);
    },
    advance: () => {},
    end: (emit: Emit) => {
      const length = node.keys.length === 0 ? 1 : keys.size;
      if (length === 0) return;
      const made = new Map<string, Column>();
      for (const [i, column] of keys.columns().entries()) made.set(node.keys[i] as string, column);
      for (const [i, column] of accumulators.finish(length).entries()) made.set(node.aggregates[i]?.name as string, column);
      const fields = fieldsOf(node.columns);
      emit({ length, fields, columns: fields.map((f) => made.get(f.name) ?? missingColumn(f.type, length)) });
    },
  };
};
