// The last message of each sender that a partition took: what tells a repeat. A checkpoint of it is saved seldom; what came since is
// learned from the headers of the messages behind it. It knows no stream and no store.
import { RecordReader, RecordWriter } from './record.ts';

export interface SeenMessage {
  readonly boot: bigint;
  readonly seq: bigint;
}

/** By sender, the one heard of longest ago first. */
export type Senders = ReadonlyMap<string, SeenMessage>;

const VERSION = 1;
/** Below the stream's bound of 1 MiB. */
const MOST_BYTES = 1000 << 10;

const sizeOf = (sender: string): number => 20 + Buffer.byteLength(sender);

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
export const encodeSenders = (last: Senders, epoch: number): Uint8Array => {
  const out = new RecordWriter();
  out.u32(VERSION);
  out.u32(epoch);
  writeSenders(out, last);
  return out.finish();
};

/** Throws on bytes that no version of this program wrote. */
export const decodeSenders = (bytes: Uint8Array): { readonly last: Map<string, SeenMessage>; readonly epoch: number } => {
  const input = new RecordReader(bytes);
  const version = input.u32();
  if (version !== VERSION) throw new RangeError(`a checkpoint of version ${version}; this program knows ${VERSION}`);
  const epoch = input.u32();
  return { epoch, last: readSenders(input) };
};

const writeSenders = (out: RecordWriter, last: Senders): void => {
  out.u32(last.size);
  for (const [sender, { boot, seq }] of last) {
    out.text(sender);
    out.u64(boot);
    out.u64(seq);
  }
};

export const readSenders = (input: RecordReader): Map<string, SeenMessage> => {
  const last = new Map<string, SeenMessage>();
  for (let left = input.u32(); left > 0; left--) last.set(input.text(), { boot: input.u64(), seq: input.u64() });
  return last;
};
