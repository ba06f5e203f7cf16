// Where the value of a name stands in a text: `name=value`, `name: value`, `"name": "value"`, `--name value`, `PASSWORD 'value'`, also within a
// text of JSON that is itself quoted, or encoded for an address; what stands in another field `apart.ts` finds, in a list or an object `nested.ts`, on
// the lines below `lines.ts`. Looks at each character once.
import { apartRange } from './apart.ts';
import { lineRanges } from './lines.ts';
import { nestedRanges } from './nested.ts';
import { Next, RunStart } from './next.ts';
import { closeOf, isQuote, isQuotedAgain, quoteAt, type ValueRange, wordEnd } from './quotes.ts';
import { isBlank, isOfName } from './signs.ts';
import { sqlPasswordAt } from './sql.ts';
import { isNone, isPlaceholder, SCHEME } from './words.ts';

/** Characters of a name behind the word that gives it away, as in `password_hash`. */
const MOST_REST = 24;
const MOST_BEFORE = 100;
/** Rests of a name that make it another thing. */
export const HARMLESS = /^[-_.]?(?:url|uri|endpoint|file|path|name|type|policy|ttl|expir|length|count|limit)/i;
/** A parser speaks of a token of its own. */
const GRAMMAR = /\bunexpected $/i;
const NUMBER = /^[\d.]+$/;
/** Nothing goes on behind it; a tag may. */
const ANGLES = /<([^\s<>"'`\\]{1,256})>(?![^\s,;&<)\]}|"'`])/y;
/** What is to stand there, in several words; a tag, whose own name tells whether its text is a secret. */
const TAG = /<[a-z_][\w.:-]{0,60}(?:[ \t][^<>\n]{0,200}>|(?:[ \t][^<>\n]{0,200})?(?:&gt;|\\u003e))/iy;
const PART = /[,;]+(?![\w.-]{1,64}\\{0,8}["']?[ \t]{0,4}[=:])[^\s,;&<>)\]}|"'`{[(\\]/y;
/** `=` or `:` as an address has it, again and again, or JSON that avoids signs of HTML; with quotes around it. */
const ENCODED = /(?:(?:%(?:25){0,3}2[27])?%(?:25){0,3}3[ad](?:%(?:25){0,3}2[027]|\+){0,8}|\\{1,8}u003[ad])/iy;
const encodedEnds = new Next(/[\s,;&<>)\]}|"'`]|%(?:25){0,3}(?:0[9ad]|2[267c]|3b|5d|7d)|\\{1,8}(?:["']|u00(?:2[267]|3b))/gi);
const names = new RunStart(isOfName);
const nameEnds = new Next(/[^\w.\]-]/g);
const [TAB, BLANK, PERCENT, MINUS, COLON, LESS, EQUALS, GREATER, BACKSLASH, D, PIPE] = [9, 0x20, 0x25, 0x2d, 0x3a, 0x3c, 0x3d, 0x3e, 0x5c, 0x64, 0x7c] as const;

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
  while (at < text.length && !isLineEnd(text.charCodeAt(at)) && !isQuotedAgain(text, at)) at++;
  return at;
};

const isLineEnd = (code: number): boolean => code === 0x0a || code === 0x0d || isQuote(code);

const pastBlanks = (text: string, from: number): number => {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
};

/**
 * `begin` and `end`: of the word that gives the name away. Undefined where no value follows, or one that is none, or several: these are added to
 * `several`, and may come before others that are.
 */
export const valueRange = (text: string, begin: number, end: number, several: ValueRange[] = []): ValueRange | undefined => {
  let at = Math.min(end + MOST_REST, nameEnds.at(text, end));
  const hasRest = at > end;
  if ((hasRest && HARMLESS.test(text.slice(end, at))) || isGrammar(text, begin)) return undefined;
  if (isEncoding(text.charCodeAt(at))) {
    ENCODED.lastIndex = at;
    if (ENCODED.test(text)) return judged(text, ENCODED.lastIndex, encodedEnds.at(text, ENCODED.lastIndex), '', hasRest);
  }
  const nameQuote = quoteAt(text, at);
  at += nameQuote.length;
  const sign = pastBlanks(text, at);
  const code = text.charCodeAt(sign);
  const isHeader = code === COLON;
  if (code === EQUALS || isHeader) {
    const second = text.charCodeAt(sign + 1);
    at = second === GREATER || second === EQUALS ? sign + 2 : sign + 1;
  } else if (sign === at || code === MINUS || !isOption(text, begin)) {
    const password = hasRest || nameQuote !== '' ? -1 : sqlPasswordAt(text, begin, end);
    if (password === -1) return (hasRest || text.charCodeAt(at) !== TAB ? undefined : inNextField(text, sign)) ?? valueApart(text, begin, at, nameQuote);
    at = password;
  }
  // `secret://…` names a place.
  if (isHeader && text.startsWith('//', at)) return undefined;
  at = pastBlanks(text, at);
  if (isHeader && isLineOrBlock(text.charCodeAt(at))) {
    lineRanges(text, at, several);
    return undefined;
  }
  const quote = quoteAt(text, at);
  const from = at + quote.length;
  // A folder one is in: told by its beginning, as what follows may hold the same word again and again.
  if (end - begin === 3 && /[/~]/.test(text[from] ?? '')) return undefined;
  if (quote !== '') return judged(text, from, closeOf(text, from, quote), '', hasRest);
  if (text[from] === '(') return undefined;
  if (text[from] === '{' || text[from] === '[') {
    nestedRanges(text, from, nameQuote, several);
    return undefined;
  }
  if (text.charCodeAt(from) === LESS) return inAngles(text, from, hasRest);
  if (isHeader && nameQuote === '' && isCookie(text, begin, end)) return judged(text, from, lineEnd(text, from), '', hasRest);
  const to = wordEnd(text, from);
  if (!isBlank(text.charCodeAt(to)) || !SCHEME.test(text.slice(from, to))) {
    const first = judged(text, from, to, nameQuote, hasRest);
    return first === undefined || nameQuote !== '' ? first : { ...first, to: partsEnd(text, to) };
  }
  const credential = pastBlanks(text, to);
  return judged(text, credential, wordEnd(text, credential), '', hasRest);
};

const judged = (text: string, from: number, to: number, quote: string, hasRest: boolean): ValueRange | undefined =>
  isNone(text, from, to) || (hasRest && NUMBER.test(text.slice(from, to))) ? undefined : { from, to, quote };

/** `password=<x>`, where `x` is no word that stands for a password in instructions; a word that only begins so is all of it. */
const inAngles = (text: string, from: number, hasRest: boolean): ValueRange | undefined => {
  ANGLES.lastIndex = from;
  const value = ANGLES.exec(text)?.[1];
  if (value !== undefined) return isPlaceholder(value, 0, value.length) ? undefined : judged(text, from + 1, from + 1 + value.length, '', hasRest);
  TAG.lastIndex = from;
  if (TAG.test(text)) return undefined;
  let to = from;
  while (isAngle(text.charCodeAt(to))) to = wordEnd(text, to + 1);
  return /[^<>]/.test(text.slice(from, to)) ? { from, to: partsEnd(text, to), quote: '' } : undefined;
};

/** Of a row whose fields are parted by tabs: one word up to the next, so that a sentence is none; of letters alone at the end of the row only. */
const inNextField = (text: string, at: number): ValueRange | undefined => {
  const quote = quoteAt(text, at);
  const from = at + quote.length;
  if (quote !== '') return judged(text, from, closeOf(text, from, quote), '', false);
  const to = wordEnd(text, from);
  const code = text.charCodeAt(to);
  if (to < text.length && code !== TAB && !isLineEnd(code)) return undefined;
  if (code === TAB && !/[^a-z]/i.test(text.slice(from, to))) return undefined;
  return /^[^\w"'$]*[\w$]/.test(text.slice(from, to)) && !isPlaceholder(text, from, to) ? judged(text, from, to, '', false) : undefined;
};

const isEncoding = (code: number): boolean => code === PERCENT || code === BACKSLASH;
const isLineOrBlock = (code: number): boolean => code === 0x0a || code === 0x0d || code === PIPE || code === GREATER;

const isAngle = (code: number): boolean => code === LESS || code === GREATER;

/** A parser's. */
const isGrammar = (text: string, begin: number): boolean =>
  text.charCodeAt(begin - 1) === BLANK && (text.charCodeAt(begin - 2) | BLANK) === D && GRAMMAR.test(text.slice(Math.max(0, begin - 12), begin));

const isCookie = (text: string, begin: number, end: number): boolean => end - begin === 6 && text.slice(begin, end).toLowerCase() === 'cookie';

const valueApart = (text: string, begin: number, at: number, nameQuote: string): ValueRange | undefined => {
  const range = apartRange(text, begin, at, nameQuote);
  return range === undefined || isNone(text, range.from, range.to) ? undefined : range;
};

/** Whether the word stands in an option of a command, whose value may follow a blank. */
const isOption = (text: string, begin: number): boolean => {
  const at = names.at(text, begin);
  return begin - at <= MOST_BEFORE && text.startsWith('--', at) && (at === 0 || isBlank(text.charCodeAt(at - 1)) || text[at - 1] === '\n');
};
