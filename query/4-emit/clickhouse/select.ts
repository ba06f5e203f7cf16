// Plans as ClickHouse queries: each node one SELECT over its input's. undefined where a node cannot be said in SQL with the very same
// result; the splitter then asks for what is below and the rest runs here.
import { eachColumn, type PlanExpression } from '../../3-plan/expression.ts';
import type { Aggregate, Join, Order, OrderKey, PlanColumn, PlanNode, Project } from '../../3-plan/nodes.ts';
import { planType } from '../../3-plan/physical.ts';
import { markedHours } from '../losses.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import { emitAggregateCall, keyOf, orderTuple, zero } from './aggregate-call.ts';
import type { ClickHouseContext, Select } from './context.ts';
import type { ClickHouseTables } from './dialect.ts';
import { emitEvery } from './every.ts';
import { emitConditions, emitExpression } from './expression.ts';
import { emitScan } from './scan.ts';
import { condition } from './truth.ts';

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
    case 'every':
      return emitEvery(node, input, context, tables);
    case 'aggregate':
      return emitAggregate(node, input(node.input), context, tables);
    case 'order':
      return emitOrder(node, input, context);
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
      const at = `indexOf(${context.bind(planType('list'), k.levels)}, ${column})`;
      return [
        { column: `multiIf(isNull(${column}), NULL, ${at} = 0, ${k.levels.length + 1}, ${at})`, k },
        { column, k },
      ];
    })
    .map(({ column, k }) => `${column} ${k.descending ? 'DESC' : 'ASC'} NULLS LAST`)
    .join(', ');

/**
 * Of the newest row of each series of a table as wide as `processes` only those of its newest time are read whole and put in order: half the
 * processor time, where `argMax` of whole rows takes four times as much.
 */
const ofNewestTime = ({ input, keys: [first], count, per }: Order, emit: (of: PlanNode) => Select | undefined): string => {
  if (input.node !== 'scan' || input.dataset.table === 'samples' || first?.column !== 'time' || !first.descending) return '';
  if (count !== 1 || per.length === 0 || !per.every((key) => input.dataset.key.includes(key))) return '';
  const columns = input.columns.filter((c) => c.name === 'time' || per.includes(c.name));
  const keys = per.map(quote).join(', ');
  const times = emit({ ...input, columns });
  return times === undefined ? '' : ` WHERE (${keys}, \`time\`) IN (SELECT ${keys}, max(\`time\`) FROM (${times.sql}) GROUP BY ${keys})`;
};

const MOST_NEWEST = 10_000;
/** Characters; a longer question is not said twice in one. */
const LONGEST_TWICE = 20_000;

/**
 * Lines rest by their time, and the store reads the newest first where nothing but time is asked for: with the time of the last one that is
 * wanted it reads no others whole. Twice the conditions where fewer fit than are wanted.
 */
const sinceTheLast = ({ input, keys: [first], count = MOST_NEWEST + 1, per }: Order, emit: (of: PlanNode) => Select | undefined): string => {
  if (input.node !== 'scan' || input.dataset.table !== 'logs' || first?.column !== 'time' || !first.descending || per.length > 0) return '';
  if (count > MOST_NEWEST) return '';
  const times = emit({ ...input, columns: input.columns.filter((c) => c.name === 'time') });
  const isShort = times !== undefined && times.sql.length <= LONGEST_TWICE;
  return !isShort ? '' : ` WHERE \`time\` >= (SELECT min(\`time\`) FROM (${times.sql} ORDER BY \`time\` DESC LIMIT ${count}))`;
};

/**
 * The newest sample of each series by groups, which take three quarters of what sorting all samples does. No two samples of a series have one
 * time; a value that may be missing would be passed over by `argMax`.
 */
const newestSamples = ({ input, keys: [first], count, per }: Order, { plain }: Select, context: ClickHouseContext): string | undefined => {
  if (input.node !== 'scan' || input.dataset.table !== 'samples' || plain === undefined) return undefined;
  if (count !== 1 || per.length !== 1 || per[0] !== '#series' || first?.column !== 'time' || !first.descending) return undefined;
  if (!input.columns.every(({ name }) => ['time', 'value', '#insert', '#series'].includes(name))) return undefined;
  if ((['not-finite', 'stale'] as const).some((kind) => markedHours(input, kind, context.known.marks).length > 0)) return undefined;
  const others = input.columns.filter(({ name }) => name !== 'time' && name !== '#series').map(({ name }) => quote(name));
  const made = ['max(`time`) AS `#newest`', ...others.map((name, i) => `argMax(${name}, \`time\`) AS \`#newest.${i}\``)];
  const named = input.columns.map(({ name }) => {
    const at = others.indexOf(quote(name));
    return name === 'time' ? '`#newest` AS `time`' : at < 0 ? quote(name) : `\`#newest.${at}\` AS ${quote(name)}`;
  });
  const where = plain.where.length === 0 ? '' : ` WHERE ${plain.where.join(' AND ')}`;
  return `SELECT ${named.join(', ')} FROM (WITH ${plain.columns} SELECT \`#series\`, ${made.join(', ')} FROM ${plain.from}${where} GROUP BY \`#series\`)`;
};

const emitOrder = (node: Order, input: (of: PlanNode) => Select | undefined, context: ClickHouseContext): Select | undefined => {
  const below = input(node.input);
  if (below === undefined) return undefined;
  const count = node.count === undefined ? '' : ` LIMIT ${context.number('UInt64', node.count)}`;
  // The first of the first of each key, in one order, are so in one SELECT too.
  const isWithin = node.input.node === 'order' && node.input.keys === node.keys && node.input.per.length > 0;
  if (isWithin && node.per.length === 0) return { sql: `${below.sql}${count}`, columns: node.columns };
  const order = node.keys.length === 0 ? '' : ` ORDER BY ${orderBy(node.keys, context)}`;
  const samples = newestSamples(node, below, context);
  if (samples !== undefined) return { sql: `${samples}${order}`, columns: node.columns };
  const newest = ofNewestTime(node, input) || sinceTheLast(node, input);
  const keys = node.per.map((key) => (node.columns.find((c) => c.name === key)?.type === 'float' ? zero(quote(key)) : quote(key)));
  const per = keys.length === 0 ? '' : ` BY ${keys.join(', ')}`;
  return { sql: `SELECT ${columnList(node.columns)} FROM (${below.sql})${newest}${order}${count}${per}`, columns: node.columns };
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
