// The table `series` as questions to `samples` need it: one row an id with the labels that are asked for. What a sender says of a series
// never changes; what the inventory says of its host (region, role …) does, so those labels are told as of a moment.
import { ENRICHMENT } from '../../../schemas/catalogue.ts';
import { metricHash } from '../../../schemas/series-id.ts';
import { eachColumn, type PlanExpression } from '../../3-plan/expression.ts';
import type { Scan } from '../../3-plan/nodes.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import { ClickHouseContext } from './context.ts';
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

/** `#id`, the labels that stay, and `#changes`: (since, value of each moving label), a place for each change that the range meets. */
const definitions = (scan: Scan, labels: readonly string[], context: ClickHouseContext): { readonly sql: string; readonly moving: readonly string[] } => {
  const { metric } = scan.dataset;
  const which =
    metric === undefined ? '' : ` WHERE s.metric = ${context.raw('UInt32', metricHash(metric.name))} AND s.name = ${context.bind('string', metric.name)}`;
  const from = `FROM series AS s${which} GROUP BY s.id`;
  const moving = metric === undefined ? [] : labels.filter(isMoving);
  const columns = ['s.id AS `#id`'];
  for (const label of labels) {
    if (moving.includes(label)) continue;
    const value = metric === undefined && label === 'name' ? 'any(s.name)' : `nullIf(any(s.labels[${context.bind('string', label)}]), '')`;
    columns.push(`${value} AS ${quote(label)}`);
  }
  if (moving.length === 0) return { sql: `SELECT ${columns.join(', ')} ${from}`, moving };
  const values = moving.map((label) => {
    const key = context.bind('string', label);
    return `if(s.labels[${key}] != '', s.labels[${key}], s.enrichment[${key}])`;
  });
  const nanos = (column: string): string => `toUnixTimestamp64Milli(${column}) * 1000000`;
  columns.push(`arraySort(groupArray((${[nanos('s.since'), 's.seen', ...values].join(', ')}))) AS \`#rows\``);
  const differs = moving.map((_, i) => `r.${i + 3} != p.${i + 3}`).join(' OR ');
  const changed = `SELECT *, arrayConcat(arraySlice(\`#rows\`, 1, 1), arrayFilter((r, p) -> ${differs}, arrayPopFront(\`#rows\`), arrayPopBack(\`#rows\`))) AS \`#changed\` FROM (SELECT ${columns.join(', ')} ${from})`;
  const kept = ['`#id`', ...labels.filter((l) => !moving.includes(l)).map(quote)].join(', ');
  if (scan.range === undefined) return { sql: `SELECT ${kept}, \`#changed\` AS \`#changes\` FROM (${changed})`, moving };
  const first = `arrayCount(c -> c.1 <= greatest(${context.raw('Int64', scan.range.from - scan.before)}, \`#changed\`[1].1), \`#changed\`)`;
  const last = `arrayCount(c -> c.1 < ${context.raw('Int64', scan.range.to)}, \`#changed\`)`;
  return { sql: `SELECT ${kept}, arraySlice(\`#changed\`, ${first}, greatest(1, ${last} - ${first} + 1)) AS \`#changes\` FROM (${changed})`, moving };
};

/** The series of the scan's metric with these labels. */
export const emitLabels = (scan: Scan, labels: readonly string[], context: ClickHouseContext): SeriesLabels => {
  const { sql, moving } = definitions(scan, labels, context);
  const changes = 's.`#changes`';
  return {
    sql,
    moving: moving.length > 0,
    value: (label, time) => {
      const at = moving.indexOf(label);
      if (at < 0) return `s.${quote(label)}`;
      // Before the first one is told, what it says holds.
      const place = `if(length(${changes}) = 1, 1, arrayCount(c -> c.1 <= greatest(${time}, ${changes}[1].1), ${changes}))`;
      return `nullIf(${changes}[${place}].${at + 3}, '')`;
    },
  };
};

/** One row for each state of a series that the range meets: `#id`, `#states` (how many it has) and the labels. */
const states = (scan: Scan, filter: PlanExpression, context: ClickHouseContext): { readonly sql: string; readonly moving: boolean } => {
  const labels = [...columnsOf(filter)];
  const { sql, moving } = definitions(scan, labels, context);
  if (moving.length === 0) return { sql, moving: false };
  const stay = labels.filter((l) => !moving.includes(l)).map(quote);
  const each = `SELECT ${['`#id`', ...stay, 'length(`#changes`) AS `#states`', 'arrayJoin(`#changes`) AS `#state`'].join(', ')} FROM (${sql})`;
  const values = moving.map((label, i) => `nullIf(\`#state\`.${i + 3}, '') AS ${quote(label)}`);
  return { sql: `SELECT ${['`#id`', '`#states`', ...stay, ...values].join(', ')} FROM (${each})`, moving: true };
};

/** Ids of the scan's metric; `filter`: those for which it holds at some moment of the range. undefined: it cannot be said in SQL. */
export const emitIds = (scan: Scan, filter: PlanExpression | undefined, context: ClickHouseContext): string | undefined => {
  if (filter === undefined) return `SELECT \`#id\` FROM (${definitions(scan, [], context).sql})`;
  const { sql } = states(scan, filter, context);
  const conditions = emitConditions(filter, context);
  return conditions && `SELECT \`#id\` FROM (${sql}) WHERE ${conditions}`;
};

/**
 * Whether the filter on labels holds for some series at one moment of the range and not at another, as the context knows it. Usually no
 * inventory changed, and ids alone say which samples are meant.
 */
export const isMovingFilter = (scan: Scan, filter: PlanExpression, context: ClickHouseContext): boolean => {
  const own = new ClickHouseContext(context.functions, context.dirtyHours);
  const { sql, moving } = states(scan, filter, own);
  const conditions = moving ? emitConditions(filter, own) : undefined;
  if (conditions === undefined) return false;
  return context.holds({
    text: `SELECT 1 AS found FROM (${sql}) WHERE ${conditions} GROUP BY \`#id\` HAVING count() < any(\`#states\`) LIMIT 1`,
    parameters: own.parameters,
  });
};
