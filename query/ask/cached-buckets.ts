// The rows of one part's cached buckets: stretches of them that do not overlap, in their order. What a stretch has may be more than
// it says of, as it was cut since; its rows are picked when they are asked for.
import { type Batch, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import { takeRows } from '../../core/batch/take.ts';
import { earlierOf, laterOf } from '../../core/time.ts';
import { batchBytes } from '../run/size.ts';
import type { Range } from './bucket-wise.ts';

interface CachedStretch extends Range {
  readonly rows: readonly Batch[];
  /** Of `rows`. */
  readonly has: Range;
}

/** More than these are made one. */
const MOST_STRETCHES = 16;
/** What lies before all that was asked for within so long, or twice as long, goes. */
const UNUSED_MS = 600_000;

/** From where on buckets were asked for at the earliest, in a time that began then (ms). */
interface AskedFrom {
  readonly begun: number;
  readonly from: bigint;
}

export class CachedBuckets {
  readonly #time: string;
  #stretches: readonly CachedStretch[] = [];
  #asked: AskedFrom | undefined;
  #askedBefore: AskedFrom | undefined;
  /** About. */
  bytes = 0;

  /** `time`: the column with the bucket's start. */
  constructor(time: string) {
    this.#time = time;
  }

  /** The end of the last one, ns. */
  get to(): bigint {
    return this.#stretches.at(-1)?.to ?? 0n;
  }

  /** What there is of the range, whose ends lie between buckets; of neighbours as of one. */
  within({ from, to }: Range): readonly Range[] {
    const found: Range[] = [];
    for (const s of this.#stretches) {
      if (s.from >= to || s.to <= from) continue;
      const [last, end] = [found.at(-1), earlierOf(s.to, to)];
      if (last?.to === s.from) found[found.length - 1] = { from: last.from, to: end };
      else found.push({ from: laterOf(s.from, from), to: end });
    }
    return found;
  }

  /** The rows of buckets that are here. */
  rows(range: Range): readonly Batch[] {
    this.#note(range.from);
    const found: Batch[] = [];
    this.#stretches = this.#stretches.map((s) => {
      if (s.from >= range.to || s.to <= range.from) return s;
      const own = this.#cut(s);
      found.push(...this.#pick(own, { from: laterOf(s.from, range.from), to: earlierOf(s.to, range.to) }));
      return own;
    });
    return found;
  }

  /** Buckets that are not here. */
  add(range: Range, rows: readonly Batch[]): void {
    this.#note(range.from);
    const own = rows.flatMap((batch) => this.#within(batch, range));
    this.#stretches = [...this.#stretches, { ...range, rows: own, has: range }].sort((a, b) => (a.from < b.from ? -1 : 1));
    if (this.#stretches.length > MOST_STRETCHES) this.#join();
    this.#count();
  }

  /** Buckets that begin within go. */
  remove({ from, to }: Range): void {
    if (this.within({ from, to }).length === 0) return;
    this.#stretches = this.#stretches.flatMap((s) => {
      if (s.from >= to || s.to <= from) return [s];
      return [
        { ...s, to: from },
        { ...s, from: to },
      ].filter((rest) => rest.from < rest.to);
    });
    this.#count();
  }

  #note(from: bigint): void {
    const now = performance.now();
    if (this.#asked === undefined || this.#asked.begun < now - UNUSED_MS) [this.#askedBefore, this.#asked] = [this.#asked, { begun: now, from }];
    else if (from < this.#asked.from) this.#asked = { ...this.#asked, from };
  }

  /** Those side by side as one; what nobody has asked for in a while goes. */
  #join(): void {
    const earliest = earlierOf(this.#asked?.from ?? 0n, this.#askedBefore?.from ?? this.#asked?.from ?? 0n);
    const joined: CachedStretch[] = [];
    for (const s of this.#stretches) {
      if (s.to <= earliest) continue;
      const own = this.#cut({ ...s, from: laterOf(s.from, earliest) });
      const last = joined.at(-1);
      if (last?.to !== own.from) joined.push(own);
      else joined[joined.length - 1] = { from: last.from, to: own.to, has: { from: last.from, to: own.to }, rows: [...last.rows, ...own.rows] };
    }
    this.#stretches = joined.map((s) => (s.rows.length > 1 ? { ...s, rows: [concatBatches(s.rows)] } : s));
  }

  /** Holding no more than it says of. */
  #cut(s: CachedStretch): CachedStretch {
    if (s.has.from === s.from && s.has.to === s.to) return s;
    return { ...s, rows: this.#pick(s, s), has: { from: s.from, to: s.to } };
  }

  #pick({ rows, has }: CachedStretch, range: Range): readonly Batch[] {
    return range.from <= has.from && range.to >= has.to ? rows : rows.flatMap((batch) => this.#within(batch, range));
  }

  /** In memory of its own. */
  #within(batch: Batch, { from, to }: Range): readonly Batch[] {
    const times = (columnOf(batch, this.#time) as FixedColumn).values as BigInt64Array;
    const picked = new Int32Array(batch.length);
    let size = 0;
    for (let row = 0; row < batch.length; row++) {
      const time = times[row] as bigint;
      if (time >= from && time < to) picked[size++] = row;
    }
    return size === 0 ? [] : [takeRows(batch, picked.subarray(0, size))];
  }

  #count(): void {
    const batches = new Set(this.#stretches.flatMap(({ rows }) => rows));
    const dictionaries = new Set(Array.from(batches).flatMap(({ columns }) => columns.flatMap((c) => (c.layout === 'dictionary' ? [c.dictionary] : []))));
    this.bytes = 0;
    for (const batch of batches) this.bytes += batchBytes(batch) + 100 * batch.columns.length;
    for (const { data } of dictionaries) this.bytes += data.length;
  }
}
