// Reading a table of the column store as IQL sees it: names and types of the dataset, NULL for missing, one row a sample.
import { metricHash } from '../../../schemas/series-id.ts';
import { ENRICHMENT } from '../../../schemas/catalogue.ts';
import type { ValueType } from '../../../schemas/types.ts';
import { conjunction, conjuncts, eachColumn, type PlanExpression } from '../../3-plan/expression.ts';
import type { PlanColumn, Scan } from '../../3-plan/nodes.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import type { ClickHouseContext, Select } from './context.ts';
import { emitConditions } from './expression.ts';

const HOUR = 3_600_000_000_000n;

/** Nanoseconds of a column of times, by the table's precision. */
const nanos = (column: string, precision: 'ms' | 'ns'): string => (precision === 'ms' ? `toUnixTimestamp64Milli(${column}) * 1000000` : `toUnixTimestamp64Nano(${column})`);

interface TableForm {
  readonly precision: 'ms' | 'ns';
  /** Columns that are not just the table's column of that name. */
  readonly special: Readonly<Record<string, string>>;
  readonly replacing: boolean;
}

const POWERS = '[1., 10., 100., 1000., 10000., 100000., 1000000.]';

const TABLES: Readonly<Record<string, TableForm>> = {
  samples: {
    precision: 'ms',
    special: {
      '#series': 'reinterpretAsInt64(id)',
      '#insert': 'reinterpretAsInt64(insert)',
      value: `multiIf(exponent <= 6, mantissa / ${POWERS}[exponent + 1], isFinite(float), float, NULL)`,
    },
    replacing: true,
  },
  processes: { precision: 'ms', special: { '#insert': 'reinterpretAsInt64(insert)', start: nanos('start', 'ms') }, replacing: false },
  logs: { precision: 'ns', special: { '#insert': 'reinterpretAsInt64(insert)', '#message': 'reinterpretAsInt64(message)', '#row': 'toInt64(row)' }, replacing: false },
};

const CAST: Readonly<Partial<Record<ValueType, string>>> = { int: 'toInt64', string: 'toString' };

/** `expression AS name` for each column. */
const selected = (columns: readonly PlanColumn[], form: TableForm): string =>
  columns
    .map((c) => {
      const special = c.name === 'time' ? nanos('time', form.precision) : form.special[c.name];
      const cast = CAST[c.type];
      const plain = cast === undefined ? quote(c.name) : `${cast}(${quote(c.name)})`;
      return `${special ?? plain} AS ${quote(c.name)}`;
    })
    .join(', ');

const bounds = (scan: Scan, form: TableForm, context: ClickHouseContext, from: bigint, to: bigint): string => {
  const at = (ns: bigint): string =>
    form.precision === 'ms' ? `fromUnixTimestamp64Milli(${context.raw('Int64', (ns + 999_999n) / 1_000_000n)}, 'UTC')` : `fromUnixTimestamp64Nano(${context.raw('Int64', ns)}, 'UTC')`;
  return scan.range === undefined ? 'true' : `time >= ${at(from)} AND time < ${at(to)}`;
};

/** The range cut where hours begin or end to be dirty: only those are read with FINAL. */
const pieces = (dirty: readonly bigint[], from: bigint, to: bigint): readonly { readonly from: bigint; readonly to: bigint; readonly final: boolean }[] => {
  const out: { from: bigint; to: bigint; final: boolean }[] = [];
  const add = (start: bigint, end: bigint, final: boolean): void => {
    const last = out.at(-1);
    if (start >= end) return;
    if (last !== undefined && last.final === final && last.to === start) last.to = end;
    else out.push({ from: start, to: end, final });
  };
  let at = from;
  for (const hour of dirty.toSorted((a, b) => (a < b ? -1 : 1))) {
    const [start, end] = [hour < from ? from : hour, hour + HOUR > to ? to : hour + HOUR];
    if (end <= at) continue;
    add(at, start, false);
    add(start > at ? start : at, end, true);
    at = end;
  }
  add(at, to, false);
  return out;
};

const names = (e: PlanExpression): ReadonlySet<string> => {
  const found = new Set<string>();
  eachColumn(e, (n) => void found.add(n));
  return found;
};

export const emitScan = (scan: Scan, context: ClickHouseContext): Select | undefined => {
  const form = TABLES[scan.dataset.table];
  if (form === undefined) return undefined;
  if (scan.dataset.table === 'samples') return emitSamples(scan, form, context);
  const filter = scan.filter === undefined ? undefined : emitConditions(scan.filter, context);
  if (scan.filter !== undefined && filter === undefined) return undefined;
  const [from, to] = [(scan.range?.from ?? 0n) - scan.before, scan.range?.to ?? 0n];
  const all = new Map(scan.columns.map((c) => [c.name, c]));
  for (const name of scan.filter === undefined ? [] : names(scan.filter)) if (!all.has(name)) all.set(name, columnOf(scan, name));
  const inner = `SELECT ${selected([...all.values()], form)} FROM ${scan.dataset.table} WHERE ${bounds(scan, form, context, from, to)}`;
  const outer = `SELECT ${scan.columns.map((c) => quote(c.name)).join(', ')} FROM (${inner})${filter === undefined ? '' : ` WHERE ${filter}`}`;
  return { sql: outer, columns: scan.columns };
};

const columnOf = (scan: Scan, name: string): PlanColumn => {
  const found = scan.dataset.columns.find((c) => c.name === name);
  return found === undefined ? { name, type: 'int' } : { name, type: found.type, ...(found.item === undefined ? {} : { item: found.item }) };
};

/** A label of a series: identifying, else from the inventory; empty is missing. */
const label = (name: string, context: ClickHouseContext): string => {
  const key = context.bind('string', name);
  const own = `nullIf(labels[${key}], '')`;
  return (ENRICHMENT as readonly string[]).includes(name) ? `coalesce(${own}, nullIf(enrichment[${key}], ''))` : own;
};

/** The series of the metric for which the filter on labels holds, with these labels: `id` and one column each. */
export const emitSeries = (scan: Scan, labels: readonly string[], filter: PlanExpression | undefined, context: ClickHouseContext): string | undefined => {
  const metric = scan.dataset.metric;
  const conditions = filter === undefined ? undefined : emitConditions(filter, context);
  if (filter !== undefined && conditions === undefined) return undefined;
  const wanted = [...new Set([...labels, ...(filter === undefined ? [] : names(filter))])];
  const which = metric === undefined ? 'true' : `metric = ${context.raw('UInt32', metricHash(metric.name))} AND name = ${context.bind('string', metric.name)}`;
  const newest = `SELECT id, any(name) AS \`#name\`, argMax(labels, (since, seen)) AS labels, argMax(enrichment, (since, seen)) AS enrichment FROM series WHERE ${which} GROUP BY id`;
  const columns = ['id', ...wanted.map((name) => `${metric === undefined && name === 'name' ? '`#name`' : label(name, context)} AS ${quote(name)}`)].join(', ');
  const all = `SELECT ${columns} FROM (${newest})`;
  return conditions === undefined ? all : `SELECT ${['id', ...labels.map(quote)].join(', ')} FROM (${all}) WHERE ${conditions}`;
};

/** The columns that are a series' own; of all metrics together only the name. */
const labelsOf = (scan: Scan): ReadonlySet<string> => new Set(scan.dataset.metric?.labels ?? ['name']);

/** Which parts of the filter speak of labels alone. */
export const splitFilter = (scan: Scan): { readonly labels: PlanExpression | undefined; readonly rest: PlanExpression | undefined } => {
  const isLabel = labelsOf(scan);
  const parts = scan.filter === undefined ? [] : conjuncts(scan.filter);
  const only = (e: PlanExpression): boolean => names(e).size > 0 && [...names(e)].every((n) => isLabel.has(n));
  return { labels: conjunction(parts.filter(only)), rest: conjunction(parts.filter((p) => !only(p))) };
};

const emitSamples = (scan: Scan, form: TableForm, context: ClickHouseContext): Select | undefined => {
  const metric = scan.dataset.metric;
  const isLabel = labelsOf(scan);
  const { labels, rest } = splitFilter(scan);
  const restLabels = rest === undefined ? [] : [...names(rest)].filter((n) => isLabel.has(n));
  const shown = scan.columns.filter((c) => isLabel.has(c.name)).map((c) => c.name);
  const needed = [...new Set([...shown, ...restLabels])];
  const ids = emitSeries(scan, [], labels, context);
  const own = [...scan.columns.filter((c) => !isLabel.has(c.name))];
  for (const name of rest === undefined ? [] : names(rest)) if (!isLabel.has(name) && !own.some((c) => c.name === name)) own.push(name === 'value' ? { name, type: 'float' } : { name, type: name === 'time' ? 'time' : 'int' });
  if (needed.length > 0 && !own.some((c) => c.name === '#series')) own.push({ name: '#series', type: 'int' });
  const [from, to] = [(scan.range?.from ?? 0n) - scan.before, scan.range?.to ?? 0n];
  if (ids === undefined) return undefined;
  const which = metric === undefined ? '' : `metric = ${context.raw('UInt32', metricHash(metric.name))} AND `;
  const reads = pieces(context.dirtyHours('samples', from, to), from, to).map(
    (p) => `SELECT ${selected(own, form)} FROM samples${p.final ? ' FINAL' : ''} WHERE ${which}${bounds(scan, form, context, p.from, p.to)} AND id IN (SELECT id FROM (${ids})) AND exponent != 126`,
  );
  let sql = reads.length === 0 ? `SELECT ${selected(own, form)} FROM samples WHERE false` : reads.join(' UNION ALL ');
  if (needed.length > 0) {
    const series = emitSeries(scan, needed, labels, context) as string;
    const joined = needed.map((n) => `s.${quote(n)} AS ${quote(n)}`);
    sql = `SELECT ${[...own.map((c) => `r.${quote(c.name)} AS ${quote(c.name)}`), ...joined].join(', ')} FROM (${sql}) AS r ANY INNER JOIN (SELECT reinterpretAsInt64(id) AS \`#series\`, ${needed.map(quote).join(', ')} FROM (${series})) AS s ON r.\`#series\` = s.\`#series\``;
  }
  const conditions = rest === undefined ? undefined : emitConditions(rest, context);
  if (rest !== undefined && conditions === undefined) return undefined;
  return { sql: `SELECT ${scan.columns.map((c) => quote(c.name)).join(', ')} FROM (${sql})${conditions === undefined ? '' : ` WHERE ${conditions}`}`, columns: scan.columns };
};
