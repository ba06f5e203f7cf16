// The part of a plan that one store answers. It keeps its plan, so that it can be said anew once keys are known that its rows must have.
import type { Value } from '../../core/batch/batch.ts';
import type { Role } from '../../schemas/types.ts';
import { call, columnReference, conjunction } from '../3-plan/expression.ts';
import type { Keys, PlanNode } from '../3-plan/nodes.ts';
import { pushFilters } from '../3-plan/passes.ts';
import type { Emission, Emitter } from './emitter.ts';
import type { SqlRequest } from './sql-request.ts';

export interface Fragment {
  readonly role: Role;
  readonly plan: PlanNode;
  readonly emitter: Emitter;
  readonly emission: Emission;
  /** It is a scan whose rows are filtered once more above it. */
  readonly mayHaveMore: boolean;
}

/** The question as it is without keys. */
export const explained = ({ emitter, emission }: Fragment): SqlRequest => emitter.explain(emission.request);

/** What the store is asked; where keys cannot be said to it, as without them. */
export const requestOf = ({ plan, emitter, emission, mayHaveMore }: Fragment, keys: readonly Keys[] = []): unknown => {
  const predicate = conjunction(
    keys.map(({ column: { name, type }, values }) =>
      call('in', 'bool', columnReference(name, type), { op: 'literal', type: { kind: 'list', item: type }, value: [...values] as Value }),
    ),
  );
  if (predicate === undefined) return emission.request;
  const asked = pushFilters({ node: 'filter', input: plan, predicate, columns: plan.columns });
  return (emitter.emit(asked, mayHaveMore) ?? emission).request;
};
