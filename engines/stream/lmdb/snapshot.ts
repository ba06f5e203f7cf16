// The log as it was at one moment, as bytes, and a log made of such bytes. Only what some group still needs is in it, and what no
// group reads: the short tail that all have read is in the stores. Reads beside the writer, and holds no message up.
//
// Bytes: `IMSTREAM`, a version (u8), then records of database (u8; 0 messages, 1 meta, 2 shared), size of the key (u16), size of the value (u32,
// little-endian), key, value; database 255 and nothing behind it at the end. What they are worth as a whole their keeper checks.
import { mkdirSync } from 'node:fs';
import type { Transaction } from 'lmdb';
import { CodedError } from '../../../core/errors.ts';
import type { LogSnapshot } from '../embedded.ts';
import { type Environment, FIRST_KEY, LAST_KEY, openEnvironment } from './environment.ts';
import { costOf, decodePartition, encodePartition, LAYOUT_VERSION, messageKey, metaKey, metaParts, type PartitionRecord } from './layout.ts';

/** A partition, and its first message that goes along. */
export interface TakenPartition {
  readonly topicId: number;
  readonly partition: number;
  readonly from: bigint;
}

const MAGIC = Buffer.from('IMSTREAM');
const VERSION = 1;
const END = 255;
const HEAD = 7;
const CHUNK = 1 << 20;
/** Of a log that is made: how much a transaction takes. */
const BATCH = 16 << 20;
/** Many times what any message has: a length that is damaged is not waited for. */
const MOST_VALUE = 256 << 20;
/** Written anew. */
const OWN = new Set(['at']);

const recordOf = (database: number, key: Uint8Array, value: Uint8Array): Buffer => {
  const record = Buffer.allocUnsafe(HEAD + key.length + value.length);
  record.writeUInt8(database, 0);
  record.writeUInt16LE(key.length, 1);
  record.writeUInt32LE(value.length, 3);
  record.set(key, HEAD);
  record.set(value, HEAD + key.length);
  return record;
};

/** All at the moment of the call. */
export const takeSnapshot = ({ root, messages, meta, shared }: Environment, partitions: readonly TakenPartition[], bytes: number): LogSnapshot => {
  const transaction = root.useReadTransaction();
  let released = false;
  // A transaction is read for the first time now: before that it is of no moment yet.
  meta.get(metaKey('version'), { transaction });
  return {
    bytes,
    read: () => chunked(recordsOf({ messages, meta, shared }, partitions, transaction)),
    release: () => {
      if (!released) transaction.done();
      released = true;
    },
  };
};

const recordsOf = function* (
  { messages, meta, shared }: Pick<Environment, 'messages' | 'meta' | 'shared'>,
  partitions: readonly TakenPartition[],
  transaction: Transaction,
): Generator<Buffer> {
  yield Buffer.concat([MAGIC, Buffer.from([VERSION])]);
  const places: { readonly key: Buffer; readonly at: PartitionRecord }[] = [];
  for (const { topicId, partition, from } of partitions) {
    const key = metaKey('at', topicId, partition);
    const found = meta.get(key, { transaction });
    if (found === undefined) continue;
    const { next, earliest } = decodePartition(Buffer.from(found));
    let first = earliest;
    if (from > first) first = from;
    let [bytes, cost] = [0, 0];
    for (const message of messages.getRange({ start: messageKey(topicId, partition, first), end: messageKey(topicId, partition, next), transaction })) {
      bytes += message.value.length;
      cost += costOf(message.value.length);
      yield recordOf(0, message.key, message.value);
    }
    places.push({ key, at: { next, earliest: first, bytes, cost } });
  }
  for (const { key, value } of meta.getRange({ start: FIRST_KEY, end: LAST_KEY, transaction }))
    if (!OWN.has(metaParts(key)[0] as string)) yield recordOf(1, key, value);
  // What messages share: each as long as its lease says, which offsets count that go along.
  for (const { key, value } of shared.getRange({ start: FIRST_KEY, end: LAST_KEY, transaction })) yield recordOf(2, key, value);
  for (const { key, at } of places) yield recordOf(1, key, encodePartition(at));
  yield Buffer.from([END]);
};

const chunked = async function* (records: Iterable<Buffer>): AsyncGenerator<Uint8Array> {
  let waiting: Buffer[] = [];
  let size = 0;
  for (const record of records) {
    waiting.push(record);
    size += record.length;
    if (size < CHUNK) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
};

interface StoredRecord {
  readonly database: number;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Throws `stream.damaged` where they are not whole. */
const parsed = async function* (chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<StoredRecord> {
  const damaged = (reason: string): CodedError => new CodedError('stream.damaged', { file, reason });
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  let [isBegun, isOver] = [false, false];
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest.subarray(at), chunk]);
    at = 0;
    if (!isBegun) {
      if (rest.length <= MAGIC.length) continue;
      if (!rest.subarray(0, MAGIC.length).equals(MAGIC) || rest[MAGIC.length] !== VERSION) throw damaged('it does not begin as one');
      at = MAGIC.length + 1;
      isBegun = true;
    }
    for (;;) {
      if (isOver && at < rest.length) throw damaged('something stands behind its end');
      if (rest[at] === END) {
        isOver = true;
        at++;
        continue;
      }
      if (rest.length - at < HEAD) break;
      const keyEnd = at + HEAD + rest.readUInt16LE(at + 1);
      const size = rest.readUInt32LE(at + 3);
      if (size > MOST_VALUE) throw damaged(`it tells of a record of ${size} bytes`);
      const end = keyEnd + size;
      if (rest.length < end) break;
      yield { database: rest[at] as number, key: rest.subarray(at + HEAD, keyEnd), value: rest.subarray(keyEnd, end) };
      at = end;
    }
  }
  if (!isOver) throw damaged('its end is missing');
};

/** Makes a log of what `read` gave, in a folder without one. `file`: its name for people. Throws `stream.damaged` and `stream.newer-schema`. */
export const restoreLog = async (dir: string, chunks: AsyncIterable<Uint8Array>, file: string): Promise<void> => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const environment = openEnvironment(dir);
  const { root, meta } = environment;
  const databases = [environment.messages, environment.meta, environment.shared];
  try {
    let batch: StoredRecord[] = [];
    let size = 0;
    const put = (): void => {
      root.transactionSync(() => {
        for (const { database, key, value } of batch) {
          const into = databases[database];
          if (into === undefined) throw new CodedError('stream.damaged', { file, reason: `it has records of a database ${database}` });
          into.putSync(key, value);
        }
      });
      batch = [];
      size = 0;
    };
    for await (const record of parsed(chunks, file)) {
      batch.push(record);
      size += record.value.length;
      if (size >= BATCH) put();
    }
    put();
    const version = Number(meta.get(metaKey('version'))?.toString() ?? 0);
    if (version > LAYOUT_VERSION) throw new CodedError('stream.newer-schema', { found: version, known: LAYOUT_VERSION });
  } finally {
    await root.close();
  }
};
