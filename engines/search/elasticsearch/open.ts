// Opens the search store on an Elasticsearch (contract: `../port.ts`), of version 8 or 9. What it then does is in the files beside.
import type { Batch } from '../../../core/batch/batch.ts';
import { CodedError } from '../../../core/errors.ts';
import type { DocumentRequest, Search, SearchDays, SearchWriter, StreamOptions } from '../port.ts';
import { BulkWriter } from './bulk.ts';
import { ElasticClient, type ElasticsearchAddress } from './client.ts';
import { DayNames, storedDays } from './days.ts';
import { groupsOf } from './groups.ts';
import { type IndexOptions, putTemplate } from './mapping.ts';
import { rowsOf } from './rows.ts';

export interface ElasticsearchOptions extends ElasticsearchAddress, IndexOptions {
  /** What the names of our indices begin with. Default `inframirror`. */
  readonly indexPrefix?: string;
}

export interface Elasticsearch {
  readonly search: Search;
  /** Rejects with `search.unavailable`, `search.credentials` or `search.version` where it cannot be used. */
  check(): Promise<void>;
  readonly writer: SearchWriter;
  readonly days: SearchDays;
}

/** The first with all that is asked of one. */
const OLDEST = { major: 8, minor: 14 };
const NEWEST_MAJOR = 9;

interface Root {
  readonly version?: { readonly number?: string; readonly distribution?: string };
}

const checkVersion = async (client: ElasticClient): Promise<void> => {
  const { body } = await client.ask<Root>('GET', '/');
  const { number = 'unknown', distribution = 'Elasticsearch' } = body.version ?? {};
  const [major = 0, minor = 0] = number.split('.').map(Number);
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor) || major > NEWEST_MAJOR)
    throw new CodedError('search.version', { found: `${distribution} ${number}` });
};

/** Asks nothing yet: one that is away holds up nothing but what is asked of it. */
export const openElasticsearch = ({ indexPrefix = 'inframirror', ...options }: ElasticsearchOptions): Elasticsearch => {
  const client = new ElasticClient(options);
  const names = new DayNames(indexPrefix);
  const migrate = async (): Promise<void> => {
    await checkVersion(client);
    await putTemplate(client, names, options);
  };
  const stream = (text: string, told: StreamOptions = {}): AsyncGenerator<Batch> => {
    const request = JSON.parse(text) as DocumentRequest;
    return request.ask === 'rows' ? rowsOf(client, names, request, told) : groupsOf(client, names, request, told);
  };
  const search: Search = {
    dialect: 'elasticsearch',
    migrate,
    stream,
    query: async (request, told) => {
      const begun = performance.now();
      const stats = { rowsRead: 0, bytesRead: 0 };
      const read = (rows: number, bytes: number): void => {
        stats.rowsRead += rows;
        stats.bytesRead += bytes;
      };
      const batches = await Array.fromAsync(stream(request, { ...told, read }));
      return { batches, stats: { ...stats, elapsedMs: performance.now() - begun } };
    },
    // Behind a start it answers before all of its shards do.
    ping: async () => {
      const { body } = await client.ask<{ readonly status?: string }>('GET', `/_cluster/health/${names.all}`, { query: { filter_path: 'status' } });
      if (body.status === 'red') throw new CodedError('search.unavailable', { reason: 'shards of our indices are not there' });
    },
    close: () => client.close(),
  };
  return { search, check: () => checkVersion(client), writer: new BulkWriter(client, names, migrate), days: storedDays(client, names) };
};
