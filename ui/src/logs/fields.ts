// One log row as fields for the opened view: missing ones left out, entries of maps as fields of their own names.
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
