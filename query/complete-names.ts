// What can stand at a cursor as drafts: words, sources, fields that fit, functions, aggregates, pipes; each list most used first.
// Knows no place: which list is offered where is complete-places.ts's to say.

import { isDistribution } from '../schemas/types.ts';
import type { Place } from './1-syntax/place.ts';
import { printName } from './1-syntax/print-expression.ts';
import type { Catalogue } from './2-semantic/catalogue.ts';
import { isNumber, type Relation, type RelationColumn, visible } from './2-semantic/type.ts';
import { FUNCTIONS } from './functions/registry.ts';
import { PIPES } from './pipes/index.ts';

export interface Completion {
  readonly label: string;
  readonly kind: 'source' | 'pipe' | 'field' | 'function' | 'aggregate' | 'keyword' | 'value';
  /** One line for people. */
  readonly detail: string;
  readonly type: string | undefined;
  readonly unit: string | undefined;
  /** Replaces the text from `from` up to `to` (UTF-16 offsets). */
  readonly insert: string;
  readonly from: number;
  readonly to: number;
}

/** `insert` where it is not the label, written as a name. */
export type Draft = Omit<Completion, 'from' | 'to' | 'insert'> & { readonly insert?: string };

export interface Asked {
  readonly place: Place;
  /** What is written of the word at the cursor. */
  readonly begun: string;
  /** The rows here; undefined: not known. */
  readonly rows: Relation | undefined;
  /** All fields of the rows, the attributes seen among them. */
  readonly fields: readonly Draft[];
  readonly catalogue: Catalogue;
}

export const word = (label: string, detail = '', kind: Draft['kind'] = 'keyword'): Draft => ({
  label,
  kind,
  detail,
  type: undefined,
  unit: undefined,
  insert: label,
});
export const words = (labels: string, detail = ''): readonly Draft[] => labels.split(' ').map((label) => word(label, detail));
export const values = (labels: string, detail = ''): readonly Draft[] => labels.split(' ').map((label) => word(label, detail, 'value'));

export const datasets = (catalogue: Catalogue, inventories = false): readonly Draft[] =>
  catalogue.datasets
    .filter((d) => !inventories || (d.role === 'records' && d.key.length > 0))
    .map((d): Draft => ({ label: d.name, kind: 'source', detail: d.description, type: undefined, unit: undefined }));

export const sources = ({ catalogue, place }: Asked): readonly Draft[] => [
  ...place.queries.map((name): Draft => ({ label: name, kind: 'source', detail: 'A query of this text', type: undefined, unit: undefined })),
  ...datasets(catalogue),
  ...(catalogue.views?.names() ?? []).map(
    (name): Draft => ({ label: `views.${name}`, kind: 'source', detail: 'A saved query', type: undefined, unit: undefined }),
  ),
  ...catalogue.metricNames().flatMap((name): readonly Draft[] => {
    const info = catalogue.metric(name);
    // No text can ask for it yet.
    if (info !== undefined && isDistribution(info.kind)) return [];
    return [{ label: `metrics.${name}`, kind: 'source', detail: info?.description ?? '', type: info?.kind, unit: info?.unit }];
  }),
];

export const isMeasure = (c: Pick<RelationColumn, 'type'>): boolean => isNumber(c.type) || c.type.value === 'duration';

/** Fields that fit, those most likely meant first: `time` last, as rows are in its order already. */
export const fields = (
  { rows, fields: all }: Asked,
  fits: (c: RelationColumn) => boolean = () => true,
  first: (c: RelationColumn) => boolean = () => false,
) => {
  const columns = new Map(rows === undefined ? [] : visible(rows).map((c) => [c.name, c] as const));
  const rank = (c: RelationColumn | undefined): number => (c === undefined ? 1 : c.name === 'time' ? 3 : first(c) ? 0 : c.type.value === 'map' ? 2 : 1);
  return all
    .filter((d) => {
      const column = columns.get(d.label);
      return column === undefined || fits(column) || column.type.value === 'unknown';
    })
    .map((d, i) => ({ d, i, rank: rank(columns.get(d.label)) }))
    .toSorted((a, b) => a.rank - b.rank || a.i - b.i)
    .map(({ d }) => d);
};
/** A number with a unit is measured; one without is likely an id. */
export const measured = (c: RelationColumn): boolean => isMeasure(c) && c.type.unit !== undefined;
export const keyed = (c: RelationColumn): boolean => c.type.value === 'string';
export const single = (c: RelationColumn): boolean => c.type.value !== 'map' && c.type.value !== 'list';

/** Functions of the text. */
const own = ({ place }: Asked): readonly Draft[] =>
  place.fns.map(({ name, parameters }): Draft => {
    const insert = parameters.length === 0 ? `${printName(name)}()` : `${printName(name)}(`;
    return { label: name, kind: 'function', detail: `${name}(${parameters.join(', ')}) — A function of this text`, type: undefined, unit: undefined, insert };
  });

export const functions = (asked: Asked): readonly Draft[] => [
  ...own(asked),
  ...[...FUNCTIONS.scalars].map(
    ([label, s]): Draft => ({ label, kind: 'function', detail: `${s.form} — ${s.summary}`, type: undefined, unit: undefined, insert: `${label}(` }),
  ),
];

const AGGREGATE_ORDER = ['count', 'avg', 'max', 'sum', 'min', 'p95', 'last', 'distinct_count'];
const RISING_ORDER = ['rate', 'increase', 'last', 'max'];
/** Of a counter they are of its running total, which says nothing. */
const NEVER_OF_COUNTERS = new Set(['sum', 'avg', 'min', 'max', 'stddev', 'variance', 'quantile', 'p95']);

/** Aggregates that may stand here; `called` with their brackets. */
export const aggregates = (asked: Asked, called: boolean): readonly Draft[] => {
  const { rows, place } = asked;
  const series = rows?.shape === 'series' && place.pipe?.word === 'every';
  const measures = rows === undefined ? [] : visible(rows).filter(isMeasure);
  const counter = series && measures.length === 1 && measures[0]?.kind === 'counter';
  const gauge = series && measures.length > 0 && measures.every(({ kind }) => kind === 'gauge');
  const order = counter ? RISING_ORDER : rows?.shape === 'series' ? AGGREGATE_ORDER.filter((name) => name !== 'count') : AGGREGATE_ORDER;
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  const quantiles: readonly (readonly [string, string])[] = ['p95', 'p99', 'p50'].map((name) => [name, `${name} x — A quantile`]);
  const found = [...[...FUNCTIONS.aggregates].map(([name, s]) => [name, `${s.form} — ${s.summary}`] as const), ...quantiles]
    .filter(([name]) => !(FUNCTIONS.aggregates.get(name)?.overTime === true && (!series || (gauge && name !== 'delta'))))
    .filter(([name]) => !(counter && NEVER_OF_COUNTERS.has(/^p\d/.test(name) ? 'p95' : name)))
    .filter(([name]) => called || name !== 'quantile')
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, detail]): Draft => {
      const insert = called ? (name === 'count' ? 'count()' : `${name}(`) : name;
      return { label: name, kind: 'aggregate', detail, type: undefined, unit: undefined, insert };
    });
  return [...found, ...own(asked)];
};

/** Pipes that these rows can go through. */
export const pipes = ({ rows }: Asked): readonly Draft[] =>
  PIPES.filter(({ syntax: { name } }) => {
    if (rows === undefined || rows.doubt !== undefined) return true;
    if (name === 'fill') return rows.timed && rows.bucket !== undefined;
    if (name === 'every') return rows.timed;
    return name !== 'search' || rows.origin === 'logs';
  }).map((p) => ({ label: p.syntax.name, kind: 'pipe', detail: `${p.form} — ${p.summary}`, type: undefined, unit: undefined, insert: p.syntax.name }));
