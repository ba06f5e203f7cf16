// Values of a field at the cursor: which text to ask for them. Asking is the service's part; the browser only sees that it must.
import { labelOfColumn } from '../schemas/label-column.ts';
import { cursorAtEnd } from './1-syntax/cursor.ts';
import { parse } from './1-syntax/parser.ts';
import { queryOf } from './1-syntax/statements.ts';
import type { Token } from './1-syntax/tokens.ts';
import { compared } from './complete-expressions.ts';
import type { Completion } from './complete-names.ts';
import { PIPE_SYNTAXES } from './pipes/index.ts';
import type { LabelValue } from './series/series-index.ts';

export interface ValueQuestion {
  /** A text of IQL whose first column is the values, most frequent first. */
  readonly text: string;
  /** The field, where it is a label of all series of a metric: then its values may be known. */
  readonly label: { readonly metric: string; readonly name: string } | undefined;
  /** What stands there of the value already, without quotes. */
  readonly begun: string;
  readonly quoted: boolean;
  /** Replaces the text from `from` up to the cursor. */
  readonly from: number;
}

export const MOST_OFFERED = 50;

/** undefined where the cursor is not at the value of a comparison. */
export const valueQuestion = (text: string, offset: number): ValueQuestion | undefined => {
  const cursor = cursorAtEnd(text.slice(0, offset), PIPE_SYNTAXES);
  if (cursor === undefined || cursor.quote === '`') return undefined;
  const { place, begun, from, quote } = cursor;
  const field = compared(place);
  const [name] = field;
  if (name === undefined || place.bar < 0) return undefined;
  const written = text.slice(name.startOffset, field.at(-1)?.end);
  // A query inside others is asked alone, with the definitions that stand before it.
  const rows = text.slice(0, place.statement) + text.slice(place.start, place.bar).trimEnd();
  // Names of their own: a field may be called `count`.
  return {
    text: `${rows}\n| summarize n = count() by value = ${written} | where exists value | top ${MOST_OFFERED} by n`,
    label: labelOf(rows, field),
    begun,
    quoted: quote !== undefined,
    from,
  };
};

const METRICS = 'metrics.';

const labelOf = (rows: string, field: readonly Token[]): ValueQuestion['label'] => {
  const query = queryOf(parse(rows, PIPE_SYNTAXES).text);
  const [name, ...more] = field;
  if (query === undefined || query.source.node !== 'source' || query.pipes.length > 0 || name === undefined || more.length > 0) return undefined;
  const source = query.source.name.name;
  return source.startsWith(METRICS) ? { metric: source.slice(METRICS.length), name: labelOfColumn(name.name) } : undefined;
};

interface Found {
  readonly type: string;
  readonly unit: string | undefined;
  readonly values: readonly unknown[];
}

/** As it is written in a text; undefined for what people would not pick: measured numbers, lists, and numbers where there are many. */
const literalOf = (value: unknown, { type, unit, values }: Found): string | undefined => {
  if (type === 'string' || type === 'ip') return typeof value === 'string' ? JSON.stringify(value) : undefined;
  const counted = unit === undefined || unit.startsWith('{');
  const whole = type === 'int' || (type === 'float' && Number.isInteger(value));
  return counted && whole && values.length < MOST_OFFERED ? String(value) : undefined;
};

/** The answer to a question as what can stand there up to `to`, most frequent first; `of`: what was counted. */
export const valuesFound = ({ begun, quoted, from }: ValueQuestion, columns: readonly Found[], of: string, to: number): readonly Completion[] => {
  const [values, counts] = columns;
  if (values === undefined) return [];
  const wanted = begun.toLowerCase();
  return values.values.flatMap((value, i): readonly Completion[] => {
    const insert = literalOf(value, values);
    if (insert === undefined || !String(value).toLowerCase().includes(wanted) || (quoted && !insert.startsWith('"'))) return [];
    const type = insert.startsWith('"') ? 'text' : 'a number';
    return [{ label: String(value), kind: 'value', detail: `${counts?.values[i] ?? ''} ${of}`, type, unit: undefined, insert, from, to }];
  });
};

/** Values that are known, as the answer to a question. */
export const valueColumns = (values: readonly LabelValue[]): readonly Found[] => [
  { type: 'string', unit: undefined, values: values.map(({ value }) => value) },
  { type: 'int', unit: undefined, values: values.map(({ series }) => series) },
];
