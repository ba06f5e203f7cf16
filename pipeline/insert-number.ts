// Numbers of inserts: rising in a partition, unique over partitions and workers, and so close to the clock that they are the order of receipt.
// 42 bits milliseconds, 12 bits for several in one, 10 bits partition: good until 2109 and for 1,024 partitions of a topic.

const PARTITION_BITS = 10n;
const COUNT_BITS = 12n;
export const MOST_PARTITIONS = 1 << Number(PARTITION_BITS);

/** ms. */
const msOfNumber = (insert: bigint): number => Number(insert >> (PARTITION_BITS + COUNT_BITS));

export class InsertNumbers {
  readonly #partition: bigint;
  readonly #now: () => number;
  #last: bigint;

  /** `after`: the largest number ever given in this partition, as the progress record has it. */
  constructor(partition: number, after: bigint, now: () => number = Date.now) {
    if (partition >= MOST_PARTITIONS) throw new RangeError(`partition ${partition}; ${MOST_PARTITIONS} are the most`);
    this.#partition = BigInt(partition);
    this.#last = after >> PARTITION_BITS;
    this.#now = now;
  }

  /** The largest number given, or the one this began behind. */
  get last(): bigint {
    return this.#last === 0n ? 0n : (this.#last << PARTITION_BITS) | this.#partition;
  }

  /** When it was given, ms: a clock that is behind it went back, or was ahead then. */
  get lastMs(): number {
    return msOfNumber(this.last);
  }

  /** Also when the clock went back. Whoever takes a number saves it before it is used. */
  next(): bigint {
    const byClock = BigInt(this.#now()) << COUNT_BITS;
    this.#last = byClock > this.#last ? byClock : this.#last + 1n;
    return (this.#last << PARTITION_BITS) | this.#partition;
  }
}
