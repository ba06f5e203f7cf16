// What the contract of the nodes (3-plan/nodes.ts) says of every plan, looked at after each pass: columns that are spoken of are below, with
// the type that is said, none stands twice, and a node puts out just what it must.
import { columnIndex, columnOf, typeEquals } from '../../core/batch/batch.ts';
import { conjuncts, type PlanExpression } from '../3-plan/expression.ts';
import { type AggregateCall, inputsOf, type PlanColumn, type PlanNode, type Scan } from '../3-plan/nodes.ts';
import { PASSES } from '../3-plan/passes.ts';
import { type PlanType, physicalType, planType } from '../3-plan/physical.ts';
import { printPlan } from '../3-plan/print-plan.ts';
import { ALL_ROWS, type RowRights, unseenScans } from '../3-plan/rights.ts';

/** What is wrong with the plan, each with the node's kind; none: it is as it should be. */
export const problemsOf = (plan: PlanNode): readonly string[] => [
  ...inputsOf(plan).flatMap(problemsOf),
  ...ownProblems(plan).map((problem) => `${plan.node}: ${problem}`),
];

export const EVERY_PASS: ReadonlySet<string> = new Set(PASSES.map(({ name }) => name));

/** Throws where the plan is not as it should be. `rights`: of a plan that reads datasets, whose asker may see not all of their rows. */
export const mustBeRight = (plan: PlanNode, when: string, rights: RowRights = ALL_ROWS): PlanNode => {
  const unseen = unseenScans(plan, rights).map(({ dataset }) => `scan: of ${dataset.name} lacks what its asker may see`);
  const problems = [...problemsOf(plan), ...unseen];
  if (problems.length > 0) throw new Error(`${when}: ${problems.join('; ')}\n${printPlan(plan).join('\n')}`);
  return plan;
};

/** The plan after all passes but these, which is looked at before the first and after each. */
export const optimizeVerified = (lowered: PlanNode, without: ReadonlySet<string> = new Set(), rights: RowRights = ALL_ROWS): PlanNode =>
  PASSES.filter(({ name }) => !without.has(name)).reduce(
    (plan, { name, run }) => mustBeRight(run(plan), `after ${name}`, rights),
    mustBeRight(lowered, 'as it was made', rights),
  );

const word = (type: PlanType): string => (typeof type === 'string' ? type : `${type.kind} of ${word(type.item)}`);
const isSame = (a: PlanType, b: PlanType): boolean => word(a) === word(b);
const shown = ({ name, type }: PlanColumn): string => `${name} ${word(type)}`;
const shownAll = (columns: readonly PlanColumn[]): string => columns.map(shown).join(', ');

class Below {
  readonly #types: ReadonlyMap<string, PlanType>;

  constructor(columns: readonly PlanColumn[]) {
    this.#types = new Map(columns.map((c) => [c.name, c.type]));
  }

  lacks(names: readonly string[], what: string): readonly string[] {
    return names.filter((name) => !this.#types.has(name)).map((name) => `${what} ${name} is not below`);
  }

  problemsIn(e: PlanExpression | undefined): readonly string[] {
    switch (e?.op) {
      case 'column': {
        const type = this.#types.get(e.name);
        return type !== undefined && isSame(type, e.type)
          ? []
          : [`${e.name} is read as ${word(e.type)} and is ${type === undefined ? 'not below' : word(type)}`];
      }
      case 'call':
        return [...e.arguments.flatMap((a) => this.problemsIn(a)), ...(LOGIC.has(e.function) ? e.arguments.flatMap(notBool) : [])];
      case 'case':
        return [
          ...e.branches.flatMap(({ when, then }) => [...this.problemsIn(when), ...notBool(when), ...this.problemsIn(then), ...otherType(then, e.type)]),
          ...this.problemsIn(e.otherwise),
          ...otherType(e.otherwise, e.type),
        ];
      default:
        return [];
    }
  }

  problemsOf({ arguments: args, where }: AggregateCall): readonly string[] {
    return [...args.flatMap((a) => this.problemsIn(a)), ...this.problemsIn(where), ...notBool(where)];
  }
}

const LOGIC: ReadonlySet<string> = new Set(['and', 'or', 'not']);
/** A literal that is missing has no type of its own. */
const isMissing = (e: PlanExpression): boolean => e.op === 'literal' && e.value === null;
const otherType = (e: PlanExpression, type: PlanType): readonly string[] =>
  isSame(e.type, type) || isMissing(e) ? [] : [`${e.op === 'call' ? e.function : e.op} is ${word(e.type)} where ${word(type)} is meant`];
const notBool = (e: PlanExpression | undefined): readonly string[] => (e === undefined ? [] : otherType(e, 'bool'));

const repeated = (names: readonly string[], what: string): readonly string[] =>
  names.filter((name, i) => names.indexOf(name) !== i).map((name) => `${what} ${name} stands twice`);

const differs = (columns: readonly PlanColumn[], wanted: readonly PlanColumn[]): readonly string[] =>
  shownAll(columns) === shownAll(wanted) ? [] : [`puts out ${shownAll(columns)} in place of ${shownAll(wanted)}`];

const named = (columns: readonly PlanColumn[], names: readonly string[]): readonly PlanColumn[] =>
  names.flatMap((name) => columns.find((c) => c.name === name) ?? []);

const made = ({ name, type }: AggregateCall): PlanColumn => ({ name, type });

/** The scan that stands for what a store answers: with the columns that it is asked for, in the order of what it was asked. */
const isAnswer = (node: PlanNode): boolean => node.node === 'scan' && node.dataset.columns.length === 0;

const scanColumns = (scan: Scan): readonly string[] => {
  if (isAnswer(scan)) return [];
  const { dataset, columns, filter } = scan;
  const hidden = [
    ...columns.filter((c) => c.name.startsWith('#')),
    ...['#insert', '#series', '#row', '#message'].map((name) => ({ name, type: 'int' as const })),
  ];
  const below = new Below([...hidden, ...dataset.columns.map(({ name, type, item }) => ({ name, type: planType(type, item) }))]);
  return [
    ...below.lacks(
      columns.map((c) => c.name),
      'column',
    ),
    ...columns.flatMap((c) => below.problemsIn({ op: 'column', ...c })),
    ...below.problemsIn(filter),
  ];
};

/** In a total order, as one row is; rows that are left stay in theirs. */
const isOrdered = (node: PlanNode): boolean => {
  if (node.node === 'project' || node.node === 'filter') return isOrdered(node.input);
  return node.node === 'order' || isAnswer(node) || isOneRow(node);
};
const isOneRow = (node: PlanNode): boolean => (node.node === 'aggregate' || (node.node === 'every' && node.bucket.kind === 'all')) && node.keys.length === 0;

const ORDERED: ReadonlySet<string> = new Set(['first', 'last']);

const ownProblems = (node: PlanNode): readonly string[] => {
  const twice = repeated(
    node.columns.map((c) => c.name),
    'column',
  );
  const [first] = inputsOf(node);
  const columns = first?.columns ?? [];
  const below = new Below(columns);
  return [...twice, ...(node.columns.length === 0 ? ['no column'] : []), ...ofKind(node, columns, below)];
};

const ofKind = (node: PlanNode, columns: readonly PlanColumn[], below: Below): readonly string[] => {
  switch (node.node) {
    case 'scan': {
      const timed = isAnswer(node) || node.dataset.columns.some((c) => c.name === 'time');
      return [
        ...scanColumns(node),
        ...conjuncts(node.filter).flatMap(notBool),
        ...(node.range !== undefined && (!timed || node.range.from > node.range.to) ? ['a range that cannot be'] : []),
        ...(node.before < 0n ? ['looks forward'] : []),
        ...(node.at !== undefined && node.dataset.role !== 'records' ? ['has no past'] : []),
      ];
    }
    case 'inline':
      return node.columns.flatMap(({ name, type }) => {
        if (columnIndex(node.batch, name) < 0) return [`${name} is not in the rows`];
        const column = columnOf(node.batch, name);
        return typeEquals(column.type, physicalType(type)) ? [] : [`${name} is no column of ${word(type)}`];
      });
    case 'filter':
      return [...differs(node.columns, columns), ...below.problemsIn(node.predicate), ...notBool(node.predicate)];
    case 'project':
      return [
        ...(node.values.length === node.columns.length ? [] : [`${node.values.length} values for ${node.columns.length} columns`]),
        ...node.values.flatMap((v) => below.problemsIn(v)),
        ...node.values.flatMap((v, i) => otherType(v, (node.columns[i] as PlanColumn).type)),
      ];
    case 'every': {
      const time = node.bucket.kind === 'all' ? [] : [{ name: 'time', type: 'time' } as const];
      return [
        ...below.lacks(node.keys, 'key'),
        ...below.lacks(node.carry, 'what is carried,'),
        ...below.lacks(['time'], 'column'),
        ...below.lacks(
          node.ties.map((t) => t.column),
          'order',
        ),
        ...repeated([...node.keys, ...node.carry], 'key'),
        ...node.aggregates.flatMap((a) => below.problemsOf(a)),
        ...differs(node.columns, [...named(columns, [...node.keys, ...node.carry]), ...time, ...node.aggregates.map(made)]),
        ...(node.from > node.to ? ['ends before it begins'] : []),
      ];
    }
    case 'aggregate':
      return [
        ...below.lacks(node.keys, 'key'),
        ...repeated(node.keys, 'key'),
        ...below.lacks([...(node.time === undefined ? [] : [node.time]), ...node.order.map((o) => o.column)], 'order'),
        ...(node.aggregates.some((a) => ORDERED.has(a.function)) && node.time === undefined && node.order.length === 0 && !isOrdered(node.input)
          ? ['first of no order']
          : []),
        ...node.aggregates.flatMap((a) => below.problemsOf(a)),
        ...differs(node.columns, [...named(columns, node.keys), ...node.aggregates.map(made)]),
      ];
    case 'order':
      return [
        ...below.lacks(
          node.keys.map((k) => k.column),
          'order',
        ),
        ...below.lacks(node.per, 'key'),
        ...differs(node.columns, columns),
        ...(node.count !== undefined && node.count < 0 ? ['fewer than none'] : []),
        ...(node.count === undefined && node.per.length > 0 ? ['all rows per key'] : []),
        ...(node.keys.length > 0 || isOrdered(node.input) ? [] : [`the first rows of a ${node.input.node}`]),
      ];
    case 'join': {
      const right = new Below(node.right.columns);
      const timed = node.within !== undefined || node.kind === 'asof' ? ['time'] : [];
      const typeIn = (side: readonly PlanColumn[], name: string): string | undefined =>
        named(side, [name])
          .map((c) => word(c.type))
          .at(0);
      return [
        ...below.lacks([...node.on.map((o) => o.left), ...timed], 'key'),
        ...right.lacks([...node.on.map((o) => o.right), ...timed], 'key'),
        ...node.on.filter((o) => typeIn(columns, o.left) !== typeIn(node.right.columns, o.right)).map((o) => `${o.left} and ${o.right} are of two types`),
        ...right.lacks(
          node.take.map((t) => t.column),
          'what is taken,',
        ),
        ...(node.byKeys ?? []).filter((k) => !node.on.some((o) => o.left === k.left && o.right === k.right)).map((k) => `asked by ${k.left}, which is no key`),
        ...differs(node.columns, [
          ...columns,
          ...node.take
            .filter((t) => !(t.fill && columns.some((c) => c.name === t.as)))
            .flatMap((t) => named(node.right.columns, [t.column]).map((c) => ({ ...c, name: t.as }))),
        ]),
      ];
    }
    case 'union':
      return node.columns.flatMap((c) => {
        const found = node.inputs.flatMap((input) => input.columns.filter((other) => other.name === c.name));
        if (found.length === 0) return [`${c.name} is in no input`];
        return found.filter((other) => !isSame(other.type, c.type)).map((other) => `${c.name} is ${word(c.type)} and ${word(other.type)} in an input`);
      });
    case 'fill':
      return [
        ...below.lacks(node.keys, 'key'),
        ...below.lacks(node.carry, 'what is carried,'),
        ...below.lacks(node.values, 'value'),
        ...below.lacks(node.bucket.kind === 'all' ? [] : ['time'], 'column'),
        ...differs(node.columns, columns),
      ];
    case 'table': {
      const problems = below.lacks(node.reads, 'what is read,');
      if (node.function.name === 'explain') return problems;
      const { list, place } = node.function;
      const type = columns.find((c) => c.name === list)?.type;
      if (typeof type !== 'object' || type.kind !== 'list') return [...problems, `${list} is no list`];
      const made = [...columns.map((c) => (c.name === list ? { name: list, type: type.item } : c)), { name: place, type: 'int' } as const];
      const wrong = node.columns.filter((c) => !made.some((m) => shown(m) === shown(c)));
      return [...problems, ...wrong.map((c) => `puts out ${shown(c)}`)];
    }
  }
};
