// The lines around one line: what was written at the same place (host and source) before and after it, whatever filter found it.
// Makes the two texts that ask for them and puts their answers together; asks nothing itself.
import { formatTime, parseTime } from '../../../core/time.ts';
import type { Column, Result, Value } from '../data/types.ts';
import { filterText, sourceText } from '../edit/filter-text.ts';
import { hasOwnRange, replaceOwnRange } from '../edit/own-range.ts';
import { type Lines, risingRows } from './lines.ts';

export interface Centre {
  /** ISO text, as exact as the store has it. */
  readonly time: string;
  /** Column and value; missing ones too. */
  readonly place: readonly (readonly [Column, Value])[];
  readonly body: Value;
  /** Of equal lines of one time and place: which of them, in the order of receipt. */
  readonly nth: number;
}

/** Where two rows hold the same line, as far as can be seen. */
const isCentre = (lines: Lines, row: number, { time, body, place }: Omit<Centre, 'nth'>): boolean =>
  lines.times[row] === time && lines.bodies[row] === body && place.every(([{ name }, value]) => (lines.column(name)?.values[row] ?? null) === value);

export const centreOf = (lines: Lines, row: number): Centre => {
  const centre = placed(lines, row);
  let nth = 0;
  for (let before = row - 1; before >= 0 && lines.times[before] === centre.time; before--) if (isCentre(lines, before, centre)) nth++;
  return { ...centre, nth };
};

const placed = (lines: Lines, row: number): Omit<Centre, 'nth'> => ({
  time: String(lines.times[row]),
  place: ['host', 'source'].flatMap((name) => {
    const column = lines.column(name);
    return column === undefined ? [] : [[column, column.values[row] ?? null] as const];
  }),
  body: lines.bodies[row] ?? null,
});

/** How far is looked from the line, ms: on, where there are too few lines. The last is as long as lines are kept. */
export const REACHES = [3_600_000, 86_400_000, 15 * 86_400_000] as const;

const moved = (iso: string, ns: bigint): string => formatTime((parseTime(iso) ?? 0n) + ns);

/** `source` is the beginning of the text that found the line; `before` counts the line itself and all of its time. */
export const aroundText = (text: string, centre: Centre, side: 'before' | 'after', reach: number, limit: number): string => {
  const ns = BigInt(reach) * 1_000_000n;
  const [from, to] = side === 'before' ? [moved(centre.time, -ns), moved(centre.time, 1n)] : [moved(centre.time, 1n), moved(centre.time, ns)];
  const source = sourceText(text);
  const ranged = hasOwnRange(source) ? replaceOwnRange(source, from, to) : `${source} between @${from} and @${to}`;
  const filtered = centre.place.reduce((made, [column, value]) => filterText(made, column, value, true) ?? made, ranged);
  return `${filtered}\n| sort time${side === 'before' ? ' desc' : ''}\n| limit ${limit}`;
};

/**
 * Rows of a cut answer that can be relied on: of the last time in it only some came, and where the newest come first not those nearest.
 * 0 where all are of one time.
 */
export const wholeRows = (times: readonly Value[], limit: number): number => {
  if (times.length < limit) return times.length;
  let end = times.length;
  while (end > 0 && times[end - 1] === times.at(-1)) end--;
  return end;
};

/** One list in the order of time; columns by name, those of `before` first. */
export const joined = (before: Result, beforeRows: number, after: Result | undefined): Pick<Result, 'columns'> => {
  const times = before.columns.find(({ name }) => name === 'time')?.values.slice(0, beforeRows) ?? [];
  const order = risingRows(times);
  const names = [...new Map([...before.columns, ...(after?.columns ?? [])].map((column) => [column.name, column])).values()];
  return {
    columns: names.map((column) => {
      const own = before.columns.find(({ name }) => name === column.name)?.values;
      const next = after?.columns.find(({ name }) => name === column.name)?.values;
      const none = (rows: number): Value[] => new Array<Value>(rows).fill(null);
      return {
        ...column,
        values: [...Array.from(order, (row) => own?.[row] ?? null), ...(next ?? none(after?.rowCount ?? 0))],
      };
    }),
  };
};

/** The line itself among those around it; -1 where it is not among them. */
export const centreIn = (lines: Lines, centre: Centre): number => {
  let found = -1;
  let nth = 0;
  for (let row = 0; row < lines.count && nth <= centre.nth; row++)
    if (isCentre(lines, row, centre)) {
      found = row;
      nth++;
    }
  return found;
};

/** Only those rows. */
export const cut = (columns: readonly Column[], from: number, to: number): readonly Column[] =>
  columns.map((column) => ({ ...column, values: column.values.slice(from, to) }));
