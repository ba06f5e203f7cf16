// A text of IQL and its answer. The one place that looks at the form of an answer: a server of another version, or a proxy, may send
// anything; what draws an answer relies on the form, never on its values.
import { type Answer, ask } from './client.ts';
import { QUERY } from './documents.ts';
import type { Result } from './types.ts';

export interface QueryVariables {
  readonly text: string;
  /** ISO times, as those of the schema's `query`. */
  readonly from?: string;
  readonly to?: string;
  readonly at?: string | null;
  readonly zone?: string;
  /** Rows; null: as the text and the server would have it. */
  readonly limit?: number | null;
  readonly countMissing?: boolean;
  /** Lines of a chart instead of rows, where the text has them: so many of the largest. */
  readonly lines?: number;
  /** Seconds that an answer which others asked for may be old. */
  readonly maxAge?: number;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const isColumn = (value: unknown): boolean =>
  isObject(value) && typeof value.name === 'string' && typeof value.type === 'string' && Array.isArray(value.values);

const isOther = (value: unknown): boolean => value === null || (isObject(value) && typeof value.merge === 'string' && Array.isArray(value.values));
const isLines = (value: unknown): boolean =>
  isObject(value) &&
  Array.isArray(value.times) &&
  typeof value.total === 'number' &&
  Array.isArray(value.keys) &&
  value.keys.every(isColumn) &&
  Array.isArray(value.values) &&
  value.values.every((one) => isColumn(one) && isObject(one) && (one.values as readonly unknown[]).every(Array.isArray) && isOther(one.other));

export const isResult = (value: unknown): value is Result =>
  isObject(value) &&
  typeof value.rowCount === 'number' &&
  isObject(value.stats) &&
  Array.isArray(value.diagnostics) &&
  Array.isArray(value.columns) &&
  value.columns.every(isColumn) &&
  (value.lines === null || isLines(value.lines));

const OTHER_FORM = 'The answer has another form than this page knows: the server may be of another version. Load the page anew';

/** The answer comes once, unless the returned function was called before. */
export const askQuery = (variables: QueryVariables, answered: (answer: Answer<Result>) => void): (() => void) =>
  ask<{ readonly query: unknown }, QueryVariables>(QUERY, variables, ({ data, failure }) => {
    if (failure !== undefined) answered({ failure });
    else answered(isResult(data.query) ? { data: data.query } : { failure: { kind: 'refused', message: OTHER_FORM } });
  });
