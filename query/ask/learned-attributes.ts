// Which attributes log lines have, learned from samples of bounded size: how many lines have each, as what, and when it was last seen.
// At first lines from all over the retention, then only what came in since. Never reads all lines, and keeps no more than so many names: where there
// are more, those of the senders that bring most go first, so that none of them hides the attributes of the others.
import { type Batch, columnOf, valueAt } from '../../core/batch/batch.ts';
import { nanosFromMillis } from '../../core/time.ts';
import type { Parameters } from '../../engines/columns/port.ts';
import type { RowsRequest, Search } from '../../engines/search/port.ts';
import { sampledAttributes } from './sampled-attributes.ts';

export type AttributeKind = 'text' | 'number' | 'both';

export interface LearnedAttribute {
  readonly name: string;
  /** What its values are: text, numbers, or both in one line or another. */
  readonly type: AttributeKind;
  /** Part of the sampled lines that have it, 0 to 1. */
  readonly share: number;
  /** Time of the newest sampled line that has it, ns. */
  readonly lastSeen: bigint;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
interface LearnedStretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly lines: number;
}

/** The first sample: the newest lines of each hour of a day, then of each day of a month, then of stretches that double up to the oldest line. */
const firstSample = (keptMs: number): readonly LearnedStretch[] => {
  const found: LearnedStretch[] = Array.from({ length: 24 }, (_, i) => ({ fromMs: (i + 1) * HOUR_MS, toMs: i === 0 ? -HOUR_MS : i * HOUR_MS, lines: 4000 }));
  for (let toMs = DAY_MS, step = DAY_MS; toMs < keptMs; toMs += step) {
    if (toMs >= 30 * DAY_MS) step *= 2;
    found.push({ fromMs: Math.min(toMs + step, keptMs + DAY_MS), toMs, lines: 2000 });
  }
  return found;
};

/** Answered from what the parts say of themselves. */
const SPAN = 'SELECT count() AS lines, toUnixTimestamp64Nano(min(time)) AS oldest, toUnixTimestamp64Nano(max(time)) AS newest FROM logs';

/** Lines that are looked at. */
export interface LinesWhere {
  readonly sql: string;
  readonly params: ReadonlyMap<string, unknown>;
  /** The same for a store of documents; undefined: it cannot be asked so. */
  readonly documents?: unknown;
}
const ALL_LINES: LinesWhere = { sql: 'true', params: new Map(), documents: { match_all: {} } };
const firstLines = (where: string): string => `SELECT sender, time, attributes, numbers FROM logs
WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')${where} ORDER BY time DESC LIMIT {lines:UInt64}`;
/** Numbers of inserts follow the clock (`pipeline/insert-number.ts`), and parts without any in reach are passed over. */
const newLines = (where: string): string => `SELECT sender, time, attributes, numbers FROM logs WHERE insert >= {since:UInt64}${where} LIMIT {lines:UInt64}`;
const INSERTS_PER_MS = 22n;
const MOST_NEW_LINES = 20_000;
/** An insert is seen some time after it took its number; lines that are read again weigh more, which the shares bear. */
const OVERLAP_MS = 60_000;
/** Beyond them no sender has more than another that would bring as many; of one that brings more, those not seen for longest are forgotten. */
const MOST_NAMES = 5000;
/** Beyond so many lines what was counted weighs half. */
const WEIGHT = 200_000;

/** By the place that a name has among those of its sender, the most used first: that of a sender of few is before the many of another. */
const counted = (lines: string): string => `
SELECT name, sum(n) AS lines, sum(t) AS text, sum(f) AS number, toUnixTimestamp64Nano(max(at)) AS newest, argMin(by, place) AS sender
FROM (
  SELECT toString(sender) AS by, found.1 AS name, countIf(found.2 = 0) AS n, countIf(found.2 = 1) AS t, countIf(found.2 = 2) AS f, max(time) AS at,
    row_number() OVER (PARTITION BY toString(sender) ORDER BY count() DESC) AS place
  FROM (${lines}) ARRAY JOIN arrayConcat([('', 0)], arrayMap(k -> (toString(k), 1), mapKeys(attributes)), arrayMap(k -> (toString(k), 2), mapKeys(numbers))) AS found
  GROUP BY by, name
)
GROUP BY name ORDER BY min(place), lines + text + number DESC LIMIT ${MOST_NAMES}`;

interface Counts {
  /** Of those that bring it, the one with fewest names. */
  sender: string;
  text: number;
  number: number;
  newest: bigint;
}

export class LearnedAttributes {
  readonly #search: Search;
  readonly #keptMs: () => number;
  readonly #where: string;
  readonly #params: Parameters;
  readonly #documents: unknown;
  readonly #counts = new Map<string, Counts>();
  /** Names of each sender. */
  readonly #bySender = new Map<string, number>();
  #lines = 0;
  #learnedMs: number | undefined;
  #sorted: readonly LearnedAttribute[] = [];

  /** `keptMs`: how long lines are kept now. */
  constructor(search: Search, keptMs: () => number, where: LinesWhere = ALL_LINES) {
    this.#search = search;
    this.#keptMs = keptMs;
    this.#where = where === ALL_LINES ? '' : ` AND (${where.sql})`;
    this.#params = Object.fromEntries(where.params) as Parameters;
    this.#documents = where.documents;
  }

  /** Most used first. */
  get all(): readonly LearnedAttribute[] {
    return this.#sorted;
  }

  kind(name: string): AttributeKind | undefined {
    const found = this.#counts.get(name);
    return found && kindOf(found);
  }

  /** Whether there are other names or other kinds now. */
  async learn(nowMs: number): Promise<boolean> {
    const ofDocuments = this.#search.dialect === 'elasticsearch';
    if (ofDocuments && this.#documents === undefined) return false;
    let changed = false;
    if (this.#learnedMs === undefined) {
      const span = ofDocuments ? undefined : await this.#span();
      for (const { fromMs, toMs, lines } of firstSample(Math.min(this.#keptMs(), nowMs))) {
        const params = { from: nanosFromMillis(Math.floor(nowMs - fromMs)), to: nanosFromMillis(Math.floor(nowMs - toMs)), lines };
        if (!ofDocuments && (span === undefined || span.newest < params.from || span.oldest >= params.to)) continue;
        const batches = ofDocuments
          ? [await this.#sampled({ time: { gte: String(params.from), lt: String(params.to) } }, lines, { from: String(params.from), to: String(params.to) })]
          : (await this.#search.query(counted(firstLines(this.#where)), { params: { ...this.#params, ...params } })).batches;
        for (const batch of batches) changed = this.#note(batch) || changed;
      }
    } else {
      const since = BigInt(Math.max(0, Math.floor(this.#learnedMs - OVERLAP_MS))) << INSERTS_PER_MS;
      const batches = ofDocuments
        ? [await this.#sampled({ insert: { gte: String(since) } }, MOST_NEW_LINES)]
        : (await this.#search.query(counted(newLines(this.#where)), { params: { ...this.#params, since, lines: MOST_NEW_LINES } })).batches;
      for (const batch of batches) changed = this.#note(batch) || changed;
    }
    this.#learnedMs = nowMs;
    changed = this.#forget(nanosFromMillis(Math.floor(nowMs - this.#keptMs()))) || changed;
    this.#sorted = Array.from(this.#counts, ([name, counts]) => ({
      name,
      type: kindOf(counts),
      share: Math.min(1, (counts.text + counts.number) / Math.max(1, this.#lines)),
      lastSeen: counts.newest,
    })).sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1));
    return changed;
  }

  #sampled(bounds: unknown, lines: number, range?: RowsRequest['range']): Promise<Batch> {
    return sampledAttributes(this.#search, [{ range: bounds }, this.#documents], range, lines);
  }

  /** Times of the oldest and the newest line, ns; undefined where there is none. */
  async #span(): Promise<{ readonly oldest: bigint; readonly newest: bigint } | undefined> {
    const { batches } = await this.#search.query(SPAN);
    const [batch] = batches;
    if (batch === undefined || batch.length === 0 || integerAt(batch, 'lines', 0) === 0n) return undefined;
    return { oldest: integerAt(batch, 'oldest', 0), newest: integerAt(batch, 'newest', 0) };
  }

  #note(batch: Batch): boolean {
    let changed = false;
    for (let row = 0; row < batch.length; row++) {
      const [text, number, newest] = [Number(integerAt(batch, 'text', row)), Number(integerAt(batch, 'number', row)), integerAt(batch, 'newest', row)];
      this.#lines += Number(integerAt(batch, 'lines', row));
      if (text + number === 0) continue;
      const name = String(valueAt(columnOf(batch, 'name'), row) ?? '');
      const known = this.#counts.get(name);
      const before = known && kindOf(known);
      const sender = String(valueAt(columnOf(batch, 'sender'), row) ?? '');
      const counts: Counts = known ?? { sender, text: 0, number: 0, newest };
      if (known === undefined) this.#give(sender, 1);
      else if ((this.#bySender.get(sender) ?? 0) < (this.#bySender.get(counts.sender) ?? 0)) {
        this.#give(counts.sender, -1);
        this.#give(sender, 1);
        counts.sender = sender;
      }
      counts.text += text;
      counts.number += number;
      if (newest > counts.newest) counts.newest = newest;
      this.#counts.set(name, counts);
      changed ||= before !== kindOf(counts);
    }
    return changed;
  }

  #forget(oldest: bigint): boolean {
    const before = this.#counts.size;
    for (const [name, counts] of this.#counts) if (counts.newest < oldest) this.#remove(name, counts);
    if (this.#counts.size > MOST_NAMES) {
      const most = fairShare([...this.#bySender.values()], MOST_NAMES);
      const byAge = [...this.#counts].sort(([, a], [, b]) => (a.newest < b.newest ? -1 : a.newest > b.newest ? 1 : 0));
      for (const [name, counts] of byAge) if ((this.#bySender.get(counts.sender) ?? 0) > most) this.#remove(name, counts);
    }
    if (this.#lines > WEIGHT) {
      this.#lines /= 2;
      for (const counts of this.#counts.values()) {
        counts.text /= 2;
        counts.number /= 2;
      }
    }
    return this.#counts.size !== before;
  }

  #remove(name: string, { sender }: Counts): void {
    this.#counts.delete(name);
    this.#give(sender, -1);
  }

  #give(sender: string, names: number): void {
    const now = (this.#bySender.get(sender) ?? 0) + names;
    if (now === 0) this.#bySender.delete(sender);
    else this.#bySender.set(sender, now);
  }
}

/** The most that each may have, so that all of them together have no more than `all`. */
export const fairShare = (counts: readonly number[], all: number): number => {
  let left = all;
  const rising = [...counts].sort((a, b) => a - b);
  for (const [i, count] of rising.entries()) {
    const share = Math.floor(left / (rising.length - i));
    if (count > share) return share;
    left -= count;
  }
  return all;
};

const integerAt = (batch: Batch, column: string, row: number): bigint => BigInt((valueAt(columnOf(batch, column), row) ?? 0) as bigint | number);

const kindOf = ({ text, number }: Counts): AttributeKind => (text > 0 && number > 0 ? 'both' : text > 0 ? 'text' : 'number');
