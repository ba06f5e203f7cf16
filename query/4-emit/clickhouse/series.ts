// The table `series` as questions to `samples` need it: one row an id with the labels that are asked for. What a sender says of a series
// never changes; what the inventory says of its host (region, role …) does, so those labels are told as of a moment. Usually none of them
// changed within the range: the emitted text supposes so, and `Fragment.supposes` has it looked up.
import { ENRICHMENT } from '../../../schemas/catalogue.ts';
import { labelOfColumn } from '../../../schemas/label-column.ts';
import { metricHash } from '../../../schemas/series-id.ts';
import { eachColumn, type PlanExpression } from '../../3-plan/expression.ts';
import type { Scan } from '../../3-plan/nodes.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import { ClickHouseContext } from './context.ts';
import { emitDays } from './days.ts';
import { emitConditions } from './expression.ts';

export interface SeriesLabels {
  /** One row an id, `#id`. */
  readonly sql: string;
  /** A label of the row under the alias `s`; `time`: the moment meant, an expression of nanoseconds. */
  readonly value: (label: string, time: string) => string;
  /** Whether `value` heeds `time`. */
  readonly moving: boolean;
}

const isMoving = (name: string): boolean => (ENRICHMENT as readonly string[]).includes(name);

export const columnsOf = (e: PlanExpression | undefined): ReadonlySet<string> => {
  const found = new Set<string>();
  if (e !== undefined) eachColumn(e, (n) => void found.add(n));
  return found;
};

const SINCE = 'toUnixTimestamp64Milli(s.since) * 1000000';

/** Those alone that have samples on a day of the range: of series that come and go most have none. */
const ofMetric = (scan: Scan, context: ClickHouseContext): string => {
  const { metric } = scan.dataset;
  const hash = metric && context.raw('UInt32', metricHash(metric.name));
  const range = rangeOf(scan);
  const there = range && `s.id IN (SELECT p.id FROM series_days AS p WHERE ${conjoined(hash && `p.metric = ${hash}`, emitDays(range, context))})`;
  const which = conjoined(hash && `s.metric = ${hash}`, metric && `s.name = ${context.bind('string', metric.name)}`, there);
  return `FROM series AS s${which === '' ? '' : ` WHERE ${which}`} GROUP BY s.id`;
};

const conjoined = (...conditions: readonly (string | undefined)[]): string => conditions.filter((c) => c !== undefined).join(' AND ');

/** A label of one row of `series` that the inventory may have told; empty where nobody did. */
const told = (label: string, context: ClickHouseContext): string => {
  const key = context.bind('string', labelOfColumn(label));
  return `if(s.labels[${key}] != '', s.labels[${key}], s.enrichment[${key}])`;
};

const staying = (scan: Scan, label: string, context: ClickHouseContext): string =>
  scan.dataset.metric === undefined && label === 'name' ? 'any(s.name)' : `nullIf(any(s.labels[${context.bind('string', labelOfColumn(label))}]), '')`;

const rangeOf = ({ range, before }: Scan): { readonly from: bigint; readonly to: bigint } | undefined => range && { from: range.from - before, to: range.to };

/** Whether what the inventory says of a series of the metric changes within the range, as the context knows it. */
export const changes = (scan: Scan, context: ClickHouseContext): boolean => {
  const range = rangeOf(scan);
  const labels = scan.dataset.metric === undefined ? [] : scan.dataset.key.filter(isMoving);
  if (range === undefined || labels.length === 0) return labels.length > 0;
  const own = new ClickHouseContext(context.functions, context.marks);
  const [from, to] = [own.raw('Int64', range.from), own.raw('Int64', range.to)];
  const state = `tuple(${labels.map((label) => told(label, own)).join(', ')})`;
  const first = `argMax(${state}, (${SINCE} <= ${from}, if(${SINCE} <= ${from}, ${SINCE}, -${SINCE}), s.seen))`;
  const later = `groupUniqArrayIf(${state}, ${SINCE} > ${from} AND ${SINCE} < ${to})`;
  const states = `SELECT ${first} AS \`#first\`, ${later} AS \`#later\` ${ofMetric(scan, own)}`;
  const text = `SELECT 1 AS found FROM (${states}) WHERE arrayExists(x -> x != \`#first\`, \`#later\`) LIMIT 1`;
  return context.holds({ text, parameters: own.parameters });
};

/** `#id` and the labels, those from the inventory as at the end of the range. */
const steady = (scan: Scan, labels: readonly string[], context: ClickHouseContext): string => {
  const to = rangeOf(scan)?.to;
  const columns = labels.map((label) => {
    if (scan.dataset.metric === undefined || !isMoving(label)) return `${staying(scan, label, context)} AS ${quote(label)}`;
    const end = to === undefined ? undefined : context.raw('Int64', to);
    const newest = end === undefined ? '(s.since, s.seen)' : `(${SINCE} < ${end}, if(${SINCE} < ${end}, ${SINCE}, -${SINCE}), s.seen)`;
    return `nullIf(argMax(${told(label, context)}, ${newest}), '') AS ${quote(label)}`;
  });
  return `SELECT ${['s.id AS `#id`', ...columns].join(', ')} ${ofMetric(scan, context)}`;
};

/** `#id`, the labels that stay, and `#changes`: (since, seen, value of each moving label), a place for each state that the range meets. */
const history = (scan: Scan, labels: readonly string[], context: ClickHouseContext): { readonly sql: string; readonly moving: readonly string[] } => {
  const moving = labels.filter(isMoving);
  const stay = labels.filter((l) => !moving.includes(l));
  const rows = `arraySort(groupArray((${[SINCE, 's.seen', ...moving.map((label) => told(label, context))].join(', ')}))) AS \`#rows\``;
  const gathered = `SELECT ${['s.id AS `#id`', ...stay.map((l) => `${staying(scan, l, context)} AS ${quote(l)}`), rows].join(', ')} ${ofMetric(scan, context)}`;
  const differs = moving.map((_, i) => `r.${i + 3} != p.${i + 3}`).join(' OR ');
  const changed = `SELECT *, arrayConcat(arraySlice(\`#rows\`, 1, 1), arrayFilter((r, p) -> ${differs}, arrayPopFront(\`#rows\`), arrayPopBack(\`#rows\`))) AS \`#changed\` FROM (${gathered})`;
  const kept = ['`#id`', ...stay.map(quote)].join(', ');
  const range = rangeOf(scan);
  if (range === undefined) return { sql: `SELECT ${kept}, \`#changed\` AS \`#changes\` FROM (${changed})`, moving };
  const first = `arrayCount(c -> c.1 <= greatest(${context.raw('Int64', range.from)}, \`#changed\`[1].1), \`#changed\`)`;
  const last = `arrayCount(c -> c.1 < ${context.raw('Int64', range.to)}, \`#changed\`)`;
  return { sql: `SELECT ${kept}, arraySlice(\`#changed\`, ${first}, greatest(1, ${last} - ${first} + 1)) AS \`#changes\` FROM (${changed})`, moving };
};

/** The series of the scan's metric with these labels. */
export const emitLabels = (scan: Scan, labels: readonly string[], context: ClickHouseContext): SeriesLabels => {
  if (scan.dataset.metric === undefined || !labels.some(isMoving) || !changes(scan, context))
    return { sql: steady(scan, labels, context), moving: false, value: (label) => `s.${quote(label)}` };
  const { sql, moving } = history(scan, labels, context);
  const states = 's.`#changes`';
  return {
    sql,
    moving: true,
    value: (label, time) => {
      const at = moving.indexOf(label);
      if (at < 0) return `s.${quote(label)}`;
      // Before the first one is told, what it says holds.
      const place = `if(length(${states}) = 1, 1, arrayCount(c -> c.1 <= greatest(${time}, ${states}[1].1), ${states}))`;
      return `nullIf(${states}[${place}].${at + 3}, '')`;
    },
  };
};

/** Ids of the scan's metric; `filter`: those for which it holds at some moment of the range. undefined: it cannot be said in SQL. */
export const emitIds = (scan: Scan, filter: PlanExpression | undefined, context: ClickHouseContext): string | undefined => {
  if (filter === undefined) return steady(scan, [], context);
  const labels = [...columnsOf(filter)];
  const rows = isMovingFilter(scan, filter, context) ? states(scan, labels, context) : steady(scan, labels, context);
  const conditions = emitConditions(filter, context);
  return conditions && `SELECT \`#id\` FROM (${rows}) WHERE ${conditions}`;
};

/** One row for each state of a series that the range meets: `#id` and the labels. */
const states = (scan: Scan, labels: readonly string[], context: ClickHouseContext): string => {
  const { sql, moving } = history(scan, labels, context);
  const stay = labels.filter((l) => !moving.includes(l)).map(quote);
  const values = moving.map((label, i) => `nullIf(\`#state\`.${i + 3}, '') AS ${quote(label)}`);
  return `SELECT ${['`#id`', ...stay, ...values].join(', ')} FROM (SELECT ${['`#id`', ...stay, 'arrayJoin(`#changes`) AS `#state`'].join(', ')} FROM (${sql}))`;
};

/** Whether the filter may hold for a series at one moment of the range and not at another: then ids alone do not say which samples are meant. */
export const isMovingFilter = (scan: Scan, filter: PlanExpression, context: ClickHouseContext): boolean =>
  scan.dataset.metric !== undefined && [...columnsOf(filter)].some(isMoving) && changes(scan, context);
