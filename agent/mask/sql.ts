// Where a password begins in a statement of SQL, in quotes or, as Oracle takes it, without: `PASSWORD 'x'`, `PASSWORD('x')`, `SET PASSWORD FOR a = 'x'`,
// `IDENTIFIED BY 'x'`, `IDENTIFIED BY VALUES 'x'`, `IDENTIFIED BY x`. A sentence holds the same words: "identified by the server".
import { isBlank } from './signs.ts';

/** Up to the quote; what begins there must be no end of another value. */
const TO_QUOTE = /(?:[ \t]{1,4}for[ \t]{1,4}[^\s=]{1,200}[ \t]{0,4}=[ \t]{0,4}|[ \t]{1,4}|[ \t]?\([ \t]?)(?=\\{0,8}["'][^\s,:;)\]}])/iy;
const TO_VALUES = /[ \t]{1,4}values[ \t]{1,4}(?=\\{0,8}["'][^\s,:;)\]}])/iy;
const WORD = /^(?:password$|identified)/i;
const BY = /by$/i;
/** Up to a password without quotes: no other word of a statement, or of a sentence. */
const TO_BARE =
  /[ \t]{1,4}(?!(?:a|an|and|any|both|each|either|externally|for|globally|her|his|its|my|one|or|our|password|random|some|that|the|their|these|this|those|values|which|whom|your)(?!\w))(?=[a-z0-9_])/iy;
const STATEMENT = /(?<!\w)(?:(?:create|alter)[ \t]{1,4}(?:user|role)|grant|connect[ \t]{1,4}to)[ \t][^;]{0,200}$/i;
const MOST_BEFORE = 200;

/** `begin` and `end`: of the word that gives it away. -1: no password follows. */
export const sqlPasswordAt = (text: string, begin: number, end: number): number => {
  // Few names are as long, and fewer followed so.
  if (end - begin < 8 || !(isBlank(text.charCodeAt(end)) || text[end] === '(')) return -1;
  const word = text.slice(begin, end);
  if (!WORD.test(word)) return -1;
  TO_QUOTE.lastIndex = end;
  if (TO_QUOTE.test(text)) return TO_QUOTE.lastIndex;
  if (!BY.test(word)) return -1;
  TO_VALUES.lastIndex = end;
  if (TO_VALUES.test(text)) return TO_VALUES.lastIndex;
  TO_BARE.lastIndex = end;
  const isBare = TO_BARE.test(text) && (word === word.toUpperCase() || STATEMENT.test(text.slice(Math.max(0, begin - MOST_BEFORE), begin)));
  return isBare ? TO_BARE.lastIndex : -1;
};
