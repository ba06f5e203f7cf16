// Documents that a question finds, as batches: page by page from one moment's view of the store, each page about as many bytes. What a
// document says of its whole line, of times and of numbers beyond 2^53 is put together here.
import type { Batch, Value } from '../../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../../core/batch/build.ts';
import { CodedError } from '../../../core/errors.ts';
import { DOCUMENT } from '../../../schemas/log-document.ts';
import type { DocumentColumn, RowsRequest, StreamOptions } from '../port.ts';
import { type ElasticClient, Refusal } from './client.ts';
import type { DayNames } from './days.ts';

const FIRST_ROWS = 500;
/** More a store refuses (`index.max_result_window`). */
const MOST_ROWS = 10_000;
/** Of a page, roughly. */
const PAGE_BYTES = 8 << 20;
/** Of a page at most; a smaller one is asked for then. */
const MOST_PAGE_BYTES = 128 << 20;
/** For how long a view may wait for the next page. */
const KEEP = '2m';

interface Source {
  readonly [field: string]: unknown;
}
interface Hit {
  readonly _source?: Source;
  readonly sort?: readonly (string | number)[];
}
export interface SearchAnswer {
  readonly timed_out?: boolean;
  readonly pit_id?: string;
  readonly hits?: { readonly hits?: readonly Hit[]; readonly total?: { readonly value: number } };
}

const DEFAULTS: Readonly<Record<string, Value>> = { head: '', tail: '' };

/** See the table `logs`. */
const lineOf = (source: Source): Value => {
  if (typeof source.raw === 'string') return source.raw;
  const [head, body, tail] = ['head', 'body', 'tail'].map((name) => source[name] as string | undefined) as [string?, string?, string?];
  if (body === undefined) return null;
  return tail?.startsWith('\0') ? `${head ?? ''}${body.replaceAll(/["\\]/g, '\\$&')}${tail.slice(1)}` : `${head ?? ''}${body}${tail ?? ''}`;
};

const mapOf = (source: Source, name: string): Value => {
  const own = source[name] as Readonly<Record<string, Value>> | undefined;
  const beyond = (source[DOCUMENT.beyond] as Readonly<Record<string, Readonly<Record<string, Value>>>> | undefined)?.[name];
  if (own === undefined && beyond === undefined) return null;
  return new Map([...Object.entries(own ?? {}), ...Object.entries(beyond ?? {})]);
};

const fieldOf = (source: Source, { field, type }: DocumentColumn): Value => {
  if (field === 'line') return lineOf(source);
  if (type.kind === 'map') return mapOf(source, field);
  const value = source[field];
  if (value === undefined || value === null) return DEFAULTS[field] ?? null;
  if (type.kind === 'int' || type.kind === 'timestamp') {
    const number = BigInt(value as string);
    return type.kind === 'int' && !type.signed ? BigInt.asUintN(64, number) : number;
  }
  return value as Value;
};

const LINE_FIELDS = ['raw', 'head', 'body', 'tail'];
/** What of a document is to be given back. */
const sourceFields = (columns: readonly DocumentColumn[]): readonly string[] => [
  ...new Set(
    columns.flatMap(({ field, type }) =>
      field === 'line' ? LINE_FIELDS : type.kind === 'map' ? [field, `${field}.*`, `${DOCUMENT.beyond}.${field}.*`] : [field],
    ),
  ),
];

const batchFrom = (sources: readonly Source[], columns: readonly DocumentColumn[]): Batch =>
  batchOf(
    columns.map(
      (column) =>
        [
          column.name,
          columnFrom(
            column.type,
            sources.map((source) => fieldOf(source, column)),
          ),
        ] as const,
    ),
  );

/** Ends with an error where the store could not read all. */
export const wholeAnswer = <T extends SearchAnswer>(answer: T, seconds: number | undefined): T => {
  if (answer.timed_out === true) throw new CodedError('search.limit', { limit: 'timeout', reason: `${seconds ?? '?'} s` });
  return answer;
};

export const secondsOf = ({ settings }: StreamOptions): number | undefined => {
  const seconds = settings?.max_execution_time;
  return seconds === undefined ? undefined : Number(seconds);
};

/** Begins with a view of the store as it is now; undefined: there is nothing of that time. */
export const openView = async (
  client: ElasticClient,
  names: DayNames,
  request: { readonly range?: { readonly from: string; readonly to: string } },
  signal?: AbortSignal,
): Promise<string | undefined> => {
  const range = request.range === undefined ? undefined : { from: BigInt(request.range.from), to: BigInt(request.range.to) };
  const { status, body } = await client.ask<{ readonly id?: string }>('POST', `/${names.of(range)}/_pit`, {
    query: { keep_alive: KEEP, ignore_unavailable: true, allow_partial_search_results: false },
    also: [404],
    ...(signal === undefined ? {} : { signal }),
  });
  return status === 404 ? undefined : body.id;
};

export const closeView = async (client: ElasticClient, id: string): Promise<void> => {
  // It ends by itself where this does not arrive.
  await client.ask('DELETE', '/_pit', { body: { id }, also: [404] }).catch(() => undefined);
};

const sortOf = (sort: RowsRequest['sort'] = []): readonly unknown[] =>
  sort.map((key) => Object.fromEntries(Object.entries(key).map(([field, order]) => [field, { order, missing: '_last' }])));

export async function* rowsOf(client: ElasticClient, names: DayNames, request: RowsRequest, options: StreamOptions): AsyncGenerator<Batch> {
  const { signal, read } = options;
  const seconds = secondsOf(options);
  const { query, sort, columns, limit = Number.POSITIVE_INFINITY } = request;
  if (limit <= 0) return;
  let view = await openView(client, names, request, signal);
  if (view === undefined) return;
  const order = [...sortOf(sort), { _shard_doc: 'asc' }];
  const keys = (sort ?? []).flatMap((key) => Object.keys(key));
  const source = [...new Set([...sourceFields(columns), ...keys])];
  let size = Math.min(FIRST_ROWS, limit);
  let after: readonly (string | number | null)[] | undefined;
  let left = limit;
  try {
    while (left > 0) {
      const body = {
        size: Math.min(size, left),
        query,
        sort: order,
        pit: { id: view, keep_alive: KEEP },
        track_total_hits: false,
        _source: source,
        ...(seconds === undefined ? {} : { timeout: `${Math.ceil(seconds * 1000)}ms` }),
        ...(after === undefined ? {} : { search_after: after }),
      };
      let page: { readonly body: SearchAnswer; readonly bytes: number };
      try {
        page = await client.ask<SearchAnswer>('POST', '/_search', {
          body,
          query: { allow_partial_search_results: false, filter_path: 'timed_out,pit_id,hits.hits._source,hits.hits.sort' },
          mostBytes: MOST_PAGE_BYTES,
          ...(signal === undefined ? {} : { signal }),
          ...(seconds === undefined ? {} : { requestMs: seconds * 1000 + 5000 }),
        });
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'search.limit' || size === 1) throw error;
        size = Math.max(1, size >> 2);
        continue;
      }
      const answer = wholeAnswer(page.body, seconds);
      view = answer.pit_id ?? view;
      const hits = answer.hits?.hits ?? [];
      read?.(hits.length, page.bytes);
      if (hits.length > 0)
        yield batchFrom(
          hits.map((hit) => hit._source ?? {}),
          columns,
        );
      if (hits.length < body.size) return;
      left -= hits.length;
      const last = hits.at(-1) as Hit;
      // As numbers they are too long for what reads JSON.
      after = [...keys.map((key) => (last._source?.[key] ?? null) as string | null), last.sort?.at(-1) as number];
      size = Math.max(1, Math.min(MOST_ROWS, Math.floor(PAGE_BYTES / Math.max(64, page.bytes / hits.length))));
    }
  } finally {
    await closeView(client, view);
  }
}
