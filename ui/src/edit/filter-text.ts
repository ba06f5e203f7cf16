// Edits to an IQL text that a click makes: a value filtered in or out, one field alone, no filter at all.
// Finds the pipes of the outer query on its tree; never changes the rest of the text.
import { outline, queryText, writtenName } from '../../../query/language.ts';
import type { Column, Value } from '../data/types.ts';
import { unitForm } from '../format/units.ts';

interface Part {
  /** Where the part's `|` stands; 0 for the statement's beginning. */
  readonly start: number;
  /** Behind the part itself: comments follow. */
  readonly end: number;
  /** The pipe's name; empty for the source. */
  readonly word: string;
}

/** The parts of the outermost query: its source (with any `let` before it) and its pipes. */
export const partsOf = (text: string): readonly [Part, ...Part[]] => {
  const found = outline(text);
  if (found === undefined) return [{ start: 0, end: text.trimEnd().length, word: '' }];
  return [{ start: 0, end: found.source.end, word: '' }, ...found.pipes.map(({ name, span }) => ({ ...span, word: name }))];
};

/** The name as it is written in a text, in backticks where it must be. */
export const fieldText = writtenName;

const decimal = (value: number): string => {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Math.abs(value) < 1 ? value.toFixed(20).replace(/0+$/, '') : BigInt(Math.round(value)).toString();
};

/** A value as a literal of IQL that fits its column; undefined where there is none (lists, maps, foreign units). */
export const literalText = (column: Pick<Column, 'type' | 'unit'>, value: Value): string | undefined => {
  if (value === null) return undefined;
  if (typeof value === 'boolean') return String(value);
  if (column.type === 'time' && typeof value === 'string') return `@${value}`;
  if (typeof value === 'string' && !['int', 'float', 'duration'].includes(column.type)) return JSON.stringify(value);
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return value;
  if (typeof value !== 'number') return undefined;
  const form = unitForm(column.unit);
  const size = value * form.factor;
  if (!Number.isFinite(size)) return undefined;
  const scaled = decimal(size);
  switch (form.family) {
    case 'bytes':
      return `${scaled}B${form.suffix}`;
    case 'duration':
      return `${scaled}s`;
    case 'ratio':
      return Math.abs(size) <= 1 || !Number.isFinite(size * 100) ? scaled : `${decimal(size * 100)}%`;
    case 'count':
      return `${scaled}${form.suffix}`;
    case 'plain':
      // Beside a unit that no number can be written in it stands as it is.
      return decimal(value);
  }
};

/** Pipes behind which a filter would see fewer rows than it should, or which a filter does not disturb. */
const TRAILING = new Set(['sort', 'limit', 'sample']);

/** How many of the parts stand before the pipes that only order or cut rows. */
const leading = (parts: readonly Part[]): number => {
  let count = parts.length;
  while (count > 1 && TRAILING.has((parts[count - 1] as Part).word)) count--;
  return count;
};

/** The text with a pipe put in before its last `sort` and `limit` pipes. */
const withPipe = (text: string, pipe: string): string => {
  const parts = partsOf(text);
  const count = leading(parts);
  const last = parts[count - 1] as Part;
  if (count > 1 && text.slice(last.start, last.end) === `| ${pipe}`) return text;
  const next = parts[count];
  if (next === undefined) return `${text.slice(0, last.end)}\n| ${pipe}${text.slice(last.end)}`;
  // What is said behind a part stays behind it.
  return `${text.slice(0, next.start).trimEnd()}\n| ${pipe}\n${text.slice(next.start)}`;
};

/** What a click means: a column of a result, or a field that is written otherwise than it is called (`attributes["region"]`). */
export type Clicked = Pick<Column, 'name' | 'type' | 'unit'> & { readonly field?: string };
const writtenField = ({ field, name }: Pick<Clicked, 'field' | 'name'>): string => field ?? fieldText(name);

/** `where field == value` (or `!=`) added; missing becomes `exists`. undefined where the value has no literal. */
export const filterText = (text: string, column: Clicked, value: Value, keep: boolean): string | undefined => {
  const field = writtenField(column);
  if (value === null) return withPipe(text, `where ${keep ? 'not ' : ''}exists ${field}`);
  const literal = literalText(column, value);
  return literal === undefined ? undefined : withPipe(text, `where ${field} ${keep ? '==' : '!='} ${literal}`);
};

/** Only this field and the time beside it. */
export const onlyFieldText = (text: string, column: Pick<Clicked, 'field' | 'name'>, hasTime: boolean): string => {
  const field = writtenField(column);
  const named = field.endsWith(']') ? `${fieldText(field)} = ${field}` : field;
  const fields = hasTime && column.name !== 'time' ? `time, ${named}` : named;
  const end = partsOf(text).at(-1)?.end ?? text.length;
  return `${text.slice(0, end)}\n| select ${fields}${text.slice(end)}`;
};

const FILTERS = new Set(['where', 'search']);

/** The text without the pipes that leave rows out before any other pipe has changed them; undefined where it begins with none. */
export const withoutFilters = (given: string): string | undefined => {
  const text = queryText(given);
  const parts = partsOf(text);
  let count = 1;
  while (FILTERS.has(parts[count]?.word ?? '')) count++;
  if (count === 1) return undefined;
  const source = text.slice(0, parts[0].end);
  return parts[count] === undefined ? source : `${source}\n${text.slice(parts[count]?.start)}`;
};

/** The text up to the pipes that only order or cut its rows. */
export const withoutTrailing = (given: string): string => {
  const text = queryText(given);
  const parts = partsOf(text);
  return text.slice(0, parts[leading(parts) - 1]?.end);
};

/** Only its source: whether anything was sent at all. */
export const sourceText = (given: string): string => {
  const text = queryText(given);
  return text.slice(0, partsOf(text)[0].end);
};
