// The samples of one hour, which come series by series and in order of time, put together into parts of five minutes, and those into one of the
// hour: each sample is looked at once, and nothing is allocated for it. Where the parts go is the caller's to say; no store is known here.
import { type Batch, columnIndex, columnOf, type FixedColumn } from '../../core/batch/batch.ts';
import { safeIntegerAt, wordsOf } from '../../core/batch/words.ts';
import type { RollupRows } from '../../schemas/rollup-rows.ts';
import { FIVE_MINUTES, HOUR } from '../../schemas/rollups.ts';
import { Part } from '../../schemas/sample-part.ts';
import { EXPONENT_STALE, MOST_EXPONENT, POWERS } from '../../schemas/sample-value.ts';

export interface FoldOptions {
  /** Its start, ms. */
  readonly hour: number;
  /** Whether there are to be parts of five minutes of a metric. */
  readonly isFine: (metric: number) => boolean;
  readonly fine: RollupRows;
  readonly whole: RollupRows;
}

const fixed = <T>(batch: Batch, name: string): T => (columnOf(batch, name) as FixedColumn).values as T;
const wordsIn = (batch: Batch, name: string): Uint32Array => wordsOf(fixed<BigInt64Array>(batch, name));

/** What is read of a batch, as numbers; taken again for the next one. */
class Samples {
  times = new Float64Array(0);
  values = new Float64Array(0);
  exponents: Int8Array = new Int8Array(0);
  /** undefined: decimals alone, whose starts are not known. */
  starts: Float64Array | undefined;

  read(batch: Batch): void {
    const { length } = batch;
    const isOdd = columnIndex(batch, 'float') >= 0;
    if (this.times.length < length) {
      this.times = new Float64Array(length);
      this.values = new Float64Array(length);
    }
    const exponents = fixed<Int8Array>(batch, 'exponent');
    const [times, mantissas] = [wordsIn(batch, 'time'), wordsIn(batch, 'mantissa')];
    const floats = isOdd ? fixed<Float64Array>(batch, 'float') : undefined;
    const { times: timesOut, values } = this;
    for (let row = 0; row < length; row++) {
      const exponent = exponents[row] as number;
      timesOut[row] = safeIntegerAt(times, row);
      if (exponent <= MOST_EXPONENT) values[row] = safeIntegerAt(mantissas, row) / (POWERS[exponent] as number);
      else if (floats === undefined) throw new Error('a sample is no decimal');
      else values[row] = floats[row] as number;
    }
    this.exponents = exponents;
    this.starts = undefined;
    if (!isOdd) return;
    const starts = wordsIn(batch, 'start');
    this.starts = Float64Array.from({ length }, (_, row) => safeIntegerAt(starts, row));
  }
}

export class HourFold {
  readonly #options: FoldOptions;
  /** Samples of each metric whose series are over. */
  readonly samples = new Map<number, number>();
  /** Metrics with a time that has two values: from there on they are passed over, and the part that it was met in is not put. */
  readonly doubles = new Set<number>();
  readonly #read = new Samples();
  #batch: Batch | undefined;
  #isOpen = false;
  #metric = 0;
  #idLow = 0;
  #idHigh = 0;
  #stepMs = 0;
  /** Of the series' last sample, whatever it was. */
  #time = 0;
  /** Of the stretch that is put together. */
  #from = 0;
  #to = 0;
  readonly #part = new Part();
  /** The largest exponent of its samples: see `RollupRows.put`. */
  #exponent = 0;
  readonly #whole = new Part();
  #wholeExponent = 0;

  constructor(options: FoldOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    const { fine, whole } = this.#options;
    return fine.isFull || whole.isFull;
  }

  /**
   * Takes rows of `samples` from row `from` on, until a table of parts is full: returns the first row that was not taken. A batch without the
   * columns `float` and `start` has decimals alone, whose start is not known.
   */
  add(batch: Batch, from: number): number {
    const { length } = batch;
    if (batch !== this.#batch) this.#read.read(batch);
    this.#batch = batch;
    const { times } = this.#read;
    const metrics = fixed<Uint32Array>(batch, 'metric');
    const ids = wordsIn(batch, 'id');
    for (let row = from; row < length; ) {
      if (this.isFull) return row;
      const metric = metrics[row] as number;
      if (this.doubles.has(metric)) {
        while (row < length && metrics[row] === metric) row++;
        continue;
      }
      const low = ids[row * 2] as number;
      const high = ids[row * 2 + 1] as number;
      if (!this.#isOpen || metric !== this.#metric || low !== this.#idLow || high !== this.#idHigh) this.#openSeries(metric, low, high);
      const first = row;
      const begin = times[row] as number;
      if (begin >= this.#to) this.#openStretch(begin);
      const to = this.#to;
      let last = this.#time;
      do {
        const time = times[row] as number;
        if (time <= last) {
          if (time < last) throw new Error('samples are not in order');
          this.#passOver(metric);
          break;
        }
        last = time;
        row++;
      } while (row < length && (times[row] as number) < to && ids[row * 2] === low && ids[row * 2 + 1] === high && metrics[row] === metric);
      if (!this.#isOpen) continue;
      this.#time = last;
      this.#addSamples(first, row);
    }
    return length;
  }

  /** Of the last series. There must be room. */
  finish(): void {
    this.#closeSeries();
    this.#isOpen = false;
  }

  #passOver(metric: number): void {
    this.doubles.add(metric);
    this.#isOpen = false;
    this.#part.clear();
    this.#exponent = 0;
    this.#whole.clear();
    this.#wholeExponent = 0;
  }

  #addSamples(from: number, to: number): void {
    const { times, values, exponents, starts } = this.#read;
    const part = this.#part;
    let most = this.#exponent;
    let run = from;
    for (let row = from; row < to; row++) {
      const exponent = exponents[row] as number;
      const isStale = exponent === EXPONENT_STALE;
      if (isStale || (exponent > MOST_EXPONENT && !Number.isFinite(values[row]))) {
        if (run < row) part.addRun(times, values, starts, run, row);
        run = row + 1;
        if (isStale) part.addStale();
        else part.addMissing();
      } else if (exponent > most) most = exponent;
    }
    if (run < to) part.addRun(times, values, starts, run, to);
    this.#exponent = most;
  }

  #openSeries(metric: number, low: number, high: number): void {
    this.#closeSeries();
    const { hour, isFine } = this.#options;
    this.#isOpen = true;
    this.#metric = metric;
    this.#idLow = low;
    this.#idHigh = high;
    this.#stepMs = isFine(metric) ? FIVE_MINUTES.stepMs : HOUR.stepMs;
    this.#time = hour - 1;
    this.#to = hour;
  }

  #openStretch(time: number): void {
    this.#closeStretch();
    this.#from = time - (time % this.#stepMs);
    this.#to = this.#from + this.#stepMs;
  }

  #closeStretch(): void {
    const part = this.#part;
    if (part.count + part.stale + part.missing === 0) return;
    if (this.#stepMs === FIVE_MINUTES.stepMs) this.#options.fine.put(this.#metric, this.#idLow, this.#idHigh, this.#from, part, this.#exponent);
    this.#whole.append(part);
    this.#wholeExponent = Math.max(this.#wholeExponent, this.#exponent);
    part.clear();
    this.#exponent = 0;
  }

  #closeSeries(): void {
    if (!this.#isOpen) return;
    this.#closeStretch();
    const whole = this.#whole;
    this.#options.whole.put(this.#metric, this.#idLow, this.#idHigh, this.#options.hour, whole, this.#wholeExponent);
    this.samples.set(this.#metric, (this.samples.get(this.#metric) ?? 0) + whole.count + whole.missing + whole.stale);
    whole.clear();
    this.#wholeExponent = 0;
  }
}
