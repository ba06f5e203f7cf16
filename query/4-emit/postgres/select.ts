// Plans as PostgreSQL queries: filters, columns, order and the first rows of a table of the inventory; anything else runs here.
// Times are int8 nanoseconds there; text compares by code point (COLLATE "C"); missing is NULL and conditions are two-valued.
import type { ValueType } from '../../../schemas/types.ts';
import type { PlanExpression } from '../../3-plan/expression.ts';
import type { OrderKey, PlanColumn, PlanNode, Scan } from '../../3-plan/nodes.ts';
import { kindOf, type PlanType } from '../../3-plan/physical.ts';
import { quotePostgres as quote } from '../quote.ts';
import type { BoundValue } from '../sql-request.ts';

export class PostgresContext {
  readonly parameters = new Map<string, BoundValue>();
  bind(value: BoundValue, cast: string): string {
    const place = String(this.parameters.size + 1);
    this.parameters.set(place, value);
    return `$${place}::${cast}`;
  }
}

const CASTS: Readonly<Partial<Record<ValueType, string>>> = {
  bool: 'boolean',
  int: 'int8',
  float: 'float8',
  string: 'text',
  ip: 'text',
  time: 'int8',
  duration: 'int8',
};
const COMPARE: Readonly<Record<string, string>> = { equals: '=', not_equals: '<>', less: '<', less_or_equal: '<=', greater: '>', greater_or_equal: '>=' };

const castOf = (type: PlanType): string | undefined => CASTS[kindOf(type)];
const isText = (type: PlanType): boolean => type === 'string' || type === 'ip';

const emit = (e: PlanExpression, context: PostgresContext): string | undefined => {
  if (e.op === 'column') return castOf(e.type) === undefined ? undefined : `${quote(e.name)}${isText(e.type) ? ' COLLATE "C"' : ''}`;
  if (e.op === 'literal') {
    const cast = castOf(e.type);
    if (cast === undefined || (typeof e.value === 'string' && e.value.includes('\0'))) return undefined;
    return context.bind(e.value as BoundValue, cast);
  }
  if (e.op === 'case') return undefined;
  if (e.function === 'in') return emitIn(e.arguments, context);
  const args = e.arguments.map((a) => emit(a, context));
  const [a, b] = args;
  if (a === undefined || args.includes(undefined)) return undefined;
  const sign = COMPARE[e.function];
  if (sign !== undefined) return `coalesce(${a} ${sign} ${b}, ${e.function === 'not_equals'})`;
  switch (e.function) {
    case 'and':
      return `(${args.map((x) => `coalesce(${x}, false)`).join(' AND ')})`;
    case 'or':
      return `(${args.map((x) => `coalesce(${x}, false)`).join(' OR ')})`;
    case 'not':
      return `NOT coalesce(${a}, false)`;
    case 'exists':
      return `(${a} IS NOT NULL)`;
    case 'starts_with':
      return `coalesce(starts_with(${a}, ${b}), false)`;
    default:
      return undefined;
  }
};

const emitIn = (args: readonly PlanExpression[], context: PostgresContext): string | undefined => {
  const [x, list] = args;
  const left = x === undefined ? undefined : emit(x, context);
  if (x === undefined || left === undefined || list?.op !== 'literal') return undefined;
  // No text there holds a zero byte, so that such a value is in no row.
  const items = (list.value as readonly BoundValue[]).filter((value) => !(typeof value === 'string' && value.includes('\0')));
  return items.length === 0 ? 'false' : `coalesce(${left} = ANY(${context.bind(items as BoundValue, `${castOf(x.type)}[]`)}), false)`;
};

/** Rows of events have no number of their own: the order of their identity is one. */
const ROW = 'row_number() OVER (ORDER BY sender, boot, seq, "row")';

/** The table, or its rows that held at a moment: what was last known then had been told when it began to hold. */
const tableOf = (scan: Scan, context: PostgresContext): string => {
  if (scan.at === undefined) return scan.dataset.table;
  const history = `${scan.dataset.table}_history`;
  const keys = scan.dataset.key.map((k) => `f.${quote(k)} = h.${quote(k)}`).join(' AND ');
  const first = `(SELECT min(f.valid_from) FROM ${history} AS f WHERE ${keys})`;
  const at = context.bind(scan.at, 'int8');
  return `(SELECT h.*, ${first} AS first_seen, h.valid_from AS last_seen FROM ${history} AS h WHERE h.valid_from <= ${at} AND (h.valid_to IS NULL OR h.valid_to > ${at})) AS ${scan.dataset.table}`;
};

const emitScan = (scan: Scan, context: PostgresContext): string | undefined => {
  const filter = scan.filter === undefined ? undefined : emit(scan.filter, context);
  if (scan.filter !== undefined && filter === undefined) return undefined;
  const columns = scan.columns.map((c) => `${c.name === '#row' ? ROW : quote(c.name)} AS ${quote(c.name)}`).join(', ');
  const range =
    scan.range === undefined ? [] : [`time >= ${context.bind(scan.range.from - scan.before, 'int8')}`, `time < ${context.bind(scan.range.to, 'int8')}`];
  const where = [...range, ...(filter === undefined ? [] : [filter])];
  return `SELECT ${columns} FROM ${tableOf(scan, context)}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`;
};

const orderBy = (keys: readonly OrderKey[], columns: readonly PlanColumn[]): string | undefined => {
  const out: string[] = [];
  for (const k of keys) {
    const type = columns.find((c) => c.name === k.column)?.type;
    if (type === undefined || castOf(type) === undefined || k.levels !== undefined) return undefined;
    out.push(`${quote(k.column)}${isText(type) ? ' COLLATE "C"' : ''} ${k.descending ? 'DESC' : 'ASC'} NULLS LAST`);
  }
  return out.join(', ');
};

/** undefined where the node, or one below it, has to run here. */
export const emitPostgres = (node: PlanNode, context: PostgresContext): string | undefined => {
  switch (node.node) {
    case 'scan':
      return emitScan(node, context);
    case 'filter': {
      const below = emitPostgres(node.input, context);
      const predicate = emit(node.predicate, context);
      return below === undefined || predicate === undefined ? undefined : `SELECT * FROM (${below}) AS t WHERE ${predicate}`;
    }
    case 'project': {
      const below = emitPostgres(node.input, context);
      if (below === undefined || !node.values.every((v) => v.op === 'column')) return undefined;
      return `SELECT ${node.columns.map((c, i) => `${quote((node.values[i] as { name: string }).name)} AS ${quote(c.name)}`).join(', ')} FROM (${below}) AS t`;
    }
    case 'order': {
      const below = node.per.length === 0 ? emitPostgres(node.input, context) : undefined;
      const order = orderBy(node.keys, node.columns);
      const limit = node.count === undefined ? '' : ` LIMIT ${context.bind(BigInt(node.count), 'int8')}`;
      return below === undefined || !order ? undefined : `SELECT * FROM (${below}) AS t ORDER BY ${order}${limit}`;
    }
    default:
      return undefined;
  }
};
