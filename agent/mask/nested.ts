// The secrets of a name whose value is a list or an object, as JSON, YAML on one line and programs in Java and Go write them: what stands in the list,
// and the fields of an object that hold a value (`{"value":"x"}`), not those that tell of it (`{"name":"x"}`). Looks at so many characters at most.
import { Next } from './next.ts';
import { closeOf, isQuote, quoteAt, type ValueRange } from './quotes.ts';
import { isNone, isPlaceholder, SCHEME } from './words.ts';

/** Names in an object have walks of their own; in a list most are of its secrets. */
const MOST_OF_LIST = 4096;
const MOST_OF_OBJECT = 1024;
const MOST_DEPTH = 8;
/** Of a field, or of a line of YAML. */
export const HOLDS = /^(?:values?|val|data|raw|string|(?:plain|clear)?[-_]?text|current|old|new|previous|[#_$](?:text|value|t))$/i;
const KEY = /([\w$#.-]{1,64})[ \t]{0,4}(?==>|[:=])/y;
const IS_KEY = /\s{0,8}(?:=>|[:=])/y;
const wordEnds = new Next(/[\s,;&<>)\]}|"'`]/g);
const SIGNS = /[\s,;:=>&<|)(]/;

interface Level {
  readonly isList: boolean;
  /** Of a list: whether what stands in it is a secret; of an object: the same of the field whose value comes. */
  isSecret: boolean;
}

/** Adds those of the list or object that begins at a place to `ranges`. `nameQuote`: what stands for a number is put into such quotes. */
export const nestedRanges = (text: string, begin: number, nameQuote: string, ranges: ValueRange[]): void => {
  const levels: Level[] = [];
  const end = Math.min(text.length, begin + (text[begin] === '[' ? MOST_OF_LIST : MOST_OF_OBJECT));
  for (let at = begin; at < end; ) {
    const sign = text[at] as string;
    const level = levels.at(-1);
    if (sign === '[' || sign === '{') {
      if (levels.length === MOST_DEPTH) return;
      levels.push({ isList: sign === '[', isSecret: sign === '[' && (level?.isSecret ?? true) });
      at++;
    } else if (sign === ']' || sign === '}') {
      levels.pop();
      if (levels.length === 0) return;
      at++;
    } else if (level?.isList === false && sign === ',') {
      level.isSecret = false;
      at++;
    } else if (SIGNS.test(sign)) at++;
    else at = scalar(text, at, level as Level, nameQuote, ranges);
  }
};

/** Answers where it ends. */
const scalar = (text: string, at: number, level: Level, nameQuote: string, ranges: ValueRange[]): number => {
  const quote = quoteAt(text, at);
  const from = at + quote.length;
  if (quote === '') {
    KEY.lastIndex = at;
    const key = level.isList ? null : KEY.exec(text);
    if (key !== null) {
      level.isSecret = HOLDS.test(key[1] as string);
      return KEY.lastIndex;
    }
  }
  const to = quote === '' ? wordEnd(text, from) : closeOf(text, from, quote);
  const next = Math.max(at + 1, to + quote.length);
  IS_KEY.lastIndex = next;
  if (!level.isList && quote !== '' && IS_KEY.test(text)) level.isSecret = HOLDS.test(text.slice(from, Math.min(to, from + 64)));
  else if (level.isSecret && !isNone(text, from, to)) {
    if (quote !== '') ranges.push({ from, to, quote: '' });
    else if (!isPlaceholder(text, from, to) && !SCHEME.test(text.slice(from, to))) ranges.push({ from, to, quote: nameQuote });
  }
  return next;
};

const wordEnd = (text: string, from: number): number => {
  let to = wordEnds.at(text, from);
  if (isQuote(text.charCodeAt(to))) while (to > from && text[to - 1] === '\\') to--;
  return to;
};
