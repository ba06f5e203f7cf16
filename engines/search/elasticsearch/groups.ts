// How many documents there are of each combination of keys, as a batch: page by page from one moment's view of the store, by the aggregation that
// leaves none out (`composite`).
import { type Batch, INT64, type Value } from '../../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../../core/batch/build.ts';
import type { GroupsRequest, StreamOptions } from '../port.ts';
import type { ElasticClient } from './client.ts';
import type { DayNames } from './days.ts';
import { closeView, openView, type SearchAnswer, secondsOf, wholeAnswer } from './rows.ts';

/** Of one page; the store takes 65,536. */
const PAGE = 5000;
const KEEP = '2m';

interface Counted {
  readonly doc_count: number;
  readonly [count: string]: unknown;
}
interface Bucket extends Counted {
  readonly key: Readonly<Record<string, string | number | null>>;
}
interface GroupsAnswer extends SearchAnswer {
  readonly aggregations?: Readonly<Record<string, unknown>> & {
    readonly groups?: { readonly buckets: readonly Bucket[]; readonly after_key?: Bucket['key'] };
  };
}

const countOf = (name: string, counts: GroupsRequest['counts'], bucket: Counted): bigint =>
  BigInt(counts[name] === null ? bucket.doc_count : (bucket[name] as Counted).doc_count);

const batchFrom = (buckets: readonly Bucket[], { columns, counts }: GroupsRequest): Batch =>
  batchOf(
    columns.map(({ name, type, field }) => {
      if (field in counts)
        return [
          name,
          columnFrom(
            INT64,
            buckets.map((bucket) => countOf(field, counts, bucket)),
          ),
        ] as const;
      const values = buckets.map(({ key }): Value => {
        const value = key[field] ?? null;
        return value !== null && type.kind === 'timestamp' ? BigInt(value) * 1_000_000n : (value as Value);
      });
      return [name, columnFrom(type, values)] as const;
    }),
  );

/** What is counted, as the store takes it. */
const aggregationsOf = ({ keys, counts }: Pick<GroupsRequest, 'keys' | 'counts'>, after?: unknown): unknown => {
  const aggs = Object.fromEntries(Object.entries(counts).flatMap(([name, filter]) => (filter === null ? [] : [[name, { filter }]])));
  if (keys.length === 0) return aggs;
  return { groups: { composite: { size: PAGE, sources: keys, ...(after === undefined ? {} : { after }) }, aggs } };
};

export async function* groupsOf(client: ElasticClient, names: DayNames, request: GroupsRequest, options: StreamOptions): AsyncGenerator<Batch> {
  const { signal, read } = options;
  const seconds = secondsOf(options);
  const { query, keys, isWhole, counts } = request;
  let view = await openView(client, names, request, signal);
  const none: Bucket = { key: {}, doc_count: 0, ...Object.fromEntries(Object.keys(counts).map((name) => [name, { doc_count: 0 }])) };
  if (view === undefined) {
    if (keys.length === 0 && isWhole) yield batchFrom([none], request);
    return;
  }
  try {
    for (let after: unknown; ; ) {
      const { body, bytes }: { readonly body: GroupsAnswer; readonly bytes: number } = await client.ask<GroupsAnswer>('POST', '/_search', {
        body: {
          size: 0,
          query,
          aggs: aggregationsOf(request, after),
          pit: { id: view, keep_alive: KEEP },
          track_total_hits: keys.length === 0,
          ...(seconds === undefined ? {} : { timeout: `${Math.ceil(seconds * 1000)}ms` }),
        },
        query: { allow_partial_search_results: false },
        ...(signal === undefined ? {} : { signal }),
        ...(seconds === undefined ? {} : { requestMs: seconds * 1000 + 5000 }),
      });
      const answer: GroupsAnswer = wholeAnswer(body, seconds);
      view = answer.pit_id ?? view;
      if (keys.length === 0) {
        const total = answer.hits?.total?.value ?? 0;
        read?.(total, bytes);
        if (isWhole || total > 0) yield batchFrom([{ ...answer.aggregations, key: {}, doc_count: total }], request);
        return;
      }
      const groups = answer.aggregations?.groups;
      const buckets = groups?.buckets ?? [];
      read?.(
        buckets.reduce((sum, { doc_count }) => sum + doc_count, 0),
        bytes,
      );
      if (buckets.length > 0) yield batchFrom(buckets, request);
      if (groups?.after_key === undefined || buckets.length < PAGE) return;
      after = groups.after_key;
    }
  } finally {
    await closeView(client, view);
  }
}
