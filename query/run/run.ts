// Runs a plan in this process: pulls scans, pushes their batches through one operator a node.
// Knows no store and no function: both are handed in. Between batches it looks whether it was stopped and lets others have their turn.
import type { Batch } from '../../core/batch/batch.ts';
import { columnBelow } from '../3-plan/ask-by-keys.ts';
import type { Join, Keys, PlanNode, Union } from '../3-plan/nodes.ts';
import { conform } from './conform.ts';
import { mustGoOn, type RunEnvironment } from './environment.ts';
import { aggregateOperator } from './operators/aggregate.ts';
import { everyOperator } from './operators/every.ts';
import { fillOperator } from './operators/fill.ts';
import { filterOperator } from './operators/filter.ts';
import { joinOperator } from './operators/join.ts';
import type { Operator } from './operators/operator.ts';
import { orderOperator } from './operators/order.ts';
import { projectOperator } from './operators/project.ts';
import { tableOperator } from './operators/table.ts';
import { unionOperator } from './operators/union.ts';
import { Pace } from './pace.ts';
import { ReadAhead } from './read-ahead.ts';
import { batchBytes } from './size.ts';

/** All rows of the plan, held whole, in its order; columns in the plan's physical types. Rejects with a CodedError on limits and cancellation. */
export const runPlan = async (plan: PlanNode, env: RunEnvironment): Promise<Batch[]> => {
  const out: Batch[] = [];
  for await (const batch of rowsOf(plan, env)) {
    env.budget.take(batch.length, batchBytes(batch));
    out.push(batch);
  }
  return out;
};

/** The rows of a node, batch by batch. */
export const rowsOf = (node: PlanNode, env: RunEnvironment): AsyncGenerator<Batch> => rowsWith(node, [], env);

/** The node's rows with these keys, and maybe others. */
const rowsWith = (node: PlanNode, keys: readonly Keys[], env: RunEnvironment): AsyncGenerator<Batch> => {
  switch (node.node) {
    case 'scan':
      return conformed(node, env.scan(node, keys), env);
    case 'inline':
      return conformed(node, [node.batch], env);
    case 'join':
      return joined(node, env);
    case 'union':
      return united(node, env);
    default:
      return operated(rowsWith(node.input, keysBelow(node, keys), env), operatorOf(node, env), env);
  }
};

const operatorOf = (node: Exclude<PlanNode, { node: 'scan' | 'inline' | 'join' | 'union' }>, env: RunEnvironment): Operator => {
  switch (node.node) {
    case 'filter':
      return filterOperator(node, env);
    case 'project':
      return projectOperator(node, env);
    case 'every':
      return everyOperator(node, env);
    case 'aggregate':
      return aggregateOperator(node, env);
    case 'order':
      return orderOperator(node, env);
    case 'fill':
      return fillOperator(node, env);
    case 'table':
      return tableOperator(node);
  }
};

async function* conformed(node: PlanNode, batches: AsyncIterable<Batch> | Iterable<Batch>, env: RunEnvironment): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    mustGoOn(env);
    yield conform(batch, node.columns, env);
  }
}

async function* operated(input: AsyncIterable<Batch>, operator: Operator, env: RunEnvironment): AsyncGenerator<Batch> {
  const pace = new Pace(env);
  const made: Batch[] = [];
  const emit = (batch: Batch): void => void made.push(batch);
  for await (const batch of input)
    for (const piece of pace.pieces(batch, made)) {
      operator.push(piece, emit);
      await pace.turn();
      yield* made.splice(0);
    }
  for (const _ of operator.end(emit) ?? []) {
    await pace.turn();
    yield* made.splice(0);
  }
  yield* made;
}

const keysBelow = (node: PlanNode, keys: readonly Keys[]): readonly Keys[] =>
  keys.flatMap(({ column, values }) => {
    const below = columnBelow(node, column.name);
    return below === undefined ? [] : [{ column: { ...column, name: below.name }, values }];
  });

async function* joined(node: Join, env: RunEnvironment): AsyncGenerator<Batch> {
  const { right, left } = joinOperator(node, env);
  const lefts = new ReadAhead(rowsOf(node.left, env), env);
  let keys: readonly Keys[] = [];
  if (node.byKeys === undefined) lefts.begin();
  else keys = (await lefts.keys(node.byKeys, node.right)) ?? [];
  for await (const _ of operated(rowsWith(node.right, keys, env), right, env));
  yield* operated(lefts.all(), left, env);
}

async function* united(node: Union, env: RunEnvironment): AsyncGenerator<Batch> {
  for (const input of node.inputs) yield* operated(rowsOf(input, env), unionOperator(node, env), env);
}
