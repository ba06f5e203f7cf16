// Where the value of a name stands in a text: `name=value`, `name: value`, `"name": "value"`, `--name value`, `PASSWORD 'value'`, also within a
// text of JSON that is itself quoted; what stands in another field `apart.ts` finds. Looks at each character once.
import { apartRange } from './apart.ts';
import { closeOf, isQuote, quoteAt, type ValueRange, wordEnd } from './quotes.ts';

/** Characters of a name behind the word that gives it away, as in `password_hash`. */
const MOST_REST = 24;
const MOST_BEFORE = 100;
const NAME = /[\w.\]-]/;
/** Rests of a name that make it another thing. */
export const HARMLESS = /^[-_.]?(?:url|uri|endpoint|file|path|name|type|policy|ttl|expir|length|count|limit)/i;
/** A parser speaks of a token of its own. */
const GRAMMAR = /\bunexpected $/i;
/** Say that there is none, or are counts. */
const NOTHING = /^(?:\*{3,}|null|nil|none|true|false|undefined|yes|no|\d{0,3})$/i;
const NUMBER = /^[\d.]+$/;
/** The credential follows the word. */
const SCHEME = /^(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)$/i;

const PART = /[,;]+(?![\w.-]{1,64}\\{0,8}["']?[ \t]{0,4}[=:])[^\s,;&<>)\]}|"'`{[(\\]/y;
/** Before a value in quotes: SQL's `PASSWORD 'x'`, `PASSWORD('x')`, `IDENTIFIED BY 'x'`, `SET PASSWORD FOR a = 'x'`. No end of another value. */
const SQL = /(?:[ \t]{1,4}for[ \t]{1,4}[^\s=]{1,200}[ \t]{0,4}=[ \t]{0,4}|[ \t]{1,4}|[ \t]?\([ \t]?)(?=\\{0,8}["'][^\s,:;)\]}])/iy;
const SQL_WORD = /^(?:password$|identified)/;

const isBlank = (c: string | undefined): boolean => c === ' ' || c === '\t';
/**
 * Of a value without quotes whose first part ends at `to`: what follows a comma or a semicolon at once is of it, unless that has a name and a value
 * of its own.
 */
const partsEnd = (text: string, to: number): number => {
  let at = to;
  for (PART.lastIndex = at; PART.test(text); PART.lastIndex = at) at = wordEnd(text, PART.lastIndex - 1);
  return at;
};

/** A header's, to the end of the line or of the text it stands in. */
const lineEnd = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r' && !isQuote(text[at]) && !(text[at] === '\\' && quoteAt(text, at) !== '')) at++;
  return at;
};

const pastBlanks = (text: string, from: number): number => {
  let at = from;
  while (isBlank(text[at])) at++;
  return at;
};

/** `begin` and `end`: of the word that gives the name away. Undefined where no value follows, or one that is none. */
export const valueRange = (text: string, begin: number, end: number): ValueRange | undefined => {
  let at = end;
  while (at - end < MOST_REST && at < text.length && NAME.test(text[at] as string)) at++;
  const rest = text.slice(end, at);
  if (HARMLESS.test(rest) || GRAMMAR.test(text.slice(Math.max(0, begin - 12), begin))) return undefined;
  const nameQuote = quoteAt(text, at);
  at += nameQuote.length;
  const sign = pastBlanks(text, at);
  const isHeader = text[sign] === ':';
  if (text[sign] === '=' || isHeader) at = text[sign + 1] === '>' || text[sign + 1] === '=' ? sign + 2 : sign + 1;
  else if (sign === at || text[sign] === '-' || !isOption(text, begin)) {
    SQL.lastIndex = at;
    if (rest !== '' || nameQuote !== '' || !SQL_WORD.test(text.slice(begin, end).toLowerCase()) || !SQL.test(text))
      return valueApart(text, begin, at, nameQuote);
    at = SQL.lastIndex;
  }
  // `secret://…` names a place.
  if (isHeader && text.startsWith('//', at)) return undefined;
  at = pastBlanks(text, at);
  const quote = quoteAt(text, at);
  const word = text.slice(begin, end).toLowerCase();
  // A folder one is in: told by its beginning, as what follows may hold the same word again and again.
  if (word === 'pwd' && /[/~]/.test(text[at + quote.length] ?? '')) return undefined;
  const judged = (from: number, to: number, around: string): ValueRange | undefined =>
    isNone(text.slice(from, to)) || (rest !== '' && NUMBER.test(text.slice(from, to))) ? undefined : { from, to, quote: around };
  const from = at + quote.length;
  if (quote !== '') return judged(from, closeOf(text, from, quote), '');
  if (text[from] === '{' || text[from] === '[' || text[from] === '(') return undefined;
  if (word === 'cookie' && isHeader && nameQuote === '') return judged(from, lineEnd(text, from), '');
  const to = wordEnd(text, from);
  if (!SCHEME.test(text.slice(from, to)) || !isBlank(text[to])) {
    const first = judged(from, to, nameQuote);
    return first === undefined || nameQuote !== '' ? first : { ...first, to: partsEnd(text, to) };
  }
  const credential = pastBlanks(text, to);
  return judged(credential, wordEnd(text, credential), '');
};

const isNone = (value: string): boolean => value === '' || NOTHING.test(value);

const valueApart = (text: string, begin: number, at: number, nameQuote: string): ValueRange | undefined => {
  const range = apartRange(text, begin, at, nameQuote);
  return range === undefined || isNone(text.slice(range.from, range.to)) ? undefined : range;
};

/** Whether the word stands in an option of a command, whose value may follow a blank. */
const isOption = (text: string, begin: number): boolean => {
  let at = begin;
  while (at > 0 && begin - at < MOST_BEFORE && NAME.test(text[at - 1] as string)) at--;
  return text.startsWith('--', at) && (at === 0 || isBlank(text[at - 1]) || text[at - 1] === '\n');
};
