// Takes one part of a request as it was sent and says what of it goes on: refused as a whole with the place named, or
// admitted, without the rows that are late, in the future or over the limit of series or hosts, and without starts that can be none. Never changes a value.
import { constants, zstdCompressSync } from 'node:zlib';
import { type Batch, type Column, columnIndex, columnOf, type FixedColumn, isPresent, TIME_MS, typeEquals } from '../core/batch/batch.ts';
import { concatBatches } from '../core/batch/concat.ts';
import { takeRows } from '../core/batch/take.ts';
import { CodedError } from '../core/errors.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { nanosFromMillis } from '../core/time.ts';
import { nameOffence } from '../schemas/host-name.ts';
import { packSamples } from '../schemas/packed-samples.ts';
import { isMeasured, REQUIRED, SIGNAL_FIELDS, type SignalSchema } from '../schemas/tables.ts';
import { keepAssigned } from './assigned-labels.ts';
import type { Authority } from './authority.ts';
import { columnOffence } from './columns.ts';
import { judgeDistributions } from './distribution-rows.ts';
import { markEvents } from './event-rows.ts';
import type { HostQuota } from './host-quota.ts';
import { markHosts } from './host-rows.ts';
import type { KnownSet } from './known-sets.ts';
import type { IntakeLimits } from './limits.ts';
import type { NameQuota } from './name-quota.ts';
import type { Admitted, Arrival, Dropped, PartValue, Startless } from './parts.ts';
import { SCHEMA_RULES, type SchemaRule } from './rules.ts';
import type { SenderSeries } from './sender-series.ts';
import { judgeDefinitions, judgeSamples, markMissing, undefinedIn } from './series-rows.ts';
import type { SeriesTables } from './series-tables.ts';
import { mustSpeakForRows } from './spoken-for.ts';
import { type DropReason, markStarts, markTimes, REASONS, timeRange, withoutStarts } from './times.ts';

export interface AdmitOptions {
  readonly limits: IntakeLimits;
  readonly series: SeriesTables;
  readonly hosts: HostQuota;
  readonly names: NameQuota;
  /** The server's clock, in ms. */
  readonly now: number;
  /** Of the sender; undefined: it may do all. */
  readonly authority?: Authority | undefined;
}

const [HOST_NAME, HOST_OVER] = [REASONS.indexOf('host-name') + 1, REASONS.indexOf('host-limit') + 1];

type Refuse = (column: string, row: number | undefined, reason: string) => CodedError<'intake.refused'>;

const refuserOf =
  ({ part, schema }: Pick<Arrival, 'part' | 'schema'>): Refuse =>
  (column, row, reason) =>
    new CodedError('intake.refused', { part, schema, row: row === undefined ? '' : String(row), column, reason });

/** Throws `intake.refused`, `intake.host`. */
export const admit = (arrival: Arrival, options: AdmitOptions): Admitted => {
  const refuse = refuserOf(arrival);
  const { schema } = arrival;
  const rule = SCHEMA_RULES[schema];
  const sent = decode(arrival, options.limits, refuse);
  const unknownColumns = checkColumns(sent, schema, rule, refuse);
  const { batch, wrongStarts } = mendStarts(sent, rule);
  if (options.authority !== undefined) mustSpeakForRows(options.authority, schema, batch);
  const bounds = { oldest: nanosFromMillis(options.now - options.limits.ageMs[schema]), newest: nanosFromMillis(options.now + options.limits.futureMs) };
  const fixed = (name: string): FixedColumn | undefined => batch.columns[columnIndex(batch, name)] as FixedColumn | undefined;
  const time = rule.time === undefined ? undefined : fixed(rule.time);
  const moments = rule.moments.map(fixed).filter((column) => column !== undefined);
  const own = (): SenderSeries => options.series.of(arrival.sender, options.authority?.isBound);
  let marks = time === undefined ? undefined : markTimes(time, moments, bounds);
  let before = '';
  let last = 0;
  const isBound = options.authority?.isBound ?? true;
  const judgeHost = (host: string): number => {
    if (host === before) return last;
    before = host;
    last = nameOffence(host) !== undefined ? HOST_NAME : options.hosts.mayName(arrival.sender, isBound, host) ? 0 : HOST_OVER;
    return last;
  };
  let labels: ReadonlyMap<DropReason, string> | undefined;
  let fault: string | undefined;
  let undefinedSeries = false;
  let known: KnownSet | undefined;
  if (schema === 'series') {
    const judged = judgeDefinitions(batch, arrival.sender, own(), options.series, {
      host: judgeHost,
      names: (name, keys) => options.names.define(arrival.sender, isBound, name, keys),
    });
    if ('row' in judged) throw refuse('id', judged.row, judged.reason);
    ({ marks, labels } = judged);
  } else {
    if (schema === 'events') marks = markEvents(batch, marks, options.authority?.isBound === true);
    marks = markHosts(batch, marks, judgeHost);
  }
  if (schema === 'histograms' || schema === 'summaries') ({ marks, fault } = judgeDistributions(batch, schema, marks));
  if (isMeasured(schema)) ({ marks, undefined: undefinedSeries, known } = judgeSamples(batch, own(), marks, options.series.hosts, options.authority));
  const assigned = options.authority?.assigned;
  const kept = schema === 'series' && assigned !== undefined ? keepAssigned(batch, assigned) : batch;
  const admitted = { arrival, batch: kept, isAsSent: kept === sent, wrongStarts, time: rule.time, labels, fault, undefinedSeries, unknownColumns, known };
  const ids = undefinedSeries && options.authority !== undefined ? undefinedIn(batch, marks, own(), options.series.hosts) : new Map();
  const without = (missing: ReadonlySet<bigint>): Admitted => withRows(admitted, markMissing(batch, marks, missing), undefined);
  const unknown = ids.size === 0 ? undefined : { ids, without };
  return withRows(admitted, marks, unknown);
};

/** A row counts since a moment that is not after it: what is told as such and is not, is not known. The value stays. */
const mendStarts = (batch: Batch, rule: SchemaRule): { readonly batch: Batch; readonly wrongStarts: Uint8Array | undefined } => {
  const [at, by] = [rule.start, rule.time].map((name) => (name === undefined ? -1 : columnIndex(batch, name))) as [number, number];
  if (at === -1 || by === -1) return { batch, wrongStarts: undefined };
  const start = batch.columns[at] as FixedColumn;
  const wrongStarts = markStarts(start, batch.columns[by] as FixedColumn);
  return { batch: wrongStarts === undefined ? batch : { ...batch, columns: batch.columns.with(at, withoutStarts(start, wrongStarts)) }, wrongStarts };
};

interface Judged extends Named, Pick<Admitted, 'arrival' | 'undefinedSeries' | 'unknownColumns'> {
  readonly batch: Batch;
  /** Nothing in it was changed. */
  readonly isAsSent: boolean;
  /** 1: of the row as it was sent. */
  readonly wrongStarts: Uint8Array | undefined;
  readonly time: string | undefined;
  /** Of samples. */
  readonly known: KnownSet | undefined;
}

/** What goes on of a part of which these rows are dropped. */
const withRows = (
  { batch, isAsSent, wrongStarts, time, labels, fault, known, ...judged }: Judged,
  marks: Uint8Array | undefined,
  unknown: Admitted['unknown'],
): Admitted => {
  const { arrival } = judged;
  const out = marks === undefined ? batch : keep(batch, marks);
  const times = time === undefined ? undefined : (out.columns[columnIndex(out, time)] as FixedColumn | undefined);
  return {
    ...judged,
    value: (out === batch ? withSet(batch, known) : undefined) ?? (out === batch && isAsSent ? asSent(arrival) : packedAs(arrival, encodeStream([out]))),
    rows: out.length,
    range: times === undefined || out.length === 0 ? undefined : timeRange(times),
    dropped: marks === undefined ? [] : droppedOf(arrival, marks, { labels, fault }),
    startless: wrongStarts === undefined ? undefined : startlessOf(arrival, wrongStarts, marks),
    unknown,
  };
};

/** Columns of samples that rest packed, or are told by their set. */
const PACKED: ReadonlySet<string> = new Set(['metric', 'id', 'time', 'value', 'start']);

/** Level 1, as agents pack. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const packedAs = ({ packed }: Arrival, ipc: Uint8Array): PartValue =>
  packed === undefined ? { bytes: ipc, encoding: undefined } : { bytes: zstdCompressSync(ipc, ZSTD), encoding: 'zstd' };

const asSent = ({ packed, ipc }: Arrival): PartValue => (packed === undefined ? { bytes: ipc, encoding: undefined } : { bytes: packed, encoding: 'zstd' });

/** Undefined where the samples have no set, or more than their series, times and values. */
const withSet = (batch: Batch, known: KnownSet | undefined): PartValue | undefined => {
  if (known === undefined || batch.fields.some(({ name, type }) => !PACKED.has(name) || (name === 'start' && !typeEquals(type, TIME_MS)))) return undefined;
  const [time, value] = ['time', 'value'].map((name) => (columnOf(batch, name) as FixedColumn).values.subarray(0, batch.length));
  const begun = batch.columns[columnIndex(batch, 'start')] as FixedColumn | undefined;
  const starts = begun?.values.subarray(0, batch.length) as BigInt64Array | undefined;
  // Where it is missing it is not known, which 0 says too.
  const start = begun?.validity === undefined ? starts : starts?.map((at, row) => (isPresent(begun, row) ? at : 0n));
  const bytes = packSamples({ time: time as BigInt64Array, value: value as Float64Array, start });
  return bytes === undefined ? undefined : { bytes, encoding: 'samples', set: known.shared };
};

const decode = (arrival: Arrival, limits: IntakeLimits, refuse: Refuse): Batch => {
  let batches: Batch[];
  try {
    batches = decodeStream(arrival.ipc, { maxBytes: limits.frame.bytes, maxRows: limits.frame.rows, maxFields: 256 });
  } catch (error) {
    if (error instanceof CodedError) throw refuse('', undefined, error.message);
    throw error;
  }
  const batch = concatBatches(batches);
  if (batch.length !== arrival.rows) throw refuse('', undefined, `it has ${batch.length} rows, its sender says ${arrival.rows}`);
  return batch;
};

/** Names, types and rules of the columns; returns how many we do not know. */
const checkColumns = (batch: Batch, schema: SignalSchema, rule: SchemaRule, refuse: Refuse): number => {
  const columns = new Map<string, Column>(batch.fields.map(({ name }, i) => [name, batch.columns[i] as Column]));
  for (const { name, type } of SIGNAL_FIELDS[schema]) {
    const column = columns.get(name);
    const needed = REQUIRED[schema].includes(name);
    if (column === undefined) {
      if (needed) throw refuse(name, undefined, 'it is missing');
      continue;
    }
    columns.delete(name);
    if (!typeEquals(column.type, type)) throw refuse(name, undefined, `it is of type ${typeText(column)}, it must be ${typeText({ type })}`);
    const offence = columnOffence(column, rule.columns[name] ?? {}, needed, rule.zeroBytes);
    if (offence !== undefined) throw refuse(name, offence.row, offence.reason);
  }
  return columns.size;
};

const typeText = ({ type }: Pick<Column, 'type'>): string => {
  switch (type.kind) {
    case 'int':
      return `${type.signed ? 'int' : 'uint'}${type.bits}`;
    case 'timestamp':
    case 'duration':
      return `${type.kind}(${type.unit})`;
    case 'list':
      return `list of ${typeText({ type: type.item })}`;
    case 'map':
      return `map of ${typeText({ type: type.value })}`;
    default:
      return type.kind;
  }
};

const keep = (batch: Batch, marks: Uint8Array): Batch => {
  const rows = new Int32Array(batch.length);
  let count = 0;
  for (let row = 0; row < batch.length; row++) if (marks[row] === 0) rows[count++] = row;
  return takeRows(batch, rows.subarray(0, count));
};

interface Named {
  readonly labels: ReadonlyMap<DropReason, string> | undefined;
  readonly fault: string | undefined;
}

const droppedOf = ({ part, schema }: Arrival, marks: Uint8Array, { labels, fault }: Named): readonly Dropped[] =>
  REASONS.flatMap((reason, i) => {
    const found = marked(marks, i + 1);
    if (found === undefined) return [];
    const label = labels?.get(reason);
    const named = label !== undefined ? { label } : reason === 'malformed' && fault !== undefined ? { fault } : {};
    return [{ part, schema, reason, ...found, ...named }];
  });

/** Of the rows that go on. */
const startlessOf = ({ part, schema }: Arrival, wrongStarts: Uint8Array, marks: Uint8Array | undefined): Startless | undefined => {
  const found = marked(marks === undefined ? wrongStarts : wrongStarts.map((wrong, row) => (marks[row] === 0 ? wrong : 0)), 1);
  return found === undefined ? undefined : { part, schema, ...found };
};

const marked = (marks: Uint8Array, mark: number): { readonly rows: number; readonly firstRow: number } | undefined => {
  const firstRow = marks.indexOf(mark);
  return firstRow === -1 ? undefined : { rows: marks.reduce((n, m) => (m === mark ? n + 1 : n), 0), firstRow };
};
