// A column store for a bench, and what it has cost: processor time of this process and of the store's, by the kernel's account. Linux only.
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { createLogger } from '../core/logger.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openTemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { costOf } from './figure.ts';

/** For statements that may take what they want. */
export const UNLIMITED = { max_execution_time: 0, max_rows_to_read: 0, max_memory_usage: 0, max_partitions_per_insert_block: 0 };

export interface BenchStore {
  readonly columns: ColumnStore;
  /** Seconds of both processes so far; `store`: of the store's alone. */
  readonly cpu: () => number;
  readonly storeCpu: () => number;
  /** The column `v` of the first row; 0 where there is none. */
  readonly one: (sql: string) => Promise<number>;
  /** Resolves when nothing of tables whose names are like this is left to merge. */
  readonly untilMerged: (tables: string) => Promise<void>;
  /** Of tables whose names are like this. */
  readonly bytes: (tables: string) => Promise<number>;
}

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

export const withColumnStore = async <T>(work: (store: BenchStore) => Promise<T>): Promise<T> => {
  const { columns, engine, close } = await openTemporaryStore({ log });
  const storeCpu = (): number => costOf(engine.pid as number).cpu;
  const one = async (sql: string): Promise<number> => {
    const [batch] = (await columns.query(sql, { settings: UNLIMITED })).batches;
    return batch === undefined || batch.length === 0 ? 0 : Number(valueAt(columnOf(batch, 'v'), 0));
  };
  const parts = (value: string, tables: string): Promise<number> =>
    one(`SELECT ${value} AS v FROM system.parts WHERE active AND database = currentDatabase() AND table LIKE '${tables}'`);
  try {
    return await work({
      columns,
      storeCpu,
      cpu: () => {
        const { user, system } = process.cpuUsage();
        return storeCpu() + (user + system) / 1e6;
      },
      one,
      untilMerged: async (tables) => {
        for (let calm = 0, before = -1; calm < 3; ) {
          await new Promise((resolve) => setTimeout(resolve, 1000));
          const now = await parts('sum(level * 1000 + 1)', tables);
          calm = now === before && (await one('SELECT count() AS v FROM system.merges')) === 0 ? calm + 1 : 0;
          before = now;
        }
      },
      bytes: (tables) => parts('sum(bytes_on_disk)', tables),
    });
  } finally {
    await close();
  }
};
