// What the checker asks about datasets: static ones and those learned from the data. Handed in; answers at once, from memory.
import type { Dataset, MetricInfo } from '../../schemas/types.ts';
import type { Parsed } from '../1-syntax/parser.ts';

/** Saved texts, which others read as `views.<name>`. */
export interface Views {
  names(): readonly string[];
  /** Read, with spans that say where they are; undefined: there is none of that name. */
  view(name: string): Parsed | undefined;
}

export interface Catalogue {
  /** Static datasets, for `from` and completion. */
  readonly datasets: readonly Dataset[];
  metric(name: string): MetricInfo | undefined;
  metricNames(): readonly string[];
  /** Attributes seen on a dataset beside its columns: as text, as number, or both. */
  attribute(dataset: string, name: string): 'text' | 'number' | 'both' | undefined;
  attributeNames(dataset: string): readonly string[];
  /** Left out: there are none. */
  readonly views?: Views | undefined;
}

/** A catalogue without anything learned. */
export const staticCatalogue = (datasets: readonly Dataset[]): Catalogue => ({
  datasets,
  metric: () => undefined,
  metricNames: () => [],
  attribute: () => undefined,
  attributeNames: () => [],
});
