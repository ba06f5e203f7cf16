// What an index of a day looks like: the template that makes it so, and whether one that is there is ours.
import { CodedError } from '../../../core/errors.ts';
import { DOCUMENT, TERM_COLUMNS } from '../../../schemas/log-document.ts';
import { type ElasticClient, Refusal } from './client.ts';
import type { DayNames } from './days.ts';

/** Of the mapping; a newer one is not touched. */
const VERSION = 1;
/** Fields of attributes that this process adds to one index; more stand in `other`. */
export const MOST_FIELDS = 2000;
/** Several processes write. */
const MOST_FIELDS_OF_ALL = 10_000;
const PRIORITY = 500;

export interface IndexOptions {
  /** Default: as the cluster has it, one. */
  readonly shards?: number;
  /** Default: one where the cluster has a second node. */
  readonly replicas?: number;
}

const KEYWORD = { type: 'keyword' };
const LONG = { type: 'long' };
const FREE = { type: 'object', dynamic: true, subobjects: false };

const MAPPING = {
  _meta: { inframirror: VERSION },
  // Tokens are worked out by the pipeline; their text is that of the line, which stands there already.
  _source: { excludes: [DOCUMENT.words] },
  dynamic: false,
  date_detection: false,
  numeric_detection: false,
  dynamic_templates: [
    { attributes: { path_match: 'attributes.*', mapping: KEYWORD } },
    { numbers: { path_match: 'numbers.*', match_mapping_type: '*', mapping: { type: 'double' } } },
  ],
  properties: {
    [DOCUMENT.date]: { type: 'date', format: 'epoch_millis' },
    time: LONG,
    insert: LONG,
    position: LONG,
    [DOCUMENT.message]: LONG,
    file: KEYWORD,
    ...Object.fromEntries(TERM_COLUMNS.map((name) => [name, KEYWORD])),
    [DOCUMENT.words]: { type: 'text', analyzer: 'whitespace', norms: false },
    attributes: FREE,
    numbers: FREE,
    [DOCUMENT.other]: KEYWORD,
    [DOCUMENT.beyond]: { type: 'object', enabled: false },
  },
};

const settingsOf = ({ shards, replicas }: IndexOptions): unknown => ({
  refresh_interval: '1s',
  'translog.durability': 'request',
  'mapping.total_fields.limit': MOST_FIELDS_OF_ALL,
  ...(shards === undefined ? {} : { number_of_shards: shards }),
  ...(replicas === undefined ? { auto_expand_replicas: '0-1' } : { number_of_replicas: replicas }),
});

interface Template {
  readonly index_templates?: readonly { readonly index_template: { readonly version?: number; readonly _meta?: { readonly inframirror?: number } } }[];
}

export const putTemplate = async (client: ElasticClient, names: DayNames, options: IndexOptions): Promise<void> => {
  const name = names.prefix.slice(0, -1);
  const { body } = await client.ask<Template>('GET', `/_index_template/${name}`, { also: [404] });
  const found = body.index_templates?.[0]?.index_template;
  const version = found?._meta?.inframirror;
  if (found !== undefined && version === undefined)
    throw new CodedError('search.other-mapping', { name: `the index template ${name}`, reason: 'it has no mark of ours' });
  if (version !== undefined && version > VERSION) throw new CodedError('search.newer-schema', { found: version, known: VERSION });
  await client.ask('PUT', `/_index_template/${name}`, {
    body: {
      index_patterns: [names.all],
      priority: PRIORITY,
      version: VERSION,
      _meta: { inframirror: VERSION },
      template: { settings: settingsOf(options), mappings: MAPPING },
    },
  });
};

interface Mappings {
  readonly [index: string]: {
    readonly mappings: {
      readonly _meta?: { readonly inframirror?: number };
      readonly properties?: Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>>;
    };
  };
}

/** Makes the index where it is not there; the attributes that are fields of it, as `attributes.x`. */
export const makeIndex = async (client: ElasticClient, index: string, signal: AbortSignal): Promise<Set<string>> => {
  try {
    await client.ask('PUT', `/${index}`, { signal });
  } catch (error) {
    if (!(error instanceof Refusal && error.status === 400 && error.message.includes('resource_already_exists_exception'))) throw error;
  }
  const { body } = await client.ask<Mappings>('GET', `/${index}/_mapping`, { signal });
  const mapping = body[index]?.mappings;
  const version = mapping?._meta?.inframirror;
  if (mapping === undefined || version === undefined)
    throw new CodedError('search.other-mapping', {
      name: `the index ${index}`,
      reason: mapping === undefined ? 'it is an alias or a data stream' : 'its mapping has no mark of ours',
    });
  if (version > VERSION) throw new CodedError('search.newer-schema', { found: version, known: VERSION });
  return new Set(['attributes', 'numbers'].flatMap((column) => Object.keys(mapping.properties?.[column]?.properties ?? {}).map((name) => `${column}.${name}`)));
};
