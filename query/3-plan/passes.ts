// The passes over a plan, in order; each has a name and must leave the plan's columns and rows as they are, so that it can be left out.

import { columnOf } from '../../core/batch/batch.ts';
import { batchOf } from '../../core/batch/build.ts';
import { takeRows } from '../../core/batch/take.ts';
import { askedByKeys } from './ask-by-keys.ts';
import { conjunction, conjuncts, eachColumn, mapExpression, type PlanExpression } from './expression.ts';
import { type Filter, inputsOf, OVER_TIME, type PlanColumn, type PlanNode, type Project, withInputs } from './nodes.ts';

export interface Pass {
  readonly name: string;
  /** It does what nodes only ask for: without it rows are others. */
  readonly isNeeded?: true;
  readonly run: (plan: PlanNode) => PlanNode;
}

/** Children first. */
const bottomUp = (node: PlanNode, change: (node: PlanNode) => PlanNode): PlanNode => {
  const inputs = inputsOf(node);
  const mapped = inputs.map((i) => bottomUp(i, change));
  return change(mapped.every((m, i) => m === inputs[i]) ? node : withInputs(node, mapped));
};

/** Rows of inline data outside its range, kept as look-back as far as a window asks. */
const cutInline = (plan: PlanNode): PlanNode =>
  bottomUp(plan, (node) => {
    if (node.node !== 'inline' || node.range === undefined) return node;
    const time = columnOf(node.batch, 'time');
    const from = node.range.from - (node.before ?? 0n);
    const rows: number[] = [];
    if (time.layout === 'fixed')
      for (let i = 0; i < node.batch.length; i++) if ((time.values[i] as bigint) >= from && (time.values[i] as bigint) < node.range.to) rows.push(i);
    return { node: 'inline', batch: rows.length === node.batch.length ? node.batch : takeRows(node.batch, Int32Array.from(rows)), columns: node.columns };
  });

/** A project of a project is one, when no value would be worked out twice. */
const mergeProjects = (plan: PlanNode): PlanNode =>
  bottomUp(plan, (node) => {
    if (node.node !== 'project' || node.input.node !== 'project') return node;
    const inner = node.input;
    const uses = new Map<string, number>();
    for (const v of node.values) eachColumn(v, (name) => void uses.set(name, (uses.get(name) ?? 0) + 1));
    const values = new Map(inner.columns.map((c, i) => [c.name, inner.values[i] as PlanExpression]));
    for (const [name, count] of uses) if (count > 1 && values.get(name)?.op !== 'column' && values.get(name)?.op !== 'literal') return node;
    const merged = node.values.map((v) => mapExpression(v, (e) => (e.op === 'column' ? (values.get(e.name) ?? e) : e)));
    return { ...node, input: inner.input, values: merged };
  });

/** Filters go below projections that only rename, join each other and end in the scan. */
export const pushFilters = (plan: PlanNode): PlanNode => bottomUp(plan, (node) => (node.node === 'filter' ? pushed(node) : node));

const pushed = (node: Filter): PlanNode => {
  const { input, predicate } = node;
  if (input.node === 'scan') return { ...input, filter: conjunction([...(input.filter === undefined ? [] : [input.filter]), predicate]) };
  if (input.node === 'filter') return pushed({ ...input, predicate: conjunction([...conjuncts(input.predicate), ...conjuncts(predicate)]) as PlanExpression });
  if (input.node === 'project') {
    const below = throughProject(predicate, input);
    if (below !== undefined) return { ...input, input: pushed({ node: 'filter', input: input.input, predicate: below, columns: input.input.columns }) };
  }
  return node;
};

const throughProject = (predicate: PlanExpression, project: Project): PlanExpression | undefined => {
  let plain = true;
  const values = new Map(project.columns.map((c, i) => [c.name, project.values[i] as PlanExpression]));
  eachColumn(predicate, (name) => {
    if (values.get(name)?.op !== 'column') plain = false;
  });
  return plain ? mapExpression(predicate, (e) => (e.op === 'column' ? (values.get(e.name) as PlanExpression) : e)) : undefined;
};

/** Only the columns that somebody above needs; at least one everywhere. */
const pruneColumns = (plan: PlanNode): PlanNode => prune(plan, new Set(plan.columns.map((c) => c.name)));

const keep = <T extends { readonly name: string }>(columns: readonly T[], needed: ReadonlySet<string>): readonly T[] => {
  const out = columns.filter((c) => needed.has(c.name));
  return out.length === 0 ? columns.slice(0, 1) : out;
};

const used = (...expressions: readonly (PlanExpression | undefined)[]): Set<string> => {
  const names = new Set<string>();
  for (const e of expressions) if (e !== undefined) eachColumn(e, (n) => void names.add(n));
  return names;
};

const prune = (node: PlanNode, needed: ReadonlySet<string>): PlanNode => {
  switch (node.node) {
    case 'scan':
      return { ...node, columns: keep(node.columns, needed) };
    case 'inline': {
      const columns = keep(node.columns, needed);
      if (columns.length === node.columns.length) return node;
      return { ...node, columns, batch: { ...batchOf(columns.map((c) => [c.name, columnOf(node.batch, c.name)] as const)), length: node.batch.length } };
    }
    case 'filter': {
      const input = prune(node.input, new Set([...needed, ...used(node.predicate)]));
      return { ...node, input, columns: input.columns };
    }
    case 'project': {
      const columns = keep(node.columns, needed);
      const values = columns.map((c) => node.values[node.columns.indexOf(c)] as PlanExpression);
      return { ...node, columns, values, input: prune(node.input, used(...values)) };
    }
    case 'every': {
      // A row is dropped only when all aggregates are missing, so all of them stay.
      const carry = node.carry.filter((c) => needed.has(c));
      const columns = node.columns.filter((c) => !node.carry.includes(c.name) || carry.includes(c.name));
      const below = new Set([
        ...node.keys,
        ...carry,
        'time',
        ...node.ties.map((t) => t.column),
        ...used(...node.aggregates.flatMap((a) => [...a.arguments, a.where])),
        '#start',
        '#stale',
      ]);
      return { ...node, carry, columns, input: prune(node.input, below) };
    }
    case 'aggregate': {
      const wanted = node.aggregates.filter((a) => needed.has(a.name));
      const aggregates = wanted.length === 0 && node.keys.length === 0 ? node.aggregates.slice(0, 1) : wanted;
      const columns = node.columns.filter((c) => node.keys.includes(c.name) || aggregates.some((a) => a.name === c.name));
      const ordering = aggregates.some((a) => ['first', 'last', 'any'].includes(a.function))
        ? [...(node.time === undefined ? [] : [node.time]), ...node.order.map((o) => o.column)]
        : [];
      const below = new Set([...node.keys, ...used(...aggregates.flatMap((a) => [...a.arguments, a.where])), ...ordering]);
      const order = ordering.length === 0 ? [] : node.order;
      return { ...node, aggregates, columns, order, time: ordering.length === 0 ? undefined : node.time, input: prune(node.input, below) };
    }
    case 'order': {
      const input = prune(node.input, new Set([...needed, ...node.keys.map((k) => k.column), ...node.per]));
      return { ...node, input, columns: input.columns };
    }
    case 'join': {
      const take = node.take.filter((t) => needed.has(t.as) || t.fill);
      const extra = node.within !== undefined || node.kind === 'asof' ? ['time'] : [];
      const left = prune(node.left, new Set([...needed, ...node.on.map((o) => o.left), ...extra, ...take.filter((t) => t.fill).map((t) => t.as)]));
      const right = prune(node.right, new Set([...node.on.map((o) => o.right), ...take.map((t) => t.column), ...extra]));
      const names = new Set([...left.columns.map((c) => c.name), ...take.map((t) => t.as)]);
      return { ...node, left, right, take, columns: node.columns.filter((c) => names.has(c.name)) };
    }
    case 'union':
      return { ...node, columns: keep(node.columns, needed), inputs: node.inputs.map((i) => prune(i, needed)) };
    case 'fill': {
      const below = new Set([...needed, ...node.keys, ...node.carry, 'time']);
      const input = prune(node.input, below);
      const names = new Set(input.columns.map((c) => c.name));
      return { ...node, input, values: node.values.filter((v) => names.has(v)), columns: node.columns.filter((c) => names.has(c.name)) };
    }
    case 'table': {
      const columns = keep(node.columns, needed);
      return { ...node, columns, input: prune(node.input, new Set([...columns.map((c) => c.name), ...node.reads])) };
    }
  }
};

const STALE: PlanColumn = { name: '#stale', type: 'bool' };
const START: PlanColumn = { name: '#start', type: 'time' };

/** The rows of stored samples with these columns too; undefined where it is none of these. */
const withMore = (node: PlanNode, more: readonly PlanColumn[]): PlanNode | undefined => {
  if (node.node === 'scan') return node.dataset.table === 'samples' ? { ...node, columns: [...node.columns, ...more] } : undefined;
  const input = node.node === 'filter' ? withMore(node.input, more) : undefined;
  return input && withInputs({ ...node, columns: input.columns }, [input]);
};

/** Stored stale markers are read where neighbours count, starts where a counter's rise does: nobody else sees them. */
const readNeighbours = (plan: PlanNode): PlanNode =>
  bottomUp(plan, (node) => {
    if (node.node !== 'every' || !node.aggregates.some((a) => OVER_TIME.has(a.function))) return node;
    const rises = node.aggregates.some((a) => OVER_TIME.has(a.function) && a.function !== 'delta');
    const input = withMore(node.input, rises ? [STALE, START] : [STALE]);
    return input === undefined ? node : { ...node, input };
  });

export const PASSES: readonly Pass[] = [
  // First: later passes look at batches as they are.
  { name: 'cut-inline', isNeeded: true, run: cutInline },
  // Before filters move: fewer projections to move them through.
  { name: 'merge-projects', run: mergeProjects },
  { name: 'push-filters', run: pushFilters },
  // After filters have moved: they stand between a join and what it reads.
  { name: 'ask-by-keys', run: (plan) => bottomUp(plan, (node) => (node.node === 'join' ? askedByKeys(node) : node)) },
  // What is needed is known only now.
  { name: 'prune-columns', run: pruneColumns },
  // Last: no relation knows of these columns, so that what is pruned by relations would lose them.
  { name: 'read-neighbours', isNeeded: true, run: readNeighbours },
];

export const optimize = (plan: PlanNode, without: ReadonlySet<string> = new Set()): PlanNode =>
  PASSES.reduce((p, pass) => (without.has(pass.name) ? p : pass.run(p)), plan);
