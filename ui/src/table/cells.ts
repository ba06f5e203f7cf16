// What the cells of one column show: numbers with their points under one another, everything else as one harmless line, cut where it is
// long and told that it is. Looks at no more of a value than it shows, however large the value is; copies nothing.
import type { Column, Value } from '../data/types.ts';
import { columnFormat, UNKNOWN, unitForm } from '../format/units.ts';
import { isNumeric, namesAThing, timeText } from '../format/value.ts';
import { visibleLine } from '../format/visible.ts';

/** Characters of a cell: more than the widest column shows. */
export const MOST_SHOWN = 300;

/** JSON of a value, at least `room` characters of it where it is that long. */
const beginningOf = (value: unknown, room: number): string => {
  if (typeof value === 'string') return JSON.stringify(value.length > room ? value.slice(0, room) : value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const list = Array.isArray(value);
  let text = '';
  for (const key in value) {
    if (text !== '') text += list ? ', ' : ',';
    if (text.length > room) return `${list ? '[' : '{'}${text}`;
    const entry = beginningOf((value as Readonly<Record<string, unknown>>)[key], room - text.length);
    text += list ? entry : `${beginningOf(key, room)}:${entry}`;
  }
  return list ? `[${text}]` : `{${text}}`;
};

/** A list reads without its brackets, and its texts without quotes. */
const listText = (value: readonly unknown[], room: number): string => {
  let text = '';
  for (const item of value) {
    if (text.length > room) break;
    if (text !== '') text += ', ';
    text += typeof item === 'string' ? item.slice(0, room) : beginningOf(item, room);
  }
  return text;
};

/** Any value but a number of a numeric column. */
const plainText = (value: Value | undefined, time: boolean): string => {
  if (value === null || value === undefined) return UNKNOWN;
  if (time && typeof value === 'string') return visibleLine(timeText(value), MOST_SHOWN);
  if (typeof value === 'string') return visibleLine(value, MOST_SHOWN);
  if (typeof value !== 'object') return String(value);
  return visibleLine(Array.isArray(value) ? listText(value, MOST_SHOWN) : beginningOf(value, MOST_SHOWN), MOST_SHOWN);
};

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Bytes that differ by more than a unit: each in its own, with one decimal, so that points and units still stand under one another. */
const bytesText = (factor: number, suffix: string) => (value: number) => {
  const size = Math.abs(value * factor);
  if (size === 0) return `0 ${UNITS[0]}${suffix}`;
  const n = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(size) / 10 + 1e-12) - 1));
  const text = ((value * factor) / 1024 ** (n + 1)).toFixed(1);
  return `${Number(text) === 0 ? '<0.1' : text} ${UNITS[n]}${suffix}`;
};

/** Rows whose digits decide how many all have; the largest and the smallest number always belong to them. */
const SAMPLE = 500;
const DIGITS = 4;

const numberText = (column: Column): ((value: number) => string) => {
  const { values, unit } = column;
  if (namesAThing(column)) return String;
  let [largest, smallest] = [0, Number.POSITIVE_INFINITY];
  for (const value of values) {
    if (typeof value !== 'number') continue;
    const size = Math.abs(value);
    if (size > largest) largest = size;
    if (size < smallest && size > 0) smallest = size;
  }
  const written = column.type === 'duration' ? (unit ?? 's') : unit;
  const form = unitForm(written);
  if (column.type === 'int' && form.factor === 1 && (form.family === 'plain' || form.family === 'count'))
    return (value) => `${value.toLocaleString('en')}${form.suffix}`;
  if (form.family === 'bytes' && largest * form.factor >= 1024 && largest / smallest >= 1024) return bytesText(form.factor, form.suffix);
  const step = Math.max(1, Math.floor(values.length / SAMPLE));
  const sample = [largest, smallest === Number.POSITIVE_INFINITY ? 0 : smallest];
  for (let row = 0; row < values.length; row += step) {
    const value = values[row];
    if (typeof value === 'number') sample.push(value);
  }
  return columnFormat(sample, written, DIGITS);
};

export interface Cells {
  readonly text: (row: number) => string;
  /** How much there is where a cell cannot show it: `1,048,576 characters`. undefined where it shows all. */
  readonly more: (row: number) => string | undefined;
}

const amount = (n: number, what: string): string => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;

const moreOf = (value: Value | undefined): string | undefined => {
  if (typeof value === 'string') return value.length > MOST_SHOWN ? amount(value.length, 'character') : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return listText(value, MOST_SHOWN).length > MOST_SHOWN ? amount(value.length, 'item') : undefined;
  return beginningOf(value, MOST_SHOWN).length > MOST_SHOWN ? amount(Object.keys(value).length, 'field') : undefined;
};

const known = new WeakMap<Column, Cells>();

/** Of lists and maps: even their beginning is dear where they are large. */
const MOST_KEPT = 2_000;
const kept = <T>(values: readonly (Value | undefined)[], make: (value: Value | undefined) => T): ((row: number) => T) => {
  const made = new Map<number, T>();
  return (row) => {
    const value = values[row];
    if (typeof value !== 'object' || value === null) return make(value);
    const before = made.get(row);
    if (before !== undefined || made.has(row)) return before as T;
    if (made.size >= MOST_KEPT) made.clear();
    const now = make(value);
    made.set(row, now);
    return now;
  };
};

/** Worked out once for a column, when its first cell is shown. */
export const cellsOf = (column: Column): Cells => {
  const before = known.get(column);
  if (before !== undefined) return before;
  const { values } = column;
  const number = isNumeric(column) ? numberText(column) : undefined;
  const time = column.type === 'time';
  const cells: Cells = {
    text: kept(values, (value) => (number !== undefined && typeof value === 'number' ? number(value) : plainText(value, time))),
    more: kept(values, moreOf),
  };
  known.set(column, cells);
  return cells;
};
