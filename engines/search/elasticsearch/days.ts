// The indices: one for each UTC day that has lines, by the time of the event, named by it. A day goes as a whole.
import type { SearchDays, StoredDocuments } from '../port.ts';
import type { ElasticClient } from './client.ts';

const DAY_MS = 86_400_000;
const DAY_NS = 86_400_000_000_000n;
/** A question that names more days than these asks all. */
const MOST_NAMED = 60n;

/** Years before 0 and after 9999 have a sign and six digits in ISO 8601; no time of 64 bits in ns is there. */
const dayText = (day: number): string => new Date(day).toISOString().slice(0, 10).replaceAll('-', '.');

/** Floor of a division by a positive number. */
const floorDivide = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((-a + b - 1n) / b));

export class DayNames {
  readonly prefix: string;
  constructor(prefix: string) {
    this.prefix = `${prefix}-logs-`;
  }

  get all(): string {
    return `${this.prefix}*`;
  }

  /** `day`: days since 1970. */
  name(day: number): string {
    return this.prefix + dayText(day * DAY_MS);
  }

  /** What to ask for lines of that time, ns. */
  of(range: { readonly from: bigint; readonly to: bigint } | undefined): string {
    if (range === undefined) return this.all;
    const [first, last] = [floorDivide(range.from, DAY_NS), floorDivide(range.to - 1n, DAY_NS)];
    if (last < first || last - first >= MOST_NAMED) return this.all;
    return Array.from({ length: Number(last - first) + 1 }, (_, i) => this.name(Number(first) + i)).join(',');
  }

  /** Start of the day, ms; undefined: it is none of ours. */
  dayOf(index: string): number | undefined {
    const m = /^(\d{4})\.(\d{2})\.(\d{2})$/.exec(index.startsWith(this.prefix) ? index.slice(this.prefix.length) : '');
    return m === null ? undefined : Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3]));
  }
}

interface Stats {
  readonly indices?: Readonly<
    Record<string, { readonly primaries: { readonly docs: { readonly count: number }; readonly store: { readonly size_in_bytes: number } } }>
  >;
}

export const storedDays = (client: ElasticClient, names: DayNames): SearchDays => ({
  days: async (signal) => {
    const { body } = await client.ask<Stats>('GET', `/${names.all}/_stats/docs,store`, {
      query: { filter_path: 'indices.*.primaries', ignore_unavailable: true },
      ...(signal === undefined ? {} : { signal }),
    });
    return Object.entries(body.indices ?? {})
      .flatMap(([name, { primaries }]): StoredDocuments[] => {
        const day = names.dayOf(name);
        return day === undefined ? [] : [{ day, rows: primaries.docs.count, bytes: primaries.store.size_in_bytes }];
      })
      .sort((a, b) => a.day - b.day);
  },
  drop: async (day, signal) => {
    await client.ask('DELETE', `/${names.name(Math.floor(day / DAY_MS))}`, { also: [404], ...(signal === undefined ? {} : { signal }) });
  },
});
