// Turns rows (time, keys, values) into lines for charts: one panel per unit, one line per key, gaps kept as gaps.
// Works on whole columns and typed arrays, never on a list of row objects; makes points only for the lines that are drawn. What it takes is
// bounded whatever the answer is: columns, rows and points beyond that are told, not drawn.
import type { Column } from '../data/types.ts';
import { rolesOf } from './choose.ts';
import { type Groups, groupRows, type Identity, type Naming, namingOf } from './keys.ts';
import type { Beyond } from './line-rows.ts';
import { type Quiet, quietOf } from './quiet.ts';
import { REST_TITLES, REST_WORDS, type Rest, restOf } from './rest.ts';
import { type Course, MOST_POINTS, stepFor, thinned } from './thin.ts';

/** null is a gap, undefined is nothing at this time (the line goes on). */
export type Point = number | null | undefined;

export interface Figures {
  /** Of whole buckets only, where the line has any. */
  readonly last: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  /** No bucket of the line is whole: the figures are those of cut ones. */
  readonly cut: boolean;
}
export interface Line extends Figures {
  /** What tells this line from the others; stable over refreshes and panels. */
  readonly key: string;
  /** Short, for people; `title` has every key. */
  readonly label: string;
  readonly title: string;
  readonly identity: Identity;
  /** Aligned with the panel's times. */
  readonly points: readonly Point[];
  /** Its newest value is not one of now; null: it is, or nobody said when now is. */
  readonly quiet: Quiet | null;
}
export interface Panel {
  readonly unit: string | null;
  readonly title: string;
  /** What all lines share, said once. */
  readonly caption: string;
  /** All values are whole numbers of things. */
  readonly whole: boolean;
  /** The lines add up to a total that means something: counts of rows, increases of counters. */
  readonly additive: boolean;
  /** Milliseconds, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** Lines there would be without the limit. */
  readonly total: number;
  /** Width of the buckets in ms where the times are aligned to one, else undefined. */
  readonly bucket: number | undefined;
  /** Whether the bucket at each time is not whole. */
  readonly partial: readonly boolean[];
  /** Points of the longest line, where lines are drawn by the least and largest value of each step instead; else 0. */
  readonly thinnedFrom: number;
}
export interface Panels {
  readonly panels: readonly Panel[];
  /** Units that have no panel, because there are too many. */
  readonly more: number;
  /** Columns of values that lines are made of, and how many there are. */
  readonly columns: { readonly drawn: number; readonly of: number };
  /** Rows likewise. */
  readonly rows: { readonly drawn: number; readonly of: number };
}

export interface Wishes {
  /** The text that was asked. */
  readonly text?: string;
  /** Width of a bucket in ms, where the text says it. */
  readonly width?: number | undefined;
  /** Beginnings (ms) of the buckets that are not whole: cut by the range, or still filling. */
  readonly partial?: ReadonlySet<number>;
  /** Up to when (ms) values can be there. */
  readonly end?: number;
  /** Of lines that have no rows here. */
  readonly beyond?: Beyond | undefined;
  readonly mostLines?: number;
  readonly mostPanels?: number;
}

const MOST_LINES = 20;
const MOST_PANELS = 6;
/** Columns of values that lines are made of: the first ones. */
const MOST_COLUMNS = 60;
/** Keys that are compared: of answers with very many columns of keys only the first rows are drawn. */
const MOST_KEYS = 3_000_000;
/** Groups that are named by what they all share; of more only the drawn ones are compared. */
const MOST_NAMED = 5000;
const NONE: Figures = { last: null, min: null, max: null, avg: null, cut: false };

const numberOf = (value: unknown): number => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
};

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? 0;

const stepOf = (times: readonly number[]): number => {
  const steps: number[] = [];
  for (let i = 1; i < times.length && steps.length < 500; i++) {
    const step = (times[i] as number) - (times[i - 1] as number);
    if (step > 0) steps.push(step);
  }
  return median(steps);
};

/** The width that all times (ascending) are whole multiples of away from the first. */
const bucketOf = (times: readonly number[]): number | undefined => {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < times.length; i++) smallest = Math.min(smallest, (times[i] as number) - (times[i - 1] as number));
  return Number.isFinite(smallest) && smallest >= 1000 && times.every((time) => (time - (times[0] as number)) % smallest === 0 && time % 1000 === 0)
    ? smallest
    : undefined;
};

interface Rows {
  readonly time: Float64Array;
  /** Rows that have a time, earliest first. */
  readonly order: Uint32Array;
  readonly groups: Groups;
}

const rowsOf = (time: Column, keys: readonly Column[], count: number): Rows => {
  const times = Float64Array.from(count < time.values.length ? time.values.slice(0, count) : time.values, (value) =>
    typeof value === 'string' ? Date.parse(value) : Number.NaN,
  );
  const order = Uint32Array.from(times.keys()).filter((row) => !Number.isNaN(times[row] as number));
  let sorted = true;
  for (let i = 1; i < order.length && sorted; i++) sorted = (times[order[i - 1] as number] as number) <= (times[order[i] as number] as number);
  if (!sorted) order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
  return { time: times, order, groups: groupRows(keys, times.length) };
};

/** Average of each group in one pass: what lines are ranked by. NaN where a group has no value. */
const averages = ({ order, groups }: Rows, value: Column): Float64Array => {
  const sums = new Float64Array(groups.rows.length);
  const counts = new Uint32Array(groups.rows.length);
  for (const row of order) {
    const number = numberOf(value.values[row]);
    if (!Number.isFinite(number)) continue;
    const group = groups.ofRow[row] as number;
    sums[group] = (sums[group] as number) + number;
    counts[group] = (counts[group] as number) + 1;
  }
  for (let group = 0; group < sums.length; group++) sums[group] = (sums[group] as number) / (counts[group] as number);
  return sums;
};

interface Gathered extends Course {
  readonly times: number[];
  readonly values: (number | null)[];
}

/** The rows of the wished groups; all others go into the rest. */
const gather = (rows: Rows, value: Column, wished: ReadonlySet<number>, rest: Rest | undefined): Map<number, Gathered> => {
  const lines = new Map<number, Gathered>([...wished].map((group) => [group, { times: [], values: [] }]));
  if (lines.size === 0 && rest === undefined) return lines;
  for (const row of rows.order) {
    const line = lines.get(rows.groups.ofRow[row] as number);
    const at = rows.time[row] as number;
    const number = numberOf(value.values[row]);
    if (line !== undefined) {
      line.times.push(at);
      line.values.push(Number.isFinite(number) ? number : null);
    } else if (rest !== undefined && Number.isFinite(number)) rest.add(at, number);
  }
  return lines;
};

const align = (line: Course, position: ReadonlyMap<number, number>, size: number): Point[] => {
  const points = new Array<Point>(size).fill(undefined);
  const step = stepOf(line.times);
  for (let i = 0; i < line.times.length; i++) {
    const at = position.get(line.times[i] as number) as number;
    points[at] = line.values[i] ?? null;
    if (i > 0 && step > 0 && (line.times[i] as number) - (line.times[i - 1] as number) > step * 1.9) {
      const before = position.get(line.times[i - 1] as number) as number;
      // the union of all times has at least one in between: `unionTimes` put it there
      points.fill(null, before + 1, at);
    }
  }
  return points;
};

const unionTimes = (lines: Iterable<Course>): number[] => {
  const all = new Set<number>();
  for (const line of lines) {
    const step = stepOf(line.times);
    for (let i = 0; i < line.times.length; i++) {
      const at = line.times[i] as number;
      all.add(at);
      const before = line.times[i - 1];
      if (before !== undefined && step > 0 && at - before > step * 1.9) all.add(before + step);
    }
  }
  return [...all].sort((a, b) => a - b);
};

const figuresOf = (points: readonly Point[], partial: readonly boolean[], cut: boolean): Figures => {
  let last: number | null = null;
  let min: number | null = null;
  let max: number | null = null;
  let sum = 0;
  let n = 0;
  for (let i = 0; i < points.length; i++) {
    const value = points[i];
    if (value === null || value === undefined || (!cut && partial[i])) continue;
    last = value;
    if (min === null || value < min) min = value;
    if (max === null || value > max) max = value;
    sum += value;
    n++;
  }
  if (n === 0) return cut ? NONE : { ...figuresOf(points, partial, true) };
  return { last, min, max, avg: sum / n, cut };
};

/** Where there is nothing, nothing is too old. */
const quietCourse = ({ times, values }: Course, { width = 0, end }: Wishes): Quiet | null => {
  const newest = times[values.findLastIndex((value) => value !== null)];
  return newest === undefined || end === undefined ? null : quietOf(newest, width, stepOf(times), end);
};

/** Increases of counters are amounts per bucket, as counts of rows are. */
const asksForAmounts = (text: string): boolean => /\|\s*every\s+\S+\s+increase\b/i.test(text);

const isAdditive = (columns: readonly Column[], text: string): boolean =>
  columns.every(
    ({ name, type, unit }) =>
      /^\{[^}]*\}$/.test(unit ?? '') &&
      ((type === 'int' && unit === '{}' && !/distinct/i.test(name) && !/\bdistinct_count\s*\(/i.test(text)) || asksForAmounts(text)),
  );

interface Candidate {
  readonly value: Column;
  readonly group: number;
  /** NaN: no value. */
  readonly average: number;
}

const size = ({ average }: Candidate): number => (Number.isNaN(average) ? -1 : Math.abs(average));
const isBefore = (a: Candidate, b: Candidate): boolean =>
  (size(b) - size(a) || (a.value === b.value ? a.group - b.group : a.value.name < b.value.name ? -1 : 1)) < 0;

/** The largest lines there could be, in order; without a list of all of them. */
const largest = (rows: Rows, values: readonly Column[], most: number): { readonly shown: readonly Candidate[]; readonly total: number } => {
  const shown: Candidate[] = [];
  for (const value of values) {
    const average = averages(rows, value);
    for (let group = 0; group < average.length; group++) {
      const one = { value, group, average: average[group] as number };
      if (shown.length === most && !isBefore(one, shown[most - 1] as Candidate)) continue;
      const at = shown.findIndex((other) => isBefore(one, other));
      shown.splice(at < 0 ? shown.length : at, 0, one);
      if (shown.length > most) shown.pop();
    }
  }
  return { shown, total: values.length * rows.groups.rows.length };
};

/** All of one grid where one of them is too long, so that they still stand upon one another. */
const drawable = (lines: readonly Course[]): { readonly courses: readonly Course[]; readonly step: number; readonly longest: number } => {
  const longest = Math.max(0, ...lines.map(({ times }) => times.length));
  if (longest <= MOST_POINTS) return { courses: lines, step: 0, longest: 0 };
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { times } of lines) {
    from = Math.min(from, times[0] ?? from);
    to = Math.max(to, times.at(-1) ?? to);
  }
  const step = stepFor(from, to);
  return { courses: lines.map((line) => (line.times.length > MOST_POINTS / 2 ? thinned(line, from, step) : line)), step, longest };
};

/** Whether a bucket that is not whole begins at each time, or within the step that it stands for. */
const cutAt = (times: readonly number[], partial: ReadonlySet<number> | undefined, step: number): boolean[] => {
  if (partial === undefined || partial.size === 0) return times.map(() => false);
  const begins = [...partial];
  return times.map((at) => partial.has(at) || (step > 0 && begins.some((begin) => begin >= at && begin < at + step / 2)));
};

const panelOf = (rows: Rows, keys: readonly Column[], values: readonly Column[], wishes: Wishes): Panel => {
  const { text = '', partial, beyond, mostLines = MOST_LINES } = wishes;
  const several = values.length > 1;
  const { shown, total: given } = largest(rows, values, mostLines);
  const total = beyond === undefined ? given : values.length * beyond.total;
  const additive = isAdditive(values, text);
  const rest = total > shown.length ? restOf(values, additive, beyond) : undefined;
  const named = rows.groups.rows.length <= MOST_NAMED ? undefined : [...new Set(shown.map(({ group }) => group))];
  const namedRows = named?.map((group) => rows.groups.rows[group] as number) ?? rows.groups.rows;
  const nameAt = (group: number): number => named?.indexOf(group) ?? group;
  const namings = new Map<Column, Naming>();
  const gathered = new Map<Column, Map<number, Gathered>>();
  for (const value of values) {
    const wished = new Set(shown.flatMap((one) => (one.value === value ? [one.group] : [])));
    gathered.set(value, gather(rows, value, wished, rest));
    if (rest !== undefined) for (const [at, other] of beyond?.others.get(value.name)?.at ?? []) rest.add(at, other);
    if (wished.size > 0) namings.set(value, namingOf(keys, namedRows, text, several ? value.name : ''));
  }
  const whole: Course[] = shown.map(({ value, group }) => gathered.get(value)?.get(group) as Gathered);
  if (rest !== undefined) {
    const restTimes = [...rest.at.keys()].sort((a, b) => a - b);
    whole.push({ times: restTimes, values: restTimes.map((at) => rest.at.get(at) as number) });
  }
  const { courses, step, longest } = drawable(whole);
  const times = unionTimes(courses);
  const position = new Map(times.map((at, i) => [at, i]));
  const bucket = times.length === 1 ? wishes.width : bucketOf(times);
  const cut = cutAt(times, partial, step);
  const more = total - shown.length;
  /** Figures are those of every value, however the line is drawn. */
  const drawn = (at: number): Figures & Pick<Line, 'points' | 'quiet'> => {
    const [line, full] = [courses[at] as Course, whole[at] as Course];
    const points = align(line, position, times.length);
    const quiet = quietCourse(full, wishes);
    return { points, quiet, ...(line === full ? figuresOf(points, cut, false) : figuresOf(full.values, cutAt(full.times, partial, 0), false)) };
  };
  const lines = shown.map((one, at): Line => {
    const { labels, titles, identities } = namings.get(one.value) as Naming;
    const place = nameAt(one.group);
    const label = (labels[place] as string) || one.value.name;
    const title = titles[place] || label;
    const row = rows.groups.rows[one.group] as number;
    const key = JSON.stringify([several ? one.value.name : '', ...keys.map((column) => column.values[row] ?? null)]);
    return { key, label, title, identity: identities[place] as Identity, ...drawn(at) };
  });
  if (rest !== undefined)
    lines.push({
      key: 'rest',
      label: `${REST_WORDS[rest.merge]}${more.toLocaleString('en')} more`,
      title: REST_TITLES[rest.merge],
      identity: { kind: 'rest', merge: rest.merge },
      ...drawn(shown.length),
    });
  return {
    unit: values[0]?.unit ?? null,
    title:
      values.length > 4
        ? `${values
            .slice(0, 3)
            .map(({ name }) => name)
            .join(', ')} and ${values.length - 3} more`
        : values.map(({ name }) => name).join(', '),
    caption: [...namings.values()][0]?.caption ?? '',
    whole: values.every(({ type }) => type === 'int'),
    additive,
    times,
    lines,
    total,
    bucket,
    partial: cut,
    thinnedFrom: longest,
  };
};

/** One panel per unit; the lines with the highest average first. */
export const panelsOf = (columns: readonly Column[], wishes: Wishes = {}): Panels => {
  const { time, keys, values: all } = rolesOf(columns);
  const of = time?.values.length ?? 0;
  const values = all.slice(0, MOST_COLUMNS);
  const most = Math.min(of, Math.max(1, Math.floor(MOST_KEYS / Math.max(1, keys.length))));
  const told = { columns: { drawn: values.length, of: all.length }, rows: { drawn: most, of } };
  if (time === undefined) return { panels: [], more: 0, ...told };
  const byUnit = new Map<string | null, Column[]>();
  for (const value of values) {
    const same = byUnit.get(value.unit);
    if (same === undefined) byUnit.set(value.unit, [value]);
    else same.push(value);
  }
  const rows = rowsOf(time, keys, most);
  const mostPanels = wishes.mostPanels ?? MOST_PANELS;
  return {
    panels: [...byUnit.values()].slice(0, mostPanels).map((same) => panelOf(rows, keys, same, wishes)),
    more: Math.max(0, byUnit.size - mostPanels),
    ...told,
  };
};
