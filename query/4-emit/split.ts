// Splits a plan between the stores and this process: as much as one store answers with the very same result goes to it as a
// fragment; the rest stays a plan whose leaves are scans of the fragments' results.
import type { Dataset, Role } from '../../schemas/types.ts';
import { conjunction, conjuncts, eachColumn, type PlanExpression } from '../3-plan/expression.ts';
import { canFail } from '../3-plan/failing.ts';
import { inputsOf, type PlanColumn, type PlanNode, type Scan, withInputs } from '../3-plan/nodes.ts';
import type { ClickHouseTables } from './clickhouse/aggregate-call.ts';
import { ClickHouseContext } from './clickhouse/context.ts';
import { emitClickHouse } from './clickhouse/select.ts';
import type { Fragment, FragmentValue, Question } from './fragment.ts';
import { type Failures, lossesOf, type MarkedHours, readsColumn } from './losses.ts';
import { emitPostgres, PostgresContext } from './postgres/select.ts';

export interface Stores {
  /** How each role is asked. A role that speaks no dialect we emit for is an error of the build. */
  readonly dialects: Readonly<Record<Role, 'clickhouse' | 'postgres'>>;
  readonly clickhouse: ClickHouseTables & { readonly failures: Failures };
  readonly marks: MarkedHours;
}

export interface SplitPlan {
  /** What runs here. */
  readonly plan: PlanNode;
  /** By the scan that stands for its result in `plan`. */
  readonly fragments: ReadonlyMap<Scan, Fragment>;
}

/** `push: false`: stores are asked for plain rows only (the whole plan runs here), and for nothing that can fail. */
export const split = (plan: PlanNode, stores: Stores, options: { readonly push: boolean } = { push: true }): SplitPlan => {
  const fragments = new Map<Scan, Fragment>();
  const visit = (node: PlanNode): PlanNode => {
    const isAskable = node.node === 'scan' ? options.push || losesNothing(node, stores) : options.push;
    const fragment = isAskable ? emitted(node, stores) : undefined;
    if (fragment !== undefined) {
      const leaf = leafOf(fragment, node.columns, fragments.size);
      fragments.set(leaf, fragment);
      return leaf;
    }
    if (node.node === 'scan') return visit(partlyFiltered(node, stores, options.push));
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
    const isAsArrived = node.node === 'scan' && !readsColumn(node.filter, 'value');
    const asked = supposing(node, stores, isAsArrived);
    return (
      asked && { role, dialect: 'clickhouse', ...asked, columns: node.columns, losses: lossesOf(node, stores.clickhouse.failures, stores.marks, isAsArrived) }
    );
  }
  const context = new PostgresContext();
  const text = emitPostgres(node, context);
  // It is asked for nothing that could fail.
  return text === undefined ? undefined : { role, dialect: 'postgres', text, parameters: context.parameters, columns: node.columns, losses: LOSSLESS };
};

const LOSSLESS: Fragment['losses'] = { columns: new Map(), isHidden: false };

/** `holds`: what is known of the store; the form that is right either way where it is left out. */
const inClickHouse = (node: PlanNode, stores: Stores, isAsArrived: boolean, holds?: (question: Question) => boolean): Question | undefined => {
  const context = new ClickHouseContext(stores.clickhouse.scalars, stores.marks, { isAsArrived, ...(holds === undefined ? {} : { holds }) });
  const select = emitClickHouse(node, context, stores.clickhouse);
  return select && { text: select.sql, parameters: used(select.sql, context.parameters) };
};

const supposing = (node: PlanNode, stores: Stores, isAsArrived: boolean): Pick<Fragment, 'text' | 'parameters' | 'supposes'> | undefined => {
  const questions = new Map<string, Question>();
  const asked = inClickHouse(node, stores, isAsArrived, (question) => {
    questions.set([question.text, ...question.parameters.values()].join('\n'), question);
    return false;
  });
  const otherwise = asked && questions.size > 0 ? inClickHouse(node, stores, isAsArrived) : undefined;
  return otherwise === undefined ? asked : { ...(asked as Question), supposes: { questions: [...questions.values()], otherwise } };
};

/** Functions that chose another form have bound values that nothing speaks of. */
const used = (text: string, parameters: ReadonlyMap<string, FragmentValue>): ReadonlyMap<string, FragmentValue> => {
  const names = new Set(Array.from(text.matchAll(/\{(p\d+):/g), ([, name]) => name));
  return new Map([...parameters].filter(([name]) => names.has(name)));
};

const leafOf = (fragment: Fragment, columns: readonly PlanColumn[], number: number): Scan => {
  const dataset: Dataset = { name: `#${number}`, description: '', role: fragment.role, table: '', shape: 'rows', key: [], columns: [] };
  return { node: 'scan', dataset, columns, range: undefined, before: 0n, filter: undefined };
};

/** The conditions the store cannot answer, taken out of the scan and filtered here. */
const partlyFiltered = (scan: Scan, stores: Stores, push: boolean): PlanNode => {
  if (scan.filter === undefined) throw new TypeError(`no store can read ${scan.dataset.name}`);
  const parts = conjuncts(scan.filter).map((filter) => ({ ...scan, filter }));
  const can = parts.filter((part) => (push || losesNothing(part, stores)) && emitted(part, stores) !== undefined);
  return filteredHere(
    scan,
    can.map(({ filter }) => filter),
  );
};

/** Whether all that it cannot represent is seen here. */
const losesNothing = ({ dataset, filter }: Scan, stores: Stores): boolean =>
  filter === undefined || !(canFail(filter, stores.clickhouse.failures.scalars) || (dataset.table === 'samples' && readsColumn(filter, 'value')));

/** The same rows, of whose conditions only these are asked of the store. */
export const filteredHere = (scan: Scan, can: readonly PlanExpression[]): PlanNode => {
  const rest = conjuncts(scan.filter).filter((p) => !can.includes(p));
  const below = withColumnsOf(scan, conjunction(can), rest);
  const predicate = conjunction(rest);
  if (predicate === undefined) return below;
  const filter: PlanNode = { node: 'filter', input: below, predicate, columns: below.columns };
  if (below.columns.length === scan.columns.length) return filter;
  return { node: 'project', input: filter, columns: scan.columns, values: scan.columns.map((c) => ({ op: 'column', name: c.name, type: c.type })) };
};

/** With this filter, and the columns that the expressions speak of. */
const withColumnsOf = (scan: Scan, filter: PlanExpression | undefined, expressions: readonly PlanExpression[]): Scan => {
  const columns = [...scan.columns];
  for (const e of expressions)
    eachColumn(e, (name) => {
      const found = scan.dataset.columns.find((c) => c.name === name);
      if (!columns.some((c) => c.name === name)) columns.push({ name, type: found?.type ?? 'int', ...(found?.item === undefined ? {} : { item: found.item }) });
    });
  return { ...scan, filter, columns };
};
