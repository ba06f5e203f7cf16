// Stores that answer every condition with more rows than it is true for, as a search engine may: what is asked of them is right only if all
// that they are asked is looked at once more here. They are the real ones, asked without any condition.
import type { Emitter } from '../4-emit/emitter.ts';
import type { Stores } from '../compile.ts';

const supersetOf = (emitter: Emitter): Emitter => ({
  answers: () => 'superset',
  emit: (node, mayHaveMore) =>
    node.node === 'scan' && (node.filter === undefined || mayHaveMore) ? emitter.emit({ ...node, filter: undefined }, mayHaveMore) : undefined,
  explain: (request) => emitter.explain(request),
});

export const supersetStores = ({ emitters, failing }: Stores): Stores => ({
  emitters: { columns: supersetOf(emitters.columns), search: supersetOf(emitters.search), records: supersetOf(emitters.records) },
  failing,
});
