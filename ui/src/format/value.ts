// Any value of a result as one line of text: for cells and fields (`valueText`), exactly as it is for copying (`exactText`).
import type { Column, Value } from '../data/types.ts';
import { formatNumber, UNKNOWN } from './units.ts';

const two = (n: number): string => String(n).padStart(2, '0');

/** Local `2026-11-20 10:05:00.123`; the text itself where it is no time. */
export const timeText = (iso: string): string => {
  const d = new Date(iso);
  if (Number.isNaN(d.getTime())) return iso;
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`;
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock}`;
};

/** The clock to the second, with the day where it is another one than that of `beside` (milliseconds). */
export const momentText = (iso: string, beside: number): string => {
  const text = timeText(iso).slice(0, 19);
  return new Date(iso).toDateString() === new Date(beside).toDateString() ? text.slice(11) : text;
};

const NUMERIC = new Set(['int', 'float', 'duration']);

/** Whole numbers that name a thing rather than measure it: they are keys, and are written without grouping. */
export const namesAThing = (column: Pick<Column, 'name' | 'type' | 'unit'>): boolean =>
  column.type === 'int' &&
  column.unit === null &&
  /(^|[._])(pid|ppid|parent|port|status|status_code|code|id|tid|uid|gid|year|month|day|weekday|hour|minute)$/.test(column.name);

export const isNumeric = (column: Pick<Column, 'type'>): boolean => NUMERIC.has(column.type);

/** `4 s ago`, `3m ago`, as coarse as it can be read. */
export const ageText = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
};

const jsonText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export const valueText = (column: Pick<Column, 'name' | 'type' | 'unit'>, value: Value | undefined): string => {
  if (value === null || value === undefined) return UNKNOWN;
  if (column.type === 'time' && typeof value === 'string') return timeText(value);
  if (typeof value === 'number' && namesAThing(column)) return String(value);
  if (typeof value === 'number') return formatNumber(value, column.type === 'duration' ? (column.unit ?? 's') : column.unit, 4);
  if (Array.isArray(value)) return value.map(jsonText).join(', ');
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
};

export const exactText = (value: Value | undefined): string => {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};
