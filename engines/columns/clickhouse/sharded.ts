// A column store of several shards. Each is a store by itself, with tables of the same names; an insert goes to one, by its route, and is one part
// there. Of an insert whose end is not known all are asked, so that nothing is missed where their number has changed meanwhile. Questions of
// rows go to the tables that read all shards, which only a cluster has; what is asked of the servers themselves (`system.…`) each answers.
import type { Batch } from '../../../core/batch/batch.ts';
import { columnOf, valueAt } from '../../../core/batch/batch.ts';
import type { ColumnStore, InsertOptions, QueryAnswer, QueryOptions } from '../port.ts';
import { OF_EACH_SHARD, READING, readingDatabase, readingStatements } from './on-cluster.ts';
import { type ClickHouseOptions, openClickHouse } from './open.ts';

export interface ShardedOptions extends Omit<ClickHouseOptions, 'url' | 'socketPath' | 'incoming' | 'cluster'> {
  /** Of each shard the servers, which are replicas of one another. Their order is that of the routes. */
  readonly shards: readonly (readonly string[])[];
  /** As `remote_servers` of each server has it. */
  readonly cluster: string;
}

/** @throws RangeError without shards */
export const openClickHouseShards = ({ shards, ...options }: ShardedOptions): ColumnStore => {
  const { cluster, database = 'default' } = options;
  const reader = openClickHouse({ ...options, url: shards.flat(), database: readingDatabase(database) });
  return new ShardedColumns(
    shards.map((url) => openClickHouse({ ...options, url })),
    { cluster, database, reader },
  );
};

export interface Whole {
  readonly cluster: string;
  readonly database: string;
  /** Where questions of all rows are asked. */
  readonly reader: ColumnStore;
}

const TABLES = "SELECT toString(name) AS name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name";
const OF_SERVERS = /\bFROM system\.\w/;

/** `whole` undefined: the shards are no cluster, and answer no question of all rows. */
export class ShardedColumns implements ColumnStore {
  readonly #shards: readonly ColumnStore[];
  readonly #whole: Whole | undefined;

  constructor(shards: readonly ColumnStore[], whole: Whole | undefined) {
    if (shards.length === 0) throw new RangeError('a column store without shards');
    this.#shards = shards;
    this.#whole = whole;
  }

  /** One after the other: where statements go to the whole cluster, the second finds them done. */
  async migrate(hasRoom?: () => boolean): Promise<void> {
    for (const shard of this.#shards) await shard.migrate(hasRoom);
    if (this.#whole === undefined) return;
    const { cluster, database } = this.#whole;
    const { batches } = await this.#first.query(TABLES);
    const tables = batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => String(valueAt(columnOf(batch, 'name'), row))));
    for (const sql of readingStatements(database, tables, cluster)) await this.#first.command(sql);
  }

  async query(sql: string, options: QueryOptions = {}): Promise<QueryAnswer> {
    if (options.standingIn !== undefined || OF_SERVERS.test(sql)) return together(await this.#each((shard) => shard.query(sql, options)));
    if (this.#whole === undefined) throw new TypeError('shards that are no cluster answer no question of all rows');
    return this.#whole.reader.query(sql, { ...options, settings: { ...READING, ...options.settings } });
  }

  /** Rows that a statement makes rest on the first shard, as all do that have no route. */
  async command(sql: string, options?: QueryOptions): Promise<void> {
    if (this.#whole !== undefined || OF_EACH_SHARD.test(sql)) await this.#first.command(sql, options);
    else await this.#each((shard) => shard.command(sql, options));
  }

  insert(table: string, batch: Batch, options: InsertOptions): Promise<void> {
    return this.#of(options.route ?? 0).insert(table, batch, options);
  }

  async kill(queryIds: readonly string[]): Promise<void> {
    await this.#each((shard) => shard.kill(queryIds));
  }

  async now(route?: number): Promise<number> {
    return route === undefined ? Math.min(...(await this.#each((shard) => shard.now()))) : this.#of(route).now();
  }

  async ping(): Promise<void> {
    await this.#each((shard) => shard.ping());
  }

  async close(): Promise<void> {
    await this.#each((shard) => shard.close());
    await this.#whole?.reader.close();
  }

  get #first(): ColumnStore {
    return this.#of(0);
  }

  #of(route: number): ColumnStore {
    return this.#shards[route % this.#shards.length] as ColumnStore;
  }

  #each<T>(ask: (shard: ColumnStore) => Promise<T>): Promise<readonly T[]> {
    return Promise.all(this.#shards.map(ask));
  }
}

const together = (answers: readonly QueryAnswer[]): QueryAnswer => ({
  batches: answers.flatMap(({ batches }) => batches),
  stats: {
    rowsRead: answers.reduce((sum, { stats }) => sum + stats.rowsRead, 0),
    bytesRead: answers.reduce((sum, { stats }) => sum + stats.bytesRead, 0),
    elapsedMs: Math.max(...answers.map(({ stats }) => stats.elapsedMs)),
  },
});
