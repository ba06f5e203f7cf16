// Which columns of a result are time, keys and values, and from that the view it is shown in at first.
// Looks at names, types and units, at the first rows, and at the pipes of the text.
import type { Column, Result } from '../data/types.ts';
import { partsOf } from '../edit/filter-text.ts';
import { namesAThing } from '../format/value.ts';
import type { View } from './views.ts';

export interface Roles {
  readonly time: Column | undefined;
  readonly keys: readonly Column[];
  readonly values: readonly Column[];
  /** Neither: lists, maps, further times. */
  readonly others: readonly Column[];
}

const NUMERIC = new Set(['int', 'float', 'duration']);
const isKey = (column: Column): boolean => column.type === 'string' || column.type === 'bool' || column.type === 'ip' || namesAThing(column);

export const rolesOf = (columns: readonly Column[]): Roles => {
  const time = columns.find((column) => column.name === 'time' && column.type === 'time');
  const keys: Column[] = [];
  const values: Column[] = [];
  const others: Column[] = [];
  for (const column of columns) if (column !== time) (isKey(column) ? keys : NUMERIC.has(column.type) ? values : others).push(column);
  return { time, keys, values, others };
};

/** Keys that are looked at before a view is chosen. */
const MOST_LOOKED_AT = 20_000;

/** A chart needs a line: at least two times, and one series with more than one point. */
const hasLines = ({ time, keys }: Roles): boolean => {
  if (time === undefined) return false;
  const seen = new Map<string, unknown>();
  const most = Math.min(time.values.length, Math.ceil(MOST_LOOKED_AT / (keys.length + 1)));
  for (let row = 0; row < most; row++) {
    const key = JSON.stringify(keys.map((column) => column.values[row]));
    const at = time.values[row];
    if (seen.has(key) && seen.get(key) !== at) return true;
    seen.set(key, at);
  }
  return false;
};

export const isLogs = (columns: readonly Column[]): boolean =>
  columns.some((column) => column.name === 'body') && columns.some((column) => column.name === 'time');

const LEAVES_NO_LINES = new Set(['latest', 'summarize', 'top', 'bottom', 'distinct', 'limit']);

/** Whether the text asks for something over time, however many buckets there are by now. */
export const asksForLines = (text: string): boolean => {
  const words = partsOf(text).map(({ word }) => word);
  const at = words.lastIndexOf('every');
  return at > 0 && !words.slice(at + 1).some((word) => LEAVES_NO_LINES.has(word));
};

const GROUPS = new Set(['count', 'sum', 'avg', 'min', 'max', 'summarize', 'every']);
const KEEPS_GROUPS = new Set(['sort', 'limit', 'top', 'bottom', 'where']);

/** Whether the text ends in groups with what was counted or added up in them. */
const asksForGroups = (text: string): boolean => {
  const last = partsOf(text).findLast(({ word }) => !KEEPS_GROUPS.has(word));
  return last !== undefined && GROUPS.has(last.word);
};

/** Over time is a chart from the first bucket on: what opens as a table would turn into a chart while one looks at it. */
export const chooseView = (result: Result, text: string): View => {
  if (result.lines !== null) return 'chart';
  if (isLogs(result.columns)) return 'logs';
  const roles = rolesOf(result.columns);
  const drawable = roles.time !== undefined && roles.values.length > 0 && roles.others.length === 0;
  if (drawable && (hasLines(roles) || asksForLines(text))) return 'chart';
  // one figure of each group is a length; several are read as a table
  return hasBars(result.columns) && roles.values.length === 1 && roles.others.length === 0 && asksForGroups(text) ? 'bars' : 'table';
};

/** Whether rows are groups: keys, a value, no time. */
const hasBars = (columns: readonly Column[]): boolean => {
  const { keys, values } = rolesOf(columns);
  return keys.length > 0 && values.length > 0 && !columns.some(({ type }) => type === 'time') && (columns[0]?.values.length ?? 0) > 1;
};

/** Views that make sense for these columns; a table always does. */
export const possibleViews = (columns: readonly Column[]): readonly View[] => {
  const roles = rolesOf(columns);
  const views: View[] = ['table'];
  if (roles.time !== undefined && roles.values.length > 0) views.unshift('chart');
  if (hasBars(columns)) views.unshift('bars');
  if (isLogs(columns)) views.push('logs');
  return views;
};
