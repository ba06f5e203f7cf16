// `every` in ClickHouse: rows fall into the buckets whose window holds them and are aggregated by key and bucket. Labels of a series are
// joined to its buckets, not to its samples.
import { Buckets } from '../../3-plan/bucket.ts';
import { type Every, OVER_TIME, type PlanNode } from '../../3-plan/nodes.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import { emitAggregateCall, keyOf, orderTuple } from './aggregate-call.ts';
import type { ClickHouseContext, Select } from './context.ts';
import type { ClickHouseTables } from './dialect.ts';
import { isRolled } from './folded-window.ts';
import { lateLabels, NEWEST } from './late-labels.ts';
import { joinLabels, selectSeries } from './series.ts';

interface Span {
  readonly starts: readonly bigint[];
  readonly ends: readonly bigint[];
}

const spanOf = ({ bucket, from, to }: Every): Span => {
  const buckets = new Buckets(bucket, from, to);
  const numbers = Array.from({ length: buckets.count }, (_, i) => i);
  return { starts: numbers.map((i) => buckets.start(i)), ends: numbers.map((i) => buckets.end(i)) };
};

const sincePhase = (time: string, phase: bigint | undefined, int: (v: bigint) => string): string => (phase === undefined ? time : `(${time} - ${int(phase)})`);

/** The bucket's start of each row (`#bucket`), rows repeated where windows overlap; and the condition a row must meet to be in any. */
const placement = (node: Every, span: Span, context: ClickHouseContext): { readonly bucket: string; readonly where: string; readonly begin: string } => {
  const int = (v: bigint): string => context.number('Int64', v);
  const time = '`time`';
  const over = node.over;
  if (node.bucket.kind === 'all') {
    const begin = over === undefined || node.to - over > node.from ? (over === undefined ? node.from : node.to - over) : node.to - over;
    return { bucket: int(node.from), where: `${time} >= ${int(begin)} AND ${time} < ${int(node.to)}`, begin: int(begin) };
  }
  const floor =
    node.bucket.kind === 'fixed'
      ? `(${time} - positiveModulo(${sincePhase(time, node.bucket.phase, int)}, ${int(node.bucket.nanos)}))`
      : `roundDown(${time}, ${context.raw('Array(Int64)', span.starts)})`;
  const range = `${time} < ${int(node.to)}`;
  if (over === undefined) return { bucket: floor, where: `${time} >= ${int(node.from)} AND ${range}`, begin: `greatest(\`#bucket\`, ${int(node.from)})` };
  const [first] = span.starts;
  if (node.bucket.kind === 'fixed') {
    const d = int(node.bucket.nanos);
    const w = int(over);
    const steps = (over + node.bucket.nanos - 1n) / node.bucket.nanos;
    // Of a long window over few buckets the buckets are fewer than the steps back.
    if (steps > BigInt(span.starts.length)) {
      const held = `arrayJoin(arrayFilter(b -> b + ${d} - ${w} <= ${time} AND ${time} < b + ${d}, ${context.raw('Array(Int64)', span.starts)}))`;
      return { bucket: held, where: range, begin: `(\`#bucket\` + ${d} - ${w})` };
    }
    const candidates = `arrayMap(j -> ${floor} + j * ${d}, range(${context.number('UInt32', Number(steps))}))`;
    const bucket = `arrayJoin(arrayFilter(b -> b + ${d} - ${w} <= ${time} AND b >= ${int(first ?? node.from)} AND b < ${int(node.to)}, ${candidates}))`;
    return { bucket, where: range, begin: `(\`#bucket\` + ${d} - ${w})` };
  }
  const list = (values: readonly bigint[]): string => context.raw('Array(Int64)', values);
  const bucket = `arrayJoin(arrayFilter((b, e) -> ${time} >= e - ${int(over)} AND ${time} < e, ${list(span.starts)}, ${list(span.ends)}))`;
  return { bucket, where: range, begin: `(transform(\`#bucket\`, ${list(span.starts)}, ${list(span.ends)}, \`#bucket\`) - ${int(over)})` };
};

/** Whether the scan below has no row that is in no window. */
const isCut = ({ input, from, to, over, bucket }: Every): boolean => {
  if (input.node !== 'scan' || input.range === undefined || input.range.to > to) return false;
  const begin = over !== undefined && bucket.kind === 'all' ? to - over : from;
  return (over !== undefined && bucket.kind !== 'all') || input.range.from - input.before >= begin;
};

export const emitEvery = (
  node: Every,
  input: (of: PlanNode) => Select | undefined,
  context: ClickHouseContext,
  tables: ClickHouseTables,
): Select | undefined => {
  // What counters rise is worked out here, of their samples.
  if (node.delta || node.from >= node.to || node.aggregates.some((a) => OVER_TIME.has(a.function))) return undefined;
  const span = spanOf(node);
  const late = lateLabels(node, context.known.series);
  if (isRolled(late?.node ?? node, context)) return undefined;
  if (late === undefined || late.node.node !== 'every') return emitBuckets(node, span, input, context, tables);
  const selection = selectSeries(late.scan, context);
  if (selection.series * span.starts.length <= context.known.mostHere) return undefined;
  const buckets = emitBuckets(late.node, span, input, context, tables);
  const own = node.columns.map((c) => c.name).filter((name) => !late.labels.has(name));
  return buckets && { sql: joinLabels(buckets.sql, own, late.labels, selection, '#series', NEWEST.name, context), columns: node.columns };
};

const emitBuckets = (
  node: Every,
  span: Span,
  input: (of: PlanNode) => Select | undefined,
  context: ClickHouseContext,
  tables: ClickHouseTables,
): Select | undefined => {
  const below = input(node.input);
  const grouped = below && emitGrouped(node, below, span, context, tables);
  return grouped === undefined ? undefined : { sql: grouped, columns: node.columns };
};

/**
 * Keys, carried columns, `time`, aggregates, and `#newest` where it is wanted; rows whose aggregates are all missing are left out, unless it is to be whole.
 */
const emitGrouped = (node: Every, below: Select, span: Span, context: ClickHouseContext, tables: ClickHouseTables): string | undefined => {
  const place = placement(node, span, context);
  const within = isCut(node) ? [] : [place.where];
  const order = orderTuple('time', node.ties, below.columns);
  const outputs: string[] = [];
  for (const a of node.aggregates) {
    const sql = emitAggregateCall(a, order, context, tables);
    if (sql === undefined) return undefined;
    outputs.push(`${sql} AS ${quote(a.name)}`);
  }
  const all = node.bucket.kind === 'all';
  const keys = node.keys.map(quote);
  // No alias may be a name that aggregates above still speak of: the row's own time, a carried label.
  const carried = node.carry.map((c, i) => `argMax(tuple(${quote(c)}), \`time\`).1 AS \`#carry.${i}\``);
  const last = node.columns.some((c) => c.name === NEWEST.name) ? ['max(`time`) AS `#newest`'] : [];
  const parts = [...node.keys.map((key) => keyOf(key, node.columns, key)), ...carried, ...(all ? [] : ['`#bucket`']), ...outputs, ...last];
  const group = [...keys, ...(all ? [] : ['`#bucket`'])];
  // A float as a key becomes another value of its own name, and a row in many windows becomes many.
  const isPlain = (all || node.over === undefined) && node.keys.every((key) => below.columns.find((c) => c.name === key)?.type !== 'float');
  const [begin, from, where] =
    isPlain && below.plain !== undefined
      ? [`WITH ${below.plain.columns}${all ? '' : `, ${place.bucket} AS \`#bucket\``} SELECT`, below.plain.from, [...below.plain.where, ...within]]
      : ['SELECT', `(SELECT *, ${place.bucket} AS \`#bucket\` FROM (${below.sql})${within.length === 0 ? '' : ` WHERE ${within.join()}`})`, []];
  const rows = `${begin} ${parts.join(', ')} FROM ${from}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`;
  const inner = `${rows}${group.length === 0 ? ' HAVING count() > 0' : ` GROUP BY ${group.join(', ')}`}`;
  const exist = node.aggregates.map((a) => `isNotNull(${quote(a.name)})`).join(' OR ');
  const named = node.columns
    .map((c) =>
      c.name === 'time' && !all
        ? '`#bucket` AS `time`'
        : node.carry.includes(c.name)
          ? `\`#carry.${node.carry.indexOf(c.name)}\` AS ${quote(c.name)}`
          : quote(c.name),
    )
    .join(', ');
  return `SELECT ${named} FROM (${inner})${node.whole ? '' : ` WHERE ${exist}`}`;
};
