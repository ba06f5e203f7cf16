// Where a secret stands in another field than the name that tells it: `<password>x</password>`, `{"name":"DB_PASSWORD","value":"x"}`, in either
// order, and `<property name="password">x</property>`. Looks at so many characters around a name at most.
import { closeOf, type ValueRange, wordEnd } from './quotes.ts';

/** Characters of an object before the name, in which its value may stand. */
const MOST_APART = 512;
const MOST_BEFORE = 120;
const QUOTE = '\\\\{0,8}["\']';
/** Of a tag up to the name in it, which a program may have written for a page of HTML or for JSON. */
const TAG = /(?:<|&lt;|\\u003c)(?:[\w.-]{1,60}:)?[\w.-]{0,60}$/i;
/** The end of a tag, and what stands before a text in it. */
const TAG_END = /(?:[ \t][^<>\n]{0,200})?(?:>|&gt;|\\u003e)(?:<!\[CDATA\[)?/iy;
const TAG_NEXT = /<|&lt;|\\u003c/gi;
/** Up to a name that is itself a value. */
const KEYED = new RegExp(
  `(?:^|[^\\w])(?:\\w{0,20}(?:name|key)|field|param(?:eter)?|var(?:iable)?|property|header|id|k)(?:${QUOTE})?[ \\t]{0,4}(?:=>|[:=])[ \\t]{0,4}(${QUOTE})?[\\w.-]{0,60}$`,
  'i',
);
const VALUE_KEY = `(?:value|val)(${QUOTE})?[ \\t]{0,4}(?:=>|[:=])[ \\t]{0,4}(${QUOTE})?`;
/** From the end of the name to its value in the same object, on the same line or the next. */
const VALUE_NEXT = new RegExp(`(?:[\\s,;"'\\\\]{0,40}|[^{}<>\\n]{0,200}?[\\s,;"'\\\\])${VALUE_KEY}`, 'iy');
const VALUE_BEFORE = new RegExp(`(?<![\\w.-])${VALUE_KEY}`, 'i');

/** `begin`: of the word that gives the name away; `at`: behind the name and its quote. Undefined where there is no such field. */
export const apartRange = (text: string, begin: number, at: number, nameQuote: string): ValueRange | undefined => {
  const before = text.slice(Math.max(0, begin - MOST_BEFORE), begin);
  const keyed = KEYED.exec(before);
  const isKeyed = keyed !== null && (keyed[1] ?? '') === nameQuote;
  if (isKeyed || TAG.test(before)) {
    const range = inTag(text, at);
    if (range !== undefined) return range;
  }
  return isKeyed ? (next(text, at) ?? previous(text, begin - before.length + keyed.index)) : undefined;
};

const inTag = (text: string, at: number): ValueRange | undefined => {
  TAG_END.lastIndex = at;
  if (!TAG_END.test(text)) return undefined;
  const from = TAG_END.lastIndex;
  TAG_NEXT.lastIndex = from;
  const end = TAG_NEXT.exec(text);
  if (end === null || text[TAG_NEXT.lastIndex] !== '/') return undefined;
  return { from, to: text.startsWith(']]>', end.index - 3) ? Math.max(from, end.index - 3) : end.index, quote: '' };
};

const next = (text: string, at: number): ValueRange | undefined => {
  VALUE_NEXT.lastIndex = at;
  const found = VALUE_NEXT.exec(text);
  return found === null ? undefined : valueAt(text, VALUE_NEXT.lastIndex, found[1], found[2], text.length);
};

const previous = (text: string, at: number): ValueRange | undefined => {
  const some = text.slice(Math.max(0, at - MOST_APART), at);
  const open = Math.max(some.lastIndexOf('{'), some.lastIndexOf('<'));
  const found = open === -1 ? null : VALUE_BEFORE.exec(some.slice(open + 1));
  return found === null ? undefined : valueAt(text, at - some.length + open + 1 + found.index + found[0].length, found[1], found[2], at);
};

const valueAt = (text: string, from: number, keyQuote = '', quote = '', end: number): ValueRange | undefined => {
  if (quote === '' && /[[{(]/.test(text[from] ?? '')) return undefined;
  const to = quote === '' ? wordEnd(text, from) : closeOf(text, from, quote);
  return to > end ? undefined : { from, to, quote: quote === '' ? keyQuote : '' };
};
