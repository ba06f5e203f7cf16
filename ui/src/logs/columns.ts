// Which fields stand beside the lines, and how wide: those chosen, or without a choice those that tell the lines apart.
import { type Columns, type FieldReader, readerOf, shownValue } from './fields.ts';

/** Looked at for widths. */
const ROWS = 500;
const WIDEST = 28;

/** Who wrote it, where that differs between lines: all are looked at, as one host alone may have written the first thousands. */
export const columnsByThemselves = (columns: Columns): readonly string[] =>
  ['host', 'service', 'source'].filter((name) => {
    const values = columns.find((column) => column.name === name)?.values ?? [];
    return values.some((value) => value !== values[0]);
  });

export interface LineColumn extends FieldReader {
  /** Characters. */
  readonly width: number;
}

export const lineColumns = (columns: Columns, fields: readonly string[], rows: number): readonly LineColumn[] =>
  fields.map((field) => {
    const reader = readerOf(columns, field);
    const lengths: number[] = [];
    for (let row = 0; row < Math.min(rows, ROWS); row++) lengths.push(shownValue(reader, reader.at(row)).length);
    lengths.sort((a, b) => a - b);
    const usual = lengths[Math.floor(lengths.length * 0.95)] ?? 0;
    return { ...reader, width: Math.min(WIDEST, Math.max(usual, reader.name.length + 2, 4)) };
  });

/** The end of a path says more than its beginning. */
export const shortened = (text: string, width: number): string => (text.length > width && text.startsWith('/') ? `…${text.slice(1 - width)}` : text);

const moved = (fields: readonly string[], field: string, by: number): readonly string[] => {
  const at = fields.indexOf(field);
  const to = at + by;
  if (at < 0 || to < 0 || to >= fields.length) return fields;
  const next = fields.filter((one) => one !== field);
  next.splice(to, 0, field);
  return next;
};

export const columnLeft = (fields: readonly string[], field: string): readonly string[] => moved(fields, field, -1);
export const columnRight = (fields: readonly string[], field: string): readonly string[] => moved(fields, field, 1);
export const columnToggled = (fields: readonly string[], field: string): readonly string[] =>
  fields.includes(field) ? fields.filter((one) => one !== field) : [...fields, field];
