// Grouped rows without time as bars: one bar per row with its part of the longest; the largest first, or as the text sorts them. Pure.
import type { Column } from '../data/types.ts';
import { partsOf } from '../edit/filter-text.ts';
import { rolesOf } from '../result/choose.ts';
import { type Identity, namingOf } from '../result/keys.ts';

export interface Bar {
  readonly row: number;
  readonly label: string;
  readonly identity: Identity;
  /** null: not known. */
  readonly value: number | null;
}
export interface Bars {
  readonly column: Column;
  readonly bars: readonly Bar[];
  /** Whether the order is that of the text, not of the values. */
  readonly sorted: boolean;
  /** Bars there would be without the limit. */
  readonly total: number;
  readonly caption: string;
  /** The least and the largest value, 0 included. */
  readonly low: number;
  readonly high: number;
}

const MOST_BARS = 200;

const numberOf = (value: unknown): number | null => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
};

/** `name`: of the value that is drawn; the first one where there is none of that name. */
export const barsOf = (columns: readonly Column[], text: string, name?: string): Bars | undefined => {
  const { keys, values } = rolesOf(columns);
  const column = values.find((value) => value.name === name) ?? values[0];
  if (column === undefined) return undefined;
  const numbers = column.values.map(numberOf);
  const sorted = partsOf(text).some(({ word }) => word === 'sort' || word === 'bottom');
  const order = sorted
    ? [...numbers.keys()]
    : [...numbers.keys()].sort((a, b) => (numbers[b] ?? Number.NEGATIVE_INFINITY) - (numbers[a] ?? Number.NEGATIVE_INFINITY) || a - b);
  let low = 0;
  let high = 0;
  for (const number of numbers) {
    if (number === null) continue;
    if (number < low) low = number;
    if (number > high) high = number;
  }
  const drawn = order.slice(0, MOST_BARS);
  // keys of the drawn rows only: there may be very many others
  const naming = namingOf(keys, drawn, text, '');
  return {
    column,
    bars: drawn.map((row, i) => ({ row, label: naming.labels[i] || column.name, identity: naming.identities[i] as Identity, value: numbers[row] ?? null })),
    sorted,
    total: numbers.length,
    caption: naming.caption,
    low,
    high,
  };
};
