// Audits: questions beside a fragment's own, which count what the store made missing because it cannot be represented, as this process
// does where it works a plan out itself. An audit is a plan of one row of counts, emitted like any other; nothing here knows a dialect.
import { NANOS_PER_HOUR } from '../../core/time.ts';
import { call, conjunction, conjuncts, eachColumn, type FunctionCall, type PlanExpression } from '../3-plan/expression.ts';
import { canFail, type FailingTable, inOrder } from '../3-plan/failing.ts';
import {
  type Aggregate,
  type AggregateCall,
  inputsOf,
  OVER_TIME,
  type PlanColumn,
  type PlanNode,
  type Project,
  type Scan,
  type Window,
} from '../3-plan/nodes.ts';
import { PASSES } from '../3-plan/passes.ts';
import type { MarkedHours } from './clickhouse/context.ts';
import type { AuditWhen } from './fragment.ts';
import { aggregateMayFail, type Failures, type Intervals, intervalsOf, markedHours, mayFail } from './interval.ts';

export interface AuditPlan {
  /** One row of counts, to be added up. */
  readonly plan: Aggregate;
  readonly when: AuditWhen | undefined;
  readonly shared: boolean;
}

/** What stands above a node up to the fragment's answer, where nothing there drops rows but a limit: in which columns of the answer a missing value of a column is seen. */
interface Above {
  readonly seen: ReadonlyMap<string, readonly string[]>;
  readonly rows: number;
}

interface Failure {
  readonly call: FunctionCall;
  /** All true for the rows of which the call is asked. */
  readonly when: readonly PlanExpression[];
  /** The whole expression is missing where the call is. */
  readonly seen: boolean;
}

const not = (e: PlanExpression): PlanExpression => call('not', 'bool', e);
const exists = (e: PlanExpression): PlanExpression => call('exists', 'bool', e);

/** The arguments of a call, with what must hold for them to be asked, and whether the call is missing where they are. */
const asked = (
  e: FunctionCall,
  failing: FailingTable,
): readonly { readonly e: PlanExpression; readonly when: readonly PlanExpression[]; readonly seen: boolean }[] => {
  if (e.function === 'and' || e.function === 'or') {
    const parts = inOrder(e, failing);
    const open = parts.map((p) => (e.function === 'and' ? p : not(p)));
    return parts.map((p, i) => ({ e: p, when: open.slice(0, i), seen: false }));
  }
  if (e.function === 'coalesce') {
    const missing = e.arguments.map((a) => not(exists(a)));
    return e.arguments.map((a, i) => ({ e: a, when: missing.slice(0, i), seen: i + 1 === missing.length }));
  }
  return e.arguments.map((a) => ({ e: a, when: [], seen: e.type !== 'bool' }));
};

const failuresOf = (e: PlanExpression, columns: Intervals, failing: FailingTable, when: readonly PlanExpression[] = [], seen = true): readonly Failure[] => {
  if (!canFail(e, failing)) return [];
  if (e.op === 'case') {
    const out: Failure[] = [];
    let open = when;
    for (const branch of e.branches) {
      out.push(...failuresOf(branch.when, columns, failing, open, false));
      out.push(...failuresOf(branch.then, columns, failing, [...open, branch.when], seen));
      open = [...open, not(branch.when)];
    }
    return [...out, ...failuresOf(e.otherwise, columns, failing, open, seen)];
  }
  if (e.op !== 'call') return [];
  const own = mayFail(e, columns, failing) ? [{ call: e, when, seen }] : [];
  return [...asked(e, failing).flatMap((a) => failuresOf(a.e, columns, failing, [...when, ...a.when], seen && a.seen)), ...own];
};

/** Columns without which the expression is missing. */
const needed = (e: PlanExpression): readonly string[] => {
  if (e.op === 'column') return [e.name];
  return e.op === 'call' && e.type !== 'bool' && e.function !== 'coalesce' ? e.arguments.flatMap(needed) : [];
};

const isLost = ({ call: e, when }: Failure): PlanExpression =>
  conjunction([...when, ...e.arguments.filter((a) => a.op !== 'literal').map(exists), not(exists(e))]) as PlanExpression;

/** What an audit may be made of: each call that can fail repeats all that it is made of. */
const MOST_PARTS = 5000;

const sizeOf = (e: PlanExpression): number => {
  if (e.op === 'call') return e.arguments.reduce((n, a) => n + sizeOf(a), 1);
  return e.op === 'case' ? e.branches.reduce((n, b) => n + sizeOf(b.when) + sizeOf(b.then), 1 + sizeOf(e.otherwise)) : 1;
};

const prune = PASSES.find((p) => p.name === 'prune-columns');

/** How many rows of the input each condition is true for. */
const counting = (input: PlanNode, conditions: readonly PlanExpression[]): Aggregate => {
  const rows = input.node === 'sort' ? input.input : input;
  const aggregates = conditions.map((where, i): AggregateCall => ({ name: `#lost${i}`, type: 'int', function: 'count', arguments: [], where }));
  const columns = aggregates.map((a): PlanColumn => ({ name: a.name, type: 'int' }));
  const plan: Aggregate = { node: 'aggregate', input: rows, keys: [], aggregates, columns, time: undefined, order: [] };
  return (prune === undefined ? plan : prune.run(plan)) as Aggregate;
};

/** With this filter, and the columns that the expressions speak of. */
export const withColumnsOf = (scan: Scan, filter: PlanExpression | undefined, expressions: readonly PlanExpression[]): Scan => {
  const columns = [...scan.columns];
  for (const e of expressions)
    eachColumn(e, (name) => {
      const found = scan.dataset.columns.find((c) => c.name === name);
      if (!columns.some((c) => c.name === name)) columns.push({ name, type: found?.type ?? 'int', ...(found?.item === undefined ? {} : { item: found.item }) });
    });
  return { ...scan, filter, columns };
};

/** The part of a scan's filter that says which series are read: of labels alone, and not able to fail. */
export const seriesFilter = (scan: Scan, failing: FailingTable): PlanExpression | undefined => {
  const labels = new Set(scan.dataset.key);
  const isOfLabels = (e: PlanExpression): boolean => {
    const names: string[] = [];
    eachColumn(e, (name) => void names.push(name));
    return names.length > 0 && names.every((name) => labels.has(name)) && !canFail(e, failing);
  };
  return conjunction(conjuncts(scan.filter).filter(isOfLabels));
};

class Auditor {
  readonly #failures: Failures;
  readonly #hours: MarkedHours;
  readonly found: AuditPlan[] = [];
  /** Something may fail that no question to the store can count. */
  uncountable = false;

  constructor(failures: Failures, hours: MarkedHours) {
    this.#failures = failures;
    this.#hours = hours;
  }

  visit(node: PlanNode, above: Above | undefined): void {
    // Nothing below is ever asked for.
    if (node.node === 'limit' && node.count === 0) return;
    const below = this.#here(node, above);
    for (const input of inputsOf(node)) this.visit(input, below);
  }

  /** Audits of the node itself; what stands above its input. */
  #here(node: PlanNode, above: Above | undefined): Above | undefined {
    switch (node.node) {
      case 'scan':
        this.#arriving(node);
        this.#filtered(node);
        return undefined;
      case 'filter':
        this.#add(node.input, this.#of(node.input, [node.predicate]), undefined);
        return undefined;
      case 'project':
        return this.#projected(node, above);
      case 'window':
      case 'aggregate':
        this.#aggregated(node, above);
        return undefined;
      case 'sort':
        return above;
      case 'limit':
        return above && node.per.length === 0 ? { ...above, rows: Math.min(above.rows, node.count) } : undefined;
      default:
        return undefined;
    }
  }

  #projected(node: Project, above: Above | undefined): Above | undefined {
    const lists = node.values.map((v) => this.#of(node.input, [v]));
    const columns = node.columns.map((c) => above?.seen.get(c.name) ?? []);
    const shown = lists.map((list, i) => (list.every((f) => f.seen) ? columns[i]?.[0] : undefined));
    const failing = lists.flatMap((list, i) => (list.length === 0 ? [] : [shown[i]]));
    const missingIn = failing.flatMap((name) => name ?? []);
    this.#add(node.input, lists.flat(), above !== undefined && missingIn.length === failing.length ? { missingIn, rows: above.rows } : undefined);
    const seen = new Map<string, readonly string[]>();
    for (const [i, v] of node.values.entries()) for (const name of needed(v)) seen.set(name, [...(seen.get(name) ?? []), ...(columns[i] ?? [])]);
    return above && { ...above, seen };
  }

  #of(input: PlanNode, expressions: readonly PlanExpression[]): readonly Failure[] {
    const { scalars } = this.#failures;
    if (!expressions.some((e) => canFail(e, scalars))) return [];
    const columns = intervalsOf(input, this.#failures, this.#hours);
    return expressions.flatMap((e) => failuresOf(e, columns, scalars));
  }

  #add(input: PlanNode, failures: readonly Failure[], when: AuditWhen | undefined): void {
    if (failures.length === 0) return;
    const conditions = failures.map(isLost);
    let parts = 0;
    for (const e of conditions) if (parts <= MOST_PARTS) parts += sizeOf(e);
    if (parts > MOST_PARTS) this.uncountable = true;
    else this.found.push({ plan: counting(input, conditions), when, shared: false });
  }

  /** What fails in the filter is asked of the rows that the rest of it lets through. */
  #filtered(scan: Scan): void {
    const { scalars } = this.#failures;
    const parts = conjuncts(scan.filter);
    const failing = parts.filter((p) => canFail(p, scalars));
    if (failing.length === 0) return;
    const rows = withColumnsOf(scan, conjunction(parts.filter((p) => !failing.includes(p))), failing);
    this.#add(rows, this.#of(rows, [conjunction(failing) as PlanExpression]), undefined);
  }

  /** Values of samples that came as no number: missing when they are read. */
  #arriving(scan: Scan): void {
    const { range, before, dataset, filter } = scan;
    if (dataset.table !== 'samples' || range === undefined) return;
    let reads = scan.columns.some((c) => c.name === 'value');
    if (filter !== undefined) eachColumn(filter, (name) => (reads ||= name === 'value'));
    const from = range.from - before;
    const hours = reads ? ascending(markedHours(scan, 'not-finite', this.#hours)) : [];
    const [first, last] = [hours[0], hours.at(-1)];
    if (first === undefined || last === undefined) return;
    const stretch = { from: ascending([first, from])[1] as bigint, to: ascending([last + NANOS_PER_HOUR, range.to])[0] as bigint };
    const value: PlanColumn = { name: 'value', type: 'float' };
    const rows: Scan = { ...scan, columns: [value], range: stretch, before: 0n, filter: seriesFilter(scan, this.#failures.scalars) };
    this.found.push({ plan: counting(rows, [not(exists({ op: 'column', ...value }))]), when: undefined, shared: true });
  }

  #aggregated(node: Aggregate | Window, above: Above | undefined): void {
    const calls = node.aggregates;
    const columns = intervalsOf(node.input, this.#failures, this.#hours);
    const { scalars } = this.#failures;
    const asked = calls.flatMap((a) => {
      const where = a.where === undefined ? [] : [a.where];
      return [...where.flatMap((e) => failuresOf(e, columns, scalars)), ...a.arguments.flatMap((e) => failuresOf(e, columns, scalars, where))];
    });
    this.#add(node.input, asked, undefined);
    const failing = calls.filter((a) => aggregateMayFail(a, columns, this.#failures));
    if (failing.length === 0) return;
    // A store's missing increase may be one that had no neighbour.
    if (failing.some((a) => OVER_TIME.has(a.function))) this.uncountable = true;
    const shown = failing.flatMap((a) => above?.seen.get(a.name)?.[0] ?? []);
    const kept = node.node === 'aggregate' || node.zeros;
    const when = above !== undefined && kept && shown.length === failing.length ? { missingIn: shown, rows: above.rows } : undefined;
    this.found.push({ plan: overflowing(node, failing), when, shared: false });
  }
}

const ascending = (times: readonly bigint[]): readonly bigint[] => times.toSorted((a, b) => (a < b ? -1 : 1));

/** Groups that had values and have no result. */
const overflowing = (node: Aggregate | Window, failing: readonly AggregateCall[]): Aggregate => {
  const values = failing.map((a, i): AggregateCall => ({ name: `#n${i}`, type: 'int', function: 'count', arguments: a.arguments.slice(0, 1), where: a.where }));
  const aggregates = [...failing, ...values];
  const keys = node.columns.filter((c) => node.keys.includes(c.name) || (node.node === 'window' && node.bucket.kind !== 'all' && c.name === 'time'));
  const columns = [
    ...keys,
    ...failing.map((a) => node.columns.find((c) => c.name === a.name) as PlanColumn),
    ...values.map((a): PlanColumn => ({ name: a.name, type: 'int' })),
  ];
  // A row of which all is missing is left out of a window without zeros; the number of values never is.
  const groups: PlanNode = node.node === 'window' ? { ...node, aggregates, columns, carry: [], zeros: false } : { ...node, aggregates, columns };
  const lost = failing.map((a, i) =>
    call(
      'and',
      'bool',
      not(exists({ op: 'column', name: a.name, type: a.type })),
      call('greater', 'bool', { op: 'column', name: `#n${i}`, type: 'int' }, { op: 'literal', type: 'int', value: 0n }),
    ),
  );
  return counting(groups, lost);
};

/** The audits of a fragment's plan; undefined where something may be lost that they could not count: that has to run here. */
export const auditsOf = (node: PlanNode, failures: Failures, hours: MarkedHours): readonly AuditPlan[] | undefined => {
  const auditor = new Auditor(failures, hours);
  auditor.visit(node, { seen: new Map(node.columns.map((c) => [c.name, [c.name]])), rows: Number.POSITIVE_INFINITY });
  return auditor.uncountable ? undefined : auditor.found;
};
