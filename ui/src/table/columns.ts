// Which columns a table shows, in which order, how wide, and which of them are on the screen. What a text speaks of stands in front:
// in rows of a dataset, whose columns nobody chose; a text that names its columns itself keeps their order.
import { outline } from '../../../query/language.ts';
import type { Column } from '../data/types.ts';
import { fieldText } from '../edit/filter-text.ts';
import { cellsOf } from './cells.ts';

/** What is looked for first in the rows of a dataset; the first of them names the row. */
const LEADING: ReadonlyMap<string, readonly string[]> = new Map([
  ['processes', ['name', 'cpu', 'memory', 'pid', 'host', 'user', 'state', 'command']],
  ['jvm', ['main_class', 'heap.utilization', 'heap.used', 'heap.max', 'gc.time', 'threads', 'pid', 'host', 'user', 'version']],
  ['hosts', ['host', 'agent_state', 'last_seen', 'os', 'cores', 'memory']],
  ['events', ['time', 'host', 'kind', 'title']],
]);

/** Pipes behind which the rows are still those of the dataset. */
const KEEPS_COLUMNS = new Set(['where', 'search', 'latest', 'sort', 'limit', 'sample', 'set', 'top', 'bottom', 'lookup', 'parse', 'extract', 'json', 'logfmt']);

/** The dataset whose rows a text begins with; undefined where they are of no one name. */
export const datasetOf = (text: string): string | undefined => outline(text)?.sourceName;

/** The columns in the order in which they are shown without a choice. */
export const ordered = (columns: readonly Column[], text: string): readonly Column[] => {
  const found = outline(text);
  const leading = LEADING.get(found?.sourceName ?? '');
  if (found === undefined || leading === undefined) return columns;
  if (!found.pipes.every(({ name }) => KEEPS_COLUMNS.has(name)) || !leading.every((name) => columns.some((c) => c.name === name))) return columns;
  const spoken = found.pipes.toReversed().flatMap(({ speaks }) => speaks);
  const names = [leading[0] as string, ...spoken, ...leading];
  const front = [...new Set(names)].flatMap((name) => columns.find((column) => column.name === name) ?? []);
  return [...front, ...columns.filter((column) => !front.includes(column))];
};

/** Those chosen, in the order chosen (names as written in a text); all where the choice names none of them. */
export const chosenOf = (columns: readonly Column[], chosen: readonly string[] | undefined): readonly Column[] => {
  const byName = new Map(columns.map((column) => [fieldText(column.name), column]));
  const found = (chosen ?? []).flatMap((field) => byName.get(field) ?? []);
  return found.length === 0 ? columns : found;
};

const PIXELS = { character: 7.25, sides: 22, least: 64, most: 440 } as const;
/** Rows looked at for a width, spread over all. */
const ROWS = 40;

/** Pixels, for 12 px monospace: by the name and some of the rows. */
export const widthOf = (column: Column): number => {
  const { values } = column;
  const cells = cellsOf(column);
  let longest = column.name.length + 3;
  const step = Math.max(1, Math.floor(values.length / ROWS));
  for (let row = 0; row < values.length; row += step) longest = Math.max(longest, cells.text(row).length);
  return Math.round(Math.min(PIXELS.most, Math.max(PIXELS.least, longest * PIXELS.character + PIXELS.sides)));
};

export interface Window {
  /** Columns `first` to `end` (exclusive) are on the screen; the first column of all always is. */
  readonly first: number;
  readonly end: number;
  /** Pixels left and right of them that are only kept free. */
  readonly before: number;
  readonly after: number;
}

/** Of columns that wide behind the first one, those that are seen between `left` and `left + room` pixels, and a little more. */
export const windowOf = (widths: readonly number[], left: number, room: number): Window => {
  const SPARE = 300;
  let [first, before, at] = [1, 0, 0];
  while (first < widths.length && before + (widths[first] as number) < left - SPARE) before += widths[first++] as number;
  at = before;
  let end = first;
  while (end < widths.length && at < left + room + SPARE) at += widths[end++] as number;
  let after = 0;
  for (let i = end; i < widths.length; i++) after += widths[i] as number;
  return { first, end, before, after };
};
