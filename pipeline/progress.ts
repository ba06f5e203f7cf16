// The progress record of a partition: how far its messages are in the store, and the inserts that may be under way. It is saved with
// every round and small; who was heard of last is in `senders.ts`. A binary form of its own; it knows no stream and no store.
import { RecordReader, RecordWriter } from './record.ts';
import { readSenders, type Senders } from './senders.ts';

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

export interface Progress {
  /** First offset whose rows are not all in the store. */
  readonly next: bigint;
  /** Largest number of an insert ever given here. */
  readonly insert: bigint;
  /** Largest event time taken, ns; 0: none yet. */
  readonly time: bigint;
  /** How often it was put elsewhere: a checkpoint of another epoch knows of messages that are to be taken again. */
  readonly epoch: number;
  readonly pending: PendingRound | undefined;
}

export const NO_PROGRESS: Progress = { next: 0n, insert: 0n, time: 0n, epoch: 0, pending: undefined };

/** Bytes that a stream takes of a record. */
export const MOST_RECORD = 256 << 10;
/** Of a round that is not begun yet: what is planned grows while parts are halved. */
export const MOST_PLAN = 192 << 10;

/** A stream would not take the record: its round is to have fewer messages. */
export class RecordTooLong extends RangeError {
  override readonly name = 'RecordTooLong';
  /** How many times as long as it may be. */
  readonly times: number;
  constructor(bytes: number, most: number) {
    super(`a progress record of ${bytes} bytes; ${most} is the most`);
    this.times = bytes / most;
  }
}

const VERSION = 3;
/** From here on the senders are no part of it. */
const WITHOUT_SENDERS = 3;
const ALL_ROWS = 0xffff_ffff;
const SAME_MESSAGES = 0xffff_ffff;
export const encodeProgress = (progress: Progress): Uint8Array => {
  const out = new RecordWriter();
  out.u32(VERSION);
  out.u64(progress.next);
  out.u64(progress.insert);
  out.u64(progress.time);
  out.u32(progress.epoch);
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
  return out.finish();
};

/** Throws on bytes that no version of this program wrote. `senders`: a record of the first versions had them in it. */
export const decodeProgress = (bytes: Uint8Array): { readonly progress: Progress; readonly senders: Senders | undefined } => {
  const input = new RecordReader(bytes);
  const version = input.u32();
  if (version < 1 || version > VERSION) throw new RangeError(`a progress record of version ${version}; this program knows ${VERSION}`);
  const [next, insert, time] = [input.u64(), input.u64(), input.u64()];
  const epoch = version < WITHOUT_SENDERS ? 0 : input.u32();
  let pending: PendingRound | undefined;
  if (input.u32() === 1) {
    const [from, to, messages] = [input.u64(), input.u64(), input.u32()];
    const inserts: PendingInsert[] = [];
    for (let left = input.u32(); left > 0; left--)
      inserts.push(version === 1 ? readInsert1(input, { from, to }) : readInsert(input, from, inserts.at(-1)?.messages));
    pending = { from, to, messages, inserts };
  }
  return { progress: { next, insert, time, epoch, pending }, senders: version < WITHOUT_SENDERS ? readSenders(input, time) : undefined };
};

/** Had the rows of the whole round's block, one message after the other, and no deadline. */
const readInsert1 = (input: RecordReader, round: Range<bigint>): PendingInsert => ({
  number: input.u64(),
  table: input.text(),
  day: input.i32(),
  deadline: 0,
  messages: [round],
  rows: { from: input.u32(), to: input.u32() },
});

const readInsert = (input: RecordReader, start: bigint, before: readonly Range<bigint>[] | undefined): PendingInsert => {
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
