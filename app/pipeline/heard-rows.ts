// What the server hears of the rows that the pipeline writes: those of `marks` and `series`, and which rows of other tables may change. Before it hands
// out any answer of the column store, and a few times a second where nothing is asked.
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { TellRows, TellWrites } from '../../query/ask/told-rows.ts';
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
  /** Writes of this run that are not over. */
  #open = new Set<bigint>();
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#reader = new ToldReader(folder, (table, rows) => {
      if (table === 'begun') this.#begun(stretchesIn(rows));
      else if (table === 'over') this.#over(this.#run, writesIn(rows));
      else for (const hear of this.#hearers[table]) hear(rows);
    });
  }

  readonly marks: TellRows = (hear) => void this.#hearers.marks.push(hear);
  readonly series: TellRows = (hear) => void this.#hearers.series.push(hear);
  readonly writes: TellWrites = { listen: (hearer) => void this.#writeHearers.push(hearer), hear: () => this.#reader.hear() };

  /** Another process is to tell; the number under which it does. */
  begins(): number {
    this.#timer ??= setInterval(() => this.#hear(), EVERY_MS).unref();
    const next = this.#reader.begin();
    const [run, left] = [this.#run, [...this.#open]];
    if (left.length > 0) setTimeout(() => this.#over(run, left), UNKNOWN_MS).unref();
    this.#run = next;
    this.#open = new Set();
    return next;
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
      now: () => columns.now(),
      ping: () => columns.ping(),
      close: () => columns.close(),
    };
  }

  #begun({ write, rows }: ReturnType<typeof stretchesIn>): void {
    this.#open.add(write);
    for (const { begun } of this.#writeHearers) begun(`${this.#run}/${write}`, rows);
  }

  #over(run: number, writes: readonly bigint[]): void {
    for (const write of writes) {
      if (run === this.#run) this.#open.delete(write);
      for (const { over } of this.#writeHearers) over(`${run}/${write}`);
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
