// What the server hears of the rows that the pipeline writes into `marks` and `series`: before it hands out any answer of the column store, and a
// few times a second where nothing is asked.
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { TellRows } from '../../query/ask/told-rows.ts';
import { ToldReader, type ToldTable } from './told-file.ts';

const EVERY_MS = 250;

export class HeardRows {
  readonly #hearers: Readonly<Record<ToldTable, Parameters<TellRows>[0][]>> = { marks: [], series: [] };
  readonly #reader: ToldReader;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#reader = new ToldReader(folder, (table, rows) => {
      for (const hear of this.#hearers[table]) hear(rows);
    });
  }

  readonly marks: TellRows = (hear) => void this.#hearers.marks.push(hear);
  readonly series: TellRows = (hear) => void this.#hearers.series.push(hear);

  /** Another process is to tell; the number under which it does. */
  begins(): number {
    this.#timer ??= setInterval(() => this.#hear(), EVERY_MS).unref();
    return this.#reader.begin();
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
