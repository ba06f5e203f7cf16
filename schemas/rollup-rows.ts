// Parts as rows of the tables of rollups: columns that are filled part by part and taken as a batch. What they mean and how they are read
// back: `rollups.ts`. Nothing is allocated for a part, but where it has several runs or values that are no decimals.
import { type Batch, type Column, type FixedArray, FLOAT, list } from '../core/batch/batch.ts';
import { putSafeInteger, wordsOf } from '../core/batch/words.ts';
import type { Part } from './sample-part.ts';
import { EXPONENT_FLOAT, MOST_EXPONENT, POWERS } from './sample-value.ts';
import { TABLE_FIELDS } from './tables.ts';

/** Up to here whole numbers, and what is added up of them, are exact as floats. */
const EXACT = 2 ** 50;

/** Whose values are whole · 10^-exponent: whether they, their sum and their rise are known exactly in that unit. */
const isDecimal = ({ count, min, max }: Part, exponent: number): boolean =>
  exponent <= MOST_EXPONENT &&
  (count === 0 || Math.max(Math.abs(min), Math.abs(max)) * (POWERS[exponent] as number) * count * (exponent === 0 ? 1 : count) < EXACT);

/** A column of lists of floats, most of them empty. */
class Lists {
  readonly #offsets: Int32Array;
  #items: number[] = [];

  constructor(room: number) {
    this.#offsets = new Int32Array(room + 1);
  }

  put(row: number, values: readonly number[]): void {
    // Not all at once: there may be more than a call takes arguments.
    for (const value of values) this.#items.push(value);
    this.#offsets[row + 1] = this.#items.length;
  }

  get size(): number {
    return this.#items.length;
  }

  clear(): void {
    this.#items = [];
  }

  column(length: number): Column {
    const values = Float64Array.from(this.#items);
    const items: Column = { layout: 'fixed', type: FLOAT, length: values.length, validity: undefined, values };
    return { layout: 'list', type: list(FLOAT), length, validity: undefined, offsets: this.#offsets.subarray(0, length + 1), items };
  }
}

const arraysOf = (room: number) => ({
  metric: new Uint32Array(room),
  id: new BigUint64Array(room),
  time: new Uint32Array(room),
  count: new Uint32Array(room),
  missing: new Uint32Array(room),
  stale: new Uint32Array(room),
  opens: new Int8Array(room),
  ends: new Int8Array(room),
  exponent: new Int8Array(room),
  first: new BigInt64Array(room),
  span: new BigInt64Array(room),
  below: new BigInt64Array(room),
  above: new BigInt64Array(room),
  bulge: new BigInt64Array(room),
  beyond: new BigInt64Array(room),
  resets: new Uint32Array(room),
  begins: new Uint32Array(room),
  lasts: new Uint32Array(room),
  first_start: new BigInt64Array(room),
  last_start: new BigInt64Array(room),
  version: new BigUint64Array(room),
});

const NO_NUMBERS: readonly number[] = [];

/** Numbers in lists from which on a table is full, so that series of markers alone take no more memory than others. */
const MOST_ITEMS = 1 << 20;

export class RollupRows {
  readonly #room: number;
  length = 0;
  readonly #arrays: ReturnType<typeof arraysOf>;
  readonly #lists: { readonly floats: Lists; readonly runs: Lists };
  readonly #id: Uint32Array;
  readonly #first: Uint32Array;
  readonly #span: Uint32Array;
  readonly #below: Uint32Array;
  readonly #above: Uint32Array;
  readonly #bulge: Uint32Array;
  readonly #beyond: Uint32Array;
  readonly #firstStart: Uint32Array;
  readonly #lastStart: Uint32Array;

  /** `room`: rows there is room for. `version`: of all of them. */
  constructor(room: number, version: number) {
    this.#room = room;
    const arrays = arraysOf(room);
    arrays.version.fill(BigInt(version));
    this.#arrays = arrays;
    this.#lists = { floats: new Lists(room), runs: new Lists(room) };
    this.#id = wordsOf(arrays.id);
    this.#first = wordsOf(arrays.first);
    this.#span = wordsOf(arrays.span);
    this.#below = wordsOf(arrays.below);
    this.#above = wordsOf(arrays.above);
    this.#bulge = wordsOf(arrays.bulge);
    this.#beyond = wordsOf(arrays.beyond);
    this.#firstStart = wordsOf(arrays.first_start);
    this.#lastStart = wordsOf(arrays.last_start);
  }

  get isFull(): boolean {
    return this.length === this.#room || this.#lists.runs.size >= MOST_ITEMS || this.#lists.floats.size >= MOST_ITEMS;
  }

  /**
   * There must be room. `idLow`, `idHigh`: the words of the series' id. `time`: where the part's stretch begins, ms. `exponent`: the largest
   * of its samples', `EXPONENT_FLOAT` where one is no decimal.
   */
  put(metric: number, idLow: number, idHigh: number, time: number, part: Part, exponent: number): void {
    const row = this.length++;
    const { count, min, max, sum, sumLost, rise, riseLost, resets } = part;
    const a = this.#arrays;
    a.metric[row] = metric;
    this.#id[row * 2] = idLow;
    this.#id[row * 2 + 1] = idHigh;
    a.time[row] = time / 1000;
    a.count[row] = count;
    a.missing[row] = part.missing;
    a.stale[row] = part.stale;
    a.opens[row] = part.opens ? 1 : 0;
    a.ends[row] = part.ends ? 1 : 0;
    a.resets[row] = resets;
    const hasSamples = count > 0;
    const [head] = part.closed;
    const firstTime = head === undefined ? part.runTime : head.first.time;
    const firstValue = head === undefined ? part.runValue : head.first.value;
    a.begins[row] = hasSamples ? firstTime - time : 0;
    a.lasts[row] = hasSamples ? part.lastTime - firstTime : 0;
    putSafeInteger(this.#firstStart, row, hasSamples ? (head === undefined ? part.runStart : head.first.start) : 0);
    putSafeInteger(this.#lastStart, row, hasSamples ? part.lastStart : 0);
    this.#lists.runs.put(
      row,
      head === undefined ? NO_NUMBERS : part.runs().flatMap(({ first, to }) => [first.time - time, to - time, first.value, first.start]),
    );
    const inDecimals = isDecimal(part, exponent);
    const floats = inDecimals ? NO_NUMBERS : [firstValue, part.lastValue, min, max, sum + sumLost, rise + riseLost];
    this.#lists.floats.put(row, floats);
    a.exponent[row] = inDecimals ? exponent : EXPONENT_FLOAT;
    const unit = hasSamples && inDecimals ? (POWERS[exponent] as number) : 0;
    const first = Math.round(firstValue * unit);
    const last = Math.round(part.lastValue * unit);
    const span = last - first;
    putSafeInteger(this.#first, row, first);
    putSafeInteger(this.#span, row, span);
    putSafeInteger(this.#below, row, unit === 0 ? 0 : Math.min(first, last) - Math.round(min * unit));
    putSafeInteger(this.#above, row, unit === 0 ? 0 : Math.round(max * unit) - Math.max(first, last));
    putSafeInteger(this.#bulge, row, 2 * Math.round((sum + sumLost) * unit) - count * (first + last));
    putSafeInteger(this.#beyond, row, Math.round((rise + riseLost) * unit) - span - resets * first);
  }

  /** Of the rows that were put; views, good until `clear`. */
  batch(): Batch {
    const { length } = this;
    const columns = TABLE_FIELDS.rollups_5m.map(({ name, type }): Column => {
      if (name === 'floats' || name === 'runs') return this.#lists[name].column(length);
      const values: FixedArray = this.#arrays[name as keyof ReturnType<typeof arraysOf>];
      return { layout: 'fixed', type, length, validity: undefined, values: values.subarray(0, length) };
    });
    return { length, fields: TABLE_FIELDS.rollups_5m, columns };
  }

  clear(): void {
    this.length = 0;
    this.#lists.floats.clear();
    this.#lists.runs.clear();
  }
}
