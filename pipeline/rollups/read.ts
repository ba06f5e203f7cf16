// Reads the samples of one hour in the order of the table, a page at a time, so that memory is bounded however many there are: many small
// metrics in one page, and a large one by ranges of ids, which are hashes and so lie evenly. It changes nothing.
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import { checkSignal } from '../retry.ts';
import { type Counted, type Kinds, MODEST, OF_HOUR } from './count.ts';
import type { Store } from './ledger.ts';

export interface ReadOptions {
  readonly store: Pick<Store, 'query'>;
  /** Its start, ms. */
  readonly hour: number;
  readonly signal: AbortSignal;
  /** Samples in a page, about. Default 400,000, of 25 to 41 bytes each. */
  readonly page?: number;
}

const PAGE = 400_000;
const LAST_ID = 2n ** 64n - 1n;

interface Portion {
  readonly metrics: readonly number[];
  /** Ids, both included. */
  readonly from: bigint;
  readonly to: bigint;
  /** Samples of the series `from` up to here, ms, are passed over. */
  readonly after: number;
}

const all = (metrics: readonly number[]): Portion => ({ metrics, from: 0n, to: LAST_ID, after: -1 });

const portionsOf = (metrics: readonly Counted[], page: number): readonly Portion[] => {
  const portions: Portion[] = [];
  let small: number[] = [];
  let room = page;
  for (const { metric, samples } of metrics) {
    if (samples > room && small.length > 0) {
      portions.push(all(small));
      small = [];
      room = page;
    }
    if (samples <= page) {
      small.push(metric);
      room -= samples;
      continue;
    }
    const ranges = BigInt(Math.ceil(samples / page));
    const width = LAST_ID / ranges + 1n;
    for (let n = 0n; n < ranges; n++) portions.push({ metrics: [metric], from: n * width, to: n === ranges - 1n ? LAST_ID : (n + 1n) * width - 1n, after: -1 });
  }
  return small.length === 0 ? portions : [...portions, all(small)];
};

const COLUMNS = 's.metric AS metric, s.id AS id, s.time AS time, s.mantissa AS mantissa, s.exponent AS exponent';

const statement = ({ doubles, odd }: Kinds, goesOn: boolean): string => `SELECT ${COLUMNS}${odd ? ', s.float AS float, s.start AS start' : ''}
FROM samples AS s${doubles ? ' FINAL' : ''}
WHERE s.metric IN ({metrics:Array(UInt32)}) AND ${OF_HOUR} AND s.id BETWEEN {from:UInt64} AND {to:UInt64}
  ${goesOn ? 'AND NOT (s.id = {from:UInt64} AND toUnixTimestamp64Milli(s.time) <= {after:Int64})' : ''}
ORDER BY s.metric, toStartOfHour(s.time), s.id, s.time LIMIT {most:UInt64}`;

/** The samples of metrics of the same kinds, which are in ascending order; batches of one page at once. */
export async function* readPages(
  metrics: readonly Counted[],
  kinds: Kinds,
  { store, hour, signal, page = PAGE }: ReadOptions,
): AsyncGenerator<readonly Batch[]> {
  /** Where ids do not lie evenly, what is left of a portion is read on from where its page ended. */
  const most = page * 2;
  const left = [...portionsOf(metrics, page)].reverse();
  for (let portion = left.pop(); portion !== undefined; portion = left.pop()) {
    checkSignal(signal);
    const { batches } = await store.query(statement(kinds, portion.after >= 0), {
      params: { hour: hour / 1000, most, ...portion },
      settings: MODEST,
      signal,
      isLarge: true,
    });
    yield batches;
    const end = batches.findLast(({ length }) => length > 0);
    if (end === undefined || batches.reduce((rows, { length }) => rows + length, 0) < most) continue;
    const last = (name: string): bigint => BigInt(valueAt(columnOf(end, name), end.length - 1) as number | bigint);
    const metric = Number(last('metric'));
    const rest = portion.metrics.slice(portion.metrics.indexOf(metric) + 1);
    if (rest.length > 0) left.push(all(rest));
    left.push({ metrics: [metric], from: last('id'), to: portion.to, after: Number(last('time')) });
  }
}
