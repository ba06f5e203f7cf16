// How full the log is, as a whole and for a topic. It decides nothing.
import { type Commits, SPARED } from './commits.ts';
import type { Readers, Topic } from './readers.ts';

/** Of the room: beyond it not even a short tail of what all have read is kept. */
const TIGHT = 0.6;

export class Room {
  readonly #commits: Pick<Commits, 'room' | 'cost'>;
  readonly #readers: Readers;

  constructor(commits: Pick<Commits, 'room' | 'cost'>, readers: Readers) {
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

  /** What all have read goes before a topic is refused; what none reads is kept for people. */
  isTight(topic: Topic): boolean {
    return this.#filled() > TIGHT && this.#readers.of(topic).size > 0;
  }
}
