// What the tables hold as the rows of the datasets, worked out here from `SELECT *` by what the columns are said to mean (schemas/tables.ts,
// schemas/sample-value.ts). Shares nothing with what asks stores (query/4-emit), so that it can be compared with it.
import { type Batch, BOOL, type Column, columnOf, FLOAT, INT64, TIME_MS, UTF8, type Value, valueAt } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import type { RecordRow } from '../../engines/records/port.ts';
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import { hostState } from '../../schemas/host-state.ts';
import { labelOfColumn } from '../../schemas/label-column.ts';
import { EXPONENT_FLOAT, EXPONENT_STALE } from '../../schemas/sample-value.ts';
import { TABLE_FIELDS, type TableName } from '../../schemas/tables.ts';
import type { Dataset } from '../../schemas/types.ts';
import { physicalType, planType } from '../3-plan/physical.ts';
import { ASSIGNED } from '../3-plan/rights.ts';
import type { StorePorts } from '../ask/ask.ts';
import type { Rows } from './memory-source.ts';

/** The tables as they are when a dataset is first asked for. */
export const rawRows = ({ columns, search, records }: StorePorts): Rows => {
  const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => (made ??= make());
  };
  const table = async (name: TableName, more = ''): Promise<Batch> => concatBatches((await columns.query(`SELECT *${more} FROM ${name}`)).batches);
  const samples = once(async () => newestSamples(plainRows(await table('samples'))));
  const series = once(async () => Map.groupBy(plainRows(await table('series')), (row) => row.id as bigint));
  const known = new Map<string, () => Promise<Batch>>();
  const batchOfDataset = async (dataset: Dataset): Promise<Batch> => {
    switch (dataset.table) {
      case 'samples':
        return sampleRows(dataset, await samples(), await series());
      case 'processes':
      case 'jvm':
        return hostRows(await table(dataset.table));
      case 'logs':
        if (search.dialect === 'elasticsearch') return logRows(await documents(search));
        // The store's own hash decides which of two files stands first where nothing else does.
        return logRows(await table('logs', ', reinterpretAsInt64(cityHash64(sender, file)) AS `#message`'));
      case 'events':
        return recordBatch(dataset, eventRows(await records.query('SELECT * FROM events')), ['#row']);
      default:
        throw new TypeError(`nothing here knows the rows of ${dataset.table}`);
    }
  };
  return async (dataset, at) => {
    // How hosts are depends on the moment they are asked for.
    if (dataset.name === 'hosts')
      return recordBatch(
        dataset,
        at === undefined ? hostsNow(await records.query(HOSTS_HEARD)) : hostsAt(await records.query('SELECT * FROM hosts_history'), at),
      );
    const name = [dataset.name, ...dataset.key].join();
    const make = known.get(name) ?? once(() => batchOfDataset(dataset));
    known.set(name, make);
    return make();
  };
};

/** All documents with the columns of the table, and the number by which two files of one moment are put in order. */
const documents = async (search: StorePorts['search']): Promise<Batch> => {
  const columns = [...TABLE_FIELDS.logs.map(({ name, type }) => ({ name, type, field: name })), { name: '#message', type: INT64, field: 'message' }];
  const { batches } = await search.query(JSON.stringify({ ask: 'rows', query: { match_all: {} }, columns }));
  return concatBatches(batches);
};

type Row = Readonly<Record<string, Value>>;

const plainRows = (batch: Batch): readonly Row[] => {
  const columns = batch.fields.map((field, i) => [field.name, batch.columns[i] as Column] as const);
  return Array.from({ length: batch.length }, (_, row) => Object.fromEntries(columns.map(([name, column]) => [name, valueAt(column, row)])));
};

const signed = (v: Value | undefined): bigint => BigInt.asIntN(64, v as bigint);

/** Of two samples of one series and time the one inserted later. */
const newestSamples = (rows: readonly Row[]): readonly Row[] => {
  const newest = new Map<string, Row>();
  for (const row of rows) {
    const key = `${row.metric} ${row.id} ${row.time}`;
    const other = newest.get(key);
    if (other === undefined || (row.insert as bigint) >= (other.insert as bigint)) newest.set(key, row);
  }
  return [...newest.values()];
};

const decoded = ({ mantissa, exponent, float }: Row): number | null => {
  if (exponent === EXPONENT_STALE) return null;
  return exponent === EXPONENT_FLOAT ? (float as number) : Number(mantissa) / 10 ** (exponent as number);
};

const sampleRows = (dataset: Dataset, samples: readonly Row[], series: ReadonlyMap<bigint, readonly Row[]>): Batch => {
  const { metric } = dataset;
  const found = samples.flatMap((sample) => {
    const states = series.get(sample.id as bigint)?.filter((s) => s.metric === sample.metric && (metric === undefined || s.name === metric.name));
    return states === undefined || states.length === 0 ? [] : [{ sample, state: stateAt(states, sample.time as bigint) }];
  });
  const labels = metric === undefined ? dataset.key.filter((name) => name !== 'name') : dataset.key;
  return batchOf([
    [
      'time',
      columnFrom(
        TIME_MS,
        found.map(({ sample }) => sample.time as bigint),
      ),
    ],
    [
      'value',
      columnFrom(
        FLOAT,
        found.map(({ sample }) => decoded(sample)),
      ),
    ],
    [
      '#insert',
      columnFrom(
        INT64,
        found.map(({ sample }) => signed(sample.insert)),
      ),
    ],
    [
      '#series',
      columnFrom(
        INT64,
        found.map(({ sample }) => signed(sample.id)),
      ),
    ],
    [
      '#start',
      columnFrom(
        TIME_MS,
        found.map(({ sample }) => (sample.start === 0n ? null : (sample.start as bigint))),
      ),
    ],
    [
      '#stale',
      columnFrom(
        BOOL,
        found.map(({ sample }) => sample.exponent === EXPONENT_STALE),
      ),
    ],
    ...(metric === undefined
      ? [
          [
            'name',
            columnFrom(
              UTF8,
              found.map(({ state }) => state.name as string),
            ),
          ] as const,
        ]
      : []),
    ...labels.map(
      (label) =>
        [
          label,
          columnFrom(
            UTF8,
            found.map(({ state }) => (label.startsWith(ASSIGNED) ? toldOf(state, label.slice(ASSIGNED.length)) : labelOf(state, labelOfColumn(label)))),
          ),
        ] as const,
    ),
  ]);
};

/** A state holds from its `since` until the next one's; the first one holds before too. */
export const stateAt = (states: readonly Row[], time: bigint): Row => {
  const begun = states.filter((s) => (s.since as bigint) <= time);
  const least = states.reduce((a, b) => ((b.since as bigint) < (a.since as bigint) ? b : a));
  const since = begun.length === 0 ? least.since : begun.reduce((a, b) => ((b.since as bigint) > (a.since as bigint) ? b : a)).since;
  return states.filter((s) => s.since === since).reduce((a, b) => ((b.seen as bigint) >= (a.seen as bigint) ? b : a));
};

/** What the sender says of its series goes before what the inventory says of its host; an empty label is none. */
const labelOf = (state: Row, label: string): string | null => (state.labels as ReadonlyMap<string, string>).get(label) || toldOf(state, label);

const toldOf = ({ enrichment }: Row, label: string): string | null =>
  ((ENRICHMENT as readonly string[]).includes(label) && (enrichment as ReadonlyMap<string, string>).get(label)) || null;

const withColumns = (batch: Batch, more: Readonly<Record<string, Column>>): Batch =>
  batchOf([...batch.fields.map((f, i) => [f.name, batch.columns[i] as Column] as const).filter(([name]) => !(name in more)), ...Object.entries(more)]);

const hostRows = (batch: Batch): Batch => withColumns(batch, { '#insert': columnOf(batch, 'insert') });

const logRows = (batch: Batch): Batch =>
  withColumns(batch, { '#insert': columnOf(batch, 'insert'), '#row': columnOf(batch, 'position'), raw: columnFrom(UTF8, plainRows(batch).map(lineOf)) });

const lineOf = ({ raw, head, body, tail }: Row): string | null => {
  if (raw !== null) return raw as string;
  if (body === null) return null;
  const end = tail as string;
  return end.startsWith('\0') ? `${head}${(body as string).replaceAll(/["\\]/g, '\\$&')}${end.slice(1)}` : `${head}${body}${end}`;
};

const recordBatch = (dataset: Dataset, rows: readonly Row[], hidden: readonly string[] = []): Batch =>
  batchOf([
    ...dataset.columns.map(
      (c) =>
        [
          c.name,
          columnFrom(
            physicalType(planType(c.type, c.item)),
            rows.map((row) => row[c.name] ?? null),
          ),
        ] as const,
    ),
    ...hidden.map(
      (name) =>
        [
          name,
          columnFrom(
            INT64,
            rows.map((row) => row[name] ?? null),
          ),
        ] as const,
    ),
  ]);

const MAPS = ['labels', 'attributes'];
/** Maps come as JSON. */
const recordRow = (row: RecordRow): Row =>
  Object.fromEntries(Object.entries(row).map(([name, v]) => [name, (MAPS.includes(name) ? new Map(Object.entries(v as object)) : v) as Value]));

/** What tells events apart orders them, where their times do not. */
const eventRows = (rows: readonly RecordRow[]): readonly Row[] => {
  const bytes = (v: unknown): Buffer => Buffer.from(String(v));
  const number = (a: unknown, b: unknown): number => Number(a) - Number(b);
  return rows
    .toSorted((a, b) => Buffer.compare(bytes(a.sender), bytes(b.sender)) || number(a.boot, b.boot) || number(a.seq, b.seq) || number(a.row, b.row))
    .map((row, i) => ({ ...recordRow(row), '#row': BigInt(i) }));
};

const HOSTS_HEARD =
  'SELECT h.*, s.heard, s.lag AS agent_lag, s.started AS agent_started, s.stopped, s.boot, s.stop_boot FROM hosts AS h LEFT JOIN hosts_heard AS s ON s.host = h.host';

const hostsNow = (rows: readonly RecordRow[]): readonly Row[] =>
  rows.map((row) => {
    const lastSeen = (row.heard ?? row.last_seen) as bigint;
    const stopped = row.stop_boot !== null && Number(row.stop_boot) >= Number(row.boot ?? 0) && row.stopped !== null;
    const lag = row.agent_lag as bigint | null;
    return {
      ...recordRow(row),
      last_seen: lastSeen,
      agent_stopped: stopped ? (row.stopped as bigint) : null,
      agent_state: hostState({ lastSeen: Number(lastSeen / 1_000_000n), lagMs: lag === null ? undefined : Number(lag / 1_000_000n), stopped }, Date.now()),
    };
  });

/** Hosts as their inventory was at that moment: heard of since its first state began, and told last when the state that held began. */
const hostsAt = (rows: readonly RecordRow[], at: bigint): readonly Row[] =>
  rows
    .filter((row) => (row.valid_from as bigint) <= at && (row.valid_to === null || (row.valid_to as bigint) > at))
    .map((row) => {
      const first = rows
        .filter((other) => other.host === row.host)
        .reduce((least, { valid_from }) => ((valid_from as bigint) < least ? (valid_from as bigint) : least), at);
      return { ...recordRow(row), first_seen: first, last_seen: row.valid_from as bigint };
    });
