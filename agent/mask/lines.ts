// The secrets of a name whose value stands on the lines below it, as YAML has it: a word, a text behind `|` or `>`, items, and fields that hold a value.
// What has blanks there is a sentence, or a stack trace. Looks at so many characters at most.
import { HOLDS } from './nested.ts';
import { closeOf, quoteAt, type ValueRange } from './quotes.ts';
import { isNone, isPlaceholder } from './words.ts';

const MOST = 2048;
const TO_LINES = /([|>][+-]?\d?[ \t]{0,4})?\r?\n/y;
const LINE = /([ \t]{0,100})(-[ \t]{1,4})?([^\n]{0,1024})(?:\n|$)/y;
const FIELD = /^["']?([\w$#-]{1,40})["']?:[ \t]{1,4}(?=\S)/;
const WORD = /^(?=.*\w)[^\s:]+(?::+[^\s:]+)*[,\s]*$/;

/** `at`: behind the colon and its blanks. */
export const lineRanges = (text: string, at: number, ranges: ValueRange[]): void => {
  TO_LINES.lastIndex = at;
  const begin = TO_LINES.exec(text);
  if (begin === null) return;
  const isText = begin[1] !== undefined;
  const end = TO_LINES.lastIndex + MOST;
  let indent: string | undefined;
  let isList = false;
  for (LINE.lastIndex = TO_LINES.lastIndex; LINE.lastIndex < Math.min(end, text.length); ) {
    const from = LINE.lastIndex;
    const line = LINE.exec(text);
    if (line === null) return;
    const [, blanks = '', item = '', rest = ''] = line;
    if (indent === undefined) {
      [indent, isList] = [blanks, item !== '' && !isText];
      if (blanks === '' && !isList) return;
    }
    if (isText ? !blanks.startsWith(indent) || item + rest === '' : blanks !== indent || (item !== '') !== isList) return;
    const place = from + blanks.length;
    if (isText) add(text, place, place + item.length + rest.trimEnd().length, ranges);
    else if (!ofLine(text, place + item.length, rest, ranges) || (!isList && !FIELD.test(rest))) return;
  }
};

/** Of a line that is no text of its own; false where it is none of YAML. */
const ofLine = (text: string, from: number, rest: string, ranges: ValueRange[]): boolean => {
  const field = FIELD.exec(rest);
  if (field !== null && !HOLDS.test(field[1] as string)) return true;
  const begin = field?.[0].length ?? 0;
  const value = rest.slice(begin).trimEnd();
  const quote = quoteAt(value, 0);
  if (field === null && quote === '' && !WORD.test(value)) return false;
  const place = from + begin + quote.length;
  const to = quote === '' ? place + value.replace(/,$/, '').length : closeOf(text, place, quote);
  if (quote !== '' || !isPlaceholder(text, place, to)) add(text, place, to, ranges);
  return true;
};

const add = (text: string, from: number, to: number, ranges: ValueRange[]): void => {
  if (!isNone(text, from, to)) ranges.push({ from, to, quote: '' });
};
