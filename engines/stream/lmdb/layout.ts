// How the log rests in LMDB: the keys of the databases and the bytes of each record. Nothing here touches the store.
//
// database `messages`: key = topic id (u16) partition (u32) offset (u64), big-endian, so that a partition is one range
// database `meta`: `version`, `installation`, `generation`, `clock` (JSON), `topic/NAME`, `at/ID/PARTITION`, and for each group
// `progress/GROUP/NAME/PARTITION` and `checkpoint/GROUP/NAME/PARTITION`: an offset (u64, little-endian), then its own bytes
// database `shared`: key = topic id and partition as above, 0 for a lease or 1 for bytes (u8), the key that messages say; see `leases.ts`
import type { Message, StoredMessage } from '../port.ts';

/** Of this layout. A store with a higher one is refused. From 2 on messages may share bytes. */
export const LAYOUT_VERSION = 2;

export interface TopicRecord {
  readonly id: number;
  readonly partitions: number;
  readonly retentionBytes: number;
  readonly retentionMs: number;
  readonly groups?: readonly string[];
  readonly share?: number;
}

/** What is known of a partition without reading its messages; written with every change to them. */
export interface PartitionRecord {
  readonly next: bigint;
  readonly earliest: bigint;
  /** Of all messages there, as stored. */
  readonly bytes: number;
  /** Bytes of the file that they take, roughly. */
  readonly cost: number;
}

const textEncoder = new TextEncoder();
/** A leading U+FEFF is part of the text. */
const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

export const messageKey = (topicId: number, partition: number, offset: bigint): Buffer => {
  const key = Buffer.allocUnsafeSlow(14);
  key.writeUInt16BE(topicId, 0);
  key.writeUInt32BE(partition, 2);
  key.writeBigUInt64BE(offset, 6);
  return key;
};

export const SHARED = { lease: 0, bytes: 1 } as const;

/** Of all of a kind without a key: the beginning of their range. */
export const sharedKey = (topicId: number, partition: number, kind: number, key = ''): Buffer => {
  const text = Buffer.from(key);
  const out = Buffer.allocUnsafeSlow(7 + text.length);
  out.writeUInt16BE(topicId, 0);
  out.writeUInt32BE(partition, 2);
  out.writeUInt8(kind, 6);
  out.set(text, 7);
  return out;
};

export const keyOfShared = (key: Uint8Array): string => textDecoder.decode(key.subarray(7));

/** Up to which offset bytes are kept, and what they take. */
export interface Lease {
  readonly until: bigint;
  readonly cost: number;
}

export const encodeLease = ({ until, cost }: Lease): Buffer => {
  const record = Buffer.allocUnsafeSlow(16);
  record.writeBigUInt64LE(until, 0);
  record.writeDoubleLE(cost, 8);
  return record;
};

export const decodeLease = (record: Buffer): Lease => ({ until: record.readBigUInt64LE(0), cost: record.readDoubleLE(8) });

export const offsetOfKey = (key: Uint8Array): bigint => new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(6);

export const metaKey = (...parts: readonly (string | number)[]): Buffer => Buffer.from(parts.map((part) => encodeURIComponent(String(part))).join('/'));
export const metaParts = (key: Uint8Array): string[] => textDecoder.decode(key).split('/').map(decodeURIComponent);

export const encodePartition = (at: PartitionRecord): Buffer => {
  const record = Buffer.allocUnsafeSlow(32);
  record.writeBigUInt64LE(at.next, 0);
  record.writeBigUInt64LE(at.earliest, 8);
  record.writeDoubleLE(at.bytes, 16);
  record.writeDoubleLE(at.cost, 24);
  return record;
};

export const decodePartition = (record: Buffer): PartitionRecord => ({
  next: record.readBigUInt64LE(0),
  earliest: record.readBigUInt64LE(8),
  bytes: record.readDoubleLE(16),
  cost: record.readDoubleLE(24),
});

/** What LMDB takes for a value: a share of a leaf page, or whole pages beside the tree. */
export const costOf = (size: number): number => (size < 2000 ? size + 40 : Math.ceil((size + 16) / 4096) * 4096 + 60);

/** An offset before the bytes of a group. */
export const encodeSaved = (offset: bigint, bytes: Uint8Array): Buffer => {
  const record = Buffer.alloc(8 + bytes.length);
  record.writeBigUInt64LE(offset, 0);
  record.set(bytes, 8);
  return record;
};

/** The bytes are a copy. */
export const decodeSaved = (record: Buffer): { readonly offset: bigint; readonly bytes: Uint8Array } => ({
  offset: record.readBigUInt64LE(0),
  bytes: new Uint8Array(record.subarray(8)),
});

const FIXED = 14;

/** A message before its value: time it came (ms), key and headers. */
export const encodeHead = (message: Message, time: number): Uint8Array => {
  const key = textEncoder.encode(message.key);
  const headers = textEncoder.encode(JSON.stringify(message.headers));
  if (key.length > 0xffff) throw new RangeError(`a key of ${key.length} bytes; 65,535 is the most`);
  const head = new Uint8Array(FIXED + key.length + headers.length);
  const view = new DataView(head.buffer);
  view.setFloat64(0, time, true);
  view.setUint16(8, key.length, true);
  view.setUint32(10, headers.length, true);
  head.set(key, FIXED);
  head.set(headers, FIXED + key.length);
  return head;
};

/** When the message of a record came, in ms. */
export const timeOfRecord = (record: Uint8Array): number => new DataView(record.buffer, record.byteOffset, record.byteLength).getFloat64(0, true);

/** The value is a view of `record`. */
export const decodeRecord = (record: Uint8Array, topic: string, partition: number, offset: bigint): StoredMessage => {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const headersAt = FIXED + view.getUint16(8, true);
  const valueAt = headersAt + view.getUint32(10, true);
  return {
    topic,
    partition,
    offset,
    key: textDecoder.decode(record.subarray(FIXED, headersAt)),
    headers: JSON.parse(textDecoder.decode(record.subarray(headersAt, valueAt))) as Record<string, string>,
    value: record.subarray(valueAt),
  };
};
