// Limit: the first rows of the input's order, of all or for each combination of `per`; keeps the order and a count a combination.
import { type Batch, columnOf } from '../../../core/batch/batch.ts';
import { sliceBatch, takeRows } from '../../../core/batch/take.ts';
import type { Limit } from '../../3-plan/nodes.ts';
import type { RunEnvironment } from '../environment.ts';
import { KeyTable } from '../keys.ts';
import type { Emit, Operator } from './operator.ts';

/** Counted against the budget for one combination of `per`. */
const BYTES_A_KEY = 48;

export const limitOperator = (node: Limit, env: RunEnvironment): Operator => (node.per.length === 0 ? limitAll(node.count) : limitEach(node, env));

const limitAll = (count: number): Operator => {
  let left = count;
  return {
    push: (batch, emit) => {
      const rows = Math.min(left, batch.length);
      left -= rows;
      if (rows > 0) emit(sliceBatch(batch, 0, rows));
    },
    advance: () => {},
    end: () => {},
  };
};

const limitEach = (node: Limit, env: RunEnvironment): Operator => {
  let keys: KeyTable | undefined;
  let counts = new Int32Array(16);
  return {
    push: (batch: Batch, emit: Emit) => {
      if (batch.length === 0) return;
      const columns = node.per.map((name) => columnOf(batch, name));
      keys ??= new KeyTable(
        columns.map((c) => c.type),
        true,
      );
      const before = keys.size;
      const ids = keys.add(columns, batch.length);
      env.budget.take(keys.size - before, (keys.size - before) * BYTES_A_KEY);
      if (keys.size > counts.length) {
        const larger = new Int32Array(Math.max(keys.size, counts.length * 2));
        larger.set(counts);
        counts = larger;
      }
      const rows = new Int32Array(batch.length);
      let kept = 0;
      for (let i = 0; i < batch.length; i++) {
        const id = ids[i] as number;
        const seen = counts[id] as number;
        if (seen >= node.count) continue;
        counts[id] = seen + 1;
        rows[kept++] = i;
      }
      if (kept > 0) emit(kept === batch.length ? batch : takeRows(batch, rows.subarray(0, kept)));
    },
    advance: () => {},
    end: () => {},
  };
};
