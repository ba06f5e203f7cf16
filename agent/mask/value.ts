// Where the value of a name stands in a text: `name=value`, `name: value`, `"name": "value"`, `--name value`, also within a text of JSON
// that is itself quoted. Looks at each character once.

export interface ValueRange {
  readonly from: number;
  readonly to: number;
  /** What stands in its place is to be put into such quotes: it was a number of JSON. */
  readonly quote: string;
}

/** Characters of a name behind the word that gives it away, as in `password_hash`. */
const MOST_REST = 24;
const MOST_BEFORE = 100;
const NAME = /[\w.\]-]/;
const END = /[\s,;&<>)\]}|"'`]/;
/** Rests of a name that make it another thing. */
export const HARMLESS = /^[-_.]?(?:url|uri|endpoint|file|path|name|type|policy|ttl|expir|length|count|limit)/i;
/** A parser speaks of a token of its own. */
const GRAMMAR = /\bunexpected $/i;
/** Say that there is none, or are counts. */
const NOTHING = /^(?:\*{3,}|null|nil|none|true|false|undefined|yes|no|\d{0,3})$/i;
const NUMBER = /^[\d.]+$/;
/** The credential follows the word. */
const SCHEME = /^(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)$/i;

const isBlank = (c: string | undefined): boolean => c === ' ' || c === '\t';
const isQuote = (c: string | undefined): boolean => c === '"' || c === "'" || c === '`';

/** A quote, or one with backslashes before it, as in JSON within JSON; empty: there is none. */
const quoteAt = (text: string, at: number): string => {
  let end = at;
  while (text[end] === '\\' && end - at < 8) end++;
  return isQuote(text[end]) ? text.slice(at, end + 1) : '';
};

/** Where the quoted value ends; `quote` may have backslashes before it, and those of the value have more. */
const closeOf = (text: string, from: number, quote: string): number => {
  const [mark, depth] = [quote.at(-1), quote.length - 1];
  let slashes = 0;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '\\') slashes++;
    else {
      if (c === mark && (depth === 0 ? slashes % 2 === 0 : slashes <= depth)) return depth === 0 ? at : at - slashes;
      if (c === '\n') return at;
      slashes = 0;
    }
  }
  return text.length;
};

const wordEnd = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && !END.test(text[at] as string) && !(text[at] === '\\' && quoteAt(text, at) !== '')) at++;
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
  else if (sign === at || text[sign] === '-' || !isOption(text, begin)) return undefined;
  // `secret://…` names a place.
  if (isHeader && text.startsWith('//', at)) return undefined;
  at = pastBlanks(text, at);
  const quote = quoteAt(text, at);
  const word = text.slice(begin, end).toLowerCase();
  // A folder one is in: told by its beginning, as what follows may hold the same word again and again.
  if (word === 'pwd' && /[/~]/.test(text[at + quote.length] ?? '')) return undefined;
  const judged = (from: number, to: number, around: string): ValueRange | undefined => {
    const value = text.slice(from, to);
    return to === from || NOTHING.test(value) || (rest !== '' && NUMBER.test(value)) ? undefined : { from, to, quote: around };
  };
  const from = at + quote.length;
  if (quote !== '') return judged(from, closeOf(text, from, quote), '');
  if (text[from] === '{' || text[from] === '[' || text[from] === '(') return undefined;
  if (word === 'cookie' && isHeader && nameQuote === '') return judged(from, lineEnd(text, from), '');
  const to = wordEnd(text, from);
  if (!SCHEME.test(text.slice(from, to)) || !isBlank(text[to])) return judged(from, to, nameQuote);
  const credential = pastBlanks(text, to);
  return judged(credential, wordEnd(text, credential), '');
};

/** Whether the word stands in an option of a command, whose value may follow a blank. */
const isOption = (text: string, begin: number): boolean => {
  let at = begin;
  while (at > 0 && begin - at < MOST_BEFORE && NAME.test(text[at - 1] as string)) at--;
  return text.startsWith('--', at) && (at === 0 || isBlank(text[at - 1]) || text[at - 1] === '\n');
};
