// Rows of a table of rollups as they are read: columns, and a row's part put into one that is there. What the columns mean says `rollups.ts`.
import { type Batch, type Column, columnIndex } from '../core/batch/batch.ts';
import { safeIntegerAt, wordsOf } from '../core/batch/words.ts';
import { RUN_SIZE } from './rollups.ts';
import type { Part, Run } from './sample-part.ts';
import { MOST_EXPONENT, POWERS } from './sample-value.ts';

type Small = Int8Array | Uint8Array | Uint32Array;

interface Numbers {
  readonly offsets: Int32Array;
  readonly items: Float64Array;
}

/** Columns that are not there, as nobody asked for what they tell, count as 0. */
export class RollupColumns {
  readonly length: number;
  /** Of rows, s. */
  readonly times: Small;
  readonly #count: Small;
  readonly #missing: Small;
  readonly #stale: Small;
  readonly #opens: Small;
  readonly #ends: Small;
  readonly #exponent: Small;
  readonly #resets: Small;
  readonly #begins: Small;
  readonly #lasts: Small;
  readonly #first: Uint32Array;
  readonly #span: Uint32Array;
  readonly #below: Uint32Array;
  readonly #above: Uint32Array;
  readonly #bulge: Uint32Array;
  readonly #beyond: Uint32Array;
  readonly #firstStart: Uint32Array;
  readonly #lastStart: Uint32Array;
  readonly #version: Uint32Array;
  readonly #floats: Numbers;
  readonly #runs: Numbers;

  constructor(batch: Batch) {
    const { length } = batch;
    this.length = length;
    const [noSmall, noLong, noOffsets] = [new Uint8Array(length), new Uint32Array(length * 2), new Int32Array(length + 1)];
    const column = (name: string): Column | undefined => batch.columns[columnIndex(batch, name)];
    const small = (name: string): Small => {
      const found = column(name);
      return found?.layout === 'fixed' ? (found.values as Small) : noSmall;
    };
    const long = (name: string): Uint32Array => {
      const found = column(name);
      return found?.layout === 'fixed' ? wordsOf(found.values as BigInt64Array) : noLong;
    };
    const numbers = (name: string): Numbers => {
      const found = column(name);
      if (found?.layout !== 'list' || found.items.layout !== 'fixed') return { offsets: noOffsets, items: new Float64Array(0) };
      return { offsets: found.offsets, items: found.items.values as Float64Array };
    };
    this.times = small('time');
    this.#count = small('count');
    this.#missing = small('missing');
    this.#stale = small('stale');
    this.#opens = small('opens');
    this.#ends = small('ends');
    this.#exponent = small('exponent');
    this.#resets = small('resets');
    this.#begins = small('begins');
    this.#lasts = small('lasts');
    this.#first = long('first');
    this.#span = long('span');
    this.#below = long('below');
    this.#above = long('above');
    this.#bulge = long('bulge');
    this.#beyond = long('beyond');
    this.#firstStart = long('first_start');
    this.#lastStart = long('last_start');
    this.#version = long('version');
    this.#floats = numbers('floats');
    this.#runs = numbers('runs');
  }

  /** Of two rows of one series and time, whether the first is of a later version. */
  isLater(row: number, other: number): boolean {
    return safeIntegerAt(this.#version, row) > safeIntegerAt(this.#version, other);
  }

  /** Whole numbers must be exact. */
  read(row: number, part: Part): void {
    part.clear();
    const count = this.#count[row] as number;
    part.count = count;
    part.missing = this.#missing[row] as number;
    part.stale = this.#stale[row] as number;
    part.opens = this.#opens[row] === 1;
    part.ends = this.#ends[row] === 1;
    if (count === 0) return;
    const exponent = this.#exponent[row] as number;
    let first: number;
    if (exponent > MOST_EXPONENT) {
      const { offsets, items } = this.#floats;
      const at = offsets[row] as number;
      first = items[at] as number;
      part.lastValue = items[at + 1] as number;
      part.min = items[at + 2] as number;
      part.max = items[at + 3] as number;
      part.sum = items[at + 4] as number;
      part.rise = items[at + 5] as number;
    } else {
      const unit = POWERS[exponent] as number;
      const begin = safeIntegerAt(this.#first, row);
      const span = safeIntegerAt(this.#span, row);
      const last = begin + span;
      first = begin / unit;
      part.lastValue = last / unit;
      part.min = (Math.min(begin, last) - safeIntegerAt(this.#below, row)) / unit;
      part.max = (Math.max(begin, last) + safeIntegerAt(this.#above, row)) / unit;
      part.sum = (count * (begin + last) + safeIntegerAt(this.#bulge, row)) / 2 / unit;
      part.rise = (span + safeIntegerAt(this.#beyond, row) + (this.#resets[row] as number) * begin) / unit;
    }
    part.resets = this.#resets[row] as number;
    const time = (this.times[row] as number) * 1000;
    part.lastTime = time + (this.#begins[row] as number) + (this.#lasts[row] as number);
    part.lastStart = safeIntegerAt(this.#lastStart, row);
    part.runTime = time + (this.#begins[row] as number);
    part.runValue = first;
    part.runStart = safeIntegerAt(this.#firstStart, row);
    if (this.#runs.offsets[row] !== this.#runs.offsets[row + 1]) this.#readRuns(row, time, part);
  }

  #readRuns(row: number, time: number, part: Part): void {
    const { offsets, items } = this.#runs;
    const runs: Run[] = [];
    for (let i = offsets[row] as number; i < (offsets[row + 1] as number); i += RUN_SIZE) {
      const [from, to, value, start] = items.subarray(i, i + RUN_SIZE) as unknown as [number, number, number, number];
      runs.push({ first: { time: time + from, value, start }, to: time + to });
    }
    const last = runs.pop() as Run;
    part.closed = runs;
    part.runTime = last.first.time;
    part.runValue = last.first.value;
    part.runStart = last.first.start;
  }
}
