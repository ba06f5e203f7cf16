// A result as a table for people: units and times as they are read, fitted to the terminal's width. Programs take another format.
// Nothing of a value reaches a terminal that it would obey.

import { plain } from '../../core/plain.ts';
import { formatNumber, UNKNOWN } from '../../ui/src/format/units.ts';
import { isNumeric, namesAThing } from '../../ui/src/format/value.ts';
import type { ShownColumn } from './shown-column.ts';

export interface TableOptions {
  /** Columns of characters there are; undefined: as many as it takes. */
  readonly width?: number | undefined;
  /** IANA name of the zone that times are written in; default the system's. */
  readonly zone?: string | undefined;
}

export interface Table {
  readonly text: string;
  /** Names of columns that are not in it: nothing stands in them, or there is no room. */
  readonly empty: readonly string[];
  readonly hidden: readonly string[];
}

/** Of a cell where nothing sets a width. */
const MOST_WIDTH = 120;
/** Text columns are not made narrower, rather left out. */
const LEAST_WIDTH = 12;
const GAP = '  ';

/** Code points; what is wider in a terminal is rare in names of machines. */
const lengthOf = (text: string): number => [...text].length;
export const cut = (text: string, most: number): string => (lengthOf(text) > most ? `${[...text].slice(0, most - 1).join('')}…` : text);

/** `2026-11-20 10:05:00.123`, the fraction only as long as a column needs. */
const timeCells = (values: readonly unknown[], zone: string | undefined): readonly string[] => {
  const clock = new Intl.DateTimeFormat('sv-SE', {
    ...(zone === undefined ? {} : { timeZone: zone }),
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const parts = values.map((value) => {
    const moment = typeof value === 'string' ? new Date(value) : undefined;
    if (moment === undefined || Number.isNaN(moment.getTime())) return [plain(value), ''] as const;
    return [clock.format(moment), (/\.(\d+)/.exec(value as string)?.[1] ?? '').replace(/0+$/, '')] as const;
  });
  const digits = Math.max(0, ...parts.map(([, fraction]) => (fraction === '' ? 0 : Math.ceil(fraction.length / 3) * 3)));
  return parts.map(([text, fraction]) => (digits === 0 || text === UNKNOWN ? text : `${text}.${fraction.padEnd(digits, '0')}`));
};

/** The column's values as people read them, one line each. */
export const cellsOf = (column: ShownColumn, rows: number, zone: string | undefined): readonly string[] => {
  const values = Array.from({ length: rows }, (_, i) => column.values[i] ?? null);
  if (column.type === 'time') return timeCells(values, zone);
  const unit = column.type === 'duration' ? (column.unit ?? 's') : column.unit;
  return values.map((value) => (typeof value === 'number' && !namesAThing(column) ? formatNumber(value, unit, 4) : plain(value)));
};

/** The column that says most takes the room that is left, as the last one. */
const WIDEST = ['body', 'command'];

export const ordered = (columns: readonly ShownColumn[]): readonly ShownColumn[] => {
  const widest = WIDEST.map((name) => columns.find((column) => column.name === name)).find((column) => column !== undefined);
  if (widest === undefined) return columns;
  // `raw` repeats what `body` says.
  return [...columns.filter((column) => column !== widest && !(column.name === 'raw' && widest.name === 'body')), widest];
};

interface Shown {
  readonly column: ShownColumn;
  readonly cells: readonly string[];
  readonly width: number;
}

/** The width of each, narrowing the widest texts first; undefined where it does not fit. */
const fitted = (shown: readonly Shown[], width: number): readonly number[] | undefined => {
  const room = width - GAP.length * (shown.length - 1);
  const widthsAt = (most: number): readonly number[] =>
    shown.map(({ column, width: own }) => (column.type === 'string' || !isFixed(column) ? Math.min(own, most) : own));
  const total = (widths: readonly number[]): number => widths.reduce((sum, own) => sum + own, 0);
  if (total(widthsAt(LEAST_WIDTH)) > room) return undefined;
  let most = LEAST_WIDTH;
  for (let step = 1 << 12; step > 0; step >>= 1) if (total(widthsAt(most + step)) <= room) most += step;
  const widths = [...widthsAt(most)];
  // What is over goes to the last text that was cut.
  for (let i = shown.length - 1; i >= 0; i--) {
    const { width: own } = shown[i] as Shown;
    const more = Math.min(own - (widths[i] as number), room - total(widths));
    if (more > 0) widths[i] = (widths[i] as number) + more;
  }
  return widths;
};

const isFixed = (column: ShownColumn): boolean => isNumeric(column) || column.type === 'time' || column.type === 'bool';

/** Missing, or a map or a list with nothing in it. */
export const saysNothing = (value: unknown): boolean => value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);

/** At least one row. */
export const tableOf = (columns: readonly ShownColumn[], rows: number, { width, zone }: TableOptions = {}): Table => {
  const isEmpty = (column: ShownColumn): boolean => column.values.slice(0, rows).every(saysNothing);
  const kept = width === undefined ? columns : columns.filter((column) => !isEmpty(column));
  const wanted = kept.length === 0 ? columns : kept;
  const shown = (width === undefined ? wanted : ordered(wanted)).map((column): Shown => {
    const title = plain(column.name);
    const cells = [title, ...cellsOf(column, rows, zone)];
    return { column, cells, width: Math.max(...cells.map(lengthOf)) };
  });
  let widths = width === undefined ? shown.map((s) => Math.min(s.width, MOST_WIDTH)) : fitted(shown, width);
  while (widths === undefined && shown.length > 1) {
    // From the right; the one that says most stays.
    shown.splice(WIDEST.includes((shown.at(-1) as Shown).column.name) ? shown.length - 2 : shown.length - 1, 1);
    widths = fitted(shown, width as number);
  }
  const last = shown.length - 1;
  const most = widths ?? [Math.max(LEAST_WIDTH, width as number)];
  const line = (row: number): string =>
    shown
      .map(({ column, cells }, i) => {
        const text = cut(cells[row] as string, most[i] as number);
        const space = ' '.repeat(Math.max(0, (most[i] as number) - lengthOf(text)));
        if (isNumeric(column)) return space + text;
        return i === last ? text : text + space;
      })
      .join(GAP)
      .trimEnd();
  const rule = most.map((w) => '─'.repeat(w)).join(GAP);
  const present = new Set(shown.map(({ column }) => column));
  return {
    text: `${[line(0), rule, ...Array.from({ length: rows }, (_, i) => line(i + 1))].join('\n')}\n`,
    empty: columns.filter((column) => !wanted.includes(column)).map(({ name }) => name),
    hidden: wanted.filter((column) => !present.has(column) && column.name !== 'raw').map(({ name }) => name),
  };
};
