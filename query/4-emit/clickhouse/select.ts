// Plans as ClickHouse queries: each node one SELECT over its input's. undefined where a node cannot be said in SQL with the very same
// result; the splitter then asks for what is below and the rest runs here.
import { eachColumn, type PlanExpression } from '../../3-plan/expression.ts';
import type { Aggregate, Join, Limit, OrderKey, PlanColumn, PlanNode, Project, Sort } from '../../3-plan/nodes.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import { emitAggregateCall, keyOf, orderTuple, zero } from './aggregate-call.ts';
import type { ClickHouseContext, Select } from './context.ts';
import type { ClickHouseTables } from './dialect.ts';
import { emitConditions, emitExpression } from './expression.ts';
import { emitScan } from './scan.ts';
import { condition } from './truth.ts';
import { emitWindow } from './window.ts';

export const columnList = (columns: readonly PlanColumn[]): string => columns.map((c) => quote(c.name)).join(', ');

export const emitClickHouse = (node: PlanNode, context: ClickHouseContext, tables: ClickHouseTables): Select | undefined => {
  const input = (of: PlanNode): Select | undefined => emitClickHouse(of, context, tables);
  switch (node.node) {
    case 'scan':
      return emitScan(node, context);
    case 'filter': {
      const below = input(node.input);
      const conditions = emitConditions(node.predicate, context);
      return below && conditions === undefined
        ? undefined
        : below && { sql: `SELECT ${columnList(node.columns)} FROM (${below.sql}) WHERE ${conditions}`, columns: node.columns };
    }
    case 'project':
      return emitProject(node, input(node.input), context);
    case 'window':
      return emitWindow(node, input, context, tables);
    case 'aggregate':
      return emitAggregate(node, input(node.input), context, tables);
    case 'sort':
      return emitSort(node, input(node.input), context);
    case 'limit':
      return emitLimit(node, input(node.input), context);
    case 'join':
      return emitJoin(node, input);
    case 'inline':
    case 'union':
    case 'fill':
    case 'table':
      return undefined;
  }
};

const emitProject = (node: Project, below: Select | undefined, context: ClickHouseContext): Select | undefined => {
  if (below === undefined) return undefined;
  const values: string[] = [];
  for (const value of node.values) {
    const emitted = emitExpression(value, context);
    if (emitted === undefined) return undefined;
    values.push(emitted.sql);
  }
  const names = node.columns.map((c) => quote(c.name));
  const select = (aliases: readonly string[]): string =>
    `SELECT ${values.map((v, i) => (v === aliases[i] ? v : `${v} AS ${aliases[i]}`)).join(', ')} FROM (${below.sql})`;
  if (!shadows(node)) return { sql: select(names), columns: node.columns };
  const places = names.map((_, i) => `\`#${i}\``);
  return { sql: `SELECT ${names.map((n, i) => `${places[i]} AS ${n}`).join(', ')} FROM (${select(places)})`, columns: node.columns };
};

/** Whether a new value has the name of a column that another value speaks of: SQL would take the new one. */
const shadows = (node: Project): boolean => {
  const fresh = new Map(node.columns.flatMap((c, i) => (isColumn(node.values[i], c.name) ? [] : [[c.name, i] as const])));
  return node.values.some((value, i) => {
    let found = false;
    eachColumn(value, (name) => {
      const at = fresh.get(name);
      if (at !== undefined && at !== i) found = true;
    });
    return found;
  });
};
const isColumn = (e: PlanExpression | undefined, name: string): boolean => e?.op === 'column' && e.name === name;

const emitAggregate = (node: Aggregate, below: Select | undefined, context: ClickHouseContext, tables: ClickHouseTables): Select | undefined => {
  if (below === undefined) return undefined;
  const order = orderTuple(node.time, node.order, below.columns);
  const parts = node.keys.map((key) => keyOf(key, node.columns, key));
  for (const a of node.aggregates) {
    const sql = emitAggregateCall(a, order, context, tables);
    if (sql === undefined) return undefined;
    parts.push(`${sql} AS ${quote(a.name)}`);
  }
  if (parts.length === 0) return undefined;
  const group = node.keys.length === 0 ? '' : ` GROUP BY ${node.keys.map(quote).join(', ')}`;
  return { sql: `SELECT ${parts.join(', ')} FROM (${below.sql})${group}`, columns: node.columns };
};

export const orderBy = (keys: readonly OrderKey[], context: ClickHouseContext): string =>
  keys
    .flatMap((k) => {
      const column = quote(k.column);
      if (k.levels === undefined) return [{ column, k }];
      // What is no level stands after all levels, by code point.
      const at = `indexOf(${context.bind('list', k.levels, 'string')}, ${column})`;
      return [
        { column: `multiIf(isNull(${column}), NULL, ${at} = 0, ${k.levels.length + 1}, ${at})`, k },
        { column, k },
      ];
    })
    .map(({ column, k }) => `${column} ${k.descending ? 'DESC' : 'ASC'} NULLS LAST`)
    .join(', ');

const emitSort = (node: Sort, below: Select | undefined, context: ClickHouseContext): Select | undefined =>
  below && { sql: `SELECT ${columnList(node.columns)} FROM (${below.sql}) ORDER BY ${orderBy(node.keys, context)}`, columns: node.columns };

/** The rows stand in the order of the sort below, which SQL keeps only within one SELECT. */
const emitLimit = (node: Limit, below: Select | undefined, context: ClickHouseContext): Select | undefined => {
  if (below === undefined || node.input.node !== 'sort') return undefined;
  const count = context.number('UInt64', node.count);
  const per =
    node.per.length === 0
      ? ''
      : ` BY ${node.per.map((key) => (node.columns.find((c) => c.name === key)?.type === 'float' ? zero(quote(key)) : quote(key))).join(', ')}`;
  return { sql: `${below.sql} LIMIT ${count}${per}`, columns: node.columns };
};

/** Semi and anti joins; the others run here. */
const emitJoin = (node: Join, input: (of: PlanNode) => Select | undefined): Select | undefined => {
  const [pair, ...more] = node.on;
  if ((node.kind !== 'semi' && node.kind !== 'anti') || pair === undefined || more.length > 0 || node.within !== undefined) return undefined;
  const left = input(node.left);
  const right = input(node.right);
  if (left === undefined || right === undefined) return undefined;
  // A list that holds a missing value equals another: a set does not know a missing value by itself.
  const found =
    node.missingMatches === true
      ? `[${quote(pair.left)}] IN (SELECT [${quote(pair.right)}] FROM (${right.sql}))`
      : `ifNull(${quote(pair.left)} IN (SELECT ${quote(pair.right)} FROM (${right.sql}) WHERE isNotNull(${quote(pair.right)})), false)`;
  return {
    sql: `SELECT ${columnList(node.columns)} FROM (${left.sql}) WHERE ${node.kind === 'semi' ? condition(found) : `NOT ${found}`}`,
    columns: node.columns,
  };
};
