// What of a plan goes to stores, within what a store can read: texts nested too deep, or written out too long, it refuses or reads for
// minutes. What is beyond runs in this process, on as much as a store can still be asked.
import { conjuncts, type PlanExpression, partsOf } from './3-plan/expression.ts';
import { inputsOf, type PlanNode, type Project, type Scan, withInputs } from './3-plan/nodes.ts';
import type { Fragment } from './4-emit/fragment.ts';
import { filteredHere, type SplitPlan, type Stores, scanOf, split as splitWhole } from './4-emit/split.ts';

/** Nodes within each other: each may be a query within a query. */
const DEEPEST_PLAN = 24;
/** Calls within each other. */
const DEEPEST_EXPRESSION = 100;
/** Parts of expressions, with what earlier steps worked out in its place: stores do that themselves. */
const MOST_WRITTEN_OUT = 20_000;

const depthOf = (e: PlanExpression): number => {
  if (e.op === 'call') return 1 + Math.max(0, ...e.arguments.map(depthOf));
  if (e.op !== 'case') return 1;
  return 1 + Math.max(depthOf(e.otherwise), ...e.branches.flatMap((b) => [depthOf(b.when), depthOf(b.then)]));
};

const expressionsOf = (node: PlanNode): readonly PlanExpression[] => {
  switch (node.node) {
    case 'scan':
      return node.filter === undefined ? [] : [node.filter];
    case 'filter':
      return [node.predicate];
    case 'project':
      return node.values;
    case 'window':
    case 'aggregate':
      return node.aggregates.flatMap((a) => [...a.arguments, ...(a.where === undefined ? [] : [a.where])]);
    default:
      return [];
  }
};

interface Extent {
  readonly depth: number;
  /** Some expression is too deep. */
  readonly deep: boolean;
  readonly parts: number;
  /** Parts of each column, written out. */
  readonly columns: ReadonlyMap<string, number>;
}

class Extents {
  readonly #known = new Map<PlanNode, Extent>();

  of(node: PlanNode): Extent {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const inputs = inputsOf(node).map((i) => this.of(i));
    const below = new Map(inputs.flatMap((i) => [...i.columns]));
    const expressions = expressionsOf(node);
    const sizes = expressions.map((e) => partsOf(e, (name) => below.get(name) ?? 1));
    const extent: Extent = {
      depth: 1 + Math.max(0, ...inputs.map((i) => i.depth)),
      deep: inputs.some((i) => i.deep) || expressions.some((e) => depthOf(e) > DEEPEST_EXPRESSION),
      parts: [...sizes, ...inputs.map((i) => i.parts)].reduce((a, b) => a + b, 0),
      columns: node.node === 'project' ? projected(node, sizes) : node.node === 'aggregate' || node.node === 'window' ? new Map() : below,
    };
    this.#known.set(node, extent);
    return extent;
  }

  fits(node: PlanNode): boolean {
    const { depth, deep, parts } = this.of(node);
    return depth <= DEEPEST_PLAN && !deep && parts <= MOST_WRITTEN_OUT;
  }
}

const projected = (node: Project, sizes: readonly number[]): ReadonlyMap<string, number> => new Map(node.columns.map((c, i) => [c.name, sizes[i] as number]));

/** As `split` of a whole plan, but no store is asked more than it can read. */
export const split = (plan: PlanNode, stores: Stores, options: { readonly push: boolean } = { push: true }): SplitPlan => {
  const extents = new Extents();
  const fragments = new Map<Scan, Fragment>();
  const visit = (node: PlanNode): PlanNode => {
    if (node.node === 'scan' && !extents.fits(node) && node.filter !== undefined) return visit(shallow(node));
    const whole = !options.push || extents.fits(node) || inputsOf(node).length === 0;
    if (!whole) return withInputs(node, inputsOf(node).map(visit));
    const parts = splitWhole(node, stores, options);
    for (const [scan, fragment] of parts.fragments) fragments.set(scan, fragment);
    return parts.plan;
  };
  return { plan: visit(plan), fragments };
};

/** Only the conditions that a store can read; where there are too many of them, none. */
const shallow = (scan: Scan): PlanNode => {
  const all = conjuncts(scan.filter);
  const can = all.filter((p) => depthOf(p) <= DEEPEST_EXPRESSION);
  const asked = can.reduce((n, p) => n + partsOf(p), 0) > MOST_WRITTEN_OUT ? [] : can;
  const here = all.filter((p) => !asked.includes(p));
  return filteredHere(scanOf(scan, asked, here), here, scan.columns);
};
