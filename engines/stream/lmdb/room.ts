// How full the log is, as a whole and for a topic. It decides nothing.
import { type Commits, type Partition, SPARED } from './commits.ts';
import type { Readers, Topic } from './readers.ts';

/** Of the room: beyond it not even a short tail of what all have read is kept. */
const TIGHT = 0.6;
/**
 * Of the limit, for each topic that no group reads. Nobody catches up with it: a larger part would close the log for all, and stay. Not of the room:
 * what others put on the disk for a while must not cost it.
 */
const MOST_OF_UNREAD = 1 / 8;

export class Room {
  readonly #commits: Pick<Commits, 'room' | 'limit' | 'cost'>;
  readonly #readers: Readers;

  constructor(commits: Pick<Commits, 'room' | 'limit' | 'cost'>, readers: Readers) {
    this.#commits = commits;
    this.#readers = readers;
  }

  /** What messages of topics with readers may take. */
  get #most(): number {
    return this.#commits.room * (1 - SPARED);
  }

  /** Of the room; a mebibyte less than nothing is full. */
  #filled(): number {
    const { cost } = this.#commits;
    return this.#most - cost < 1 << 20 ? 1 : cost / this.#most;
  }

  pressure(topic: Topic): number {
    return Math.max(this.#filled(), this.#readers.unread(topic) / this.shareOf(topic));
  }

  /** Bytes that may wait for the topic's readers. */
  shareOf({ share = 1 }: Topic): number {
    return Math.max(1, this.#most * share);
  }

  /**
   * Bytes of the partition's messages that nobody needs and are kept all the same. What all have read goes before a topic is refused. What messages
   * share counts too: else a sender could fill the log with what is let go last.
   */
  keptBytes(topic: Topic, { flushed, leases }: Partition): number {
    let most = topic.retentionBytes;
    if (this.#readers.of(topic).size > 0) {
      if (this.#filled() > TIGHT) return 0;
    } else if (flushed.cost > 0) most = Math.min(most, ((this.#commits.limit * MOST_OF_UNREAD) / topic.list.length) * (flushed.bytes / flushed.cost));
    return Math.max(0, most - leases.cost);
  }
}
