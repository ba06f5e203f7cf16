// Plans on log lines as questions to Elasticsearch: lines that meet a condition, the first of them in an order, and how many there are by keys and
// time. Anything else is worked out here, of lines that are read as they are wanted.
import type { DocumentColumn, DocumentRequest, GroupsRequest, RowsRequest } from '../../../engines/search/port.ts';
import { DOCUMENT, TERM_COLUMNS } from '../../../schemas/log-document.ts';
import { conjunction, type PlanExpression } from '../../3-plan/expression.ts';
import type { Aggregate, AggregateCall, Every, Order, PlanColumn, PlanNode, Scan } from '../../3-plan/nodes.ts';
import { physicalType } from '../../3-plan/physical.ts';
import { type Answers, type Emission, type Emitter, LONGEST_TEXT, LOSSLESS } from '../emitter.ts';
import { conditionOf, exactCondition, type Query } from './condition.ts';

const NANOS_PER_MS = 1_000_000n;

/** Columns of the platform's own. */
const HIDDEN: Readonly<Record<string, string>> = { '#insert': 'insert', '#message': DOCUMENT.message, '#row': 'position', raw: 'line' };

const columnOf = ({ name, type }: PlanColumn): DocumentColumn => ({ name, type: physicalType(type), field: HIDDEN[name] ?? name });

interface Asked {
  readonly query: Query;
  readonly range?: { readonly from: string; readonly to: string };
}

/** The rows of the scan; undefined: the store cannot say its condition, or not so exactly as is wanted. */
const askedOf = (scan: Scan, mayHaveMore: boolean): Asked | undefined => {
  const condition = scan.filter === undefined ? undefined : conditionOf(scan.filter);
  if (scan.filter !== undefined && (condition === undefined || !(condition.exact || mayHaveMore))) return undefined;
  const range = scan.range && { from: String(scan.range.from - scan.before), to: String(scan.range.to) };
  const parts = [
    ...(range === undefined ? [] : [{ range: { time: { gte: range.from, lt: range.to } } }]),
    ...(condition === undefined ? [] : [condition.query]),
  ];
  return { query: parts.length === 0 ? { match_all: {} } : { bool: { filter: parts } }, ...(range === undefined ? {} : { range }) };
};

const emitScan = (scan: Scan, mayHaveMore: boolean): RowsRequest | undefined => {
  const asked = askedOf(scan, mayHaveMore);
  return asked && { ask: 'rows', ...asked, columns: scan.columns.map(columnOf) };
};

const SORTED: ReadonlySet<string> = new Set(['time', '#insert', '#message', '#row', ...TERM_COLUMNS]);

/** Only the first rows: whoever reads all can put them in order as well. */
const emitOrder = ({ input, keys, count, per, columns }: Order): RowsRequest | undefined => {
  if (input.node !== 'scan' || count === undefined || per.length > 0) return undefined;
  if (!keys.every(({ column, levels }) => levels === undefined && SORTED.has(column))) return undefined;
  const asked = askedOf(input, false);
  const sort = keys.map(({ column, descending }) => ({ [HIDDEN[column] ?? column]: descending ? ('desc' as const) : ('asc' as const) }));
  return asked && { ask: 'rows', ...asked, sort, limit: count, columns: columns.map(columnOf) };
};

/** Which documents an aggregate counts; null: all; undefined: it is no count, or cannot be asked. */
const countOf = ({ function: name, arguments: args, where }: AggregateCall): Query | null | undefined => {
  if (name !== 'count') return undefined;
  const [x] = args;
  const parts: readonly (PlanExpression | undefined)[] = [x && { op: 'call', function: 'exists', type: 'bool', arguments: [x] }, where];
  const filter = conjunction(parts.filter((part) => part !== undefined));
  if (filter === undefined) return null;
  return exactCondition(filter);
};

const TIME = '#bucket';

/** The bucket of a line as the store works it out; undefined: it would be another. `all` has none. */
const bucketOf = ({ bucket, over }: Every): readonly Query[] | undefined => {
  if (over !== undefined) return undefined;
  const field = DOCUMENT.date;
  switch (bucket.kind) {
    case 'all':
      return [];
    case 'fixed': {
      const { nanos, phase = 0n } = bucket;
      if (nanos % NANOS_PER_MS !== 0n || phase % NANOS_PER_MS !== 0n) return undefined;
      const offset = phase / NANOS_PER_MS;
      return [{ [TIME]: { date_histogram: { field, fixed_interval: `${nanos / NANOS_PER_MS}ms`, offset: `${offset < 0n ? '' : '+'}${offset}ms` } } }];
    }
    case 'calendar':
      if (bucket.count !== 1) return undefined;
      return [{ [TIME]: { date_histogram: { field, calendar_interval: bucket.unit, time_zone: bucket.zone } } }];
  }
};

const emitGroups = (node: Aggregate | Every): GroupsRequest | undefined => {
  const { input, keys, aggregates } = node;
  if (input.node !== 'scan' || !keys.every((key) => TERM_COLUMNS.includes(key))) return undefined;
  if (node.node === 'every' && (node.carry.length > 0 || node.from >= node.to)) return undefined;
  const bucket = node.node === 'every' ? bucketOf(node) : [];
  const counts = Object.fromEntries(aggregates.map((call, i) => [`count${i}`, countOf(call)]));
  if (bucket === undefined || Object.values(counts).includes(undefined)) return undefined;
  // Of what is read before it nothing is in a bucket.
  const scan =
    node.node === 'aggregate' ? input : { ...input, before: 0n, range: { from: later(input.range?.from, node.from), to: earlier(input.range?.to, node.to) } };
  const asked = askedOf(scan, false);
  if (asked === undefined) return undefined;
  const places = new Map(aggregates.map(({ name }, i) => [name, `count${i}`]));
  return {
    ask: 'groups',
    ...asked,
    keys: [...keys.map((key) => ({ [key]: { terms: { field: key, missing_bucket: true } } })), ...bucket],
    counts,
    isWhole: node.node === 'aggregate',
    columns: node.columns.map(({ name, type }) => ({ name, type: physicalType(type), field: places.get(name) ?? (name === 'time' ? TIME : name) })),
  };
};

const later = (a: bigint | undefined, b: bigint): bigint => (a !== undefined && a > b ? a : b);
const earlier = (a: bigint | undefined, b: bigint): bigint => (a !== undefined && a < b ? a : b);

const requestOf = (node: PlanNode, mayHaveMore: boolean): DocumentRequest | undefined => {
  switch (node.node) {
    case 'scan':
      return emitScan(node, mayHaveMore);
    case 'order':
      return emitOrder(node);
    case 'aggregate':
    case 'every':
      return emitGroups(node);
    default:
      return undefined;
  }
};

export const elasticsearchEmitter: Emitter<DocumentRequest> = {
  answers: (condition: PlanExpression): Answers => {
    const found = conditionOf(condition);
    return found === undefined ? 'no' : found.exact ? 'exact' : 'superset';
  },
  emit: (node: PlanNode, mayHaveMore: boolean): Emission<DocumentRequest> | undefined => {
    const request = requestOf(node, mayHaveMore);
    return request === undefined || JSON.stringify(request).length > LONGEST_TEXT ? undefined : { request, losses: LOSSLESS };
  },
  explain: (request) => ({ text: `POST _search ${JSON.stringify(bodyOf(request), undefined, 1)}`, parameters: new Map() }),
};

/** As it goes to the store, but for what belongs to a page. */
const bodyOf = (request: DocumentRequest): unknown => {
  const { query } = request;
  if (request.ask === 'rows') {
    const { sort, limit, columns } = request;
    return { query, ...(sort && { sort }), ...(limit !== undefined && { size: limit }), _source: columns.map(({ field }) => field) };
  }
  const filters = Object.fromEntries(Object.entries(request.counts).flatMap(([name, filter]) => (filter === null ? [] : [[name, { filter }]])));
  const { keys } = request;
  return { size: 0, query, aggs: keys.length === 0 ? filters : { groups: { composite: { sources: keys }, aggs: filters } } };
};
