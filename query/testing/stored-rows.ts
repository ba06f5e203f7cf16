// Rows that stand in texts, put into stores: what was worked out for them by hand is then what stores have to answer. Rows of a metric become
// samples, other rows of the column store rest as processes, whose columns are of many types, those of nothing but text as log lines too; the
// record store has a table for each.
import { createHash } from 'node:crypto';
import { columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { EARLIEST_NS, LATEST_NS, NANOS_PER_HOUR, NANOS_PER_MS } from '../../core/time.ts';
import type { Records } from '../../engines/records/port.ts';
import { logs, metricDataset, processes } from '../../schemas/catalogue.ts';
import { columnOfLabel, labelOfColumn } from '../../schemas/label-column.ts';
import { EXPONENT_FLOAT, EXPONENT_STALE } from '../../schemas/sample-value.ts';
import { metricHash, seriesId } from '../../schemas/series-id.ts';
import type { TableName } from '../../schemas/tables.ts';
import type { Dataset, DatasetColumn, MetricInfo, ValueType } from '../../schemas/types.ts';
import { call, columnReference, literal, type PlanExpression } from '../3-plan/expression.ts';
import { type Inline, inputsOf, type PlanColumn, type PlanNode, type Scan, withInputs } from '../3-plan/nodes.ts';
import { kindOf, type PlanType, planType } from '../3-plan/physical.ts';
import type { MarkedHours } from '../4-emit/losses.ts';
import { quotePostgres } from '../4-emit/quote.ts';
import { canonical } from '../run/values.ts';
import { type StoreData, toBatch } from './store-data.ts';

export const HOMES = ['columns', 'search', 'records'] as const;
export type Home = (typeof HOMES)[number];

type Row = Readonly<Record<string, Value>>;

const inlines = (node: PlanNode): readonly Inline[] => (node.node === 'inline' ? [node] : inputsOf(node).flatMap(inlines));
const replaced = (node: PlanNode, change: (inline: Inline) => PlanNode): PlanNode =>
  node.node === 'inline'
    ? change(node)
    : withInputs(
        node,
        inputsOf(node).map((input) => replaced(input, change)),
      );

const rowsOf = ({ batch, columns }: Inline): readonly Row[] => {
  const found = columns.map(({ name }) => [name, columnOf(batch, name)] as const);
  return Array.from({ length: batch.length }, (_, row) => Object.fromEntries(found.map(([name, column]) => [name, valueAt(column, row)])));
};

const isMetric = ({ columns }: Inline): boolean => columns.some((c) => c.name === '#series');
const shownOf = ({ columns }: Inline): readonly PlanColumn[] => columns.filter((c) => !c.name.startsWith('#'));
const isWholeMs = (v: Value): boolean => typeof v === 'bigint' && v % NANOS_PER_MS === 0n && v >= EARLIEST_NS && v < LATEST_NS;
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

const stored = (moment: bigint): bigint => (moment < EARLIEST_NS ? EARLIEST_NS : moment > LATEST_NS ? LATEST_NS : moment);
const scanOf = ({ range, before = 0n }: Inline, dataset: Dataset, columns: readonly PlanColumn[], filter?: PlanExpression): Scan => ({
  node: 'scan',
  dataset,
  columns,
  range: range && { from: stored(range.from), to: stored(range.to) },
  before,
  filter,
});

/** Collects the rows of plans; what is loaded then holds them all. */
export class StoredRows {
  readonly #inserts = new Map<string, { readonly table: TableName; readonly rows: Row[] }>();
  readonly #tables: { readonly sql: string; readonly name: string; readonly width: number; readonly rows: readonly (readonly Value[])[] }[] = [];
  /** Hours by mark and metric. */
  readonly #marked = new Map<string, Set<bigint>>();
  #count = 0;

  /** The plan with its rows in a store; undefined where that cannot hold them as they are, or it has none. */
  put(plan: PlanNode, home: Home): PlanNode | undefined {
    const all = inlines(plan);
    const fits = all.map((inline) => {
      if (home === 'records') return !isMetric(inline) && fitsRecords(inline);
      return home === 'columns' && isMetric(inline) ? fitsSamples(inline) : !isMetric(inline) && fitsIn(TABLES[home], inline);
    });
    if (all.length === 0 || fits.includes(false)) return undefined;
    // Rows that are planned twice are those of one dataset.
    const names = new Map<string, string>();
    const out = replaced(plan, (inline) => {
      const rows = canonical(rowsOf(inline).map((row) => new Map(Object.entries(row))));
      const isNew = !names.has(rows);
      const name = names.get(rows) ?? `spec_${this.#count++}`;
      names.set(rows, name);
      if (home === 'records') return this.#record(inline, name, isNew);
      return isMetric(inline) ? this.#samples(inline, name, isNew) : this.#rows(TABLES[home], inline, name, isNew);
    });
    return all.some(isMetric) ? asStoredSamples(out) : out;
  }

  get data(): StoreData {
    const inserts = [...this.#inserts.values()].map(({ table, rows }) => ({ table, batch: toBatch(table, rows) }));
    return { inserts, marks: this.#marks, hosts: [], history: [], events: [] };
  }

  async fill(records: Records): Promise<void> {
    await records.query(this.#tables.map((t) => t.sql).join(';\n'));
    for (const { name, width, rows } of this.#tables)
      for (const row of rows)
        await records.query(`INSERT INTO ${name} VALUES (${Array.from({ length: width }, (_, i) => `$${i + 1}`).join(', ')})`, row as never);
  }

  /** Every other hour is read as one that has double values: that must be no different. */
  readonly #marks: MarkedHours = (mark, metric, from, to) => {
    const hours = (): readonly bigint[] => {
      const first = (from / NANOS_PER_HOUR) * NANOS_PER_HOUR;
      return Array.from({ length: Math.min(50, Number((to - first) / NANOS_PER_HOUR) + 1) }, (_, i) => first + BigInt(i) * NANOS_PER_HOUR);
    };
    if (mark === 'double') return hours().filter((h) => (h / NANOS_PER_HOUR) % 2n === 0n && h < to);
    return [...(this.#marked.get(`${mark}/${metric}`) ?? [])].filter((h) => h + NANOS_PER_HOUR > from && h < to);
  };

  /** Rows of a partition go in together. */
  #insert(table: TableName, row: Row): void {
    const day = row.time === undefined ? 0n : (row.time as bigint) / (table === 'logs' ? 24n * NANOS_PER_HOUR : 86_400_000n);
    const key = `${table} ${day}`;
    const found = this.#inserts.get(key) ?? { table, rows: [] };
    this.#inserts.set(key, found);
    found.rows.push(row);
  }

  #samples(inline: Inline, name: string, isNew: boolean): PlanNode {
    const labels = shownOf(inline).flatMap((c) => (c.name === 'time' || c.name === 'value' ? [] : [labelOfColumn(c.name)]));
    const info: MetricInfo = { name, kind: 'gauge', temporality: 'cumulative', labels };
    const metric = metricHash(name);
    const series = new Set<bigint>();
    for (const [i, row] of (isNew ? rowsOf(inline) : []).entries()) {
      const own = new Map(labels.map((label) => [label, (row[columnOfLabel(label)] ?? '') as string]));
      const id = seriesId(name, own, sha256);
      const time = (row.time as bigint) / NANOS_PER_MS;
      if (!series.has(id)) this.#insert('series', { ...DEFINITION, metric, name, id, labels: own });
      series.add(id);
      const date = new Date(Number(time));
      this.#insert('series_days', { metric, id, month: date.getUTCFullYear() * 100 + date.getUTCMonth() + 1, days: (1 << (date.getUTCDate() - 1)) >>> 0 });
      const isStale = row['#stale'] === true;
      const start = ((row['#start'] ?? 0n) as bigint) / NANOS_PER_MS;
      for (const mark of [...(isStale ? ['stale'] : []), ...(start === 0n ? [] : ['start'])]) {
        const key = `${mark}/${metric}`;
        this.#marked.set(key, (this.#marked.get(key) ?? new Set()).add(((row.time as bigint) / NANOS_PER_HOUR) * NANOS_PER_HOUR));
      }
      this.#insert('samples', {
        metric,
        id,
        time,
        ...restingValue(isStale ? undefined : (row.value as number)),
        start,
        insert: BigInt(i),
      });
    }
    return scanOf(inline, metricDataset(info), inline.columns);
  }

  #rows(table: Table, inline: Inline, name: string, isNew: boolean): PlanNode {
    const places = placesOf(table, inline) as Places;
    const columns = [...places].map(
      ([column, place]): DatasetColumn => ({ name: place, type: column.type === 'bool' ? 'int' : kindOf(column.type), description: '' }),
    );
    const dataset: Dataset = { ...table.dataset, shape: 'rows', key: [], columns: [...columns, { name: table.name, type: 'string', description: '' }] };
    for (const [i, row] of (isNew ? rowsOf(inline) : []).entries()) {
      const cells = Object.fromEntries([...places].map(([{ name: from, type }, place]) => [place, table.atRest(row[from] ?? null, type, place)]));
      this.#insert(table.dataset.table as TableName, { ...table.others(BigInt(i), name), ...cells, [table.name]: name });
    }
    const read = columns.map(({ name: place, type }): PlanColumn => ({ name: place, type: planType(type) }));
    const isOwn = call('equals', 'bool', columnReference(table.name, 'string'), literal('string', name));
    const input = scanOf(inline, dataset, [...read, { name: table.row, type: 'int' }], isOwn);
    const byName = new Map([...places].map(([column, place]) => [column.name, place]));
    const values = inline.columns.map(
      (c): PlanExpression => (c.name === '#row' ? columnReference(table.row, 'int') : valueIn(byName.get(c.name) as string, c)),
    );
    return { node: 'project', input, columns: inline.columns, values };
  }

  #record(inline: Inline, name: string, isNew: boolean): PlanNode {
    const columns = shownOf(inline);
    const types = [...columns.map(({ name: column, type }) => `${quotePostgres(column)} ${recordType(type)}`), ...IDENTITY.map((column) => `"${column}" int8`)];
    const rows = rowsOf(inline).map((row, i) => [
      ...columns.map(
        (c) =>
          (kindOf(c.type) === 'map' && row[c.name] !== null ? Object.fromEntries(row[c.name] as ReadonlyMap<string, Value>) : (row[c.name] ?? null)) as Value,
      ),
      0n,
      0n,
      0n,
      BigInt(i),
    ]);
    if (isNew) this.#tables.push({ sql: `CREATE TABLE ${name} (${types.join(', ')})`, name, width: types.length, rows });
    const dataset: Dataset = {
      name,
      description: '',
      role: 'records',
      table: name,
      shape: 'rows',
      key: [],
      columns: columns.map(({ name: column, type }) => ({ name: column, ...described(type), description: '' })),
    };
    return scanOf(inline, dataset, inline.columns);
  }
}

const DEFINITION: Row = {
  since: 0n,
  seen: 0n,
  kind: 'gauge',
  temporality: 'cumulative',
  unit: null,
  description: null,
  interval: 0,
  enrichment: new Map(),
};

const restingValue = (value: number | undefined): Row =>
  value === undefined
    ? { mantissa: 0n, exponent: EXPONENT_STALE, float: Number.NaN }
    : Number.isSafeInteger(value * 10) && !Object.is(value, -0) && (value * 10) / 10 === value
      ? { mantissa: BigInt(value * 10), exponent: 1, float: 0 }
      : { mantissa: 0n, exponent: EXPONENT_FLOAT, float: value };

const fitsSamples = (inline: Inline): boolean =>
  shownOf(inline).every(({ name }) => name === 'time' || name === 'value' || columnOfLabel(labelOfColumn(name)) === name) &&
  rowsOf(inline).every((row) => isWholeMs(row.time ?? null) && (row.value !== null || row['#stale'] === true) && isWholeMs(row['#start'] ?? 0n));

/** Where the column of a table stands for one of the rows'. */
type Places = ReadonlyMap<PlanColumn, string>;

interface Table {
  readonly dataset: Dataset;
  /** Columns that there are for values of a type. */
  readonly room: Readonly<Partial<Record<ValueType, readonly string[]>>>;
  /** The column that says whose the row is, and the one that orders rows. */
  readonly name: string;
  readonly row: string;
  /** What else a row has, by its place. */
  readonly others: (row: bigint, name: string) => Row;
  readonly holds: (time: Value) => boolean;
  readonly atRest: (value: Value, type: PlanColumn['type'], place: string) => Value;
}

const TABLES: Readonly<Record<'columns' | 'search', Table>> = {
  columns: {
    dataset: processes,
    room: {
      string: ['command', 'user', 'state', 'name', 'region', 'datacenter', 'env', 'role', 'owner'],
      int: ['memory', 'virtual_memory'],
      float: ['cpu', 'io.read', 'io.write'],
      bool: ['threads', 'open_files', 'parent'],
    },
    name: 'host',
    row: '#insert',
    others: (row) => ({ time: 0n, start: 0n, pid: Number(row), insert: row }),
    holds: isWholeMs,
    atRest: (value, type, place) => (place === 'time' ? (value as bigint) / NANOS_PER_MS : type === 'bool' && value !== null ? Number(value) : value),
  },
  search: {
    dataset: logs,
    room: { string: ['body', 'service', 'source', 'severity', 'span_id', 'host', 'region', 'datacenter', 'env', 'role', 'owner'] },
    name: 'trace_id',
    row: '#row',
    others: (row, name) => ({ time: 0n, head: '', tail: '', attributes: new Map(), numbers: new Map(), sender: name, file: 0n, position: row, insert: 1n }),
    holds: (time) => typeof time === 'bigint' && time >= EARLIEST_NS && time < LATEST_NS,
    atRest: (value) => value,
  },
};
/** Types that rest as others do. */
const SHARED: Readonly<Partial<Record<ValueType, ValueType>>> = { ip: 'string', duration: 'int', time: 'int' };

const placesOf = ({ room }: Table, inline: Inline): Places | undefined => {
  const out = new Map<PlanColumn, string>();
  const taken = new Set<string>();
  for (const column of shownOf(inline)) {
    const isTime = column.name === 'time' && column.type === 'time';
    const place = isTime ? 'time' : room[SHARED[kindOf(column.type)] ?? kindOf(column.type)]?.find((p) => !taken.has(p));
    if (place === undefined) return undefined;
    taken.add(place);
    out.set(column, place);
  }
  return out;
};

const fitsIn = (table: Table, inline: Inline): boolean => {
  const places = placesOf(table, inline);
  return places !== undefined && rowsOf(inline).every((row) => [...places].every(([{ name }, place]) => place !== 'time' || table.holds(row[name] ?? null)));
};

/** A bool rests as a number. */
const valueIn = (place: string, { type }: PlanColumn): PlanExpression => {
  if (type !== 'bool') return columnReference(place, type);
  const number = columnReference(place, 'int');
  const [when, then] = [call('exists', 'bool', number), call('equals', 'bool', number, literal('int', 1n))];
  return { op: 'case', type: 'bool', branches: [{ when, then }], otherwise: literal('bool', null) };
};

/** What orders the rows of `events`, and so of every table with `#row`. */
const IDENTITY = ['sender', 'boot', 'seq', 'row'];

const RECORD_TYPES: Readonly<Partial<Record<ValueType, string>>> = {
  bool: 'boolean',
  int: 'int8',
  float: 'float8',
  string: 'text',
  ip: 'text',
  time: 'int8',
  duration: 'int8',
};
const recordType = (type: PlanType): string | undefined => {
  if (typeof type === 'string') return RECORD_TYPES[type];
  return type.kind === 'list' ? `${recordType(type.item)}[]` : type.item === 'string' ? 'jsonb' : undefined;
};
/** As datasets say it. */
const described = (type: PlanType): { readonly type: ValueType; readonly item?: ValueType } =>
  typeof type === 'string' ? { type } : { type: type.kind, item: kindOf(type.item) };

const hasZeroByte = (v: Value): boolean =>
  typeof v === 'string' ? v.includes('\0') : v instanceof Map ? [...v].flat().some(hasZeroByte) : Array.isArray(v) && v.some(hasZeroByte);

const fitsRecords = (inline: Inline): boolean =>
  shownOf(inline).every(({ name, type }) => !IDENTITY.includes(name) && name.length < 60 && recordType(type) !== undefined) &&
  rowsOf(inline).every((row) => !Object.values(row).some(hasZeroByte));

/** Samples of a store have `#insert` in place of `#row`; who needs neighbours reads stale markers and starts by itself. */
const asStoredSamples = (plan: PlanNode): PlanNode => {
  const dropped: ReadonlySet<unknown> = new Set(['#stale', '#start']);
  const isDropped = (v: unknown): boolean => typeof v === 'object' && v !== null && 'name' in v && dropped.has(v.name);
  const change = (v: unknown): unknown => {
    if (v === '#row') return '#insert';
    if (Array.isArray(v)) return v.filter((item) => !isDropped(item)).map(change);
    if (typeof v !== 'object' || v === null || v instanceof Map) return v;
    return Object.fromEntries(Object.entries(v).map(([key, value]) => [key, key === 'dataset' || key === 'batch' ? value : change(value)]));
  };
  return change(plan) as PlanNode;
};
