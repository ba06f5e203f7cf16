// Splits a plan between the stores and this process: as much as one store answers with the very same result goes to it as a
// fragment; the rest stays a plan whose leaves are scans of the fragments' results.
import type { Dataset, Role } from '../../schemas/types.ts';
import { conjunction, conjuncts, eachColumn, type PlanExpression } from '../3-plan/expression.ts';
import { canFail, type FailingTable } from '../3-plan/failing.ts';
import { inputsOf, type PlanColumn, type PlanNode, type Scan, withInputs } from '../3-plan/nodes.ts';
import { planType } from '../3-plan/physical.ts';
import type { Emitter } from './emitter.ts';
import type { Fragment } from './fragment.ts';
import { readsColumn } from './losses.ts';

export interface Stores {
  readonly emitters: Readonly<Record<Role, Emitter>>;
  /** Which functions can lack a result. */
  readonly failing: FailingTable;
}

export interface SplitPlan {
  /** What runs here. */
  readonly plan: PlanNode;
  /** By the scan that stands for its result in `plan`. */
  readonly fragments: ReadonlyMap<Scan, Fragment>;
}

/** `push: false`: stores are asked for plain rows only (the whole plan runs here), and for nothing that can fail. */
export const split = (plan: PlanNode, stores: Stores, options: { readonly push: boolean } = { push: true }): SplitPlan => {
  const splitter = new Splitter(stores, options.push);
  return { plan: splitter.visit(plan), fragments: splitter.fragments };
};

class Splitter {
  readonly fragments = new Map<Scan, Fragment>();
  readonly #stores: Stores;
  readonly #push: boolean;

  constructor(stores: Stores, push: boolean) {
    this.#stores = stores;
    this.#push = push;
  }

  visit(node: PlanNode): PlanNode {
    if (node.node === 'scan') return this.#scan(node);
    return (
      (this.#push ? this.#leaf(node) : undefined) ??
      withInputs(
        node,
        inputsOf(node).map((input) => this.visit(input)),
      )
    );
  }

  #scan(scan: Scan): PlanNode {
    const conditions = conjuncts(scan.filter);
    const whole = conditions.every((c) => this.#mayAsk(c, scan)) ? this.#leaf(scan) : undefined;
    if (whole !== undefined) return whole;
    const emitter = this.#stores.emitters[scan.dataset.role];
    const answers = new Map(conditions.map((c) => [c, this.#mayAsk(c, scan) ? emitter.answers(c, scan) : 'no']));
    const asked = conditions.filter((c) => answers.get(c) !== 'no');
    const here = conditions.filter((c) => answers.get(c) !== 'exact');
    // Conditions that each can be asked may be too many together.
    const leaf = this.#leaf(scanOf(scan, asked, here), true);
    if (leaf !== undefined) return filteredHere(leaf, here, scan.columns);
    const rows = this.#leaf(scanOf(scan, [], conditions));
    if (rows === undefined) throw new TypeError(`no store can read ${scan.dataset.name}`);
    return filteredHere(rows, conditions, scan.columns);
  }

  /** The scan that stands for what its store answers. */
  #leaf(plan: PlanNode, mayHaveMore = false): Scan | undefined {
    const [role, ...more] = rolesOf(plan);
    if (role === undefined || more.length > 0 || readsText(plan) || depthOf(plan) > DEEPEST_PLAN) return undefined;
    const emitter = this.#stores.emitters[role];
    const emission = emitter.emit(plan, mayHaveMore);
    if (emission === undefined) return undefined;
    const name = `#${this.fragments.size}`;
    const dataset: Dataset = { name, description: '', role, table: '', shape: 'rows', key: [], columns: [] };
    const leaf: Scan = { node: 'scan', dataset, columns: plan.columns, range: undefined, before: 0n, filter: undefined };
    this.fragments.set(leaf, { role, plan, emitter, emission, mayHaveMore });
    return leaf;
  }

  /** Whether all that the condition cannot represent is seen here, where that is wanted. */
  #mayAsk(condition: PlanExpression, { dataset }: Scan): boolean {
    if (this.#push) return true;
    return !canFail(condition, this.#stores.failing) && !(dataset.table === 'samples' && readsColumn(condition, 'value'));
  }
}

/** Nodes within each other, each maybe a query within a query: what a store takes to understand them grows with the square. */
const DEEPEST_PLAN = 24;
const depthOf = (node: PlanNode): number => 1 + Math.max(0, ...inputsOf(node).map(depthOf));

const rolesOf = (node: PlanNode): ReadonlySet<Role> =>
  node.node === 'scan' ? new Set([node.dataset.role]) : new Set(inputsOf(node).flatMap((i) => [...rolesOf(i)]));
const readsText = (node: PlanNode): boolean => node.node === 'inline' || inputsOf(node).some(readsText);

/** With these conditions only, and the columns that the others speak of too. */
const scanOf = (scan: Scan, asked: readonly PlanExpression[], here: readonly PlanExpression[]): Scan => {
  const columns = [...scan.columns];
  for (const e of here)
    eachColumn(e, (name) => {
      const found = scan.dataset.columns.find((c) => c.name === name);
      if (!columns.some((c) => c.name === name)) columns.push({ name, type: found === undefined ? 'int' : planType(found.type, found.item) });
    });
  return { ...scan, filter: conjunction(asked), columns };
};

/** The node's rows for which all of the conditions hold, in these of its columns. */
const filteredHere = (input: PlanNode, conditions: readonly PlanExpression[], columns: readonly PlanColumn[]): PlanNode => {
  const predicate = conjunction(conditions);
  if (predicate === undefined) return input;
  const filter: PlanNode = { node: 'filter', input, predicate, columns: input.columns };
  if (input.columns.length === columns.length) return filter;
  return { node: 'project', input: filter, columns, values: columns.map((c) => ({ op: 'column', name: c.name, type: c.type })) };
};
