// What rows a source gives: the relation of `from …` and of inline data; which dataset a name means, and which it may.
import { metricDataset } from '../../schemas/catalogue.ts';
import type { Dataset, DatasetColumn, ValueType } from '../../schemas/types.ts';
import { nearest } from '../1-syntax/nearest.ts';
import type { Catalogue } from './catalogue.ts';
import { NO_ROWS, type OrderColumn, type Relation, type RelationColumn, type Type } from './type.ts';
import { parseUnit } from './unit.ts';

const columnType = (c: DatasetColumn): Type => ({ value: c.type, unit: parseUnit(c.unit), bare: false, item: c.item, levels: c.levels });

export const hiddenColumn = (name: string, value: ValueType): RelationColumn => ({
  name,
  type: { value, unit: undefined, bare: false },
  kind: undefined,
  label: false,
  description: '',
});

/** Receive order within one time, by table; also what the store must give along (`#…` columns). */
const TIES: Readonly<Record<string, readonly string[]>> = {
  samples: ['#insert', '#series'],
  processes: ['#insert'],
  jvm: ['#insert'],
  logs: ['#insert', '#message', '#row'],
  events: ['#row'],
  hosts: [],
};
const HIDDEN_TYPES: Readonly<Record<string, ValueType>> = { '#insert': 'int', '#series': 'int', '#message': 'int', '#row': 'int' };

export const datasetRelation = (dataset: Dataset, origin: string): Relation => {
  const ties = TIES[dataset.table] ?? [];
  const timed = dataset.columns.some((c) => c.name === 'time');
  const metric = dataset.table === 'samples';
  const key = metric ? ['#series'] : dataset.key;
  const ascending = (column: string): OrderColumn => ({ column, descending: false });
  return {
    ...NO_ROWS,
    columns: [
      ...dataset.columns.map((c): RelationColumn => ({ name: c.name, type: columnType(c), kind: c.kind, label: c.label ?? false, description: c.description })),
      ...ties.map((name) => hiddenColumn(name, HIDDEN_TYPES[name] as ValueType)),
    ],
    shape: dataset.shape,
    key,
    timed,
    order: timed ? [{ column: 'time', descending: true }, ...ties.map(ascending), ...(metric ? [] : dataset.key.map(ascending))] : dataset.key.map(ascending),
    open: dataset.attributes !== undefined || metric ? { dataset, maps: dataset.attributes } : undefined,
    intervalMs: dataset.intervalMs,
    temporality: dataset.metric?.temporality,
    origin,
    raw: true,
  };
};

/** The inventory: `at @t` asks for it as it was. */
export const keepsHistory = (dataset: Dataset): boolean => dataset.role === 'records' && dataset.key.length > 0;

const METRICS = 'metrics.';
export const VIEWS = 'views.';

export const datasetNamed = (catalogue: Catalogue, name: string): Dataset | undefined => {
  if (!name.startsWith(METRICS)) return catalogue.datasets.find((d) => d.name === name);
  const info = catalogue.metric(name.slice(METRICS.length));
  return info && metricDataset(info);
};

/** The source that an unknown name most likely means, of the catalogue or of `others`; empty where there is none. */
export const nearestSource = (catalogue: Catalogue, name: string, others: readonly string[]): string => {
  const { datasets, views } = catalogue;
  const known = [...datasets.map((d) => d.name), ...catalogue.metricNames().map((m) => METRICS + m), ...(views?.names() ?? []).map((v) => VIEWS + v)];
  return nearest(name, [...known, ...others]) ?? (catalogue.metric(name) === undefined ? '' : METRICS + name);
};
