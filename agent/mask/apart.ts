// Where a secret stands in another field than the name that tells it: `<password>x</password>`, `{"name":"DB_PASSWORD","value":"x"}`, in either
// order, and `<property name="password">x</property>`. Looks at so many characters around a name at most, and goes over none of them again for
// each of many names.
import { Last, Next, RunStart } from './next.ts';
import { closeOf, type ValueRange, wordEnd } from './quotes.ts';
import { isBlank, isOfTag, isOfWord, isSign, runStart } from './signs.ts';

/** Characters of an object before the name, in which its value may stand. */
const MOST_APART = 512;
/** Between a name and its value behind it; fewer where there are only signs. */
const MOST_BETWEEN = 200;
const MOST_SIGNS = 40;
/** Of a tag before the name; of a name. */
const MOST_BEFORE = 120;
const MOST_NAME = 60;
const MOST_BLANKS = 4;
const MOST_SLASHES = 8;
const CDATA = '<![CDATA[';
const QUOTE = '\\\\{0,8}["\']';
/** That a name is itself a value. */
const KEY = /^(?:\w{0,20}(?:name|key)|field|param(?:eter)?|var(?:iable)?|property|header|id|k)$/i;
const MOST_KEY = 24;
const VALUE_KEY = `(?:value|val)(${QUOTE})?[ \\t]{0,4}(?:=>|[:=])[ \\t]{0,4}(${QUOTE})?`;
const VALUE_AT = new RegExp(VALUE_KEY, 'iy');
const [AMPERSAND, BACKSLASH, BRACE, COLON, EQUALS, GREATER, LESS, SEMICOLON] = [0x26, 0x5c, 0x7b, 0x3a, 0x3d, 0x3e, 0x3c, 0x3b] as const;

const tagRuns = new RunStart(isOfTag);
const tagSigns = new Next(/[<>\n]/g);
const tagEnds = new Last((text, at) => tagEndLength(text, at) > 0);
/** A program may have written it for a page of HTML or for JSON. */
const tagBegins = new Next(/<|&lt;|\\u003c/gi);
/** Of JSON: what a tag begins in one ends in no other. */
const textEnds = new Next(/["'][ \t]{0,4}[,:}\]]/g);
const opens = new Last((text, at) => text.charCodeAt(at) === LESS || text.charCodeAt(at) === BRACE);
const objectSigns = new Next(/[{}<>\n]/g);
const valuesNext = new Next(new RegExp(`(?<=[\\s,;"'\\\\])${VALUE_KEY}`, 'gi'));
const valuesBefore = new Next(new RegExp(`(?<![\\w.-])${VALUE_KEY}`, 'gi'));

/** `begin`: of the word that gives the name away; `at`: behind the name and its quote. Undefined where there is no such field. */
export const apartRange = (text: string, begin: number, at: number, nameQuote: string): ValueRange | undefined => {
  const run = tagRuns.at(text, begin);
  const key = keyOf(text, begin, run, nameQuote);
  if (key !== -1 || isTag(text, begin, run)) {
    const range = inTag(text, at);
    if (range !== undefined) return range;
  }
  return key === -1 ? undefined : (next(text, at) ?? previous(text, key));
};

/** Where the field begins whose value the name is, as in `"key":"password"`; -1: it is none. `run`: where the name begins. */
const keyOf = (text: string, begin: number, run: number, nameQuote: string): number => {
  const quote = quoteStart(text, run);
  if (begin - run > MOST_NAME || run - quote !== nameQuote.length || !text.startsWith(nameQuote, quote)) return -1;
  let at = runStart(text, quote, quote - MOST_BLANKS, isBlank);
  const sign = text.charCodeAt(at - 1);
  if (sign === COLON || sign === EQUALS) at--;
  else if (sign === GREATER && text.charCodeAt(at - 2) === EQUALS) at -= 2;
  else return -1;
  at = quoteStart(text, runStart(text, at, at - MOST_BLANKS, isBlank));
  const from = runStart(text, at, at - MOST_KEY - 1, isOfWord);
  return KEY.test(text.slice(from, at)) ? Math.max(0, from - 1) : -1;
};

/** Where the quote begins that ends at `to`, with its backslashes; the place itself: there is none. */
const quoteStart = (text: string, to: number): number => {
  const code = text.charCodeAt(to - 1);
  return code === 0x22 || code === 0x27 ? runStart(text, to - 1, to - 1 - MOST_SLASHES, isBackslash) : to;
};

const isBackslash = (code: number): boolean => code === BACKSLASH;

/** Whether a tag goes up to the name, whose letters begin at `run`: `<db:password`. */
const isTag = (text: string, begin: number, run: number): boolean => {
  const colon = run - 1;
  const isPrefixed = text.charCodeAt(colon) === COLON && begin - run <= MOST_NAME;
  const tag = isPrefixed ? tagStart(text, runStart(text, colon, colon - MOST_BEFORE, isOfTag), colon, 1) : tagStart(text, run, begin, 0);
  return tag !== -1 && begin - tag <= MOST_BEFORE;
};

/** Of a tag whose name, or what stands before a colon in it, is in `[from, to)`; -1: it is none. */
const tagStart = (text: string, from: number, to: number, least: number): number => {
  const length = to - from;
  const before = text.charCodeAt(from - 1);
  if (length >= least && length <= MOST_NAME) {
    if (before === LESS) return from - 1;
    if (before === SEMICOLON && text.slice(from - 4, from).toLowerCase() === '&lt;') return from - 4;
  }
  // Its letters run on into those of the name.
  const isEscaped = before === BACKSLASH && length - 5 >= least && length - 5 <= MOST_NAME && text.slice(from, from + 5).toLowerCase() === 'u003c';
  return isEscaped ? from - 1 : -1;
};

const inTag = (text: string, at: number): ValueRange | undefined => {
  const end = tagEnd(text, at);
  if (end === -1) return undefined;
  const from = text.slice(end, end + CDATA.length).toUpperCase() === CDATA ? end + CDATA.length : end;
  const to = tagBegins.at(text, from);
  if (textEnds.at(text, end) < to) return undefined;
  if (tagBegins.found === null || text[to + tagBegins.found[0].length] !== '/') return undefined;
  return { from, to: text.startsWith(']]>', to - 3) ? Math.max(from, to - 3) : to, quote: '' };
};

/** Behind the end of the tag that goes on at a place; -1: it has none. */
const tagEnd = (text: string, at: number): number => {
  let end = at;
  if (isBlank(text.charCodeAt(at))) {
    const most = at + 1 + MOST_BETWEEN;
    const sign = tagSigns.at(text, at + 1);
    end = sign <= most && text.charCodeAt(sign) === GREATER ? sign : tagEnds.at(text, at + 1, Math.min(sign, most));
  }
  const length = end === -1 ? 0 : tagEndLength(text, end);
  return length === 0 ? -1 : end + length;
};

const tagEndLength = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  if (code === GREATER) return 1;
  if (code === AMPERSAND) return text.slice(at, at + 4).toLowerCase() === '&gt;' ? 4 : 0;
  return code === BACKSLASH && text.slice(at, at + 6).toLowerCase() === '\\u003e' ? 6 : 0;
};

/** From the end of the name to its value in the same object, on the same line or the next. */
const next = (text: string, at: number): ValueRange | undefined => {
  VALUE_AT.lastIndex = at;
  const here = (text.charCodeAt(at) | 0x20) === 0x76 ? VALUE_AT.exec(text) : null;
  if (here !== null) return valueAt(text, at, here, text.length);
  const begin = valuesNext.at(text, at);
  const { found } = valuesNext;
  if (found === null || begin - 1 - at > MOST_BETWEEN) return undefined;
  if (objectSigns.at(text, at) < begin - 1 && (begin - at > MOST_SIGNS || runStart(text, begin, at, isSign) > at)) return undefined;
  return valueAt(text, begin, found, text.length);
};

const previous = (text: string, at: number): ValueRange | undefined => {
  const open = opens.at(text, Math.max(0, at - MOST_APART), at - 1);
  if (open === -1) return undefined;
  const begin = valuesBefore.at(text, open + 1);
  const { found } = valuesBefore;
  return found === null || begin >= at ? undefined : valueAt(text, begin, found, at);
};

/** Many names may stand near one value. */
let last: { readonly found: RegExpExecArray; readonly to: number } | undefined;

const valueAt = (text: string, at: number, found: RegExpExecArray, end: number): ValueRange | undefined => {
  const [whole, keyQuote = '', quote = ''] = found;
  const from = at + whole.length;
  if (from > end || (quote === '' && '[{('.includes(text.charAt(from) || ' '))) return undefined;
  if (last?.found !== found) last = { found, to: quote === '' ? wordEnd(text, from) : closeOf(text, from, quote) };
  return last.to > end ? undefined : { from, to: last.to, quote: quote === '' ? keyQuote : '' };
};
