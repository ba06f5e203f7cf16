// The last message of each sender that a partition took, and up to when its rows reach: what tells a repeat, and a row that is surely new.
// A checkpoint of it is saved seldom; what came since is learned from the headers of the messages behind it. It knows no stream and no store.
import { RecordReader, RecordWriter } from './record.ts';

export interface SeenMessage {
  readonly boot: bigint;
  readonly seq: bigint;
  /** Latest time of all rows of the sender, ns; 0 where they have none. */
  readonly latest: bigint;
}

/** By sender, the one heard of longest ago first. */
export type Senders = ReadonlyMap<string, SeenMessage>;

export interface KnownSenders {
  readonly last: Senders;
  /** Latest time of all rows of those that were forgotten, ns. */
  readonly forgottenUntil: bigint;
}

const VERSION = 2;
/** In which no times stand. */
const WITHOUT_TIMES = 1;
/** Below the stream's bound of 1 MiB. */
const MOST_BYTES = 1000 << 10;

const sizeOf = (sender: string): number => 28 + Buffer.byteLength(sender);

/**
 * Senders that can be kept, in their order; the others, heard of longest ago, are named: a repeat of theirs would not be recognized.
 * Done only with a checkpoint: a round that is written again must be told from the same senders as before.
 */
export const boundSenders = (last: Senders): { readonly last: Senders; readonly forgotten: readonly string[] } => {
  let size = 0;
  for (const sender of last.keys()) size += sizeOf(sender);
  if (size <= MOST_BYTES) return { last, forgotten: [] };
  const kept = new Map(last);
  const forgotten: string[] = [];
  for (const sender of last.keys()) {
    if (size <= MOST_BYTES) break;
    size -= sizeOf(sender);
    kept.delete(sender);
    forgotten.push(sender);
  }
  return { last: kept, forgotten };
};

/** `epoch`: of the progress it belongs to. */
export const encodeSenders = ({ last, forgottenUntil }: KnownSenders, epoch: number): Uint8Array => {
  const out = new RecordWriter();
  out.u32(VERSION);
  out.u32(epoch);
  out.u64(forgottenUntil);
  out.u32(last.size);
  for (const [sender, { boot, seq, latest }] of last) {
    out.text(sender);
    out.u64(boot);
    out.u64(seq);
    out.u64(latest);
  }
  return out.finish();
};

/** Throws on bytes that no version of this program wrote. `until`: latest time of all rows of the partition, ns. */
export const decodeSenders = (bytes: Uint8Array, until: bigint): KnownSenders & { readonly last: Map<string, SeenMessage>; readonly epoch: number } => {
  const input = new RecordReader(bytes);
  const version = input.u32();
  if (version !== VERSION && version !== WITHOUT_TIMES) throw new RangeError(`a checkpoint of version ${version}; this program knows ${VERSION}`);
  const epoch = input.u32();
  if (version === WITHOUT_TIMES) return { epoch, last: readSenders(input, until), forgottenUntil: until };
  const forgottenUntil = input.u64();
  const last = new Map<string, SeenMessage>();
  for (let left = input.u32(); left > 0; left--) last.set(input.text(), { boot: input.u64(), seq: input.u64(), latest: input.u64() });
  return { epoch, last, forgottenUntil };
};

/** Senders as earlier versions wrote them, without times. */
export const readSenders = (input: RecordReader, until: bigint): Map<string, SeenMessage> => {
  const last = new Map<string, SeenMessage>();
  for (let left = input.u32(); left > 0; left--) last.set(input.text(), { boot: input.u64(), seq: input.u64(), latest: until });
  return last;
};
