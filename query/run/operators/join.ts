// Join: rows of the left as they come, against the right side, which is held whole. The driver finishes the right before the left begins.
//
// Exactly: output in the order of the left; several matches in the order of the right; `full` adds the right's unmatched rows at the end,
// in their order. A missing key matches nothing. `asof` keeps every left row; of right rows of one time the later in input order; a left
// row without time has no match. `within` needs both times. `lookup` fails when a key (missing ones aside) stands twice on the right,
// whether or not the left asks for it.
import { type Batch, type Column, columnIndex, columnOf, isPresent, valueAt } from '../../../core/batch/batch.ts';
import { concatBatches, concatColumns } from '../../../core/batch/concat.ts';
import { takeColumn, takeRows } from '../../../core/batch/take.ts';
import { CodedError } from '../../../core/coded-error.ts';
import { inputsOf, type Join, type PlanNode } from '../../3-plan/nodes.ts';
import { fieldsOf, missingColumn } from '../conform.ts';
import type { RunEnvironment } from '../environment.ts';
import { KeyTable } from '../keys.ts';
import { batchBytes } from '../size.ts';
import type { Emit, Operator } from './operator.ts';

/** `right` takes the right side's rows; `left` runs once `right` has ended. */
export interface JoinOperator {
  readonly right: Operator;
  readonly left: Operator;
}

/** The right side by key: rows of key k are rows[starts[k] … starts[k+1]], in order (for asof: by time, then input order). */
class Side {
  readonly batch: Batch;
  readonly keys: KeyTable;
  readonly starts: Int32Array;
  readonly rows: Int32Array;
  readonly matched: Uint8Array;
  readonly times: BigInt64Array | undefined;

  constructor(batch: Batch, node: Join) {
    this.batch = batch;
    const columns = node.on.map((k) => columnOf(batch, k.right));
    this.keys = new KeyTable(
      columns.map((c) => c.type),
      node.missingMatches === true,
    );
    const ids = this.keys.add(columns, batch.length);
    const isTimed = node.kind === 'asof' || node.within !== undefined;
    const time = isTimed ? columnOf(batch, 'time') : undefined;
    this.times = time === undefined ? undefined : timesOf(time);
    const size = node.on.length === 0 ? 1 : this.keys.size;
    const isUsable = (i: number): boolean => (ids[i] as number) >= 0 && (time === undefined || isPresent(time, i));
    this.starts = new Int32Array(size + 1);
    for (let i = 0; i < batch.length; i++) if (isUsable(i)) this.starts[(ids[i] as number) + 1] = (this.starts[(ids[i] as number) + 1] as number) + 1;
    for (let k = 0; k < size; k++) this.starts[k + 1] = (this.starts[k + 1] as number) + (this.starts[k] as number);
    const next = this.starts.slice();
    this.rows = new Int32Array(this.starts[size] as number);
    for (let i = 0; i < batch.length; i++) {
      if (!isUsable(i)) continue;
      const k = ids[i] as number;
      this.rows[next[k] as number] = i;
      next[k] = (next[k] as number) + 1;
    }
    const { times } = this;
    if (node.kind === 'asof' && times !== undefined)
      for (let k = 0; k < size; k++)
        this.rows.subarray(this.starts[k], this.starts[k + 1]).sort((a, b) => {
          const [x, y] = [times[a] as bigint, times[b] as bigint];
          return x < y ? -1 : x > y ? 1 : a - b;
        });
    this.matched = new Uint8Array(batch.length);
  }
}

const timesOf = (column: Column): BigInt64Array => {
  if (column.layout === 'fixed' && column.values instanceof BigInt64Array) return column.values;
  throw new TypeError(`time is a column of ${column.type.kind}`);
};

export const joinOperator = (node: Join, env: RunEnvironment): JoinOperator => {
  const held: Batch[] = [];
  let side: Side | undefined;
  const empty = (): Batch => {
    const fields = fieldsOf(node.right.columns);
    return { length: 0, fields, columns: fields.map((f) => missingColumn(f.type, 0)) };
  };
  return {
    right: {
      push: (batch) => {
        env.budget.take(batch.length, batchBytes(batch));
        held.push(batch);
      },
      advance: () => {},
      end: () => {
        side = new Side(held.length === 0 ? empty() : concatBatches(held), node);
        if (node.kind === 'lookup') mustBeUnique(side, node);
      },
    },
    left: {
      push: (batch: Batch, emit: Emit) => {
        if (side === undefined) throw new TypeError('the left of a join began before its right ended');
        const pairs = matches(batch, side, node);
        if (pairs.left.length > 0) emit(output(batch, side, node, pairs));
      },
      advance: () => {},
      end: (emit: Emit) => {
        if (node.kind === 'full' && side !== undefined) emitUnmatched(side, node, emit);
      },
    },
  };
};

const datasetOf = (node: PlanNode): string => (node.node === 'scan' ? node.dataset.name : (inputsOf(node).map(datasetOf)[0] ?? 'the right side'));

const mustBeUnique = (side: Side, node: Join): void => {
  for (let k = 0; k + 1 < side.starts.length; k++) {
    const start = side.starts[k] as number;
    if ((side.starts[k + 1] as number) - start < 2) continue;
    const row = side.rows[start] as number;
    const key = node.on.map(({ right }) => `${right} = ${JSON.stringify(String(valueAt(columnOf(side.batch, right), row)))}`).join(', ');
    throw new CodedError('iql.lookup-not-unique', { dataset: datasetOf(node.right), key });
  }
};

/** Pairs of rows; −1 on the right: no match. */
interface Pairs {
  readonly left: Int32Array;
  readonly right: Int32Array;
}

const matches = (batch: Batch, side: Side, node: Join): Pairs => {
  const ids = side.keys.find(
    node.on.map((k) => columnOf(batch, k.left)),
    batch.length,
  );
  const isTimed = side.times !== undefined;
  const time = isTimed ? columnOf(batch, 'time') : undefined;
  const times = time === undefined ? undefined : timesOf(time);
  const left: number[] = [];
  const right: number[] = [];
  const keepsLeft = node.kind === 'left' || node.kind === 'full' || node.kind === 'asof' || node.kind === 'lookup';
  for (let i = 0; i < batch.length; i++) {
    const id = ids[i] as number;
    const canMatch = id >= 0 && id + 1 < side.starts.length && (time === undefined || isPresent(time, i));
    const found = canMatch ? candidates(side, node, id, times?.[i]) : NOTHING;
    if (node.kind === 'semi' || node.kind === 'anti') {
      if (found.length > 0 === (node.kind === 'semi')) {
        left.push(i);
        right.push(-1);
      }
      continue;
    }
    for (const row of found) {
      left.push(i);
      right.push(row);
      side.matched[row] = 1;
    }
    if (found.length === 0 && keepsLeft) {
      left.push(i);
      right.push(-1);
    }
  }
  return { left: Int32Array.from(left), right: Int32Array.from(right) };
};

const NOTHING = new Int32Array(0);

const candidates = (side: Side, node: Join, id: number, time: bigint | undefined): Int32Array => {
  const rows = side.rows.subarray(side.starts[id], side.starts[id + 1]);
  const { times } = side;
  if (times === undefined || time === undefined) return rows;
  if (node.kind !== 'asof') {
    const { within } = node;
    if (within === undefined) return rows;
    return rows.filter((row) => {
      const d = (times[row] as bigint) - time;
      return d <= within && -d <= within;
    });
  }
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[rows[middle] as number] as bigint) <= time) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return NOTHING;
  const row = rows[low - 1] as number;
  return node.within !== undefined && time - (times[row] as bigint) > node.within ? NOTHING : Int32Array.of(row);
};

const output = (batch: Batch, side: Side, node: Join, { left, right }: Pairs): Batch => {
  const fields = fieldsOf(node.columns);
  const lefts = takeRows(batch, left);
  const columns = fields.map((field): Column => {
    const own = columnIndex(lefts, field.name);
    const take = node.kind === 'semi' || node.kind === 'anti' ? undefined : node.take.find((t) => t.as === field.name);
    const taken = take === undefined ? undefined : takeColumn(columnOf(side.batch, take.column), right);
    if (own < 0) return taken ?? missingColumn(field.type, left.length);
    const column = lefts.columns[own] as Column;
    return taken === undefined || take?.fill !== true ? column : filled(column, taken);
  });
  return { length: left.length, fields, columns };
};

/** The left's value where present, else the right's. */
const filled = (left: Column, right: Column): Column => {
  if (left.validity === undefined) return left;
  const places = Int32Array.from({ length: left.length }, (_, i) => (isPresent(left, i) ? i : left.length + i));
  return takeColumn(concatColumns([left, right]), places);
};

const emitUnmatched = (side: Side, node: Join, emit: Emit): void => {
  const rows = Int32Array.from([...side.matched.keys()].filter((row) => side.matched[row] === 0));
  if (rows.length === 0) return;
  const fields = fieldsOf(node.columns);
  const columns = fields.map((field): Column => {
    const take = node.take.find((t) => t.as === field.name);
    const key = node.on.find((k) => k.left === field.name);
    const source = take?.column ?? key?.right;
    return source === undefined ? missingColumn(field.type, rows.length) : takeColumn(columnOf(side.batch, source), rows);
  });
  emit({ length: rows.length, fields, columns });
};
