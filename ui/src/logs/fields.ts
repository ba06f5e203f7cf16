// What log lines hold beside their message: each field with the name it is shown by and the way it is written in a text. An attribute
// that has the name of a column is `attributes["region"]` in both. Names and values are others' words: only ever keys of Maps.
import { logs } from '../../../schemas/catalogue.ts';
import type { Column, Value } from '../data/types.ts';
import { fieldText } from '../edit/filter-text.ts';
import { valueText } from '../format/value.ts';

export interface Field {
  /** As written in a text: `host`, `http.method`, `attributes["region"]`; no two fields have the same. */
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
}
export interface FieldValue {
  readonly field: Field;
  readonly value: Value;
}
export type Columns = readonly Column[];

const COLUMNS = new Set(logs.columns.map(({ name }) => name));
const { text: TEXTS, number: NUMBERS } = logs.attributes ?? {};

const isMap = (column: Column): boolean => column.type === 'map';
const entriesOf = (value: Value | undefined): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];

const fieldOfColumn = ({ name, type, unit }: Column): Field => ({ field: fieldText(name), name, type, unit });
const fieldOfEntry = (map: string, key: string, value: unknown, columns: Columns): Field => {
  const open = (map === TEXTS || map === NUMBERS) && !COLUMNS.has(key) && !columns.some(({ name }) => name === key);
  const field = open ? fieldText(key) : `${fieldText(map)}[${JSON.stringify(key)}]`;
  return { field, name: open ? key : field, type: typeof value === 'number' ? 'float' : 'string', unit: null };
};

/** Of one row, what is there; the message and the whole line are shown apart. */
export const fieldsOf = (columns: Columns, row: number): FieldValue[] =>
  columns.flatMap((column): FieldValue[] => {
    const value = column.values[row];
    if (column.name === 'raw' || value === null || value === undefined) return [];
    if (!isMap(column)) return [{ field: fieldOfColumn(column), value }];
    return entriesOf(value).map(([key, entry]) => ({ field: fieldOfEntry(column.name, key, entry, columns), value: entry as Value }));
  });

/** Figures of lines have no unit and are as often names as amounts: exactly as they came. */
export const shownValue = (field: Field, value: Value): string => (typeof value === 'number' && field.unit === null ? String(value) : valueText(field, value));

/** Whether a text is to be shown line by line, as the trace of an error in a field is. */
export const ofSeveralLines = (text: string): boolean => text.trimEnd().includes('\n');

export interface FieldShare extends Field {
  /** Of the lines looked at, those that have it: 0 to 1. */
  readonly share: number;
}

/** Rows and entries looked at for the list: enough to know which fields there are, few enough for every refresh. */
const MOST_ROWS = 5_000;
const MOST_ENTRIES = 200_000;

/** Fields that any of the lines has: columns in their order, then attributes, those in most lines first. */
export const fieldsIn = (columns: Columns, count: number): FieldShare[] => {
  const step = Math.max(1, Math.ceil(count / MOST_ROWS));
  const looked = Math.ceil(count / step);
  const found: FieldShare[] = [];
  const attributes: FieldShare[] = [];
  for (const column of columns) {
    if (column.name === 'raw') continue;
    if (!isMap(column)) {
      let there = 0;
      for (let row = 0; row < count; row += step) if (column.values[row] !== null && column.values[row] !== undefined) there++;
      if (there > 0) found.push({ ...fieldOfColumn(column), share: there / looked });
      continue;
    }
    const counts = new Map<string, { n: number; readonly example: unknown }>();
    let entries = 0;
    for (let row = 0; row < count && entries < MOST_ENTRIES; row += step)
      for (const [key, value] of entriesOf(column.values[row])) {
        entries++;
        const known = counts.get(key);
        if (known === undefined) counts.set(key, { n: 1, example: value });
        else known.n++;
      }
    for (const [key, { n, example }] of counts) attributes.push({ ...fieldOfEntry(column.name, key, example, columns), share: n / looked });
  }
  const kept = new Map<string, FieldShare>();
  for (const field of attributes.sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1))) if (!kept.has(field.field)) kept.set(field.field, field);
  return [...found, ...kept.values()];
};

const entryOf = (column: Column | undefined, key: string, row: number): Value => {
  const map = column?.values[row];
  return typeof map === 'object' && map !== null && Object.hasOwn(map, key) ? ((map as Readonly<Record<string, unknown>>)[key] as Value) : null;
};

const INDEX = /^([^[]+)\[("(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[\da-f]{4})*")\]$/iu;
const bare = (written: string): string => (written.startsWith('`') ? written.slice(1, -1).replaceAll('``', '`') : written);

export interface FieldReader extends Field {
  readonly at: (row: number) => Value;
}

/** A field as written in a text, read from the rows of these columns; missing where they do not have it. */
export const readerOf = (columns: Columns, field: string): FieldReader => {
  const index = INDEX.exec(field);
  const column = (name: string): Column | undefined => columns.find((candidate) => candidate.name === name);
  if (index !== null) {
    const [, map = '', key = '""'] = index;
    const name = JSON.parse(key) as string;
    const from = column(bare(map));
    return { field, name: field, type: map === NUMBERS ? 'float' : 'string', unit: null, at: (row) => entryOf(from, name, row) };
  }
  const name = bare(field);
  const own = column(name);
  if (own !== undefined) return { ...fieldOfColumn(own), field, at: (row) => own.values[row] ?? null };
  const [texts, numbers] = [column(TEXTS ?? ''), column(NUMBERS ?? '')];
  const text = texts?.values.some((_, row) => entryOf(texts, name, row) !== null) ?? false;
  return { field, name, type: text ? 'string' : 'float', unit: null, at: (row) => entryOf(texts, name, row) ?? entryOf(numbers, name, row) };
};
