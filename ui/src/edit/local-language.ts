// IQL's own parser, checker and completer in the browser: errors while typing without asking the server.
// What depends on the data (sources and fields seen lately) is the server's to judge; here it is left out.
import {
  check,
  complete,
  format,
  type Catalogue as IqlCatalogue,
  type Completion as LocalCompletion,
  type Diagnostic as LocalDiagnostic,
  searched,
  valueQuestion,
} from '../../../query/language.ts';
import { DATASETS } from '../../../schemas/catalogue.ts';
import { METRIC_KINDS, type MetricInfo, type MetricKind } from '../../../schemas/types.ts';
import type { Catalogue, Completion, Diagnostic, MetricEntry } from '../data/types.ts';
import { spanOf } from './positions.ts';

const KINDS = new Set<string>(METRIC_KINDS);

const metricInfo = ({ name, kind, unit, description, labels }: MetricEntry): MetricInfo => ({
  name,
  kind: (KINDS.has(kind) ? kind : 'gauge') as MetricKind,
  temporality: 'cumulative',
  labels,
  ...(unit === null ? {} : { unit }),
  ...(description === null ? {} : { description }),
});

const attributeType = (type: string): 'text' | 'number' | 'both' => (type === 'text' || type === 'number' ? type : 'both');

/** What the checker asks, answered from what the server last said. */
export const iqlCatalogue = (known: Catalogue): IqlCatalogue => {
  const metrics = new Map(known.metrics.map((entry) => [entry.name, metricInfo(entry)]));
  const attributes = new Map(known.datasets.map((d) => [d.name, new Map(d.attributes.map(({ name, type }) => [name, attributeType(type)]))]));
  return {
    datasets: DATASETS,
    metric: (name) => metrics.get(name),
    metricNames: () => [...metrics.keys()],
    attribute: (dataset, name) => attributes.get(dataset)?.get(name),
    attributeNames: (dataset) => [...(attributes.get(dataset)?.keys() ?? [])],
  };
};

/** Told from names the browser may not know yet; only the server's word on them counts. */
const OF_NAMES = new Set(['iql.unknown-source', 'iql.unknown-field']);

export const toDiagnostic = (text: string, { code, severity, message, span, fix, related = [] }: LocalDiagnostic): Diagnostic => ({
  code,
  severity,
  message,
  view: span.view?.name ?? null,
  span: spanOf(span.view?.text ?? text, span.start, span.end),
  related: related.map((r) => ({
    message: r.message,
    view: r.span.view?.name ?? null,
    span: spanOf(r.span.view?.text ?? text, r.span.start, r.span.end),
  })),
  fix:
    fix === undefined ? null : { label: fix.label, edits: fix.edits.map((edit) => ({ span: spanOf(text, edit.span.start, edit.span.end), text: edit.text })) },
});

/** Errors that hold whatever data there is. */
export const checkHere = (text: string, catalogue: IqlCatalogue): readonly Diagnostic[] => {
  const found = check(text, catalogue).diagnostics;
  if (found.some(({ code }) => OF_NAMES.has(code))) return [];
  return found.filter(({ severity }) => severity === 'error').map((diagnostic) => toDiagnostic(text, diagnostic));
};

export const completeHere = (text: string, offset: number, catalogue: IqlCatalogue): readonly Completion[] =>
  complete(text, offset, catalogue).map(({ type, unit, ...item }: LocalCompletion) => ({ ...item, type: type ?? null, unit: unit ?? null }));

/** Whether what may stand there are values of a field, which only the server knows. */
export const wantsValues = (text: string, offset: number): boolean => valueQuestion(text, offset) !== undefined;

export const formatHere = (text: string): string | undefined => format(text);

/** The words a text searched for, to be marked where they were found. */
export const searchedHere = searched;
