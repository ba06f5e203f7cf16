// What can be found by name, each with the IQL text it opens, and the order in which matches are shown.
import type { Address } from '../address/address.ts';
import { bucketFor, type Range } from '../address/range.ts';
import type { Catalogue, MetricEntry } from '../data/types.ts';
import { fieldText } from '../edit/filter-text.ts';
import { readyTexts } from '../pages/ready-texts.ts';

export interface Findable {
  readonly kind: 'search' | 'saved' | 'recent' | 'page' | 'ready text' | 'dataset' | 'metric' | 'host';
  readonly name: string;
  readonly description: string;
  readonly text: string;
  readonly page?: 'status' | 'agents' | 'letters' | 'hosts' | 'host' | 'learn' | 'errors';
  /** What else opening it changes of the address. */
  readonly with?: Partial<Address>;
}

const metricText = ({ name, kind }: MetricEntry, width: string): string => {
  const source = `from metrics.${fieldText(name)}`;
  return `${source}\n| every ${width} ${kind === 'counter' ? 'rate' : 'avg'}`;
};

export const findablesOf = (range: Range, catalogue: Catalogue | undefined, hosts: readonly string[]): Findable[] => {
  const width = bucketFor(range);
  return [
    { kind: 'page', name: 'First page', description: 'What hosts do now, one or all', text: '' },
    { kind: 'page', name: 'Status', description: 'The parts of this product and its hosts', text: '', page: 'status' },
    { kind: 'page', name: 'Agents', description: 'Who has joined, in which state, what each has sent; join tokens', text: '', page: 'agents' },
    { kind: 'page', name: 'Dead letters', description: 'What no retry could save: look at it, replay it, drop it', text: '', page: 'letters' },
    { kind: 'page', name: 'Learn IQL', description: 'Ten queries on your own data, recipes, what each dataset holds', text: '', page: 'learn' },
    { kind: 'page', name: 'Errors', description: 'What each error means and how it is mended', text: '', page: 'errors' },
    { kind: 'page', name: 'Hosts', description: 'Every host with its state and newest figures', text: '', page: 'hosts' },
    ...readyTexts(range).map(({ title, text }): Findable => ({ kind: 'ready text', name: title, description: text.replaceAll('\n', ' '), text })),
    ...(catalogue?.datasets ?? [])
      .filter(({ name }) => name !== 'metrics')
      .map(({ name, description }): Findable => ({ kind: 'dataset', name, description, text: `from ${name}` })),
    ...hosts.map(
      (host): Findable => ({
        kind: 'host',
        name: host,
        description: 'Its figures, filesystems, processes, log lines and inventory',
        text: '',
        page: 'host',
      }),
    ),
    ...(catalogue?.metrics ?? [])
      .filter(({ kind }) => kind === 'gauge' || kind === 'counter')
      .map((metric): Findable => ({ kind: 'metric', name: metric.name, description: metric.description ?? '', text: metricText(metric, width) })),
  ];
};

/** The words as `search` takes them: what its own lexer would read as more than a word stands in quotes, what holds no word is left out. */
const searchWords = (words: string): string =>
  words
    .replaceAll(/[\\\p{Cc}]/gu, ' ')
    .split(/("[^"]*")|\s+/)
    .filter((word) => word !== undefined && /[\p{L}\p{N}]/u.test(word))
    .map((word) => (/^[\p{L}\p{N}_.]+$/u.test(word) && !/^(and|or|not)$/i.test(word) ? word : `"${word.replaceAll('"', '')}"`))
    .join(' ');

/** Lines that hold the words, whatever else is called so. */
const searchOf = (words: string): Findable | undefined => {
  const searched = searchWords(words);
  return searched === ''
    ? undefined
    : { kind: 'search', name: `Search logs for ${words.trim()}`, description: 'Lines with all these words', text: `from logs\n| search ${searched}` };
};

const KINDS: readonly Findable['kind'][] = ['saved', 'recent', 'page', 'ready text', 'dataset', 'host', 'metric'];
/** What the product says of itself is rarely meant. */
const ofItself = ({ name }: Findable): boolean => name.startsWith('inframirror.');

const scoreOf = (item: Findable, wanted: readonly string[]): number => {
  const whole = wanted.join(' ');
  const name = item.name.toLowerCase();
  const description = item.description.toLowerCase();
  const begins = (text: string): boolean => wanted.every((word) => text.split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(word)));
  if (name === whole) return 6;
  if (name.startsWith(whole)) return 5;
  if (begins(name) || (item.kind === 'ready text' && wanted.length === 1 && begins(description))) return ofItself(item) ? 3 : 4;
  if (wanted.every((word) => name.includes(word))) return 2;
  return wanted.every((word) => `${name} ${item.kind} ${description}`.includes(word)) ? 1 : 0;
};

/**
 * Those that hold every word, by name before by description, texts and hosts before single metrics. A search of the log lines for the
 * words is always near: the first where nothing is called so, else the second.
 */
export const rank = (all: readonly Findable[], words: string): Findable[] => {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [...all];
  const scored = all
    .map((item, at) => ({ item, at, score: scoreOf(item, wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || KINDS.indexOf(a.item.kind) - KINDS.indexOf(b.item.kind) || a.at - b.at);
  const found = scored.map(({ item }) => item);
  const search = searchOf(words);
  if (search !== undefined) found.splice((scored[0]?.score ?? 0) > 1 ? 1 : 0, 0, search);
  return found;
};
