// Buckets that stand still are not asked for again: of a chart that is looked at every few seconds only what is open, new, or cut by the range's edge
// is asked, and the rest is cached. The answer is what asking for all anew gives.
//
// That rests on being told of all that changes rows before any answer shows it (TellWrites). Rows that are told of drop the buckets whose windows
// reach them; buckets that they reach meanwhile are not cached, and an answer made of such buckets is made again. So no clock says when a bucket is
// closed: it is while nothing is written into it. What else is known, as of series, is a state that an answer is cached with.
import { type Batch, type Column, columnOf, valueAt } from '../../core/batch/batch.ts';
import { noTelemetry, type Telemetry } from '../../core/telemetry.ts';
import { EARLIEST_NS, earlierOf, LATEST_NS, laterOf, NANOS_PER_HOUR, NANOS_PER_MS } from '../../core/time.ts';
import type { Stretch } from '../../schemas/stretch.ts';
import { Buckets, bucketAt } from '../3-plan/bucket.ts';
import type { PlanNode } from '../3-plan/nodes.ts';
import { type Budget, isNoRoom, Pool } from '../run/budget.ts';
import { batchBytes } from '../run/size.ts';
import { type BucketWise, type PartQuestion, type Range, type State, within } from './bucket-wise.ts';
import { CachedBuckets } from './cached-buckets.ts';
import { MOST_BYTES_EACH, SpareRows } from './spare-rows.ts';
import type { TellRows, TellWrites } from './told-rows.ts';

/** Values that could not be represented: those that were counted, and batches that show that there may be others. */
export interface Lost {
  counted: number;
  shown: number;
}

/** Of rows that are asked for: what they lack, and what is held for them. */
export interface Counts {
  readonly lost: Lost;
  readonly budget: Budget;
}

/** How a part is asked. */
export interface Asking {
  readonly open: (asked: PartQuestion, counts: Counts) => AsyncIterable<Batch>;
  /** By what is known now. */
  readonly state: State;
  /** Called before a plan is said to a store. */
  readonly prepare: (plan: PlanNode) => Promise<void>;
  /** Of rows that are in the answer: of those of a try that came to nothing it is not told. */
  readonly lost: (lost: Lost) => void;
  readonly budget: Budget;
  /** Buckets and rows that were cached. */
  readonly cached: (buckets: number, rows: number) => void;
}

/** What rows that are told of are held against; no plan, which would keep all that it was planned by. */
type Reached = Pick<BucketWise, 'table' | 'metric' | 'bucket' | 'reach'>;

interface Entry {
  readonly part: Reached;
  readonly state: string;
  readonly buckets: CachedBuckets;
}

/** Rows of a part over a range, which may be cached. */
interface Made {
  readonly part: BucketWise;
  readonly state: string;
  readonly range: Range;
  readonly rows: SpareRows;
  readonly still: () => boolean;
}

const MOST_BYTES = 64 << 20;
/** Parts of which buckets are cached, and what one takes beside its rows and the two bytes of each letter of its key. */
const MOST_ENTRIES = 1000;
const ENTRY_BYTES = 1000;
/** Of fewer it is not worth the while; of more it takes long to say which. */
const BUCKETS = { fewest: 3, most: 20_000 };
/** A question for each stretch between those that are cached. */
const MOST_RANGES = 2;
/** Of what is wanted, so much has to be cached: else all of it is asked for at once. */
const LEAST_CACHED = 0.5;
/** Where rows are written into what was cached as often as it is asked, it is asked for as a whole. */
const TRIES = 2;
/** Stretches that are written into while a question is answered; after more nothing is known. */
const MOST_WRITTEN = 20_000;

const lengthOf = ({ from, to }: Range): bigint => to - from;
const meet = (a: Range, b: Range): boolean => a.from < b.to && b.from < a.to;

/** What is left of a range. */
const without = (range: Range, others: readonly Range[]): readonly Range[] =>
  others.reduce<readonly Range[]>(
    (left, other) =>
      left.flatMap((part) =>
        meet(part, other)
          ? [
              { from: part.from, to: other.from },
              { from: other.to, to: part.to },
            ].filter((rest) => rest.from < rest.to)
          : [part],
      ),
    [range],
  );

/** The buckets that a range has whole; undefined: none. */
const wholeOf = ({ bucket, isWholeAtFrom }: BucketWise, { from, to }: Range): Range | undefined => {
  const first = bucketAt(bucket, from);
  const whole = { from: isWholeAtFrom || first.start === from ? first.start : first.end, to: bucketAt(bucket, to).start };
  return whole.from < whole.to ? whole : undefined;
};

const countOf = ({ bucket }: BucketWise, { from, to }: Range): number => new Buckets(bucket, from, to).count;

const isOf = (part: Reached, { table, metric }: Stretch): boolean =>
  part.table === table && (metric === undefined || part.metric === undefined || part.metric.hash === metric);

/** The buckets whose windows reach rows. */
const reached = ({ bucket, reach }: Reached, { from, to }: Stretch): Range => ({
  from: bucketAt(bucket, laterOf(from, EARLIEST_NS)).start,
  to: bucketAt(bucket, earlierOf(to, LATEST_NS) + reach - 1n).end,
});

interface BucketCacheOptions {
  readonly telemetry?: Telemetry | undefined;
  readonly pool?: Pool;
}

export class BucketCache {
  readonly #tell: TellWrites;
  readonly #telemetry: Telemetry;
  readonly #pool: Pool;
  /** That used last at the end. */
  readonly #entries = new Map<string, Entry>();
  readonly #answers = new Set<BucketsOfAnswer>();
  /** Writes of which it is not known yet whether they stand. */
  readonly #open = new Map<string, readonly Stretch[]>();
  #isTold = true;
  #bytes = 0;

  /**
   * `tellMarks`: how rows are read, and which were put together, goes by marks: each is taken for rows of its hour. `pool`: of what all questions hold
   * together; where one wants the room, nothing is cached any more.
   */
  constructor(tell: TellWrites, tellMarks: TellRows, { telemetry = noTelemetry, pool = new Pool(Number.POSITIVE_INFINITY) }: BucketCacheOptions = {}) {
    this.#tell = tell;
    this.#telemetry = telemetry;
    this.#pool = pool;
    pool.spares.add(() => {
      for (const key of this.#entries.keys()) this.#forget(key);
    });
    const heard = (rows: () => readonly Stretch[]): void => {
      try {
        for (const stretch of rows()) this.#drop(stretch);
      } catch {
        // What cannot be taken in here must not keep it from standing in the store; from now on nothing is cached.
        this.#isTold = false;
        for (const key of this.#entries.keys()) this.#forget(key);
      }
    };
    tell.listen({
      begun: (write, rows) => {
        this.#open.set(write, rows);
        heard(() => rows);
      },
      over: (write) => void this.#open.delete(write),
    });
    tellMarks((rows) => heard(() => hoursOf(rows)));
  }

  /** `begin` is to be called before anything is looked up that a question is made by; that which was begun last has the answer. */
  async answering<T>(work: (begin: () => BucketsOfAnswer) => Promise<T>): Promise<T> {
    const begun: BucketsOfAnswer[] = [];
    try {
      const answer = await work(() => {
        begun.push(this.#begin());
        return begun.at(-1) as BucketsOfAnswer;
      });
      begun.at(-1)?.put();
      return answer;
    } finally {
      for (const each of begun) this.#answers.delete(each);
    }
  }

  #begin(): BucketsOfAnswer {
    this.#tell.hear();
    const answer = new BucketsOfAnswer(this, [...this.#open.values()].flat());
    this.#answers.add(answer);
    return answer;
  }

  hear(): void {
    this.#tell.hear();
  }

  get isTold(): boolean {
    return this.#isTold;
  }

  /** What is cached of the part by what is known of its series. */
  cachedOf({ key }: BucketWise, state: string): CachedBuckets | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#forget(key);
    if (entry.state !== state) return undefined;
    this.#put(key, entry);
    return entry.buckets;
  }

  /** Of rows the buckets that they have whole, and that nothing was written into. */
  put({ part, state, range, rows: { rows } }: Made, written: readonly Range[]): void {
    const whole = wholeOf(part, range);
    const isCut = part.count !== undefined && rows.reduce((sum, { length }) => sum + length, 0) >= part.count;
    if (whole === undefined || isCut || !this.#isTold) return;
    const cached = this.cachedOf(part, state) ?? new CachedBuckets(part.time);
    this.#forget(part.key);
    for (const buckets of without(whole, [...written, ...cached.within(whole)])) cached.add(buckets, rows);
    if (cached.bytes > MOST_BYTES_EACH) return;
    const { key, table, metric, bucket, reach } = part;
    this.#put(key, { part: { table, metric, bucket, reach }, state, buckets: cached });
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= MOST_BYTES && this.#entries.size <= MOST_ENTRIES && this.#pool.bytes <= this.#pool.limit) break;
      this.#forget(key);
    }
  }

  counted(from: 'memory' | 'store', buckets: number): void {
    this.#telemetry.add('inframirror_query_buckets_total', { from }, buckets);
  }

  #put(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#count(entry.buckets.bytes + key.length * 2 + ENTRY_BYTES);
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#count(-entry.buckets.bytes - key.length * 2 - ENTRY_BYTES);
  }

  #drop(stretch: Stretch): void {
    for (const answer of this.#answers) answer.note(stretch);
    for (const { part, buckets } of this.#entries.values()) {
      if (!isOf(part, stretch) || stretch.from >= buckets.to) continue;
      const { bytes } = buckets;
      buckets.remove(reached(part, stretch));
      this.#count(buckets.bytes - bytes);
    }
  }

  #count(more: number): void {
    this.#bytes += more;
    this.#pool.bytes += more;
    this.#telemetry.set('inframirror_query_buckets_bytes', {}, this.#bytes);
  }
}

/** What one answer has of buckets that are cached, and gives for the next ones. */
export class BucketsOfAnswer {
  readonly #all: BucketCache;
  /** Since before it began. */
  readonly #written: Stretch[];
  readonly #made: Made[] = [];

  constructor(all: BucketCache, written: Stretch[]) {
    this.#all = all;
    this.#written = written;
  }

  note(stretch: Stretch): void {
    if (this.#written.length <= MOST_WRITTEN) this.#written.push(stretch);
  }

  /** The rows of the part; `state`: of its series, when it was made. */
  async *rows(part: BucketWise, state: string, asking: Asking): AsyncGenerator<Batch> {
    const whole = wholeOf(part, part.every);
    const buckets = whole === undefined ? 0 : countOf(part, whole);
    if (whole === undefined || buckets < BUCKETS.fewest || buckets > BUCKETS.most || !this.#all.isTold) {
      yield* asked(part, { counted: 0, shown: 0 }, asking);
      return;
    }
    for (let tries = 0; tries < TRIES; tries++) {
      const rows = await this.#mostlyCached(part, whole, state, asking);
      if (rows === 'written') continue;
      if (rows === undefined) break;
      yield* rows;
      return;
    }
    yield* this.#anew(part, state, asking, buckets);
  }

  /** The answer holds by all that is known now: its buckets are cached. */
  put(): void {
    for (const made of this.#made) if (!made.rows.isOver && made.still()) this.#all.put(made, this.#reached(made.part));
  }

  async *#anew(part: BucketWise, state: string, asking: Asking, buckets: number): AsyncGenerator<Batch> {
    const lost = { counted: 0, shown: 0 };
    const rows = new SpareRows(asking.budget);
    for await (const batch of asked(part, lost, asking)) {
      rows.add(batch);
      yield batch;
    }
    this.#all.counted('store', buckets);
    this.#make({ part, state, range: part.every, rows }, lost, asking);
  }

  /** undefined: too little is cached, or there is no room to put it together; `written`: into what was. */
  async #mostlyCached(part: BucketWise, whole: Range, state: string, asking: Asking): Promise<AsyncIterable<Batch> | 'written' | undefined> {
    const buckets = this.#all.cachedOf(part, state);
    const cached = (buckets?.within(whole) ?? []).toSorted((a, b) => (lengthOf(a) > lengthOf(b) ? -1 : 1)).slice(0, MOST_RANGES);
    if (buckets === undefined || Number(cached.reduce((sum, range) => sum + lengthOf(range), 0n)) < Number(lengthOf(whole)) * LEAST_CACHED) return undefined;
    const rows = cached.flatMap((range) => buckets.rows(range));
    const gaps = await Promise.all(
      without({ from: part.every.from, to: part.every.to }, cached).map(async (range) => ({ range, asked: await within(part, range, asking.prepare) })),
    );
    if (gaps.some(({ asked }) => asked === undefined)) return undefined;
    const made = gaps.map(({ range, asked }) => ({ range, asked: asked as PartQuestion, rows: new SpareRows(asking.budget), lost: { counted: 0, shown: 0 } }));
    await Promise.all(made.map((each) => gather(each, asking)));
    this.#all.hear();
    const written = this.#reached(part);
    const isWritten =
      asking.state(part) !== state ||
      written.some((range) => cached.some((each) => meet(range, each))) ||
      // Of what is written into two of them, one may have it and the other not.
      written.some((range) => gaps.filter((gap) => meet(range, gap.range)).length > 1);
    const all = [...rows, ...made.flatMap((each) => each.rows.rows)];
    if (isWritten || made.some((each) => each.rows.isOver) || !asking.budget.tryTake(bytesOf(all))) {
      for (const each of made) each.rows.end();
      return isWritten ? 'written' : undefined;
    }
    for (const { range, rows, lost } of made) {
      asking.lost(lost);
      this.#make({ part, state, range, rows }, lost, asking);
    }
    const count = cached.reduce((sum, range) => sum + countOf(part, range), 0);
    this.#all.counted('memory', count);
    this.#all.counted('store', countOf(part, whole) - count);
    asking.cached(
      count,
      rows.reduce((sum, { length }) => sum + length, 0),
    );
    return handedOut(all, asking);
  }

  /** Whoever is told of values that are missing has to be told again: then it is asked anew. */
  #make(made: Omit<Made, 'still'>, lost: Lost, { state }: Asking): void {
    if (lost.counted + lost.shown === 0) this.#made.push({ ...made, still: () => state(made.part) === made.state });
    else made.rows.end();
  }

  /** Buckets of the part that were written into. */
  #reached(part: BucketWise): readonly Range[] {
    if (this.#written.length > MOST_WRITTEN) return [{ from: EARLIEST_NS, to: LATEST_NS }];
    return this.#written.filter((stretch) => isOf(part, stretch)).map((stretch) => reached(part, stretch));
  }
}

const bytesOf = (rows: readonly Batch[]): number => rows.reduce((sum, batch) => sum + batchBytes(batch), 0);

/** Its rows as they come; told is what they lack, also where no more of them are wanted. */
async function* asked(part: BucketWise, lost: Lost, asking: Asking): AsyncGenerator<Batch> {
  try {
    yield* asking.open(part, { lost, budget: asking.budget });
  } finally {
    asking.lost(lost);
  }
}

interface Gap {
  readonly asked: PartQuestion;
  readonly rows: SpareRows;
  readonly lost: Lost;
}

/** All its rows, or none where there is no room for what it takes. */
const gather = async ({ asked, rows, lost }: Gap, asking: Asking): Promise<void> => {
  const budget = asking.budget.part();
  try {
    for await (const batch of asking.open(asked, { lost, budget })) if (!rows.add(batch)) break;
  } catch (error) {
    if (!isNoRoom(error)) throw error;
    rows.end();
  } finally {
    budget.end();
  }
};

/** Rows that are accounted for, until they are handed on. */
async function* handedOut(rows: readonly Batch[], { budget }: Asking): AsyncGenerator<Batch> {
  let left = bytesOf(rows);
  try {
    for (const batch of rows) {
      left -= batchBytes(batch);
      budget.give(0, batchBytes(batch));
      yield batch;
    }
  } finally {
    budget.give(0, left);
  }
}

/** Of rows of `marks`. */
const hoursOf = (rows: Batch): readonly Stretch[] => {
  const [metrics, hours] = ['metric', 'hour'].map((name) => columnOf(rows, name)) as [Column, Column];
  return Array.from({ length: rows.length }, (_, row): Stretch => {
    const from = (valueAt(hours, row) as bigint) * NANOS_PER_MS;
    return { table: 'samples', metric: Number(valueAt(metrics, row)), from, to: from + NANOS_PER_HOUR };
  });
};
