// The frame: what an agent sends to the door in one request, a JSON header and Arrow IPC streams one after the other.
// Layout: `IMF1`, u32 little-endian length of the header, the header, then the parts, each packed by itself, so that whoever passes one on
// need not unpack it; packing is not done here. Version 1 had plain parts only, and was packed by its carrier.
// Decoding trusts nothing: every length, type, depth and size is checked before it is used. What is inside a part is not looked at.
import { CodedError } from '../core/errors.ts';
import { nameOffence } from './host-name.ts';
import type { SignalSchema } from './tables.ts';

/** Who sent a frame and which one it is. A part is named by (agent, boot, seq of the frame + its place), see `FramePart`. */
export interface FrameHeader {
  /** Stable id of the sender. */
  readonly agent: string;
  /** Name of the host. */
  readonly host: string;
  /** Names the run of the sender, a UInt64 that rises from start to start. */
  readonly boot: bigint;
  /** Of the first part. The next frame's is this one's plus the number of its parts. */
  readonly seq: number;
  /** ISO time at which the frame was made. */
  readonly sent: string;
  /** Of the sender's configuration (region, datacenter, …); the inventory is the truth, these may be missing. */
  readonly labels: ReadonlyMap<string, string>;
}

export interface FramePart {
  /** One of `SignalSchema`, unless the sender is newer than this program. */
  readonly schema: string;
  /** Major version of the schema. */
  readonly version: number;
  readonly rows: number;
  /** Time of the earliest and the latest row, in ns; both or neither. */
  readonly from?: bigint;
  readonly to?: bigint;
  /** One complete Arrow IPC stream, as it stands in the frame. */
  readonly ipc: Uint8Array;
  /** How that is packed, and its size before; both or neither: it is plain. */
  readonly encoding?: PartEncoding;
  readonly size?: number;
}

export type PartEncoding = 'zstd';

export interface OwnFramePart extends FramePart {
  readonly schema: SignalSchema;
}

export interface DecodedPart extends FramePart {
  /** With the frame's agent and boot the identity of the message. */
  readonly seq: number;
}

export interface DecodedFrame {
  readonly header: FrameHeader;
  readonly parts: readonly DecodedPart[];
}

/** Upper bounds, inclusive. */
export interface FrameLimits {
  /** Of the whole frame, and of all parts together before they were packed. */
  readonly bytes: number;
  readonly headerBytes: number;
  readonly parts: number;
  /** Claimed by all parts together. */
  readonly rows: number;
  readonly labels: number;
}

/** Header of a request that brings a frame, or signs in: the sender's clock when it sends, ms since 1970. */
export const CLOCK_HEADER = 'x-inframirror-clock';

/** Header of such a request: the digest of its body as it was sent (RFC 9530), `sha-256=:BASE64:`, by which damage on the way is known. */
export const DIGEST_HEADER = 'content-digest';

export const FRAME_LIMITS: FrameLimits = { bytes: 32 << 20, headerBytes: 256 << 10, parts: 64, rows: 1_000_000, labels: 64 };

/** A run is numbered by its sender's clock: so far, ms, it may be ahead of the server's. */
export const RUN_AHEAD_MS = 86_400_000;
/** What is known further ahead is believed no longer, by the door and the workers alike: an earlier version took any number. */
export const KNOWN_RUN_AHEAD_MS = 2 * RUN_AHEAD_MS;

const MAGIC = [0x49, 0x4d, 0x46, 0x31];
const PREFIX = 8;
const MOST_DEPTH = 8;
const MOST_TEXT = 1024;

/** Parts start at a multiple of eight as far as their own lengths are such, so that readers need not copy them. */
export const encodeFrame = (header: FrameHeader, parts: readonly OwnFramePart[]): Uint8Array => {
  const json = new TextEncoder().encode(
    JSON.stringify({
      version: parts.some(({ encoding }) => encoding !== undefined) ? 2 : 1,
      agent: header.agent,
      host: header.host,
      boot: header.boot.toString(),
      seq: header.seq,
      sent: header.sent,
      labels: Object.fromEntries(header.labels),
      parts: parts.map((p, i) => ({
        schema: p.schema,
        version: p.version,
        seq: header.seq + i,
        rows: p.rows,
        ...(p.from === undefined || p.to === undefined ? {} : { from: p.from.toString(), to: p.to.toString() }),
        bytes: p.ipc.length,
        ...(p.encoding === undefined ? {} : { encoding: p.encoding, size: p.size }),
      })),
    }),
  );
  const headerLength = (json.length + 7) & ~7;
  const out = new Uint8Array(PREFIX + headerLength + parts.reduce((sum, p) => sum + p.ipc.length, 0));
  out.set(MAGIC);
  new DataView(out.buffer).setUint32(4, headerLength, true);
  out.set(json, PREFIX);
  out.fill(0x20, PREFIX + json.length, PREFIX + headerLength);
  let at = PREFIX + headerLength;
  for (const part of parts) {
    out.set(part.ipc, at);
    at += part.ipc.length;
  }
  return out;
};

const malformed = (reason: string): CodedError<'frame.malformed'> => new CodedError('frame.malformed', { reason });

/** The parts' bytes are views into `bytes`. Throws `frame.malformed`; keys of the header that are not known are ignored. */
export const decodeFrame = (bytes: Uint8Array, limits: FrameLimits = FRAME_LIMITS): DecodedFrame => {
  if (bytes.length > limits.bytes) throw malformed(`it has ${bytes.length} bytes, ${limits.bytes} are allowed`);
  if (bytes.length < PREFIX || MAGIC.some((b, i) => bytes[i] !== b)) throw malformed('it does not begin with IMF1');
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4, true);
  if (headerLength > limits.headerBytes) throw malformed(`its header has ${headerLength} bytes, ${limits.headerBytes} are allowed`);
  if (headerLength > bytes.length - PREFIX) throw malformed('it ends within its header');
  const header = parseHeader(bytes.subarray(PREFIX, PREFIX + headerLength));
  if (header.version !== 1 && header.version !== 2) throw malformed(`its version is ${shown(header.version)}, this program knows 1 and 2`);
  const seq = whole(header.seq, 'seq', Number.MAX_SAFE_INTEGER - limits.parts);
  return {
    header: {
      agent: name(header.agent, 'agent'),
      host: name(header.host, 'host'),
      boot: unsigned64(header.boot, 'boot'),
      seq,
      sent: isoTime(header.sent),
      labels: labelsOf(header.labels, limits),
    },
    parts: partsOf(header.parts, seq, bytes.subarray(PREFIX + headerLength), limits, header.version === 2),
  };
};

type Json = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const parseHeader = (bytes: Uint8Array): Json => {
  if (depthOf(bytes) > MOST_DEPTH) throw malformed(`its header is nested deeper than ${MOST_DEPTH}`);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    throw malformed('its header is not JSON in UTF-8');
  }
  return object(value, 'header');
};

/** Deepest nesting, told from the bytes alone, so that the parser never sees a header made of brackets. */
const depthOf = (bytes: Uint8Array): number => {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i];
    if (inText) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inText = false;
    } else if (c === 0x22) inText = true;
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x7d || c === 0x5d) depth--;
  }
  return deepest;
};

const partsOf = (value: unknown, seq: number, bytes: Uint8Array, limits: FrameLimits, mayBePacked: boolean): DecodedPart[] => {
  if (!Array.isArray(value) || value.length === 0) throw malformed('parts must be a list of at least one');
  if (value.length > limits.parts) throw malformed(`it has ${value.length} parts, ${limits.parts} are allowed`);
  const out: DecodedPart[] = [];
  let at = 0;
  let rows = 0;
  let size = 0;
  for (const [i, item] of value.entries()) {
    const part = object(item, `parts[${i}]`);
    const place = (key: string): string => `parts[${i}].${key}`;
    if (whole(part.seq, place('seq'), Number.MAX_SAFE_INTEGER) !== seq + i) throw malformed(`${place('seq')} must be ${seq + i}`);
    const length = whole(part.bytes, place('bytes'), limits.bytes);
    if (length > bytes.length - at) throw malformed(`it ends within parts[${i}]`);
    const ownRows = whole(part.rows, place('rows'), limits.rows);
    rows += ownRows;
    if (rows > limits.rows) throw malformed(`it has more than ${limits.rows} rows`);
    const packed = mayBePacked ? packedAs(part, place, limits) : {};
    size += packed.size ?? length;
    if (size > limits.bytes) throw malformed(`its parts have more than ${limits.bytes} bytes before they were packed`);
    out.push({
      schema: text(part.schema, place('schema')),
      version: whole(part.version, place('version'), 0xffff),
      seq: seq + i,
      rows: ownRows,
      ...rangeOf(part, place),
      ...packed,
      ipc: bytes.subarray(at, at + length),
    });
    at += length;
  }
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes follow its last part`);
  return out;
};

const packedAs = (part: Json, place: (key: string) => string, limits: FrameLimits): { readonly encoding?: PartEncoding; readonly size?: number } => {
  if (part.encoding === undefined) return {};
  if (part.encoding !== 'zstd') throw malformed(`${place('encoding')} is ${shown(part.encoding)}, this program knows zstd`);
  return { encoding: part.encoding, size: whole(part.size, place('size'), limits.bytes) };
};

const rangeOf = (part: Json, place: (key: string) => string): { from: bigint; to: bigint } | Record<never, never> => {
  if (part.from === undefined && part.to === undefined) return {};
  const from = unsigned64(part.from, place('from'));
  const to = unsigned64(part.to, place('to'));
  if (from > to) throw malformed(`${place('from')} is later than ${place('to')}`);
  return { from, to };
};

const labelsOf = (value: unknown, limits: FrameLimits): ReadonlyMap<string, string> => {
  const out = new Map<string, string>();
  if (value === undefined) return out;
  const entries = Object.entries(object(value, 'labels'));
  if (entries.length > limits.labels) throw malformed(`it has ${entries.length} labels, ${limits.labels} are allowed`);
  for (const [key, item] of entries) {
    if (item === '') continue;
    out.set(text(key, 'a name in labels'), text(item, 'a value in labels'));
  }
  return out;
};

const object = (value: unknown, place: string): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${place} must be an object`);
  return value as Json;
};

const hasControl = (value: string): boolean => {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) < 0x20 || value.charCodeAt(i) === 0x7f) return true;
  return false;
};

const text = (value: unknown, place: string): string => {
  if (typeof value !== 'string' || value === '') throw malformed(`${place} must be a text that is not empty`);
  if (value.length > MOST_TEXT) throw malformed(`${place} has ${value.length} characters, ${MOST_TEXT} are allowed`);
  if (!value.isWellFormed() || hasControl(value)) throw malformed(`${place} holds a control character or half of a surrogate pair`);
  return value;
};

/** Of who sends, as people see it. */
const name = (value: unknown, place: string): string => {
  const given = text(value, place);
  const offence = nameOffence(given);
  if (offence !== undefined) throw malformed(`${place}: ${offence}`);
  return given;
};

const whole = (value: unknown, place: string, most: number): number => {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > most) throw malformed(`${place} must be a whole number from 0 to ${most}`);
  return value as number;
};

const unsigned64 = (value: unknown, place: string): bigint => {
  if (typeof value !== 'string' || !/^(0|[1-9]\d{0,19})$/.test(value) || BigInt(value) > 0xffff_ffff_ffff_ffffn)
    throw malformed(`${place} must be an unsigned 64-bit number as decimal text`);
  return BigInt(value);
};

const isoTime = (value: unknown): string => {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(value)) throw malformed('sent must be an ISO time in UTC');
  return value;
};

const shown = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'string' ? JSON.stringify(value).slice(0, 40) : `of type ${typeof value}`;
