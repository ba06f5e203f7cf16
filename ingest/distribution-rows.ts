// Rows of histograms and summaries that do not hold together: which are marked to be dropped, and what is wrong with the first of them.
// Works on the columns' words and offsets: no count becomes a bigint, and a text is made only of a row that is refused.
import { type Batch, type Column, columnIndex, type FixedColumn, isPresent, type ListColumn } from '../core/batch/batch.ts';
import { wordsOf } from '../core/batch/words.ts';
import { indicesOf, LEAST_SCALE, MOST_BUCKETS, MOST_COUNT, MOST_QUANTILES, MOST_SCALE } from '../schemas/histogram.ts';
import { REASONS } from './times.ts';

const MALFORMED = REASONS.indexOf('malformed') + 1;
const HIGH = 2 ** 32;

export interface JudgedDistributions {
  /** See REASONS. */
  readonly marks: Uint8Array | undefined;
  /** The column and what is wrong there, of the first row that is malformed. */
  readonly fault: string | undefined;
}

const columnAt = (batch: Batch, name: string): Column | undefined => batch.columns[columnIndex(batch, name)];

/** The number of a row; undefined where it is missing. */
type Numbers = (row: number) => number | undefined;

const numbersOf = (batch: Batch, name: string): Numbers => {
  const column = columnAt(batch, name) as FixedColumn | undefined;
  return column === undefined ? () => undefined : (row) => (isPresent(column, row) ? Number(column.values[row]) : undefined);
};

/** An unsigned number of each row as two words, missing is 0. */
interface Counts {
  readonly low: (row: number) => number;
  readonly high: (row: number) => number;
}

const countsOf = (batch: Batch, name: string): Counts => {
  const column = columnAt(batch, name) as FixedColumn | undefined;
  if (column === undefined) return { low: () => 0, high: () => 0 };
  const words = wordsOf(column.values as BigUint64Array);
  const word = (at: number, row: number): number => (isPresent(column, row) ? (words[at] as number) : 0);
  return { low: (row) => word(row * 2, row), high: (row) => word(row * 2 + 1, row) };
};

/** A list of each row, whose items are never missing; a missing one is empty. */
interface Lists<Items> {
  readonly name: string;
  readonly size: (row: number) => number;
  readonly from: (row: number) => number;
  readonly items: Items;
}

const listsOf = <Items>(batch: Batch, name: string, itemsOf: (items: FixedColumn) => Items, none: Items): Lists<Items> => {
  const column = columnAt(batch, name) as ListColumn | undefined;
  if (column === undefined) return { name, size: () => 0, from: () => 0, items: none };
  const { offsets } = column;
  return {
    name,
    size: (row) => (isPresent(column, row) ? (offsets[row + 1] as number) - (offsets[row] as number) : 0),
    from: (row) => offsets[row] as number,
    items: itemsOf(column.items as FixedColumn),
  };
};

const floatLists = (batch: Batch, name: string): Lists<Float64Array> => listsOf(batch, name, ({ values }) => values as Float64Array, new Float64Array(0));
const countLists = (batch: Batch, name: string): Lists<Uint32Array> =>
  listsOf(batch, name, ({ values }) => wordsOf(values as BigUint64Array), new Uint32Array(0));

/** Adds 64-bit counts exactly, up to some million of them. */
class Total {
  #low = 0;
  #high = 0;

  begin(low = 0, high = 0): this {
    this.#low = low;
    this.#high = high;
    return this;
  }
  add({ size, from, items }: Lists<Uint32Array>, row: number): this {
    const begin = from(row);
    for (let at = begin; at < begin + size(row); at++) {
      this.#low += items[at * 2] as number;
      this.#high += items[at * 2 + 1] as number;
    }
    return this;
  }
  is(low: number, high: number): boolean {
    return this.#low % HIGH === low && this.#high + Math.floor(this.#low / HIGH) === high;
  }
  /** Off by its last bits beyond 2^53. */
  get near(): number {
    return this.#high * HIGH + this.#low;
  }
}

/** What is wrong with a row; undefined when nothing is. */
type Judge = (row: number) => string | undefined;

const tooMany = ({ name, size }: Lists<unknown>, row: number, most: number): string | undefined =>
  size(row) > most ? `${name}: it has ${size(row)} entries, ${most} are allowed` : undefined;

const risingFault = ({ name, size, from, items }: Lists<Float64Array>, row: number, fits: (value: number) => boolean, must: string): string | undefined => {
  const begin = from(row);
  for (let at = begin; at < begin + size(row); at++) {
    const value = items[at] as number;
    if (!fits(value)) return `${name}: one of them is ${value}, ${must}`;
    if (at > begin && !(value > (items[at - 1] as number))) return `${name}: ${value} follows ${items[at - 1]}, they must rise`;
  }
  return undefined;
};

const countFault = ({ low, high }: Counts, row: number): string | undefined => {
  const count = high(row) * HIGH + low(row);
  return count > MOST_COUNT ? `count: it is ${count}, up to ${MOST_COUNT} is allowed` : undefined;
};

const histogramJudge = (batch: Batch): Judge => {
  const [count, zeroCount] = [countsOf(batch, 'count'), countsOf(batch, 'zero_count')];
  const [min, max, scale, zeroThreshold] = ['min', 'max', 'scale', 'zero_threshold'].map((name) => numbersOf(batch, name)) as [
    Numbers,
    Numbers,
    Numbers,
    Numbers,
  ];
  const [bounds, counts] = [floatLists(batch, 'bounds'), countLists(batch, 'counts')];
  const positive = { offset: numbersOf(batch, 'positive_offset'), lists: countLists(batch, 'positive_counts') };
  const negative = { offset: numbersOf(batch, 'negative_offset'), lists: countLists(batch, 'negative_counts') };
  const total = new Total();
  const totalFault = (row: number): string | undefined =>
    total.is(count.low(row), count.high(row)) ? undefined : `count: it is ${count.high(row) * HIGH + count.low(row)}, its buckets have ${total.near}`;

  const explicitFault: Judge = (row) => {
    if (positive.lists.size(row) + negative.lists.size(row) > 0 || zeroCount.low(row) + zeroCount.high(row) > 0)
      return 'scale: it is missing, and there are exponential buckets';
    const [edges, buckets] = [bounds.size(row), counts.size(row)];
    // Count and sum alone are a histogram too.
    if (buckets === 0 && edges === 0) return undefined;
    if (buckets !== edges + 1) return `counts: it has ${buckets} entries, of ${edges} bounds it must have ${edges + 1}`;
    const fault = risingFault(bounds, row, Number.isFinite, 'they must be finite');
    if (fault !== undefined) return fault;
    total.begin().add(counts, row);
    return totalFault(row);
  };
  const indexFault = ({ offset, lists }: typeof positive, row: number, of: number): string | undefined => {
    const { least, most } = indicesOf(of);
    const [begin, first] = [lists.from(row), offset(row) ?? 0];
    for (let i = 0; i < lists.size(row); i++) {
      const at = (begin + i) * 2;
      if (((lists.items[at] as number) | (lists.items[at + 1] as number)) === 0) continue;
      if (first + i < least || first + i > most) return `${lists.name}: bucket ${first + i} of scale ${of} has values, no number lies there`;
    }
    return undefined;
  };
  const exponentialFault = (row: number, of: number): string | undefined => {
    if (bounds.size(row) + counts.size(row) > 0) return 'scale: it is there, and so are explicit buckets';
    if (of < LEAST_SCALE || of > MOST_SCALE) return `scale: it is ${of}, it must be from ${LEAST_SCALE} to ${MOST_SCALE}`;
    total.begin(zeroCount.low(row), zeroCount.high(row)).add(positive.lists, row).add(negative.lists, row);
    return indexFault(positive, row, of) ?? indexFault(negative, row, of) ?? totalFault(row);
  };
  return (row) => {
    for (const list of [bounds, counts, positive.lists, negative.lists]) {
      const fault = tooMany(list, row, list === bounds ? MOST_BUCKETS - 1 : MOST_BUCKETS);
      if (fault !== undefined) return fault;
    }
    const [least, greatest, threshold, of] = [min(row), max(row), zeroThreshold(row) ?? 0, scale(row)];
    if (least !== undefined && greatest !== undefined && !(least <= greatest)) return `max: it is ${greatest}, min is ${least}`;
    if (!(threshold >= 0 && threshold < Number.POSITIVE_INFINITY)) return `zero_threshold: it is ${threshold}, it must be finite and not negative`;
    return countFault(count, row) ?? (of === undefined ? explicitFault(row) : exponentialFault(row, of));
  };
};

const isShare = (value: number): boolean => value >= 0 && value <= 1;

const summaryJudge = (batch: Batch): Judge => {
  const count = countsOf(batch, 'count');
  const [quantiles, values] = [floatLists(batch, 'quantiles'), floatLists(batch, 'values')];
  return (row) => {
    if (values.size(row) !== quantiles.size(row)) return `values: it has ${values.size(row)} entries, quantiles has ${quantiles.size(row)}`;
    const fault = tooMany(quantiles, row, MOST_QUANTILES) ?? countFault(count, row);
    return fault ?? risingFault(quantiles, row, isShare, 'they must be from 0 to 1');
  };
};

/** Of rows that are not `marked` already. The columns are of the schema's types, and no item of a list is missing. */
export const judgeDistributions = (batch: Batch, schema: 'histograms' | 'summaries', marked: Uint8Array | undefined): JudgedDistributions => {
  const judge = schema === 'histograms' ? histogramJudge(batch) : summaryJudge(batch);
  let marks = marked;
  let fault: string | undefined;
  for (let row = 0; row < batch.length; row++) {
    if (marked !== undefined && marked[row] !== 0) continue;
    const found = judge(row);
    if (found === undefined) continue;
    marks ??= new Uint8Array(batch.length);
    marks[row] = MALFORMED;
    fault ??= found;
  }
  return { marks, fault };
};
