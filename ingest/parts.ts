// What a part of a frame is on its way through the door: as it came, as it goes on, and what was left out of it.
import { crc32 } from 'node:zlib';
import type { SharedBytes } from '../engines/stream/port.ts';
import type { PartEncoding } from '../schemas/frame.ts';
import type { SignalSchema } from '../schemas/tables.ts';
import type { DropReason } from './times.ts';

/** One part as it came: of a frame, or of another protocol after it was brought into our schemas. */
export interface Arrival {
  /** Its place in the request, for messages. */
  readonly part: number;
  readonly schema: SignalSchema;
  readonly sender: string;
  readonly boot: bigint;
  readonly seq: bigint;
  /** As the sender counts them. */
  readonly rows: number;
  readonly ipc: Uint8Array;
  /** The same as it was sent, packed with zstd; undefined: it was sent as it is. */
  readonly packed?: Uint8Array;
  /** See `printOf`. */
  readonly print: number;
}

/** 52 bits to tell two parts apart, of the bytes as they were sent. */
export const printOf = (sent: Uint8Array): number => crc32(sent) * 2 ** 20 + (sent.length % 2 ** 20);

export interface Dropped {
  readonly part: number;
  readonly schema: SignalSchema;
  readonly reason: DropReason;
  readonly rows: number;
  /** The first of them, from 0 in the part as it was sent. */
  readonly firstRow: number;
  /** Of `label-name`, `label-size` and `label-limit`: the first label that is refused. */
  readonly label?: string;
  /** Of `malformed`: what is wrong with the first row. */
  readonly fault?: string;
}

/** Rows whose start could be none, and is not known any more. */
export type Startless = Pick<Dropped, 'part' | 'schema' | 'rows' | 'firstRow'>;

/**
 * The rows that go on: samples of series that came together before as `packSamples` has them, beside the set of those; else one Arrow
 * stream, packed as the part came: its very bytes, unless rows or starts were dropped.
 */
export interface PartValue {
  readonly bytes: Uint8Array;
  readonly encoding: 'zstd' | 'samples' | undefined;
  readonly set?: SharedBytes;
}

export interface Admitted {
  readonly arrival: Arrival;
  readonly value: PartValue;
  readonly rows: number;
  /** Of the rows that go on, in ns; undefined where rows have no time or there are none. */
  readonly range: { readonly from: bigint; readonly to: bigint } | undefined;
  readonly dropped: readonly Dropped[];
  /** Rows that go on without their start; undefined: none. */
  readonly startless: Startless | undefined;
  /** Samples among them are of series that this door, unlike perhaps one before it, never saw defined. */
  readonly undefinedSeries: boolean;
  /** Where the sender may not do all: of which of those this door was told by nobody (id → metric), and the part without such of them. */
  readonly unknown: { readonly ids: ReadonlyMap<bigint, number>; readonly without: (ids: ReadonlySet<bigint>) => Admitted } | undefined;
  /** Columns that this program does not know; they go on untouched. */
  readonly unknownColumns: number;
}

/** A part whose schema or major version this program does not know; kept whole for whoever does. */
export interface UnknownPart {
  readonly schema: string;
  readonly version: number;
  readonly sender: string;
  readonly boot: bigint;
  readonly seq: bigint;
  readonly rows: number;
  /** As it was sent. */
  readonly ipc: Uint8Array;
  /** See `printOf`. */
  readonly print: number;
  readonly encoding?: PartEncoding;
  /** Bytes when it is unpacked, as its sender says. */
  readonly size?: number;
}
