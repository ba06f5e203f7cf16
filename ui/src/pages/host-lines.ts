// An answer over time by host as one row of values per host, in equal steps of its buckets; what a host did not send is missing.
// Pure; the host with the largest latest value first, those that are not heard any more last.
import type { Column } from '../data/types.ts';
import { type Quiet, quietOf } from '../result/quiet.ts';

export interface HostLine {
  readonly host: string;
  readonly values: readonly (number | null)[];
  /** Newest value there is. */
  readonly last: number | null;
  /** That value is not one of now. */
  readonly quiet: Quiet | null;
}

/** `width` of a bucket and `end` of what can be there, in milliseconds. */
export const linesByHost = (columns: readonly Column[], width: number, end: number): readonly HostLine[] => {
  const of = (name: string): Column['values'] => columns.find((column) => column.name === name)?.values ?? [];
  const times = of('time');
  const hosts = of('host');
  const values = columns.find(({ type }) => type === 'float' || type === 'int')?.values ?? [];
  const steps = [...new Set(times.map(String))].sort();
  const at = new Map(steps.map((time, i) => [time, i]));
  const rows = new Map<string, (number | null)[]>();
  for (const [i, time] of times.entries()) {
    const host = String(hosts[i] ?? '–');
    let row = rows.get(host);
    if (row === undefined) {
      row = steps.map(() => null);
      rows.set(host, row);
    }
    const value = values[i];
    row[at.get(String(time)) as number] = typeof value === 'number' ? value : null;
  }
  return [...rows]
    .map(([host, row]): HostLine => {
      const newest = row.findLastIndex((value) => value !== null);
      return { host, values: row, last: row[newest] ?? null, quiet: newest < 0 ? null : quietOf(Date.parse(steps[newest] as string), width, width, end) };
    })
    .sort((a, b) => Number(a.quiet !== null) - Number(b.quiet !== null) || (b.last ?? -1) - (a.last ?? -1) || (a.host < b.host ? -1 : 1));
};
