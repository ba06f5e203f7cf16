// Definitions of series as they come into rows of the table `series`, with what the inventory says of their host.
// A row is written for a new or changed definition and for the first time on a UTC day; the rest is passed over. Works per definition, never per sample.
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

const GIVEN = ['id', 'name', 'kind', 'temporality', 'unit', 'description', 'interval', 'labels'] as const;

/** 52 bits of a hash: enough to tell that a definition changed. Never 0. */
const printOf = (row: readonly Value[]): number => {
  const text = JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value] : value));
  const bytes = hash('sha256', text, 'buffer');
  return (bytes.readUInt32LE(0) & 0xfffff) * 2 ** 32 + bytes.readUInt32LE(4) + 1;
};

export interface SeriesRows {
  /** Rows of the table `series`; undefined when none is due. */
  readonly batch: Batch | undefined;
  /** The message each row came from. */
  readonly origins: readonly Decoded[];
  /** To be called when they are in the store. */
  readonly written: () => void;
}

/** `now`: ms, of the writing; the newest row of a definition stands. */
export const seriesRows = (messages: readonly Decoded[], index: SeriesIndex, inventory: Pick<Inventory, 'of'>, now: number): SeriesRows => {
  const columns = TABLE_FIELDS.series.map((field) => new ColumnBuilder(field.type));
  const origins: Decoded[] = [];
  const due = new Map<number, { readonly print: number; readonly day: number }>();
  for (const message of messages) {
    const { batch, sender, received } = message;
    const given = GIVEN.map((name) => columnOf(batch, name));
    // A door's clock that is not ours must not carry a definition out of sight.
    const since = BigInt(Math.min(Number(received / 1_000_000n) || now, now));
    const day = Math.floor(Number(since) / DAY_MS);
    for (let row = 0; row < batch.length; row++) {
      const values = given.map((column) => valueAt(column, row));
      const [id, name, kind, temporality, unit, description, interval, labels] = values as [bigint, string, ...Value[]];
      const found = inventory.of((labels as ReadonlyMap<string, string>).get('host'), sender);
      const enrichment = new Map(ENRICHMENT.flatMap((key, i): [string, string][] => (found[i] === undefined ? [] : [[key, found[i]]])));
      const metric = metricHash(name);
      const at = index.atId(id, metric);
      const print = printOf([...values, enrichment]);
      const known = due.get(at) ?? { print: index.print[at], day: index.day[at] as number };
      if (known.print === print && known.day >= day) continue;
      due.set(at, { print, day });
      const out: readonly Value[] = [
        metric,
        name,
        id,
        since,
        BigInt(now),
        kind as string,
        temporality as string,
        unit as Value,
        description as Value,
        interval as number,
        labels as Value,
        enrichment,
      ];
      origins.push(message);
      for (const [i, value] of out.entries()) (columns[i] as ColumnBuilder).append(value);
    }
  }
  const length = columns[0]?.length ?? 0;
  return {
    batch: length === 0 ? undefined : { length, fields: TABLE_FIELDS.series, columns: columns.map((column) => column.finish()) },
    origins,
    written: () => {
      for (const [at, { print, day }] of due) {
        index.state[at] = DEFINED;
        index.print[at] = print;
        index.day[at] = Math.max(day, index.day[at] as number);
      }
    },
  };
};
