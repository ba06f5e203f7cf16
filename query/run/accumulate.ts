// The aggregates of one node over groups: evaluates their arguments and conditions and feeds the accumulators.
import { type Batch, bitAt, type Column } from '../../core/batch/batch.ts';
import type { AggregateCall } from '../3-plan/nodes.ts';
import { physicalType } from '../3-plan/physical.ts';
import type { Accumulator, AggregateContext, RowOrder } from './aggregate.ts';
import { widen } from './conform.ts';
import type { RunEnvironment } from './environment.ts';
import { evaluateTrue, evaluateWhere } from './evaluate.ts';

/** Counted against the budget for the state of one aggregate of one group. */
const BYTES_A_GROUP = 24;

export const aggregateContext = (call: AggregateCall, env: RunEnvironment): AggregateContext => ({
  type: call.type,
  arguments: call.arguments.map((a) => a.type),
  notRepresentable: (count) => env.warn('not-representable', count),
  hold: (values, bytes) => env.budget.take(values, bytes),
});

export class Accumulators {
  readonly #calls: readonly AggregateCall[];
  readonly #accumulators: readonly Accumulator[];
  readonly #env: RunEnvironment;
  #held = 0;

  constructor(calls: readonly AggregateCall[], env: RunEnvironment) {
    this.#calls = calls;
    this.#env = env;
    this.#accumulators = calls.map((call) => {
      const make = Object.hasOwn(env.functions.aggregates, call.function) ? env.functions.aggregates[call.function] : undefined;
      if (make === undefined) throw new TypeError(`the plan aggregates by ${JSON.stringify(call.function)}, which is no aggregate here`);
      return make(aggregateContext(call, env));
    });
  }

  /** Prepared once a batch, so that one batch can be added to several windows. */
  prepare(batch: Batch, order: RowOrder): (groups: Int32Array, size: number) => void {
    const prepared = this.#calls.map((call) => {
      const wanted = call.where === undefined ? undefined : evaluateTrue(call.where, batch, this.#env);
      return { wanted, arguments: call.arguments.map((a) => evaluateWhere(a, wanted, batch, this.#env)) };
    });
    return (groups, size) => {
      this.#hold(size);
      for (const [i, { wanted, arguments: args }] of prepared.entries()) {
        const own = wanted === undefined ? groups : groups.map((g, row) => (bitAt(wanted, row) ? g : -1));
        (this.#accumulators[i] as Accumulator).add({ groups: own, arguments: args, order }, size);
      }
    };
  }

  #hold(groups: number): void {
    if (groups <= this.#held) return;
    this.#env.budget.take(groups - this.#held, (groups - this.#held) * BYTES_A_GROUP * (this.#calls.length + 1));
    this.#held = groups;
  }

  keep(ids: Int32Array): void {
    for (const accumulator of this.#accumulators) accumulator.keep(ids);
    this.#env.budget.give(this.#held - ids.length, (this.#held - ids.length) * BYTES_A_GROUP * (this.#calls.length + 1));
    this.#held = ids.length;
  }

  /** A column for each call. */
  finish(size: number): readonly Column[] {
    return this.#accumulators.map((accumulator, i) => {
      const { type } = this.#calls[i] as AggregateCall;
      return widen(accumulator.finish(size), physicalType(type));
    });
  }
}
