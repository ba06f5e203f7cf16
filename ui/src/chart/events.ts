// What happened in the time a chart shows: rows of the dataset `events` as marks under the axis.
import type { Column } from '../data/types.ts';

export interface Mark {
  /** Milliseconds. */
  readonly time: number;
  readonly title: string;
}

export const EVENTS_TEXT = 'from events\n| select time, kind, title\n| limit 200';

/** From the answer to `EVENTS_TEXT`, earliest first. */
export const marksOf = (columns: readonly Column[]): Mark[] => {
  const of = (name: string): Column['values'] => columns.find((column) => column.name === name)?.values ?? [];
  const titles = of('title');
  const kinds = of('kind');
  return of('time')
    .map((time, row) => ({ time: Date.parse(String(time)), title: String(titles[row] ?? kinds[row] ?? 'event') }))
    .filter(({ time }) => !Number.isNaN(time))
    .sort((a, b) => a.time - b.time);
};
