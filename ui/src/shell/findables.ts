// What can be found by name, each with the IQL text it opens, and the order in which matches are shown.
import type { Address } from '../address/address.ts';
import { bucketFor, type Range } from '../address/range.ts';
import type { Catalogue, MetricEntry } from '../data/types.ts';
import { fieldText } from '../edit/filter-text.ts';
import { readyTexts } from '../pages/ready-texts.ts';

export interface Findable {
  readonly kind: 'saved' | 'recent' | 'page' | 'ready text' | 'dataset' | 'metric' | 'host';
  readonly name: string;
  readonly description: string;
  readonly text: string;
  readonly page?: 'status' | 'hosts' | 'host' | 'learn' | 'errors';
  /** What else opening it changes of the address. */
  readonly with?: Partial<Address>;
}

const metricText = ({ name, kind }: MetricEntry, width: string): string => {
  const source = `from metrics.${fieldText(name)}`;
  if (kind === 'histogram') return `${source}\n| every ${width} increase\n| p95`;
  return `${source}\n| every ${width} ${kind === 'counter' ? 'rate' : 'avg'}`;
};

export const findablesOf = (range: Range, catalogue: Catalogue | undefined, hosts: readonly string[]): Findable[] => {
  const width = bucketFor(range);
  return [
    { kind: 'page', name: 'First page', description: 'What hosts do now, one or all', text: '' },
    { kind: 'page', name: 'Status', description: 'The parts of this product and its hosts', text: '', page: 'status' },
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
    ...(catalogue?.metrics ?? []).map(
      (metric): Findable => ({ kind: 'metric', name: metric.name, description: metric.description ?? '', text: metricText(metric, width) }),
    ),
  ];
};

/** Those that hold every word, by name before by description; a name that begins with the words first. */
export const rank = (all: readonly Findable[], words: string): Findable[] => {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = wanted.join(' ');
  return all
    .map((item, at) => {
      const name = item.name.toLowerCase();
      const rest = `${name} ${item.kind} ${item.description.toLowerCase()}`;
      const score = !wanted.every((word) => rest.includes(word)) ? 0 : name.startsWith(whole) ? 3 : wanted.every((word) => name.includes(word)) ? 2 : 1;
      return { item, at, score };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .map(({ item }) => item);
};
