// Where a value ends that begins at a place: one in quotes, which may stand in a text of JSON that is itself quoted, or a word.
import { isEnd } from './signs.ts';

export interface ValueRange {
  readonly from: number;
  readonly to: number;
  /** What stands in its place is to be put into such quotes: it was a number of JSON. */
  readonly quote: string;
}

const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const SINGLE = 0x27;

export const isQuote = (code: number): boolean => code === 0x22 || code === SINGLE || code === 0x60;

/** Behind a quote, or one with backslashes before it, as in JSON within JSON; the place itself: there is none. */
const quoteEnd = (text: string, at: number): number => {
  let end = at;
  while (end - at < 8 && text.charCodeAt(end) === BACKSLASH) end++;
  return isQuote(text.charCodeAt(end)) ? end + 1 : at;
};

/** Empty: there is none. */
export const quoteAt = (text: string, at: number): string => text.slice(at, quoteEnd(text, at));

/** Whether a quote that has backslashes begins there. */
export const isQuotedAgain = (text: string, at: number): boolean => text.charCodeAt(at) === BACKSLASH && quoteEnd(text, at) !== at;

/** Where the quoted value ends; `quote` may have backslashes before it, and those of the value have more. */
export const closeOf = (text: string, from: number, quote: string): number => {
  const mark = quote.charCodeAt(quote.length - 1);
  const depth = quote.length - 1;
  let slashes = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) slashes++;
    else {
      // A quote in SQL and YAML.
      if (code === SINGLE && mark === code && depth === 0 && at > from && text.charCodeAt(at + 1) === code) {
        at++;
        continue;
      }
      if (code === mark && (depth === 0 ? slashes % 2 === 0 : slashes <= depth)) return depth === 0 ? at : at - slashes;
      if (code === NEWLINE) return at;
      slashes = 0;
    }
  }
  return text.length;
};

export const wordEnd = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && !isEnd(text.charCodeAt(at)) && !isQuotedAgain(text, at)) at++;
  return at;
};
