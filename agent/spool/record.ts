// How one record of the spool lies in a segment file: length, CRC-32, kind, then JSON meta and for a frame its bytes.
// Reading stops at the first record that is cut or damaged; it never guesses where the next one begins.
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

export const RECORD_FRAME = 1;
export const RECORD_ACKNOWLEDGED = 2;
export const RECORD_CHECKPOINT = 3;

/** Over it a length can only be damage. */
const MOST_PAYLOAD = 64 << 20;
/** u32 length of what follows the CRC, u32 CRC of that. */
const PREFIX = 8;
/** u8 kind, u32 length of the meta. */
const HEAD = 5;

export interface RawRecord {
  readonly kind: number;
  readonly meta: unknown;
  /** A copy of its own. */
  readonly body: Uint8Array;
  /** Where the next record begins. */
  readonly end: number;
}

export const encodeRecord = (kind: number, meta: unknown, body: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const json = Buffer.from(JSON.stringify(meta));
  const out = Buffer.allocUnsafe(PREFIX + HEAD + json.length + body.length);
  out.writeUInt32LE(HEAD + json.length + body.length, 0);
  out.writeUInt8(kind, PREFIX);
  out.writeUInt32LE(json.length, PREFIX + 1);
  json.copy(out, PREFIX + HEAD);
  out.set(body, PREFIX + HEAD + json.length);
  out.writeUInt32LE(crc32(out.subarray(PREFIX)), 4);
  return out;
};

/** The record at `offset`; `end` when the file ends exactly there, `damaged` when what is there is no whole record. */
export const readRecord = (fd: number, offset: number): RawRecord | 'end' | 'damaged' => {
  const prefix = Buffer.alloc(PREFIX);
  const got = readSync(fd, prefix, 0, PREFIX, offset);
  if (got === 0) return 'end';
  const length = prefix.readUInt32LE(0);
  if (got < PREFIX || length < HEAD || length > MOST_PAYLOAD) return 'damaged';
  const payload = Buffer.alloc(length);
  if (readSync(fd, payload, 0, length, offset + PREFIX) < length || crc32(payload) !== prefix.readUInt32LE(4)) return 'damaged';
  const metaLength = payload.readUInt32LE(1);
  if (metaLength > length - HEAD) return 'damaged';
  try {
    const meta: unknown = JSON.parse(payload.toString('utf8', HEAD, HEAD + metaLength));
    return { kind: payload.readUInt8(0), meta, body: payload.subarray(HEAD + metaLength), end: offset + PREFIX + length };
  } catch {
    return 'damaged';
  }
};
