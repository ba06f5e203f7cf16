// Reads one whole Arrow IPC stream (https://arrow.apache.org/docs/format/Columnar.html) into batches, without copying
// what lies right in memory. Takes what `write.ts`, apache-arrow and ClickHouse (format ArrowStream,
// output_format_arrow_compression_method = 'none') write; believes nothing: hostile bytes end in `ipc.malformed`, never
// in a crash, a hang, memory beyond a few times the input, or a column that points outside its buffers.
import type { Batch, Column } from '../batch/batch.ts';
import { columnFrom } from '../batch/build.ts';
import { sameBytes } from '../batch/same-bytes.ts';
import { FlatBuffer, type FlatTableView, malformed } from './flat-read.ts';
import { CONTINUATION, HEADER, METADATA_V4, METADATA_V5 } from './format.ts';
import { BodyReader } from './read-column.ts';
import { GrowingDictionary } from './read-dictionary.ts';
import { readSchema, type SchemaPlan } from './read-schema.ts';

export interface ReadOptions {
  /** Most bytes of the stream. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Most rows of all batches together. Default 2^31 − 1. */
  readonly maxRows?: number;
  /** Most fields, parts of nested ones counted. Default 4,096. */
  readonly maxFields?: number;
  /**
   * Whether text that is not UTF-8 is refused (default: yes). Where the bytes come from a store of our own this may be
   * false: then such text reads as U+FFFD.
   */
  readonly validateUtf8?: boolean;
}

/**
 * The batches of the stream, one at least: a stream of a schema only gives one without rows. Text and values are views of
 * `bytes` wherever possible, so `bytes` must not change afterwards. Timestamps in s and µs become ms and ns, dates
 * ms, durations ns, float32 float64; dictionary entries that are missing make their rows missing.
 * @throws CodedError `ipc.malformed`
 */
export const decodeStream = (bytes: Uint8Array, options: ReadOptions = {}): Batch[] => {
  const { maxBytes = 1 << 30, maxRows = 0x7fffffff, maxFields = 4096, validateUtf8 = true } = options;
  if (bytes.length > maxBytes) throw malformed(`it has ${bytes.length} bytes, more than ${maxBytes}`);
  // 64-bit values can only be viewed in place where they lie on a multiple of 8. (The `slice` of a Buffer would not copy.)
  // A plain view: `slice` of Node's Buffer shares its bytes, and columns are cut by `slice` where a copy is meant.
  const messages = new MessageReader(bytes.byteOffset % 8 === 0 ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes));
  const opening = messages.next();
  if (opening === undefined || opening.kind !== HEADER.schema) throw malformed('it does not begin with a schema');
  const schema = schemaOf(opening, maxFields);
  const dictionaries = new Map(Array.from(schema.dictionaries.keys(), (id) => [id, new GrowingDictionary()]));
  const batches: Batch[] = [];
  let rows = 0;
  for (let message = messages.next(); message !== undefined; message = messages.next()) {
    const { kind, header, body } = message;
    if (kind === HEADER.dictionary) readDictionary(schema, dictionaries, header, body, validateUtf8);
    else if (kind === HEADER.record) {
      const batch = readBatch(schema, dictionaries, header, body, validateUtf8);
      rows += batch.length;
      if (rows > maxRows) throw malformed(`it has more than ${maxRows} rows`);
      batches.push(batch);
    } else throw malformed('a message that is neither a dictionary nor a batch');
  }
  return batches.length > 0 ? batches : [{ length: 0, fields: schema.fields, columns: schema.fields.map((field) => columnFrom(field.type, [])) }];
};

interface KnownSchema {
  readonly bytes: Uint8Array;
  readonly maxFields: number;
  readonly plan: SchemaPlan;
}

/** A sender's messages begin with the same bytes each time: those met last are not read again. */
const known: KnownSchema[] = [];
const MOST_KNOWN = 16;
const MOST_KNOWN_BYTES = 16 << 10;

const schemaOf = ({ bytes, header }: Message, maxFields: number): SchemaPlan => {
  const found = known.find((one) => one.maxFields === maxFields && sameBytes(one.bytes, 0, one.bytes.length, bytes, 0, bytes.length));
  if (found !== undefined) return found.plan;
  const plan = readSchema(header, maxFields);
  if (bytes.length > MOST_KNOWN_BYTES) return plan;
  known.unshift({ bytes: bytes.slice(), maxFields, plan });
  known.length = Math.min(known.length, MOST_KNOWN);
  return plan;
};

const readDictionary = (
  schema: SchemaPlan,
  dictionaries: ReadonlyMap<number, GrowingDictionary>,
  header: FlatTableView,
  body: Uint8Array,
  validateUtf8: boolean,
): void => {
  const id = header.size(0);
  const wire = schema.dictionaries.get(id);
  const dictionary = dictionaries.get(id);
  if (wire === undefined || dictionary === undefined) throw malformed(`no field has the dictionary ${id}`);
  const data = header.table(1, 'dictionary');
  const reader = new BodyReader(data, body, dictionaries, validateUtf8);
  const entries = reader.text(wire.large, data.size(0));
  reader.finish();
  if (header.i8(2, 0) === 0) dictionary.replace(entries);
  else dictionary.append(entries);
};

const readBatch = (
  schema: SchemaPlan,
  dictionaries: ReadonlyMap<number, GrowingDictionary>,
  header: FlatTableView,
  body: Uint8Array,
  validateUtf8: boolean,
): Batch => {
  const length = header.size(0);
  const reader = new BodyReader(header, body, dictionaries, validateUtf8);
  const columns = schema.plans.map((plan): Column => reader.column(plan, length));
  reader.finish();
  if (columns.length === 0 && length > 0) throw malformed('rows without columns');
  return { length, fields: schema.fields, columns };
};

interface Message {
  readonly kind: number;
  /** All of its metadata. */
  readonly bytes: Uint8Array;
  readonly header: FlatTableView;
  readonly body: Uint8Array;
}

/** The messages of a stream in order; undefined after the end marker, which must be the last thing there. */
class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  next(): Message | undefined {
    if (this.#bytes.length - this.#at < 8) throw malformed(this.#at === 0 ? 'it is too short' : 'it has no end marker');
    if (this.#view.getUint32(this.#at, true) !== CONTINUATION) throw malformed('a message does not begin with the continuation marker');
    const size = this.#view.getUint32(this.#at + 4, true);
    this.#at += 8;
    if (size === 0) {
      if (this.#at < this.#bytes.length) throw malformed(`${this.#bytes.length - this.#at} bytes stand behind the end marker`);
      return undefined;
    }
    const bytes = this.#take(size);
    const message = new FlatBuffer(bytes).root();
    const version = message.i16(0, 0);
    if (version !== METADATA_V4 && version !== METADATA_V5) throw malformed(`metadata version ${version + 1}`);
    const body = this.#take(message.size(3));
    return { kind: message.i8(1, 0), bytes, header: message.table(2, 'header'), body };
  }

  #take(size: number): Uint8Array {
    if (size > this.#bytes.length - this.#at) throw malformed('it ends within a message');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}
