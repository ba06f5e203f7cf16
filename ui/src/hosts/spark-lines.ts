// The answer to a figure of several hosts over time as their small lines. Pure; changes no value.
import type { Result, Value } from '../data/types.ts';

export interface Spark {
  /** In equal steps over the range; null where nothing is known. */
  readonly values: readonly (number | null)[];
  readonly last: number | null;
}

/** From the answer to `overTime`; only buckets that are whole. A host without rows has none. */
export const sparksOf = (
  { columns, completeUpTo }: Pick<Result, 'columns' | 'completeUpTo'>,
  from: number,
  to: number,
  step: number,
): ReadonlyMap<string, Spark> => {
  const of = (name: string): readonly Value[] => columns.find((column) => column.name === name)?.values ?? [];
  const [times, hosts, values] = [of('time'), of('host'), of('value')];
  const begin = Math.floor(from / step) * step;
  const end = completeUpTo === null ? to : Math.min(to, Date.parse(completeUpTo));
  const count = Math.max(0, Math.floor((end - begin) / step));
  const lines = new Map<string, (number | null)[]>();
  for (let i = 0; i < times.length; i++) {
    const at = Math.round((Date.parse(String(times[i])) - begin) / step);
    const value = values[i];
    if (!(at >= 0 && at < count) || typeof value !== 'number') continue;
    const host = String(hosts[i]);
    let line = lines.get(host);
    if (line === undefined) {
      line = new Array<number | null>(count).fill(null);
      lines.set(host, line);
    }
    line[at] = value;
  }
  return new Map([...lines].map(([host, line]) => [host, { values: line, last: line.findLast((value) => value !== null) ?? null }]));
};
