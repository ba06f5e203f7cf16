// Splits a plan between the stores and this process: as much as one store answers with the very same result goes to it as a
// fragment; the rest stays a plan whose leaves are scans of the fragments' results.
import type { Dataset, Role } from '../../schemas/types.ts';
import { conjunction, conjuncts, eachColumn } from '../3-plan/expression.ts';
import { inputsOf, type PlanColumn, type PlanNode, type Scan, withInputs } from '../3-plan/nodes.ts';
import { ClickHouseContext, type DirtyHours } from './clickhouse/context.ts';
import { type ClickHouseTables, emitClickHouse } from './clickhouse/select.ts';
import type { Fragment, FragmentValue } from './fragment.ts';
import { emitPostgres, PostgresContext } from './postgres/select.ts';

export interface Stores {
  /** How each role is asked. A role that speaks no dialect we emit for is an error of the build. */
  readonly dialects: Readonly<Record<Role, 'clickhouse' | 'postgres'>>;
  readonly clickhouse: ClickHouseTables;
  readonly dirtyHours: DirtyHours;
}

export interface SplitPlan {
  /** What runs here. */
  readonly plan: PlanNode;
  /** By the scan that stands for its result in `plan`. */
  readonly fragments: ReadonlyMap<Scan, Fragment>;
}

/** `push: false`: stores are asked for plain rows only (the whole plan runs here). */
export const split = (plan: PlanNode, stores: Stores, options: { readonly push: boolean } = { push: true }): SplitPlan => {
  const fragments = new Map<Scan, Fragment>();
  const visit = (node: PlanNode): PlanNode => {
    const fragment = options.push || node.node === 'scan' ? emitted(node, stores) : undefined;
    if (fragment !== undefined) {
      const leaf = leafOf(fragment, node.columns, fragments.size);
      fragments.set(leaf, fragment);
      return leaf;
    }
    if (node.node === 'scan') return visit(partlyFiltered(node, stores));
    return withInputs(node, inputsOf(node).map(visit));
  };
  return { plan: visit(plan), fragments };
};

const rolesOf = (node: PlanNode): ReadonlySet<Role> =>
  node.node === 'scan' ? new Set([node.dataset.role]) : new Set(inputsOf(node).flatMap((i) => [...rolesOf(i)]));
const readsText = (node: PlanNode): boolean => node.node === 'inline' || inputsOf(node).some(readsText);

const emitted = (node: PlanNode, stores: Stores): Fragment | undefined => {
  const [role, ...more] = rolesOf(node);
  if (role === undefined || more.length > 0 || readsText(node)) return undefined;
  if (stores.dialects[role] === 'clickhouse') {
    const context = new ClickHouseContext(stores.clickhouse.scalars, stores.dirtyHours);
    const select = emitClickHouse(node, context, stores.clickhouse);
    return select && { role, dialect: 'clickhouse', text: select.sql, parameters: used(select.sql, context.parameters), columns: node.columns };
  }
  const context = new PostgresContext();
  const text = emitPostgres(node, context);
  return text === undefined ? undefined : { role, dialect: 'postgres', text, parameters: context.parameters, columns: node.columns };
};

/** Functions that chose another form have bound values that nothing speaks of. */
const used = (text: string, parameters: ReadonlyMap<string, FragmentValue>): ReadonlyMap<string, FragmentValue> =>
  new Map([...parameters].filter(([name]) => text.includes(`{${name}:`)));

const leafOf = (fragment: Fragment, columns: readonly PlanColumn[], number: number): Scan => {
  const dataset: Dataset = { name: `#${number}`, description: '', role: fragment.role, table: '', shape: 'rows', key: [], columns: [] };
  return { node: 'scan', dataset, columns, range: undefined, before: 0n, filter: undefined };
};

/** The conditions the store cannot answer, taken out of the scan and filtered here. */
const partlyFiltered = (scan: Scan, stores: Stores): PlanNode => {
  if (scan.filter === undefined) throw new TypeError(`no store can read ${scan.dataset.name}`);
  const parts = conjuncts(scan.filter);
  const can = parts.filter((p) => emitted({ ...scan, filter: p }, stores) !== undefined);
  const rest = conjunction(parts.filter((p) => !can.includes(p)));
  const columns = [...scan.columns];
  if (rest !== undefined)
    eachColumn(rest, (name) => {
      const found = scan.dataset.columns.find((c) => c.name === name);
      if (!columns.some((c) => c.name === name)) columns.push({ name, type: found?.type ?? 'int', ...(found?.item === undefined ? {} : { item: found.item }) });
    });
  const below: Scan = { ...scan, filter: conjunction(can), columns };
  if (rest === undefined) return below;
  const filter: PlanNode = { node: 'filter', input: below, predicate: rest, columns };
  if (columns.length === scan.columns.length) return filter;
  return { node: 'project', input: filter, columns: scan.columns, values: scan.columns.map((c) => ({ op: 'column', name: c.name, type: c.type })) };
};
