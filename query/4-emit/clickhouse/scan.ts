// Reading a table of the column store as IQL sees it: names and types of the dataset, NULL for missing, one row a sample.

import { NANOS_PER_HOUR } from '../../../core/time.ts';
import type { ValueType } from '../../../schemas/types.ts';
import { columnsOf, conjunction, conjuncts } from '../../3-plan/expression.ts';
import type { PlanColumn, Scan } from '../../3-plan/nodes.ts';
import { kindOf, planType } from '../../3-plan/physical.ts';
import { markedHours } from '../losses.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import type { ClickHouseContext, Select } from './context.ts';
import { emitConditions } from './expression.ts';
import { indexed } from './line-words.ts';
import { joinLabels, keyOfLabels, selectSeries } from './series.ts';

// The table's own columns are always spoken of as `s.…`: an alias of the same name, which the enclosing query wants, must not stand in
// for them in WHERE.

/** Nanoseconds of a column of times, by the table's precision. */
const nanos = (column: string, precision: 'ms' | 'ns'): string =>
  precision === 'ms' ? `toUnixTimestamp64Milli(${column}) * 1000000` : `toUnixTimestamp64Nano(${column})`;

interface TableForm {
  readonly precision: 'ms' | 'ns';
  /** Columns that are not just the table's column of that name. */
  readonly special: Readonly<Record<string, string>>;
}

const POWERS = '[1., 10., 100., 1000., 10000., 100000., 1000000.]';

/** Of a sampling of something on a host. */
const SAMPLED = { '#insert': 'reinterpretAsInt64(s.insert)', start: nanos('s.start', 'ms') };

const TABLES: Readonly<Record<string, TableForm>> = {
  samples: {
    precision: 'ms',
    special: {
      '#series': 'reinterpretAsInt64(s.id)',
      '#insert': 'reinterpretAsInt64(s.insert)',
      // What is not known rests as 0 and is told as less than any time.
      '#start': `if(toUnixTimestamp64Milli(s.start) = 0, -1, ${nanos('s.start', 'ms')})`,
      // As a fold of windows takes them (query/4-emit/fold).
      '#ms': 'toUnixTimestamp64Milli(s.time)',
      '#bits': 'if(s.exponent > 6, reinterpretAsInt64(s.float), s.mantissa)',
      '#exponent': 's.exponent',
      '#began': 'toUnixTimestamp64Milli(s.start)',
    },
  },
  processes: { precision: 'ms', special: SAMPLED },
  jvm: { precision: 'ms', special: { ...SAMPLED, 'gc.last': nanos('s.`gc.last`', 'ms') } },
  logs: {
    precision: 'ns',
    special: {
      raw: 's.line',
      '#insert': 'reinterpretAsInt64(s.insert)',
      // Of lines that one insert brought, those of one file stand together.
      '#message': 'reinterpretAsInt64(cityHash64(s.sender, s.file))',
      '#row': 'toInt64(s.position)',
    },
  },
};

/**
 * Values as they rest (schemas/sample-value.ts); what is not finite is missing, or comes as it arrived. Where the ledger has no hour with such values, or none
 * with stale markers, they are not looked for: each value is there.
 */
const samplesForm = (form: TableForm, odd: { readonly notFinite: boolean; readonly stale: boolean }, isAsArrived: boolean): TableForm => {
  const exact = `s.exponent <= 6, s.mantissa / ${POWERS}[s.exponent + 1]`;
  const others = isAsArrived ? 's.exponent = 126, NULL, s.float' : 'isFinite(s.float), s.float, NULL';
  const value = odd.notFinite || odd.stale ? `multiIf(${exact}, ${others})` : `if(${exact}, s.float)`;
  return { ...form, special: { ...form.special, value, '#stale': odd.stale ? 'toBool(s.exponent = 126)' : 'false' } };
};

const CAST: Readonly<Partial<Record<ValueType, string>>> = { int: 'toInt64', string: 'toString' };

/** `expression AS name` for each column. */
const selected = (columns: readonly PlanColumn[], form: TableForm): string =>
  columns
    .map((c) => {
      const special = c.name === 'time' ? nanos('s.time', form.precision) : form.special[c.name];
      const cast = CAST[kindOf(c.type)];
      const plain = cast === undefined ? `s.${quote(c.name)}` : `${cast}(s.${quote(c.name)})`;
      return `${special ?? plain} AS ${quote(c.name)}`;
    })
    .join(', ');

const bounds = (form: TableForm, context: ClickHouseContext, from: bigint, to: bigint): string => {
  const at = (ns: bigint): string =>
    form.precision === 'ms'
      ? `fromUnixTimestamp64Milli(${context.number('Int64', (ns + 999_999n) / 1_000_000n)}, 'UTC')`
      : `fromUnixTimestamp64Nano(${context.number('Int64', ns)}, 'UTC')`;
  return `s.time >= ${at(from)} AND s.time < ${at(to)}`;
};

/** Closed-open. */
interface Millis {
  readonly from: number;
  readonly to: number;
}

interface ScannedStretch {
  readonly from: bigint;
  readonly to: bigint;
}

/** The range in two: stretches in which one time of a series has one value, and those made of hours in which it may have two. */
const stretches = (
  double: readonly bigint[],
  from: bigint,
  to: bigint,
): { readonly single: readonly ScannedStretch[]; readonly double: readonly ScannedStretch[] } => {
  const out = { single: [] as ScannedStretch[], double: [] as ScannedStretch[] };
  const add = (list: ScannedStretch[], start: bigint, end: bigint): void => {
    if (start >= end) return;
    const last = list.at(-1);
    if (last?.to === start) list[list.length - 1] = { from: last.from, to: end };
    else list.push({ from: start, to: end });
  };
  let at = from;
  for (const hour of double.toSorted((a, b) => (a < b ? -1 : 1))) {
    const [, start] = hour < at ? [hour, at] : [at, hour];
    const end = hour + NANOS_PER_HOUR > to ? to : hour + NANOS_PER_HOUR;
    if (end <= at || start >= to) continue;
    add(out.single, at, start);
    add(out.double, start, end);
    at = end;
  }
  add(out.single, at, to);
  return out;
};

/** The rows of the scan's range as the table has them, `where` beside it; only hours with double values are read with FINAL. */
const reads = (
  scan: Scan,
  columns: readonly PlanColumn[],
  form: TableForm,
  context: ClickHouseContext,
  where: readonly string[],
  within?: readonly Millis[],
): Select => {
  const { table } = scan.dataset;
  const list = selected(columns, form);
  const read = (from: string, conditions: readonly string[]): Select => ({
    sql: `SELECT ${list} FROM ${from}${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`}`,
    columns,
    plain: { columns: list, from, where: conditions },
  });
  if (scan.range === undefined) return read(`${table} AS s`, where);
  const marked = table === 'samples' ? markedHours(scan, 'double', context.known.marks) : [];
  const wanted = within?.map(({ from, to }) => ({ from: BigInt(from) * 1_000_000n, to: BigInt(to) * 1_000_000n })) ?? [
    { from: scan.range.from - scan.before, to: scan.range.to },
  ];
  const cut = wanted.map(({ from, to }) => stretches(marked, from, to));
  const parts = { single: cut.flatMap((c) => c.single), double: cut.flatMap((c) => c.double) };
  const inTime = (all: readonly ScannedStretch[], from: string): readonly Select[] => {
    if (all.length === 0) return [];
    const times = all.map((p) => bounds(form, context, p.from, p.to));
    return [read(from, [...where, times.length === 1 ? (times[0] as string) : `(${times.join(' OR ')})`])];
  };
  const [first = read(`${table} AS s`, ['false']), second] = [...inTime(parts.single, `${table} AS s`), ...inTime(parts.double, `${table} AS s FINAL`)];
  return second === undefined ? first : { sql: `${first.sql} UNION ALL ${second.sql}`, columns };
};

/** Of samples, which of them. */
export interface OnlySamples {
  /** Of these stretches of the range. */
  readonly within?: readonly Millis[];
  /** Conditions of ours on `samples AS s`. */
  readonly where?: readonly string[];
}

export const emitScan = (scan: Scan, context: ClickHouseContext, only: OnlySamples = {}): Select | undefined => {
  const form = TABLES[scan.dataset.table];
  if (form === undefined) return undefined;
  if (scan.dataset.table === 'samples') return emitSamples(scan, form, context, only);
  const { conditions, rest } = scan.dataset.table === 'logs' ? indexed(scan.filter, context) : { conditions: [], rest: conjuncts(scan.filter) };
  const remaining = conjunction(rest);
  const filter = remaining === undefined ? undefined : emitConditions(remaining, context);
  if (remaining !== undefined && filter === undefined) return undefined;
  const all = new Map(scan.columns.map((c) => [c.name, c]));
  for (const name of columnsOf(remaining)) if (!all.has(name)) all.set(name, columnOf(scan, name));
  const rows = reads(scan, [...all.values()], form, context, conditions);
  if (filter === undefined) return rows;
  return { sql: `SELECT ${scan.columns.map((c) => quote(c.name)).join(', ')} FROM (${rows.sql}) WHERE ${filter}`, columns: scan.columns };
};

const columnOf = (scan: Scan, name: string): PlanColumn => {
  const found = scan.dataset.columns.find((c) => c.name === name);
  return found === undefined ? { name, type: 'int' } : { name, type: planType(found.type, found.item) };
};

const emitSamples = (scan: Scan, form: TableForm, context: ClickHouseContext, { within, where = [] }: OnlySamples): Select | undefined => {
  const selection = selectSeries(scan, context);
  const { rest } = selection;
  const isLabel = new Set(scan.dataset.key);
  const labels = [...new Set([...scan.columns.map((c) => c.name), ...columnsOf(rest)])].filter((n) => isLabel.has(n));
  const own = scan.columns.filter((c) => !isLabel.has(c.name));
  const add = (column: PlanColumn): void => {
    if (!own.some((c) => c.name === column.name)) own.push(column);
  };
  for (const name of columnsOf(rest))
    if (!isLabel.has(name)) add(name === 'value' ? { name, type: 'float' } : { name, type: name === 'time' ? 'time' : 'int' });
  const key = keyOfLabels(scan);
  if (labels.length > 0) {
    add({ name: key, type: 'int' });
    if (!selection.isSteady(labels)) add({ name: 'time', type: 'time' });
  }
  const stale = markedHours(scan, 'stale', context.known.marks).length > 0;
  const isRead = own.some((c) => c.name === '#stale');
  const fresh = stale && !isRead ? ['s.exponent != 126'] : [];
  const odd = { notFinite: markedHours(scan, 'not-finite', context.known.marks).length > 0, stale: stale && isRead };
  const keyed = { ...form, special: { ...form.special, [key]: selection.key } };
  const samples = reads(scan, own, samplesForm(keyed, odd, context.isAsArrived), context, [...selection.conditions, ...fresh, ...where], within);
  const conditions = rest === undefined ? undefined : emitConditions(rest, context);
  if (rest !== undefined && conditions === undefined) return undefined;
  if (labels.length === 0 && conditions === undefined) return { ...samples, columns: scan.columns };
  const named = new Map(labels.map((name) => [name, name]));
  const names = own.map((c) => c.name);
  const sql = labels.length === 0 ? samples.sql : joinLabels(samples.sql, names, named, selection, key, 'time', context);
  return {
    sql: `SELECT ${scan.columns.map((c) => quote(c.name)).join(', ')} FROM (${sql})${conditions === undefined ? '' : ` WHERE ${conditions}`}`,
    columns: scan.columns,
  };
};
