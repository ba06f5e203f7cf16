// What the server hears of the rows that the pipeline writes: those of `marks` and `series`, and which rows of other tables may change. Before it hands
// out any answer of the column store, and a few times a second where nothing is asked.
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { TellRows, TellWrites } from '../../query/ask/told-rows.ts';
import type { Stretch } from '../../schemas/stretch.ts';
import { ToldReader } from './told-file.ts';
import { stretchesIn, writesIn } from './written-rows.ts';

const EVERY_MS = 250;
/** What a process that died had begun may come to stand for so long: longer than any insert may wait and work. */
const UNKNOWN_MS = 600_000;

type WriteHearer = Parameters<TellWrites['listen']>[0];

export class HeardRows {
  readonly #hearers: Readonly<Record<'marks' | 'series', Parameters<TellRows>[0][]>> = { marks: [], series: [] };
  readonly #writeHearers: WriteHearer[] = [];
  readonly #reader: ToldReader;
  #run = 0;
  /** Writes that are not over: the pipeline begins before there is anybody who listens. */
  readonly #open = new Map<string, readonly Stretch[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#reader = new ToldReader(folder, (table, rows) => {
      if (table === 'begun') this.#begun(stretchesIn(rows));
      else if (table === 'over') this.#over(writesIn(rows).map((write) => this.#named(write)));
      else for (const hear of this.#hearers[table]) hear(rows);
    });
  }

  readonly marks: TellRows = (hear) => void this.#hearers.marks.push(hear);
  readonly series: TellRows = (hear) => void this.#hearers.series.push(hear);
  readonly writes: TellWrites = {
    listen: (hearer) => {
      this.#writeHearers.push(hearer);
      for (const [write, rows] of this.#open) hearer.begun(write, rows);
    },
    hear: () => this.#reader.hear(),
  };

  /** Another process is to tell; the number under which it does. */
  begins(): number {
    this.#timer ??= setInterval(() => this.#hear(), EVERY_MS).unref();
    const next = this.#reader.begin();
    const left = [...this.#open.keys()];
    if (left.length > 0) setTimeout(() => this.#over(left), UNKNOWN_MS).unref();
    this.#run = next;
    return next;
  }

  /** What removes rows is told by a call, and a file after that when it is over. */
  removing(write: number, rows: readonly Stretch[]): void {
    this.#begun({ write: BigInt(write), rows });
  }

  /** A store whose answers are handed out when all is heard that was told before they were made. */
  before(columns: ColumnStore): ColumnStore {
    return {
      migrate: (hasRoom) => columns.migrate(hasRoom),
      query: async (sql, options) => {
        const answer = await columns.query(sql, options);
        this.#reader.hear();
        return answer;
      },
      command: (sql, options) => columns.command(sql, options),
      insert: (table, batch, options) => columns.insert(table, batch, options),
      kill: (queryIds) => columns.kill(queryIds),
      now: (route) => columns.now(route),
      ping: () => columns.ping(),
      close: () => columns.close(),
    };
  }

  #named(write: bigint): string {
    return `${this.#run}/${write}`;
  }

  #begun({ write, rows }: ReturnType<typeof stretchesIn>): void {
    const named = this.#named(write);
    this.#open.set(named, rows);
    for (const { begun } of this.#writeHearers) begun(named, rows);
  }

  #over(writes: readonly string[]): void {
    for (const write of writes) {
      this.#open.delete(write);
      for (const { over } of this.#writeHearers) over(write);
    }
  }

  #hear(): void {
    try {
      this.#reader.hear();
    } catch {
      // Whoever asks next is told.
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#reader.close();
  }
}
