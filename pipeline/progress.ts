// The progress record of a partition: how far its messages are in the store, the last message of each sender, and the inserts
// that may be under way. It is bounded (a stream keeps at most 1 MiB) and in a binary form of its own; it knows no stream and no store.

/** `from` up to, not including, `to`. */
export interface Range<T extends number | bigint> {
  readonly from: T;
  readonly to: T;
}

/** One insert that was, is or will be under way. */
export interface PendingInsert {
  readonly number: bigint;
  readonly table: string;
  /** Days since 1970, UTC: the partition of the table. */
  readonly day: number;
  /** ms by the store's clock: from then on its statement writes nothing. 0: its statement has none (a record of version 1). */
  readonly deadline: number;
  /** Offsets of the messages whose rows of this table and day it has; rising. */
  readonly messages: readonly Range<bigint>[];
  /** Which of those rows, one message after the other; undefined: all. */
  readonly rows: Range<number> | undefined;
}

/** Messages that are being written, by offset: `from` up to, not including, `to`; `messages` of them passed the seq check. */
export interface PendingRound {
  readonly from: bigint;
  readonly to: bigint;
  readonly messages: number;
  readonly inserts: readonly PendingInsert[];
}

export interface SeenMessage {
  readonly boot: bigint;
  readonly seq: bigint;
}

export interface Progress {
  /** First offset whose rows are not all in the store. */
  readonly next: bigint;
  /** Largest number of an insert ever given here. */
  readonly insert: bigint;
  /** Largest event time taken, ns; 0: none yet. */
  readonly time: bigint;
  /** By sender, the one heard of longest ago first. Before the pending round, where there is one. */
  readonly last: ReadonlyMap<string, SeenMessage>;
  readonly pending: PendingRound | undefined;
}

export const NO_PROGRESS: Progress = { next: 0n, insert: 0n, time: 0n, last: new Map(), pending: undefined };

const VERSION = 2;
const ALL_ROWS = 0xffff_ffff;
const SAME_MESSAGES = 0xffff_ffff;
/** Leaves room for the planned inserts below the stream's bound of 1 MiB. */
const MOST_SENDER_BYTES = 900 << 10;
const encoder = new TextEncoder();
/** A leading U+FEFF is part of the text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

class Writer {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  size = 0;
  #room(more: number): void {
    if (this.size + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.size + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.size, value, true);
    this.size += 4;
  }
  i32(value: number): void {
    this.u32(value >>> 0);
  }
  u64(value: bigint): void {
    this.#room(8);
    this.#view.setBigUint64(this.size, value, true);
    this.size += 8;
  }
  varint(value: bigint): void {
    this.#room(10);
    for (let left = value; ; left >>= 7n) {
      this.#bytes[this.size++] = Number(left & 127n) | (left > 127n ? 128 : 0);
      if (left <= 127n) return;
    }
  }
  text(value: string): void {
    const bytes = encoder.encode(value);
    this.u32(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.length;
  }
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u32(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4, true);
  }
  i32(): number {
    return this.u32() | 0;
  }
  u64(): bigint {
    this.at += 8;
    return this.#view.getBigUint64(this.at - 8, true);
  }
  varint(): bigint {
    for (let [value, shift] = [0n, 0n]; shift < 64n; shift += 7n) {
      const byte = this.#view.getUint8(this.at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError('a number of more than 64 bits');
  }
  text(): string {
    const length = this.u32();
    if (length > this.#bytes.length - this.at) throw new RangeError('a text ends behind the record');
    this.at += length;
    return decoder.decode(this.#bytes.subarray(this.at - length, this.at));
  }
}

/**
 * Senders that can be kept, in their order; the others, heard of longest ago, are named: a repeat of theirs would not be recognized.
 * Done only between rounds: a round that is written again must be told from the same senders as before.
 */
export const boundSenders = (
  last: ReadonlyMap<string, SeenMessage>,
): { readonly last: ReadonlyMap<string, SeenMessage>; readonly forgotten: readonly string[] } => {
  // An encoded text has at most three bytes a code unit.
  const cost = (sender: string): number => 20 + sender.length * 3;
  let size = 0;
  for (const sender of last.keys()) size += cost(sender);
  if (size <= MOST_SENDER_BYTES) return { last, forgotten: [] };
  const kept = new Map(last);
  const forgotten: string[] = [];
  for (const sender of last.keys()) {
    if (size <= MOST_SENDER_BYTES) break;
    size -= cost(sender);
    kept.delete(sender);
    forgotten.push(sender);
  }
  return { last: kept, forgotten };
};

export const encodeProgress = (progress: Progress): Uint8Array => {
  const out = new Writer();
  out.u32(VERSION);
  out.u64(progress.next);
  out.u64(progress.insert);
  out.u64(progress.time);
  const { pending } = progress;
  out.u32(pending === undefined ? 0 : 1);
  if (pending !== undefined) {
    out.u64(pending.from);
    out.u64(pending.to);
    out.u32(pending.messages);
    out.u32(pending.inserts.length);
    let before: readonly Range<bigint>[] | undefined;
    for (const { number, table, day, deadline, messages, rows } of pending.inserts) {
      out.u64(number);
      out.text(table);
      out.i32(day);
      out.u64(BigInt(deadline));
      out.u32(rows?.from ?? 0);
      out.u32(rows?.to ?? ALL_ROWS);
      // Inserts of one round mostly have the same messages.
      const same =
        before !== undefined && messages.length === before.length && messages.every(({ from, to }, i) => from === before?.[i]?.from && to === before[i]?.to);
      out.u32(same ? SAME_MESSAGES : messages.length);
      before = messages;
      if (same) continue;
      let at = pending.from;
      for (const { from, to } of messages) {
        out.varint(from - at);
        out.varint(to - from);
        at = to;
      }
    }
  }
  out.u32(progress.last.size);
  for (const [sender, { boot, seq }] of progress.last) {
    out.text(sender);
    out.u64(boot);
    out.u64(seq);
  }
  return out.finish();
};

/** Throws on bytes that no version of this program wrote. */
export const decodeProgress = (bytes: Uint8Array): Progress => {
  const input = new Reader(bytes);
  const version = input.u32();
  if (version < 1 || version > VERSION) throw new RangeError(`a progress record of version ${version}; this program knows ${VERSION}`);
  const [next, insert, time] = [input.u64(), input.u64(), input.u64()];
  let pending: PendingRound | undefined;
  if (input.u32() === 1) {
    const [from, to, messages] = [input.u64(), input.u64(), input.u32()];
    const inserts: PendingInsert[] = [];
    for (let left = input.u32(); left > 0; left--)
      inserts.push(version === 1 ? readInsert1(input, { from, to }) : readInsert(input, from, inserts.at(-1)?.messages));
    pending = { from, to, messages, inserts };
  }
  const last = new Map<string, SeenMessage>();
  for (let left = input.u32(); left > 0; left--) last.set(input.text(), { boot: input.u64(), seq: input.u64() });
  return { next, insert, time, last, pending };
};

/** Had the rows of the whole round's block, one message after the other, and no deadline. */
const readInsert1 = (input: Reader, round: Range<bigint>): PendingInsert => ({
  number: input.u64(),
  table: input.text(),
  day: input.i32(),
  deadline: 0,
  messages: [round],
  rows: { from: input.u32(), to: input.u32() },
});

const readInsert = (input: Reader, start: bigint, before: readonly Range<bigint>[] | undefined): PendingInsert => {
  const [number, table, day, deadline] = [input.u64(), input.text(), input.i32(), Number(input.u64())];
  const rows = { from: input.u32(), to: input.u32() };
  const count = input.u32();
  let messages = before;
  if (count !== SAME_MESSAGES) {
    const read: Range<bigint>[] = [];
    for (let [left, at] = [count, start]; left > 0; left--) {
      const from = at + input.varint();
      at = from + input.varint();
      read.push({ from, to: at });
    }
    messages = read;
  }
  if (messages === undefined) throw new RangeError('an insert has the messages of none before it');
  return { number, table, day, deadline, messages, rows: rows.to === ALL_ROWS ? undefined : rows };
};
