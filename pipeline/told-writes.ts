// Whoever holds in memory what was made of rows is told which rows an insert may change before it begins, and when nothing more can come of it:
// minutes of a table, of each metric by itself but for those of this moment, into which nearly all metrics have something. What is told may be more
// than is written, never less.
import { type Batch, columnOf, type FixedColumn } from '../core/batch/batch.ts';
import { safeIntegerAt, wordsOf } from '../core/batch/words.ts';
import { hasCode } from '../core/errors.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { Stretch } from '../schemas/stretch.ts';

export interface WriteTeller {
  /** Throws where it cannot be told: then nothing is written. */
  begun(write: number, rows: readonly Stretch[]): void;
  /** As `begun`, of rows that are to go: it must need no room on the disk, which they may be to make. Resolves when it is heard. */
  removing(write: number, rows: readonly Stretch[]): Promise<void>;
  /** Throws where it cannot be told: then it is told with the next ones. */
  over(writes: readonly number[]): void;
}

/** Tables whose rows are asked for. */
const TOLD: ReadonlySet<string> = new Set(['samples', 'logs', 'processes', 'jvm']);
/** Of what retention removes: whose answers it changes. */
const PARTS_OF: Readonly<Record<string, string>> = { rollups_5m: 'samples', rollups_1h: 'samples', rollup_hours: 'samples' };
const MINUTE_MS = 60_000;
const MINUTE_NS = 60_000_000_000;
/** A time of nanoseconds as a number is off by less, ns. */
const NEAR_NS = 1024;
/** Of a metric; more become one. */
const MOST_STRETCHES = 32;
/** What became of an insert that failed is known after so long at the latest: it may begin within a minute, and work for ten seconds. */
const UNKNOWN_MS = 600_000;

/** The minutes of a table's rows. */
export const stretchesOf = (table: string, batch: Batch, now: number): readonly Stretch[] => {
  const { type, values } = columnOf(batch, 'time') as FixedColumn;
  const words = wordsOf(values as BigInt64Array);
  const isNanos = type.kind === 'timestamp' && type.unit === 'ns';
  const metrics = table === 'samples' ? ((columnOf(batch, 'metric') as FixedColumn).values as Uint32Array) : undefined;
  const minutes = new Map<number | undefined, Set<number>>([[undefined, new Set()]]);
  const ofAll = minutes.get(undefined) as Set<number>;
  const present = Math.floor(now / MINUTE_MS);
  const step = isNanos ? MINUTE_NS : MINUTE_MS;
  let [lastMinute, lastMetric] = [Number.NaN, -1];
  const add = (minute: number, metric: number | undefined): void => {
    if (metric === undefined || Math.abs(minute - present) <= 1) ofAll.add(minute);
    else {
      const own = minutes.get(metric) ?? new Set<number>();
      minutes.set(metric, own);
      own.add(minute);
    }
  };
  for (let row = 0; row < batch.length; row++) {
    const time = safeIntegerAt(words, row);
    const minute = Math.floor(time / step);
    if (isNanos) {
      const rest = time - minute * step;
      if (rest < NEAR_NS) add(minute - 1, undefined);
      if (step - rest < NEAR_NS) add(minute + 1, undefined);
    }
    const metric = metrics?.[row];
    if (minute === lastMinute && metric === lastMetric) continue;
    [lastMinute, lastMetric] = [minute, metric ?? -1];
    add(minute, metric);
  }
  return Array.from(minutes).flatMap(([metric, own]) =>
    together(own).map(([first, last]) => ({ table, metric, from: BigInt(first) * BigInt(MINUTE_NS), to: BigInt(last + 1) * BigInt(MINUTE_NS) })),
  );
};

/** The first and the last of those that follow each other. */
const together = (minutes: ReadonlySet<number>): readonly (readonly [number, number])[] => {
  const found: [number, number][] = [];
  for (const minute of [...minutes].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && minute - last[1] <= 1) last[1] = minute;
    else found.push([minute, minute]);
  }
  const [first, last] = [found[0], found.at(-1)];
  return found.length <= MOST_STRETCHES || first === undefined || last === undefined ? found : [[first[0], last[1]]];
};

export class ToldWrites {
  readonly #teller: WriteTeller;
  #writes = 0;
  /** Of which it could not be told yet that they are over. */
  #over: number[] = [];

  constructor(teller: WriteTeller) {
    this.#teller = teller;
  }

  /** A store whose inserts are told. */
  to(columns: ColumnStore): ColumnStore {
    const insert: ColumnStore['insert'] = async (table, batch, options) => {
      if (!TOLD.has(table) || batch.length === 0) return columns.insert(table, batch, options);
      const write = this.#begin(stretchesOf(table, batch, Date.now()));
      try {
        await columns.insert(table, batch, options);
        this.#end(write);
      } catch (error) {
        if (hasCode(error, 'columns.refused-rows') || hasCode(error, 'columns.late')) this.#end(write);
        else setTimeout(() => this.#end(write), UNKNOWN_MS).unref();
        throw error;
      }
    };
    return {
      migrate: (hasRoom) => columns.migrate(hasRoom),
      query: (sql, options) => columns.query(sql, options),
      command: (sql, options) => columns.command(sql, options),
      insert,
      kill: (queryIds) => columns.kill(queryIds),
      now: (route) => columns.now(route),
      ping: () => columns.ping(),
      close: () => columns.close(),
    };
  }

  /** `work` removes rows of a table from one moment up to another, ms. */
  async removing(table: string, from: number, to: number, work: () => Promise<void>): Promise<void> {
    const [begin, end] = [BigInt(from) * 1_000_000n, BigInt(to) * 1_000_000n];
    const write = ++this.#writes;
    await this.#teller.removing(write, [{ table: PARTS_OF[table] ?? table, metric: undefined, from: begin, to: end }]);
    try {
      await work();
      this.#end(write);
    } catch (error) {
      // What was begun may go on in the store.
      setTimeout(() => this.#end(write), UNKNOWN_MS).unref();
      throw error;
    }
  }

  #begin(rows: readonly Stretch[]): number {
    const write = ++this.#writes;
    this.#teller.begun(write, rows);
    return write;
  }

  #end(write: number): void {
    this.#over.push(write);
    try {
      this.#teller.over(this.#over);
      this.#over = [];
    } catch {
      // Until it is told, its rows are asked for anew.
    }
  }
}
