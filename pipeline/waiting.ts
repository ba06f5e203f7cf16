// The messages of a partition that are read and not written yet, and how many of them make a round: so many rows, bytes and messages at most.
// It knows no days and no stores: a round that its record has no room for is put back, and fewer are taken.
import type { StoredMessage } from '../engines/stream/port.ts';
import type { Envelope } from './stages/decode.ts';

export interface Waiting {
  readonly message: StoredMessage;
  readonly envelope: Envelope | undefined;
}

/** Bytes of a round, and half of what may wait in memory. */
const ROUND_BYTES = 8 << 20;
/** The same, unpacked: messages may rest at a hundredth of their size. */
const UNPACKED_BYTES = 96 << 20;
/** Each costs the record up to two bytes a day that it has rows of, and a sender takes of days what it likes. */
const ROUND_MESSAGES = 4096;

export class WaitingMessages {
  readonly #roundRows: number;
  #waiting: Waiting[] = [];
  #rows = 0;
  #bytes = 0;
  /** Messages of the next round at most: fewer for a while after a record was too long. */
  #most = ROUND_MESSAGES;

  constructor(roundRows: number) {
    this.#roundRows = roundRows;
  }

  get length(): number {
    return this.#waiting.length;
  }

  isFull(rounds: number): boolean {
    return this.#rows >= rounds * this.#roundRows || this.#bytes >= rounds * ROUND_BYTES || this.#waiting.length >= rounds * ROUND_MESSAGES;
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#weigh([waiting], 1);
  }

  clear(): void {
    this.#waiting = [];
    this.#rows = 0;
    this.#bytes = 0;
  }

  /** How many the next round has. */
  nextRound(): number {
    let [count, rows, bytes, unpacked] = [0, 0, 0, 0];
    for (const { message, envelope } of this.#waiting) {
      const size = envelope?.size ?? message.value.length;
      if (count >= this.#most) break;
      if (count > 0 && (rows >= this.#roundRows || bytes + message.value.length > ROUND_BYTES || unpacked + size > UNPACKED_BYTES)) break;
      count++;
      unpacked += size;
      rows += envelope?.rows ?? 1;
      bytes += message.value.length;
    }
    return count;
  }

  /** How many are before the offset; undefined while they are not all there. */
  before(to: bigint): number | undefined {
    const last = this.#waiting.at(-1);
    if (last === undefined || last.message.offset < to - 1n) return undefined;
    const beyond = this.#waiting.findIndex(({ message }) => message.offset >= to);
    return beyond === -1 ? this.#waiting.length : beyond;
  }

  take(count: number): readonly Waiting[] {
    const taken = this.#waiting.splice(0, count);
    this.#weigh(taken, -1);
    return taken;
  }

  /** Those that were taken last: their record was so many `times` as long as it may be. */
  putBack(taken: readonly Waiting[], times: number): void {
    this.#most = Math.max(1, Math.floor(taken.length / (times * 1.1)));
    this.#waiting.unshift(...taken);
    this.#weigh(taken, 1);
  }

  /** The round that was taken last is written. */
  fitted(): void {
    this.#most = Math.min(ROUND_MESSAGES, this.#most * 2);
  }

  #weigh(messages: readonly Waiting[], sign: 1 | -1): void {
    for (const { message, envelope } of messages) {
      this.#rows += sign * (envelope?.rows ?? 1);
      this.#bytes += sign * message.value.length;
    }
  }
}
