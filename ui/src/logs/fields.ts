// What log rows hold: one row as fields for the opened view (missing ones left out, entries of maps as fields of their own names),
// and in which order of time all of them stand.
import type { Column, Value } from '../data/types.ts';

export interface Field {
  readonly column: Pick<Column, 'name' | 'type' | 'unit'>;
  readonly value: Value;
}

export const fieldsOf = (columns: readonly Column[], row: number): Field[] =>
  columns.flatMap((column): Field[] => {
    const value = column.values[row];
    if (value === null || value === undefined) return [];
    if (column.type !== 'map' || typeof value !== 'object') return [{ column, value }];
    return Object.entries(value).map(([name, entry]) => ({
      column: { name, type: typeof entry === 'number' ? 'float' : 'string', unit: null },
      value: entry as Value,
    }));
  });

/** `falling` is newest first, also where all times are the same; `none` where a text sorts by something else. */
export const orderOfTimes = (times: readonly Value[]): 'falling' | 'rising' | 'none' => {
  let falling = true;
  let rising = true;
  let before = Number.NaN;
  for (const time of times) {
    const at = Date.parse(String(time));
    if (at > before) falling = false;
    if (at < before) rising = false;
    before = at;
  }
  return falling ? 'falling' : rising ? 'rising' : 'none';
};
