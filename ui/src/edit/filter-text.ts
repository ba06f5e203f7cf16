// Edits to an IQL text that a click makes: a value filtered in or out, one field alone, no filter at all.
// Finds the pipes of the outer query by a small scan (texts, comments, parentheses); never changes the rest of the text.
import type { Column, Value } from '../data/types.ts';
import { unitForm } from '../format/units.ts';

interface Part {
  /** Where the part's `|` stands; 0 for the statement's beginning. */
  readonly start: number;
  readonly end: number;
  readonly word: string;
}

/** Ends of the token that begins at `i`, for tokens in which `|` and parentheses mean nothing; undefined for any other. `search` knows phrases only. */
export const skipToken = (text: string, i: number, inSearch: boolean): number | undefined => {
  if (inSearch && text[i] !== '"') return undefined;
  const rest = text.slice(i, i + 2);
  if (rest === '//') {
    const end = text.indexOf('\n', i);
    return end === -1 ? text.length : end;
  }
  const quote = text[i] as string;
  const raw = rest === 'r"' || rest === "r'";
  if (quote !== '"' && quote !== "'" && quote !== '`' && !(raw && !/[\p{L}\p{N}_.]/u.test(text[i - 1] ?? ''))) return undefined;
  const mark = raw ? (rest[1] as string) : quote;
  for (let j = i + (raw ? 2 : 1); j < text.length; j++) {
    if (text[j] === '\\' && !raw && mark !== '`') j++;
    else if (text[j] === mark) return j + 1;
    else if (text[j] === '\n') return j;
  }
  return text.length;
};

/** The parts of the outermost query: its source (with any `let` before it) and its pipes. */
export const partsOf = (text: string): Part[] => {
  const starts = [0];
  let depth = 0;
  let lastMeaning = 0;
  let inSearch = false;
  for (let i = 0; i < text.length; ) {
    const skipped = skipToken(text, i, inSearch);
    if (skipped !== undefined) {
      if (text[i] !== '/') lastMeaning = skipped;
      i = skipped;
      continue;
    }
    const char = text[i] as string;
    if ('([{'.includes(char)) depth++;
    else if (')]}'.includes(char)) depth = Math.max(0, depth - 1);
    else if (char === '|') {
      if (depth === 0) starts.push(i);
      inSearch = /^\|\s*search\b/i.test(text.slice(i, i + 40));
    }
    if (char === ')') inSearch = false;
    if (!/\s/.test(char)) lastMeaning = i + 1;
    i++;
  }
  return starts.map((start, n) => {
    const end = starts[n + 1] ?? Math.max(lastMeaning, start);
    return { start, end, word: /^\|?\s*([a-z_]+)/i.exec(text.slice(start, end))?.[1]?.toLowerCase() ?? '' };
  });
};

const RESERVED = new Set('and or not in between if case when then else end exists true false missing now as by per over from data let fn alert'.split(' '));

/** The name as it is written in a text, in backticks where it must be. */
export const fieldText = (name: string): string => {
  const plain = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}\p{N}_]+)*$/u.test(name) && !RESERVED.has(name.toLowerCase());
  return plain ? name : `\`${name.replaceAll('`', '``')}\``;
};

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
  const scaled = decimal(value * form.factor);
  switch (form.family) {
    case 'bytes':
      return `${scaled}B${form.suffix}`;
    case 'duration':
      return `${scaled}s`;
    case 'ratio':
      return Math.abs(value * form.factor) <= 1 ? scaled : `${decimal(value * form.factor * 100)}%`;
    case 'count':
      return `${scaled}${form.suffix}`;
    case 'plain':
      return form.suffix === '' ? scaled : undefined;
  }
};

/** Pipes behind which a filter would see fewer rows than it should, or which a filter does not disturb. */
const TRAILING = new Set(['sort', 'limit', 'sample']);

/** The text with a pipe put in before its last `sort` and `limit` pipes. */
const withPipe = (text: string, pipe: string): string => {
  const parts = partsOf(text);
  let at = parts.length;
  while (at > 1 && TRAILING.has((parts[at - 1] as Part).word)) at--;
  const end = (parts[at - 1] as Part).end;
  const head = text.slice(0, end).trimEnd();
  const tail = text.slice(end);
  const line = `\n| ${pipe}`;
  if (head.endsWith(line) || head.endsWith(` | ${pipe}`)) return text;
  return at === parts.length ? `${head}${line}${tail}` : `${head}${line}\n${tail.trimStart()}`;
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
  return `${text.slice(0, end).trimEnd()}\n| select ${fields}${text.slice(end)}`;
};

const FILTERS = new Set(['where', 'search']);

/** The text without the pipes that leave rows out before any other pipe has changed them; undefined where it begins with none. */
export const withoutFilters = (text: string): string | undefined => {
  const parts = partsOf(text);
  let count = 1;
  while (FILTERS.has(parts[count]?.word ?? '')) count++;
  if (count === 1) return undefined;
  const source = text.slice(0, parts[0]?.end).trimEnd();
  const rest = parts[count] === undefined ? '' : text.slice(parts[count]?.start);
  return rest === '' ? source : `${source}\n${rest}`;
};

/** The text up to the pipes that only order or cut its rows. */
export const withoutTrailing = (text: string): string => {
  const parts = partsOf(text);
  let count = parts.length;
  while (count > 1 && TRAILING.has((parts[count - 1] as Part).word)) count--;
  return text.slice(0, parts[count - 1]?.end).trimEnd();
};

/** Only its source: whether anything was sent at all. */
export const sourceText = (text: string): string => text.slice(0, partsOf(text)[0]?.end).trimEnd();
