// What a sink is: takes the decoded messages of one round of a partition into a store and tells which rows no retry can save.
// Contract: when `write` resolves, every row of the messages is in the store once, or is in one of the letters. The same messages may be
// given again after a crash (with `interrupted`, where inserts had been planned); `write` must reject with `Stopped` soon after the signal aborts.
import type { TopicPartition } from '../engines/stream/port.ts';
import type { InsertNumbers } from './insert-number.ts';
import type { DeadLetter, Decoded } from './message.ts';
import type { PendingInsert } from './progress.ts';
import type { StoreHealth } from './retry.ts';
import type { InterruptedRound } from './write.ts';

export interface RoundContext {
  readonly signal: AbortSignal;
  readonly health: StoreHealth;
  readonly numbers: InsertNumbers;
  readonly interrupted: InterruptedRound | undefined;
  /** Rows of the sender with a later time, ns, are not in the store yet, as far as the partition's own messages go. */
  readonly until: (sender: string) => bigint;
  /** The partition's, on which of a column store's shards its rows rest. */
  readonly route?: number;
  /** For how long the partition is surely still ours, ms: no insert may begin later. */
  readonly owned: () => number;
  /** Puts the inserts into the progress record before they begin; rejects with `RecordTooLong` where they do not fit, and nothing is planned then. */
  readonly plan: (inserts: readonly PendingInsert[]) => Promise<void>;
}

/** A sink's part for one partition, for as long as that is ours. */
export interface PartitionSink {
  write(messages: readonly Decoded[], context: RoundContext): Promise<readonly DeadLetter[]>;
}

export interface Sink {
  open(at: TopicPartition): PartitionSink;
  /** Ends what an earlier owner may have under way, and tells which of it stands. */
  findStandingInserts(inserts: readonly PendingInsert[], signal: AbortSignal): Promise<ReadonlySet<bigint>>;
}
