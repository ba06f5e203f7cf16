// Definitions of series as they come into rows of the table `series`, with what the inventory says of their host. A row is written where the
// definition, or what the inventory says, is not what stands in the store. Works per definition, by its bytes, never per sample.
import { type Batch, type Column, columnOf, type DictionaryColumn, type FixedColumn, isPresent, map, type TextColumn, UTF8 } from '../../core/batch/batch.ts';
import { columnFrom } from '../../core/batch/build.ts';
import { concatBatches } from '../../core/batch/concat.ts';
import { takeColumn } from '../../core/batch/take.ts';
import { ENRICHMENT } from '../../schemas/catalogue.ts';
import { DefinitionRows, TextBytes } from '../../schemas/definition-rows.ts';
import { TABLE_FIELDS } from '../../schemas/tables.ts';
import type { Enrichment, Inventory } from '../inventory.ts';
import type { Decoded } from '../message.ts';
import { DEFINED, type SeriesIndex } from '../series-index.ts';
import { DAY_MS } from './days.ts';

/** What a sender tells of a series beside its name and labels, which its id stands for. */
const TOLD_TEXTS = ['kind', 'temporality', 'unit', 'description'] as const;
export const TOLD = [...TOLD_TEXTS, 'interval'] as const;

/** Two sums of 32 bits, each a hash by Fowler, Noll and Vo with a prime of its own; nobody gains by two that are alike. */
class Print {
  #low = 0x811c9dc5;
  #high = 0x2f0b4c47;

  begin(): void {
    this.#low = 0x811c9dc5;
    this.#high = 0x2f0b4c47;
  }

  put(byte: number): void {
    this.#low = Math.imul(this.#low ^ byte, 0x01000193);
    this.#high = Math.imul(this.#high ^ byte, 0x85ebca6b);
    this.#high ^= this.#high >>> 15;
  }

  putText(text: string | undefined): void {
    if (text !== undefined) for (let i = 0; i < text.length; i++) this.put(text.charCodeAt(i));
    this.put(text === undefined ? MISSING : END);
  }

  /** 52 bits. Never 0. */
  value(): number {
    return (this.#high & 0xfffff) * 2 ** 32 + (this.#low >>> 0) + 1;
  }
}

/** No byte of UTF-8 is one of these. */
const MISSING = 0xff;
const END = 0xfe;

/** Of what is told of the rows of a batch and of their hosts: enough to tell that it changed. */
export class Prints {
  readonly #print = new Print();
  readonly #texts: readonly { readonly column: Column; readonly bytes: TextBytes }[];
  readonly #interval: FixedColumn;

  /** `batch`: columns of `TOLD`. */
  constructor(batch: Batch) {
    this.#texts = TOLD_TEXTS.map((name) => {
      const column = columnOf(batch, name) as TextColumn | DictionaryColumn;
      return { column, bytes: new TextBytes(column) };
    });
    this.#interval = columnOf(batch, 'interval') as FixedColumn;
  }

  at(row: number, enrichment: Enrichment): number {
    const print = this.#print;
    print.begin();
    for (const { column, bytes } of this.#texts) {
      if (!isPresent(column, row)) {
        print.put(MISSING);
        continue;
      }
      const to = bytes.to(row);
      for (let i = bytes.from(row); i < to; i++) print.put(bytes.data[i] as number);
      print.put(END);
    }
    const interval = isPresent(this.#interval, row) ? Number(this.#interval.values[row]) : -1;
    for (let bits = 0; bits < 32; bits += 8) print.put((interval >> bits) & 0xff);
    for (const value of enrichment) print.putText(value);
    return print.value();
  }
}

/** A definition that came. */
export interface Told {
  /** The series' dense number. */
  readonly at: number;
  readonly metric: number;
  readonly id: bigint;
  readonly enrichment: Enrichment;
  readonly print: number;
  /** ms, when it was received. */
  readonly since: number;
  readonly message: Decoded;
  /** Of its message. */
  readonly row: number;
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
    const ids = (columnOf(batch, 'id') as FixedColumn).values as BigUint64Array;
    const rows = new DefinitionRows(batch);
    const prints = new Prints(batch);
    // A door's clock that is not ours must not carry a definition out of sight.
    const since = Math.min(Number(received / 1_000_000n) || now, now);
    for (let row = 0; row < batch.length; row++) {
      const id = ids[row] as bigint;
      const enrichment = inventory.of(rows.labels.host(row), sender);
      const metric = rows.metric(row);
      const at = index.atId(id, metric);
      const print = prints.at(row, enrichment);
      if (!changed.has(at) && index.print[at] === print && index.day[at] === today) continue;
      changed.add(at);
      told.push({ at, metric, id, enrichment, print, since, message, row });
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

/** A row of the table that is due; `since`: ms. */
interface Due {
  readonly told: Told;
  readonly since: number;
}

/** Rows that say what the table does not say yet; `standing`: by id, what it says. `now`: ms, of the writing. */
export const seriesRows = (told: readonly Told[], standing: ReadonlyMap<bigint, Standing>, index: SeriesIndex, now: number): SeriesRows => {
  const due: Due[] = [];
  const last = new Map<number, number>();
  for (const one of told) {
    const { at, id, print, since } = one;
    const stands = standing.get(id);
    const isSame = (last.get(at) ?? stands?.print) === print;
    last.set(at, print);
    // Told again after long, its row says so: retention keeps definitions that somebody still tells.
    if (isSame && (stands === undefined || now - stands.seen < DAY_MS)) continue;
    due.push({ told: one, since: isSame && stands !== undefined ? stands.since : since });
  }
  return {
    batch: due.length === 0 ? undefined : tableRows(due, now),
    origins: due.map(({ told: { message } }) => message),
    written: () => {
      for (const [at, print] of last) {
        index.state[at] = DEFINED;
        index.print[at] = print;
        index.day[at] = Math.floor(now / DAY_MS);
      }
    },
  };
};

const tableRows = (due: readonly Due[], now: number): Batch => {
  const length = due.length;
  const given = concatBatches(givenOf(due));
  const made: Readonly<Partial<Record<string, FixedColumn['values']>>> = {
    metric: Uint32Array.from(due, ({ told }) => told.metric),
    since: BigInt64Array.from(due, ({ since }) => BigInt(since)),
    seen: new BigInt64Array(length).fill(BigInt(now)),
  };
  const columns = TABLE_FIELDS.series.map(({ name, type }): Column => {
    if (name === 'enrichment') return enrichmentsOf(due);
    const values = made[name];
    return values === undefined ? columnOf(given, name) : { layout: 'fixed', type, length, validity: undefined, values };
  });
  return { length, fields: TABLE_FIELDS.series, columns };
};

const GIVEN_FIELDS = TABLE_FIELDS.series.filter(({ name }) => ['id', 'name', 'labels', ...TOLD].includes(name));

/** What was told, of each message whose rows follow each other. */
const givenOf = (due: readonly Due[]): readonly Batch[] => {
  const batches: Batch[] = [];
  for (let from = 0, to = 0; from < due.length; from = to) {
    const { message } = (due[from] as Due).told;
    while (due[to]?.told.message === message) to++;
    const rows = Int32Array.from(due.slice(from, to), ({ told }) => told.row);
    const columns = GIVEN_FIELDS.map(({ name }) => takeColumn(columnOf(message.batch, name), rows));
    batches.push({ length: rows.length, fields: GIVEN_FIELDS, columns });
  }
  return batches;
};

const ENRICHMENT_TYPE = map(UTF8);

/** Those of one host are one row, taken many times. */
const enrichmentsOf = (due: readonly Due[]): Column => {
  const places = new Map<Enrichment, number>();
  const rows = new Int32Array(due.length);
  for (const [i, { told }] of due.entries()) {
    const place = places.get(told.enrichment) ?? places.size;
    places.set(told.enrichment, place);
    rows[i] = place;
  }
  const maps = Array.from(
    places.keys(),
    (found) => new Map(ENRICHMENT.flatMap((key, i): [string, string][] => (found[i] === undefined ? [] : [[key, found[i]]]))),
  );
  return takeColumn(columnFrom(ENRICHMENT_TYPE, maps), rows);
};
