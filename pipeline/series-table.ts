// The table `series` as the pipeline writes it: new rows for definitions and for a host whose inventory changed, and looking up what is there.
// All are keyed upserts and may be repeated; they follow each other, so that a change of a host meets every definition of it.
import { randomUUID } from 'node:crypto';
import { type Batch, columnOf, type FixedColumn, type Value, valueAt } from '../core/batch/batch.ts';
import { sliceBatch } from '../core/batch/take.ts';
import { hasCode } from '../core/errors.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { ENRICHMENT } from '../schemas/catalogue.ts';
import { TABLE_FIELDS } from '../schemas/tables.ts';
import { writeInHalves } from './halving.ts';
import { type Enrichment, enrichmentFrom, type HostEntry } from './inventory.ts';
import { Prints, type Standing, TOLD } from './stages/series.ts';

const COLUMNS = TABLE_FIELDS.series.map(({ name }) => `\`${name}\``).join(', ');
/** `tuple`, as argMax passes over NULL. */
const newest = (column: string): string => `argMax(tuple(${column}), (since, seen)).1`;
const KEPT = ['kind', 'temporality', 'unit', 'description', 'interval', 'labels'].map(newest).join(', ');
/** Groups are made in the order of the table, and handed on a few MiB at a time: all series at once are more than the store has memory for. */
const UNBOUNDED = { max_rows_to_read: 0, max_execution_time: 300, optimize_aggregation_in_order: 1, aggregation_in_order_max_block_bytes: 4 << 20 };

const PAIRS = ENRICHMENT.map((key) => `'${key}', transform(any(labels['host']), {hosts:Array(String)}, {${key}:Array(String)}, '')`).join(', ');
const ENRICHED = `mapFilter((k, v) -> v != '', map(${PAIRS}))`;
// Never before the row it takes the place of; at the same moment the one seen later stands.
const ENRICH = `INSERT INTO series (${COLUMNS})
SELECT metric, ${newest('name')}, id, greatest(max(since), fromUnixTimestamp64Milli({since:Int64}, 'UTC')), fromUnixTimestamp64Milli({since:Int64}, 'UTC'), ${KEPT}, CAST(${ENRICHED} AS Map(LowCardinality(String), String))
FROM series WHERE labels['host'] IN {hosts:Array(String)} GROUP BY metric, id HAVING mapSort(CAST(${newest('enrichment')} AS Map(String, String))) != mapSort(${ENRICHED})`;

const OF_SERIES = 'FROM series WHERE metric IN ({metrics:Array(UInt32)}) AND id IN ({ids:Array(UInt64)})';
const KNOWN = `SELECT DISTINCT id ${OF_SERIES}`;
const STANDING_COLUMNS = [...TOLD, 'enrichment'];
const STANDING = `SELECT id, ${STANDING_COLUMNS.map((name, i) => `newest.${i + 3} AS \`${name}\``).join(', ')}, toUnixTimestamp64Milli(newest.1) AS since, toUnixTimestamp64Milli(newest.2) AS seen
FROM (SELECT id, argMax(tuple(since, seen, ${STANDING_COLUMNS.join(', ')}), (since, seen)) AS newest ${OF_SERIES} GROUP BY metric, id)`;

const BY_HOST = `SELECT host, region, datacenter, env, role, owner FROM
(SELECT argMax(labels['host'], (since, seen)) AS host, argMax(enrichment, (since, seen)) AS found, ${ENRICHMENT.map((key) => `found['${key}'] AS ${key}`).join(', ')} FROM series GROUP BY metric, id)
WHERE host != '' GROUP BY host, region, datacenter, env, role, owner`;

/** Ids in one statement. */
const CHUNK = 10_000;

export interface RefusedDefinition {
  readonly row: number;
  readonly error: string;
}

export interface SeriesKey {
  readonly metric: number;
  readonly id: bigint;
}

const chunks = function* <T>(list: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0; at < list.length; at += CHUNK) yield list.slice(at, at + CHUNK);
};

const keysOf = (keys: readonly SeriesKey[]): { readonly metrics: readonly number[]; readonly ids: readonly bigint[] } => ({
  metrics: [...new Set(keys.map(({ metric }) => metric))],
  ids: keys.map(({ id }) => id),
});

export class SeriesTable {
  readonly #columns: Pick<ColumnStore, 'insert' | 'query' | 'command'>;
  readonly #now: () => number;
  #turn: Promise<unknown> = Promise.resolve();

  /** `now`: ms. */
  constructor(columns: Pick<ColumnStore, 'insert' | 'query' | 'command'>, now: () => number = Date.now) {
    this.#columns = columns;
    this.#now = now;
  }

  /** Runs `work` when what was asked for before is over: what it reads of the inventory then is what it writes with. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Returns what the store refuses for its values. */
  async insert(rows: Batch, signal: AbortSignal): Promise<readonly RefusedDefinition[]> {
    const refused: RefusedDefinition[] = [];
    await writeInHalves([{ from: 0, to: rows.length }], {
      write: ({ from, to }) => this.#columns.insert('series', sliceBatch(rows, from, to), { queryId: randomUUID(), signal }),
      isRefusal: (error) => hasCode(error, 'columns.refused-rows'),
      halve: ({ from, to }) => {
        const middle = from + ((to - from) >> 1);
        return middle === from
          ? undefined
          : [
              { from, to: middle },
              { from: middle, to },
            ];
      },
      refused: ({ from }, error) => refused.push({ row: from, error: (error as Error).message }),
    });
    return refused;
  }

  /** Those of the ids that have a definition in the store. */
  async known(keys: readonly SeriesKey[]): Promise<ReadonlySet<bigint>> {
    const found = new Set<bigint>();
    for await (const batch of this.#of(keys, KNOWN)) {
      const id = columnOf(batch, 'id');
      for (let row = 0; row < batch.length; row++) found.add(valueAt(id, row) as bigint);
    }
    return found;
  }

  /** By id, the newest row of each series that has one in the store. */
  async standing(keys: readonly SeriesKey[]): Promise<ReadonlyMap<bigint, Standing>> {
    const found = new Map<bigint, Standing>();
    for await (const batch of this.#of(keys, STANDING)) {
      const [since, seen, enrichment] = [columnOf(batch, 'since'), columnOf(batch, 'seen'), columnOf(batch, 'enrichment')];
      const ids = (columnOf(batch, 'id') as FixedColumn).values as BigUint64Array;
      const prints = new Prints(batch);
      for (let row = 0; row < batch.length; row++) {
        const said = valueAt(enrichment, row) as ReadonlyMap<string, string>;
        const print = prints.at(
          row,
          enrichmentFrom((key) => said.get(key)),
        );
        found.set(ids[row] as bigint, { print, since: Number(valueAt(since, row)), seen: Number(valueAt(seen, row)) });
      }
    }
    return found;
  }

  async *#of(keys: readonly SeriesKey[], sql: string): AsyncIterable<Batch> {
    for (const chunk of chunks(keys)) yield* (await this.#columns.query(sql, { params: keysOf(chunk), settings: UNBOUNDED })).batches;
  }

  /** New rows for all series of these hosts that say something else of them. The whole table is read for it, however many they are. */
  async enrich(hosts: readonly HostEntry[]): Promise<void> {
    const values = Object.fromEntries(ENRICHMENT.map((key, i) => [key, hosts.map(({ enrichment }) => enrichment[i] ?? '')]));
    await this.#columns.command(ENRICH, { params: { hosts: hosts.map(({ host }) => host), since: this.#now(), ...values }, settings: UNBOUNDED });
  }

  /** Hosts of which some series says something else than `hosts`: a change may have been missed while no worker ran. */
  async outdated(hosts: ReadonlyMap<string, HostEntry>): Promise<readonly HostEntry[]> {
    const { batches } = await this.#columns.query(BY_HOST, { settings: UNBOUNDED });
    const found = new Set<HostEntry>();
    for (const batch of batches)
      for (let row = 0; row < batch.length; row++) {
        const entry = hosts.get(valueAt(columnOf(batch, 'host'), row) as string);
        const same = (enrichment: Enrichment): boolean => ENRICHMENT.every((key, i) => valueAt(columnOf(batch, key), row) === ((enrichment[i] ?? '') as Value));
        if (entry !== undefined && !same(entry.enrichment)) found.add(entry);
      }
    return [...found];
  }
}
