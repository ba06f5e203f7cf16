// The last message of each sender that a partition took, and up to when its rows reach: what tells a repeat, and a row that is surely new.
// A checkpoint of it is saved seldom; what came since is learned from the headers of the messages behind it. It knows no stream and no store.
import { RecordReader, RecordWriter } from './record.ts';

export interface SeenMessage {
  readonly boot: bigint;
  readonly seq: bigint;
  /** Latest time of all rows of the sender, ns; 0 where they have none. */
  readonly latest: bigint;
  /** Seqs and prints of the last messages of the run, in pairs, the latest last: other rows under a seq of theirs are no repeat. */
  readonly prints: readonly number[];
}

/** Messages of a sender whose prints are kept; an agent's frame has two of a topic at most. */
const MOST_PRINTS = 16;
/** Of those, in a checkpoint, as far as there is room. */
const SAVED_PRINTS = 4;

/** `print`: undefined of a message that an earlier version took in, which is then not known. */
export const withPrint = (prints: readonly number[], seq: bigint, print: number | undefined): readonly number[] =>
  print === undefined ? prints : [...prints.slice(2 - 2 * MOST_PRINTS), Number(seq), print];

/** Of a message whose seq is not above the last of its run: whether it came before as it is (`same`, also where that is not known any more) or not. */
export const judgeRepeat = (prints: readonly number[], seq: bigint, print: number | undefined): 'same' | 'other' => {
  if (print === undefined) return 'same';
  const [first, number] = [prints[0], Number(seq)];
  if (first === undefined || number < first) return 'same';
  for (let at = prints.length - 2; at >= 0; at -= 2) if (prints[at] === number) return prints[at + 1] === print ? 'same' : 'other';
  return 'other';
};

/** By sender, the one heard of longest ago first. */
export type Senders = ReadonlyMap<string, SeenMessage>;

export interface KnownSenders {
  readonly last: Senders;
  /** Latest time of all rows of those that were forgotten, ns. */
  readonly forgottenUntil: bigint;
}

const VERSION = 3;
/** In which no prints stand. */
const WITHOUT_PRINTS = 2;
/** Nor times. */
const WITHOUT_TIMES = 1;
/** Below the stream's bound of 1 MiB. */
const MOST_BYTES = 1000 << 10;

/** In a checkpoint, without prints. */
const sizeOf = (sender: string): number => 32 + Buffer.byteLength(sender);
/** Of the prints that go along. */
const sizeOfPrints = (prints: readonly number[]): number => 8 * Math.min(prints.length, 2 * SAVED_PRINTS);

const sizeOfAll = (last: Senders): number => {
  let size = 0;
  for (const sender of last.keys()) size += sizeOf(sender);
  return size;
};

/** How many of the senders, from the first on, go without their prints: who was heard of last is the likeliest to send again. */
const withoutPrints = (last: Senders): number => {
  let room = MOST_BYTES - sizeOfAll(last);
  let left = last.size;
  for (const { prints } of [...last.values()].reverse()) {
    room -= sizeOfPrints(prints);
    if (room < 0) break;
    left--;
  }
  return left;
};

/**
 * Senders that can be kept, in their order; the others, heard of longest ago, are named: a repeat of theirs would not be recognized.
 * Done only with a checkpoint: a round that is written again must be told from the same senders as before.
 */
export const boundSenders = (last: Senders): { readonly last: Senders; readonly forgotten: readonly string[] } => {
  let size = sizeOfAll(last);
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
  let bare = withoutPrints(last);
  for (const [sender, { boot, seq, latest, prints }] of last) {
    out.text(sender);
    out.u64(boot);
    out.u64(seq);
    out.u64(latest);
    const saved = bare-- > 0 ? [] : prints.slice(-2 * SAVED_PRINTS);
    out.u32(saved.length);
    for (const number of saved) out.u64(BigInt(number));
  }
  return out.finish();
};

/** Throws on bytes that no version of this program wrote. `until`: latest time of all rows of the partition, ns. */
export const decodeSenders = (bytes: Uint8Array, until: bigint): KnownSenders & { readonly last: Map<string, SeenMessage>; readonly epoch: number } => {
  const input = new RecordReader(bytes);
  const version = input.u32();
  if (version < WITHOUT_TIMES || version > VERSION) throw new RangeError(`a checkpoint of version ${version}; this program knows ${VERSION}`);
  const epoch = input.u32();
  if (version === WITHOUT_TIMES) return { epoch, last: readSenders(input, until), forgottenUntil: until };
  const forgottenUntil = input.u64();
  const last = new Map<string, SeenMessage>();
  for (let left = input.u32(); left > 0; left--) {
    const [sender, boot, seq, latest] = [input.text(), input.u64(), input.u64(), input.u64()];
    const prints: number[] = [];
    if (version > WITHOUT_PRINTS) for (let more = input.u32(); more > 0; more--) prints.push(Number(input.u64()));
    last.set(sender, { boot, seq, latest, prints });
  }
  return { epoch, last, forgottenUntil };
};

/** Senders as earlier versions wrote them, without times and prints. */
export const readSenders = (input: RecordReader, until: bigint): Map<string, SeenMessage> => {
  const last = new Map<string, SeenMessage>();
  for (let left = input.u32(); left > 0; left--) last.set(input.text(), { boot: input.u64(), seq: input.u64(), latest: until, prints: [] });
  return last;
};
