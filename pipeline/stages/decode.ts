// A message's bytes into the columns of its schema: missing columns are filled, unknown ones ignored and counted,
// another major version or anything that does not hold together is a dead letter. Reads no store and never throws on a message.
import { constants, zstdDecompressSync } from 'node:zlib';
import {
  type Batch,
  type Column,
  type DataType,
  type Field,
  type FixedColumn,
  FLOAT,
  isPresent,
  TIME_MS,
  typeEquals,
  UINT32,
  UINT64,
  type Value,
  valueAt,
} from '../../core/batch/batch.ts';
import { allocateFixed, batchOf, columnFrom } from '../../core/batch/build.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import { decodeStream } from '../../core/ipc/read.ts';
import { MOST_WINDOW_LOG, unpackZstd } from '../../core/node/zstd.ts';
import { EARLIEST_NS, LATEST_NS, NANOS_PER_MS } from '../../core/time.ts';
import type { StoredMessage } from '../../engines/stream/port.ts';
import { unpackSamples } from '../../schemas/packed-samples.ts';
import type { SampleSet } from '../../schemas/sample-set.ts';
import { REQUIRED, SIGNAL_FIELDS, SIGNAL_VERSION, type SignalSchema } from '../../schemas/tables.ts';
import type { DeadLetter, Decoded } from '../message.ts';

/** The headers that name a message. */
export interface Envelope {
  readonly schema: string;
  readonly version: number;
  readonly sender: string;
  /** Within it `boot` and `seq` rise: the sender, or of a letter that is replayed the letter itself, as it comes out of its turn. */
  readonly lane: string;
  readonly boot: bigint;
  readonly seq: bigint;
  readonly rows: number;
  /** Bytes of its rows, unpacked. */
  readonly size: number;
  readonly received: bigint;
  readonly latest: bigint | undefined;
  /** Of the bytes as they were sent, below 2^53; undefined: an earlier version took it in. */
  readonly print: number | undefined;
}

const NUMBER = /^\d{1,20}$/;
const MOST = 0xffff_ffff_ffff_ffffn;
const MOST_ROWS = 2 ** 31;

/** An unsigned 64-bit number; undefined when the text is none. */
const numberOf = (text: string | undefined): bigint | undefined => {
  if (text === undefined || !NUMBER.test(text)) return undefined;
  const number = BigInt(text);
  return number > MOST ? undefined : number;
};

const printOf = (text: string | undefined): number | undefined => {
  const print = numberOf(text);
  return print === undefined || print > Number.MAX_SAFE_INTEGER ? undefined : Number(print);
};

/** No sender’s name begins so: the door takes none with a line feed. */
const LETTER_LANE = 'letter\n';

/** Undefined when a header that names the message is missing or no number. */
export const envelopeOf = ({ headers, value }: StoredMessage): Envelope | undefined => {
  const { schema, sender, letter } = headers;
  const [version, boot, seq, rows, received] = ['version', 'boot', 'seq', 'rows', 'received'].map((name) => numberOf(headers[name]));
  if (schema === undefined || sender === undefined || sender === '') return undefined;
  if (version === undefined || boot === undefined || seq === undefined || rows === undefined) return undefined;
  return {
    schema,
    version: Number(version),
    sender,
    lane: letter === undefined ? sender : `${LETTER_LANE}${letter}`,
    boot,
    seq,
    rows: Math.min(Number(rows), MOST_ROWS),
    size: Number(numberOf(headers.size) ?? value.length),
    received: received ?? 0n,
    latest: numberOf(headers.to),
    print: printOf(headers.print),
  };
};

/** Columns in which the stores take no missing value: these are filled. (Elsewhere missing stays missing.) */
const FILLED: Readonly<Partial<Record<SignalSchema, readonly string[]>>> = {
  series: ['temporality', 'interval'],
  metrics: ['start'],
  histograms: [
    'start',
    'stale',
    'bounds',
    'counts',
    'zero_count',
    'zero_threshold',
    'positive_offset',
    'positive_counts',
    'negative_offset',
    'negative_counts',
  ],
  summaries: ['start', 'stale', 'quantiles', 'values'],
  logs: ['attributes', 'numbers'],
  jvm: ['pools', 'collections', 'collection_times'],
};

const defaultOf = (type: DataType): Value => {
  switch (type.kind) {
    case 'bool':
      return false;
    case 'utf8':
      return '';
    case 'float':
      return 0;
    case 'list':
      return [];
    case 'map':
      return new Map();
    case 'int':
      return type.bits === 64 ? 0n : 0;
    default:
      return 0n;
  }
};

/** Numbers and times are filled with 0, without a value of its own for any row. */
const isFixed = ({ kind }: DataType): boolean => kind === 'int' || kind === 'float' || kind === 'timestamp' || kind === 'duration';

const zeros = (type: DataType, length: number): FixedColumn => ({ layout: 'fixed', type, length, validity: undefined, values: allocateFixed(type, length) });

/** Zeros that nobody writes to, used for every column of theirs. */
const shared = new Map<DataType, FixedColumn>();
const sharedZeros = (type: DataType, length: number): FixedColumn => {
  let column = shared.get(type);
  if (column === undefined || column.length < length) {
    column = zeros(type, length * 2);
    shared.set(type, column);
  }
  return { ...column, length, values: column.values.subarray(0, length) };
};

const repeated = function* (value: Value, times: number): Iterable<Value> {
  for (let i = 0; i < times; i++) yield value;
};

const values = function* (column: Column): Iterable<Value> {
  const value = defaultOf(column.type);
  for (let row = 0; row < column.length; row++) yield valueAt(column, row) ?? value;
};

/** The column of a schema that a batch lacks. */
const absent = (type: DataType, length: number, isFilled: boolean): Column => {
  if (isFilled && isFixed(type)) return sharedZeros(type, length);
  return columnFrom(type, repeated(isFilled ? defaultOf(type) : null, length));
};

/** With its default wherever something is missing. */
const filled = (column: Column): Column => {
  if (column.layout !== 'fixed') return columnFrom(column.type, values(column));
  const out = zeros(column.type, column.length);
  for (let row = 0; row < column.length; row++) if (isPresent(column, row)) out.values[row] = column.values[row] as never;
  return out;
};

const hasMissing = (column: Column): boolean => {
  if (column.validity === undefined) return false;
  for (let row = 0; row < column.length; row++) if (((column.validity[row >> 3] as number) & (1 << (row & 7))) === 0) return true;
  return false;
};

/** The columns of `fields` in their order; throws with the reason when the batch cannot be one of its schema. */
const conform = (batch: Batch, schema: SignalSchema): Batch => {
  const fields: readonly Field[] = SIGNAL_FIELDS[schema];
  const given = new Map(batch.fields.map(({ name }, i) => [name, batch.columns[i] as Column]));
  const columns = fields.map(({ name, type }): Column => {
    const column = given.get(name);
    const needed = REQUIRED[schema].includes(name);
    const isFilled = FILLED[schema]?.includes(name) === true;
    if (column === undefined) {
      if (needed) throw new TypeError(`its column ${name} is missing`);
      return absent(type, batch.length, isFilled);
    }
    if (!typeEquals(column.type, type)) throw new TypeError(`its column ${name} is of another type`);
    if (needed && hasMissing(column)) throw new TypeError(`its column ${name} lacks values`);
    return isFilled && hasMissing(column) ? filled(column) : column;
  });
  const time = fields.findIndex(({ name }) => name === 'time');
  if (time >= 0 && !isInYears(columns[time] as FixedColumn)) throw new TypeError('a time of it is outside the years that are kept');
  return { length: batch.length, fields, columns };
};

/** The door lets no other through; the stores take them and sort them under a day they are not of. */
const isInYears = ({ type, values, length }: FixedColumn): boolean => {
  const words = wordsOf(values as BigInt64Array);
  const unit = type.kind === 'timestamp' && type.unit === 'ms' ? NANOS_PER_MS : 1n;
  const [earliest, latest] = [Number(EARLIEST_NS / unit), Number(LATEST_NS / unit)];
  for (let row = 0; row < length; row++) {
    const at = safeIntegerAt(words, row);
    if (at < earliest || at > latest) return false;
  }
  return true;
};

const NO_SETS: ReadonlyMap<string, SampleSet> = new Map();
/** More than a door lets through in one frame. */
const MOST_BYTES = 64 << 20;

/** The set of series that a message names; undefined: none. */
export const setNamedBy = ({ headers: { encoding, set } }: StoredMessage): string | undefined => (encoding === 'samples' ? set : undefined);

const batchesOf = (message: StoredMessage, { rows, size }: Envelope, sets: ReadonlyMap<string, SampleSet>): Batch[] => {
  if (message.headers.encoding !== 'samples') return decodeStream(unpacked(message, size));
  const set = sets.get(message.headers.set ?? '');
  if (set === undefined) throw new TypeError('the stream has no set of series of the name that it says');
  if (set.id.length !== rows) throw new TypeError(`its set has ${set.id.length} series, its samples are ${rows}`);
  const { time, value, start } = unpackSamples(message.value, rows);
  const columns: readonly (readonly [string, DataType, FixedColumn['values'] | undefined])[] = [
    ['metric', UINT32, set.metric],
    ['id', UINT64, set.id],
    ['time', TIME_MS, time],
    ['value', FLOAT, value],
    ['start', TIME_MS, start],
  ];
  return [
    batchOf(
      columns.flatMap(([name, type, values]) =>
        values === undefined ? [] : [[name, { layout: 'fixed', type, length: rows, validity: undefined, values }] as const],
      ),
    ),
  ];
};

const unpacked = ({ headers: { encoding }, value }: StoredMessage, size: number): Uint8Array => {
  if (encoding === undefined) return value;
  if (encoding !== 'zstd') throw new TypeError(`its encoding ${encoding} is not known`);
  // What came before its size was told has more than its bytes.
  return (
    unpackZstd(value, Math.min(size, MOST_BYTES))?.bytes ??
    zstdDecompressSync(value, { maxOutputLength: MOST_BYTES, params: { [constants.ZSTD_d_windowLogMax]: MOST_WINDOW_LOG } })
  );
};

export type DecodeOutcome =
  | { readonly ok: true; readonly decoded: Decoded; readonly unknownColumns: number }
  | { readonly ok: false; readonly letter: DeadLetter };

/** `sets`: those that messages of the partition name, by their names. */
export const decodeMessage = (
  message: StoredMessage,
  envelope: Envelope,
  schemas: readonly SignalSchema[],
  sets: ReadonlyMap<string, SampleSet> = NO_SETS,
): DecodeOutcome => {
  const dead = (reason: string, error: string): DecodeOutcome => ({
    ok: false,
    letter: { message, value: message.value, rows: envelope.rows, stage: 'decode', reason, error },
  });
  const schema = schemas.find((name) => name === envelope.schema);
  if (schema === undefined) return dead('unknown-schema', `schema ${envelope.schema} has no place on ${message.topic}`);
  if (envelope.version !== SIGNAL_VERSION) return dead('unknown-version', `schema ${schema} of version ${envelope.version} is not known`);
  try {
    const whole = concatBatches(batchesOf(message, envelope, sets));
    const batch = conform(whole, schema);
    const known = new Set(batch.fields.map((field) => field.name));
    const unknownColumns = whole.fields.filter((field) => !known.has(field.name)).length;
    const { sender, boot, seq, received, latest } = envelope;
    return { ok: true, decoded: { stored: message, schema, sender, boot, seq, received, latest, batch }, unknownColumns };
  } catch (error) {
    return dead('malformed', (error as Error).message);
  }
};
