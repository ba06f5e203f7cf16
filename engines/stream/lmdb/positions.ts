// Where each group is in each partition: what it has saved, what of that it still needs, and which groups there are.
// Keeps only what it is told; records on disk are read and written by others.
import type { Partition } from './commits.ts';

export interface Position {
  /** What lies before it is done with. */
  readonly next: bigint;
  /** False for what an earlier run has left: then nothing goes until the group has said where it reads on. */
  readonly isConfirmed: boolean;
  readonly progress: Uint8Array | undefined;
  /** First offset behind its checkpoint; undefined where it has none. */
  readonly checkpoint: bigint | undefined;
  /** From where it reads on since it came, until it saves again: it may go back behind what it saved. */
  readonly readsFrom: bigint | undefined;
}

export class Positions {
  readonly #groups = new Map<string, Map<Partition, Position>>();

  of(group: string, partition: Partition): Position | undefined {
    return this.#groups.get(group)?.get(partition);
  }

  /** Changes what is given; a position that is new begins with nothing saved. */
  set(group: string, partition: Partition, change: Partial<Position> & Pick<Position, 'next'>): void {
    const own = this.#groups.get(group) ?? new Map<Partition, Position>();
    this.#groups.set(group, own);
    own.set(partition, { isConfirmed: true, progress: undefined, checkpoint: undefined, readsFrom: undefined, ...own.get(partition), ...change });
  }

  forget(group: string): void {
    this.#groups.delete(group);
  }

  /** Partitions of which the group has saved something. */
  savedBy(group: string): readonly Partition[] {
    return [...(this.#groups.get(group) ?? [])].filter(([, { progress }]) => progress !== undefined).map(([partition]) => partition);
  }

  /** Groups that have saved something of one of the partitions. */
  groupsOf(partitions: readonly Partition[]): readonly string[] {
    return [...this.#groups].filter(([, own]) => partitions.some((partition) => own.get(partition)?.progress !== undefined)).map(([group]) => group);
  }
}

/** First offset that a group still needs for its work. */
export const unreadFrom = (position: Position | undefined, { flushed: { earliest } }: Partition): bigint =>
  position === undefined || position.next < earliest ? earliest : position.next;

/** First offset that must stay for a group. */
export const keptFrom = (position: Position | undefined, { flushed: { earliest } }: Partition): bigint => {
  if (position === undefined || !position.isConfirmed) return earliest;
  let from = position.next;
  for (const other of [position.checkpoint, position.readsFrom]) if (other !== undefined && other < from) from = other;
  return from;
};
