// The data as it would be if only some rows had ever been written: what is left of each table by a test of whose row it is, told here by what the
// columns mean and by nothing that plans or asks.
import { type Batch, columnOf, type Value, valueAt } from '../../core/batch/batch.ts';
import { takeRows } from '../../core/batch/take.ts';
import { WHOSE } from '../3-plan/rights.ts';
import { stateAt } from './raw-rows.ts';
import type { StoreData } from './store-data.ts';

/** Of a row: the value of such a column, null where it is missing. */
export type WhoseRow = Readonly<Record<(typeof WHOSE)[number], string | null>>;

type Row = Readonly<Record<string, Value>>;

const rowsIn = (batch: Batch, names: readonly string[]): readonly Row[] => {
  const columns = names.map((name) => [name, columnOf(batch, name)] as const);
  return Array.from({ length: batch.length }, (_, row) => Object.fromEntries(columns.map(([name, column]) => [name, valueAt(column, row)])));
};

const kept = <T>(batch: Batch, rows: readonly T[], isKept: (row: T) => boolean): Batch =>
  takeRows(batch, Int32Array.from(rows.flatMap((row, i) => (isKept(row) ? [i] : []))));

/** Places of `WHOSE` in the rows of the records. */
const INVENTORY = [0, 8, 9, 10, 11, 12];
const EVENTS = [3, 5, 6, 7, 8, 9];
const at = (places: readonly number[], row: readonly Value[]): WhoseRow =>
  Object.fromEntries(WHOSE.map((name, i) => [name, (row[places[i] as number] ?? null) as string | null])) as WhoseRow;

/** Whose a series is as of one of its states; what its sender calls region, datacenter … is not meant. */
const ofState = ({ labels, enrichment }: Row): WhoseRow => {
  const text = (map: Value | undefined, name: string): string | null => (map as ReadonlyMap<string, string>).get(name) || null;
  return Object.fromEntries(WHOSE.map((name) => [name, text(name === 'host' ? labels : enrichment, name)])) as WhoseRow;
};

const [VALID_FROM, VALID_TO] = [14, 15];
/**
 * Since when a host is known belongs to the host, whose it was first or not: of its first state a nanosecond is left, in which nobody asks, and
 * of later ones nothing.
 */
const hardlyHeld = (row: readonly Value[], rows: StoreData['history']): readonly (readonly Value[])[] => {
  const [host, from] = [row[0], row[VALID_FROM] as bigint];
  const isFirst = rows.every((other) => other[0] !== host || (other[VALID_FROM] as bigint) >= from);
  return isFirst ? [row.with(VALID_TO, from + 1n)] : [];
};

export const withoutOthers = (data: StoreData, isTheirs: (row: WhoseRow) => boolean): StoreData => {
  const states = Map.groupBy(
    data.inserts.flatMap(({ table, batch }) => (table === 'series' ? rowsIn(batch, ['id', 'since', 'seen', 'labels', 'enrichment']) : [])),
    (row) => row.id as bigint,
  );
  const isSeriesTheirs = ({ id }: Row): boolean => states.get(id as bigint)?.some((state) => isTheirs(ofState(state))) ?? false;
  return {
    marks: data.marks,
    inserts: data.inserts.map(({ table, batch }) => {
      switch (table) {
        case 'series':
        case 'series_days':
          return { table, batch: kept(batch, rowsIn(batch, ['id']), isSeriesTheirs) };
        case 'samples':
          return {
            table,
            batch: kept(batch, rowsIn(batch, ['id', 'time']), ({ id, time }) => {
              const known = states.get(id as bigint);
              return known !== undefined && isTheirs(ofState(stateAt(known, time as bigint)));
            }),
          };
        default:
          return { table, batch: kept(batch, rowsIn(batch, WHOSE), (row) => isTheirs(row as unknown as WhoseRow)) };
      }
    }),
    hosts: data.hosts.filter((row) => isTheirs(at(INVENTORY, row))),
    history: data.history.flatMap((row) => (isTheirs(at(INVENTORY, row)) ? [row] : hardlyHeld(row, data.history))),
    events: data.events.filter((row) => isTheirs(at(EVENTS, row))),
  };
};
