// Splits a plan between the stores and this process: as much as one store answers with the very same result goes to it as a
// fragment; the rest stays a plan whose leaves are scans of the fragments' results.
import type { Dataset, Role } from '../../schemas/types.ts';
import { conjunction, conjuncts, type PlanExpression } from '../3-plan/expression.ts';
import { canFail } from '../3-plan/failing.ts';
import { inputsOf, type PlanColumn, type PlanNode, type Scan, withInputs } from '../3-plan/nodes.ts';
import { auditsOf, withColumnsOf } from './audit.ts';
import type { ClickHouseTables } from './clickhouse/aggregate-call.ts';
import { ClickHouseContext, type MarkedHours } from './clickhouse/context.ts';
import { emitClickHouse } from './clickhouse/select.ts';
import type { Audit, Fragment, FragmentValue, Question } from './fragment.ts';
import type { Failures } from './interval.ts';
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
    const asked = supposing(node, stores);
    const audits = asked && auditsIn(node, stores);
    return audits && { role, dialect: 'clickhouse', ...asked, columns: node.columns, audits };
  }
  const context = new PostgresContext();
  const text = emitPostgres(node, context);
  // It is asked for nothing that could fail.
  return text === undefined ? undefined : { role, dialect: 'postgres', text, parameters: context.parameters, columns: node.columns, audits: [] };
};

/** `holds`: what is known of the store; the form that is right either way where it is left out. */
const inClickHouse = (node: PlanNode, stores: Stores, holds?: (question: Question) => boolean): Question | undefined => {
  const context = new ClickHouseContext(stores.clickhouse.scalars, stores.marks, holds);
  const select = emitClickHouse(node, context, stores.clickhouse);
  return select && { text: select.sql, parameters: used(select.sql, context.parameters) };
};

const supposing = (node: PlanNode, stores: Stores): Pick<Fragment, 'text' | 'parameters' | 'supposes'> | undefined => {
  const questions = new Map<string, Question>();
  const asked = inClickHouse(node, stores, (question) => {
    questions.set([question.text, ...question.parameters.values()].join('\n'), question);
    return false;
  });
  const otherwise = asked && questions.size > 0 ? inClickHouse(node, stores) : undefined;
  return otherwise === undefined ? asked : { ...(asked as Question), supposes: { questions: [...questions.values()], otherwise } };
};

/** Above it a store may refuse the text. */
const LONGEST_AUDIT = 100_000;

/** undefined where the store cannot count what it would lose. */
const auditsIn = (node: PlanNode, stores: Stores): readonly Audit[] | undefined => {
  const audits = auditsOf(node, stores.clickhouse.failures, stores.marks);
  if (audits === undefined) return undefined;
  const out: Audit[] = [];
  for (const { plan, when, shared } of audits) {
    const asked = inClickHouse(plan, stores);
    if (asked === undefined || asked.text.length > LONGEST_AUDIT) return undefined;
    out.push({ ...asked, when, shared });
  }
  return out;
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
const partlyFiltered = (scan: Scan, stores: Stores): PlanNode => {
  if (scan.filter === undefined) throw new TypeError(`no store can read ${scan.dataset.name}`);
  const parts = conjuncts(scan.filter);
  // What may fail is counted for the rows that all else lets through: it stays with what has to stay.
  const can = parts.filter((p) => !canFail(p, stores.clickhouse.failures.scalars) && emitted({ ...scan, filter: p }, stores) !== undefined);
  return filteredHere(scan, can);
};

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
