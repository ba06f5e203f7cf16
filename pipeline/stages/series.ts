// Definitions of series as they come into rows of the table `series`, with what the inventory says of their host. A row is written where the
// definition, or what the inventory says, is not what stands in the store. Works per definition, never per sample.
import { hash } from 'node:crypto';
import { type Batch, columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { ColumnBuilder } from '../../core/batch/build.ts';
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import { DEFINED, type SeriesIndex } from '../series-index.ts';
import { DAY_MS } from './days.ts';

/** What a sender tells of a series, in the order of `SIGNAL_FIELDS.series`. */
export const GIVEN = ['id', 'name', 'kind', 'temporality', 'unit', 'description', 'interval', 'labels'] as const;

/** A map in one order, whichever it came in. */
const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : value;

/** 52 bits of a hash of what is told of a series and its host: enough to tell that it changed. Never 0. */
export const printOf = (given: readonly Value[], enrichment: ReadonlyMap<string, string>): number => {
  const bytes = hash('sha256', JSON.stringify([given, enrichment], plain), 'buffer');
  return (bytes.readUInt32LE(0) & 0xfffff) * 2 ** 32 + bytes.readUInt32LE(4) + 1;
};

/** A definition that came. */
export interface Told {
  /** The series' dense number. */
  readonly at: number;
  readonly metric: number;
  readonly id: bigint;
  readonly given: readonly Value[];
  readonly enrichment: ReadonlyMap<string, string>;
  readonly print: number;
  /** ms, when it was received. */
  readonly since: number;
  readonly message: Decoded;
}

/** The newest row of a definition in the store. */
export interface Standing {
  /** ms. */
  readonly since: number;
  /** ms, when it was told last. */
  readonly seen: number;
  readonly print: number;
}

/** Those of the messages' definitions of which it is not known that they stand so in the store. `now`: ms. */
export const newlyTold = (messages: readonly Decoded[], index: SeriesIndex, inventory: Pick<Inventory, 'of'>, now: number): readonly Told[] => {
  const told: Told[] = [];
  const today = Math.floor(now / DAY_MS);
  const changed = new Set<number>();
  for (const message of messages) {
    const { batch, sender, received } = message;
    const columns = GIVEN.map((name) => columnOf(batch, name));
    // A door's clock that is not ours must not carry a definition out of sight.
    const since = Math.min(Number(received / 1_000_000n) || now, now);
    for (let row = 0; row < batch.length; row++) {
      const given = columns.map((column) => valueAt(column, row));
      const [id, name, , , , , , labels] = given as [bigint, string, ...Value[]];
      const found = inventory.of((labels as ReadonlyMap<string, string>).get('host'), sender);
      const enrichment = new Map(ENRICHMENT.flatMap((key, i): [string, string][] => (found[i] === undefined ? [] : [[key, found[i]]])));
      const metric = metricHash(name);
      const at = index.atId(id, metric);
      const print = printOf(given, enrichment);
      if (!changed.has(at) && index.print[at] === print && index.day[at] === today) continue;
      changed.add(at);
      told.push({ at, metric, id, given, enrichment, print, since, message });
    }
  }
  return told;
};

export interface SeriesRows {
  /** Rows of the table `series`; undefined when none is due. */
  readonly batch: Batch | undefined;
  /** The message each row came from. */
  readonly origins: readonly Decoded[];
  /** To be called when they are in the store. */
  readonly written: () => void;
}

/** Rows that say what the table does not say yet; `standing`: by id, what it says. `now`: ms, of the writing. */
export const seriesRows = (told: readonly Told[], standing: ReadonlyMap<bigint, Standing>, index: SeriesIndex, now: number): SeriesRows => {
  const columns = TABLE_FIELDS.series.map((field) => new ColumnBuilder(field.type));
  const origins: Decoded[] = [];
  const last = new Map<number, number>();
  for (const { at, metric, id, given, enrichment, print, since, message } of told) {
    const stands = standing.get(id);
    const isSame = (last.get(at) ?? stands?.print) === print;
    last.set(at, print);
    // Told again after long, its row says so: retention keeps definitions that somebody still tells.
    if (isSame && (stands === undefined || now - stands.seen < DAY_MS)) continue;
    const [, name, kind, temporality, unit, description, interval, labels] = given as readonly [bigint, string, ...Value[]];
    const from = BigInt(isSame && stands !== undefined ? stands.since : since);
    const out = [metric, name, id, from, BigInt(now), kind, temporality, unit, description, interval, labels, enrichment] as const;
    origins.push(message);
    for (const [i, value] of out.entries()) (columns[i] as ColumnBuilder).append(value as Value);
  }
  const length = columns[0]?.length ?? 0;
  return {
    batch: length === 0 ? undefined : { length, fields: TABLE_FIELDS.series, columns: columns.map((column) => column.finish()) },
    origins,
    written: () => {
      for (const [at, print] of last) {
        index.state[at] = DEFINED;
        index.print[at] = print;
        index.day[at] = Math.floor(now / DAY_MS);
      }
    },
  };
};
