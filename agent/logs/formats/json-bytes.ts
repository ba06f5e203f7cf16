// Reads an object of JSON from its bytes straight into a line: no object is made, and no text but those that are kept. It reads what nearly all
// loggers write (ASCII, names that stand once, no lists) and gives up on all else, which `JSON.parse` then reads; what it takes, that takes too,
// with the same outcome (`json-bytes.test.ts`).
import { type Known, MOST_DEPTH, nameIn, ROOT, takes } from './json-names.ts';
import { type LineBytes, MOST_ATTRIBUTES, type ParsedLine, putNumber, putText } from './parsed-line.ts';

/** Values of the outermost object that mean something only beside each other. */
export interface Told {
  event: unknown;
  name: unknown;
  hostname: unknown;
  v: unknown;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** Quote, backslash, control, or no ASCII: what a text cannot just hold. */
const ENDS = Uint8Array.from({ length: 256 }, (_, code) => (code === QUOTE || code === BACKSLASH || code < 0x20 || code > 0x7e ? 1 : 0));
const POWERS = Float64Array.from({ length: 16 }, (_, i) => 10 ** i);
/** Digits of a whole number that is exact. */
const MOST_DIGITS = 15;
/** Their place among others depends on their value. */
const INDEX = /^\d/;

/** Names met in the lines before, by where in a line they stood: the next one mostly has the same ones in the same order. */
const order: (Known | undefined)[] = [];
const MOST_ORDER = 128;

let data: Uint8Array = new Uint8Array(0);
let first = 0;
let end = 0;
let at = 0;
let text = '';
let place = 0;
/** Counts lines: a name that was met in this one stands twice. */
let serial = 0;

/** Fills `into`, which is as new, and `told`. False: it is for `JSON.parse`, and `into` may be filled in part. */
export const readObject = (bytes: LineBytes, line: string, into: ParsedLine, told: Told): boolean => {
  data = bytes.data;
  first = bytes.from;
  end = bytes.to;
  at = first + 1;
  text = line;
  place = 0;
  serial++;
  told.event = undefined;
  told.name = undefined;
  told.hostname = undefined;
  told.v = undefined;
  const done = members(into, told, ROOT, 0) && blanks() === -1;
  text = '';
  return done;
};

/** The next byte that is none of JSON's blanks; -1: there is none. */
const blanks = (): number => {
  while (at < end) {
    const byte = data[at] as number;
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return byte;
    at++;
  }
  return -1;
};

/** Behind an opening quote: where the text ends, its closing quote passed; -1 for what is not to be read here. `plain` says whether it has no escapes. */
let plain = true;
const textEnd = (): number => {
  plain = true;
  for (;;) {
    while (at < end && ENDS[data[at] as number] === 0) at++;
    const byte = at < end ? data[at] : 0;
    if (byte === QUOTE) return at++;
    if (byte !== BACKSLASH) return -1;
    plain = false;
    at += 2;
  }
};

/** The name whose text begins behind a quote; undefined for one that is not to be read here. */
const nameAt = (parent: Known): Known | undefined => {
  const guess = order[place];
  if (guess !== undefined && guess.parent === parent) {
    const { bytes } = guess;
    const { length } = bytes;
    let same = 0;
    while (same < length && data[at + same] === bytes[same]) same++;
    if (same === length && data[at + same] === QUOTE) {
      at += same + 1;
      return guess;
    }
  }
  const from = at;
  const to = textEnd();
  if (to === -1 || !plain) return undefined;
  const key = text.slice(from - first, to - first);
  if (INDEX.test(key)) return undefined;
  const known = nameIn(parent, key);
  // Of one that is not kept it is not known whether it stands twice.
  if (!known.isKept) return undefined;
  if (place < MOST_ORDER) order[place] = known;
  return known;
};

const members = (into: ParsedLine, told: Told, parent: Known, depth: number): boolean => {
  if (blanks() === CLOSE) {
    at++;
    return true;
  }
  for (;;) {
    if (blanks() !== QUOTE) return false;
    at++;
    const known = nameAt(parent);
    if (known === undefined || known.serial === serial) return false;
    known.serial = serial;
    place++;
    if (blanks() !== COLON) return false;
    at++;
    if (!member(into, told, known, depth)) return false;
    const next = blanks();
    at++;
    if (next === CLOSE) return true;
    if (next !== COMMA) return false;
  }
};

const member = (into: ParsedLine, told: Told, known: Known, depth: number): boolean => {
  const byte = blanks();
  if (byte === QUOTE) {
    const from = ++at;
    const to = textEnd();
    if (to === -1) return false;
    const value = plain ? text.slice(from - first, to - first) : unescaped(from - first - 1, to - first + 1);
    if (value === undefined) return false;
    if (known.companion !== undefined) told[known.companion] = value;
    if ((known.own === undefined || !takes(into, known.own, value)) && known.isName) putText(into, known.name, value);
    return true;
  }
  if (byte === OPEN) {
    // log4j's time, and what is kept as its text or for which there may be no room.
    if (known.name === 'instant' || depth >= MOST_DEPTH || into.attributes.size + into.numbers.size >= MOST_ATTRIBUTES) return false;
    at++;
    return members(into, told, known, depth + 1);
  }
  if (byte === 0x74 || byte === 0x66) {
    const value = byte === 0x74;
    if (!literal(value ? 'true' : 'false')) return false;
    if ((known.own === undefined || !takes(into, known.own, value)) && known.isName) putText(into, known.name, value ? 'true' : 'false');
    return true;
  }
  if (byte === 0x6e) return literal('null');
  const value = number();
  if (value === undefined) return false;
  if (known.companion !== undefined) told[known.companion] = value;
  if ((known.own === undefined || !takes(into, known.own, value)) && known.isName) putNumber(into, known.name, value);
  return true;
};

const literal = (word: string): boolean => {
  for (let i = 0; i < word.length; i++) if (at >= end || data[at++] !== word.charCodeAt(i)) return false;
  return true;
};

const unescaped = (from: number, to: number): string | undefined => {
  try {
    return JSON.parse(text.slice(from, to)) as string;
  } catch {
    return undefined;
  }
};

/** Undefined for what is none. */
const number = (): number | undefined => {
  const from = at;
  const negative = data[at] === MINUS;
  if (negative) at++;
  const whole = at;
  let value = 0;
  let digit = at < end ? (data[at] as number) - ZERO : -1;
  while (digit >= 0 && digit <= 9) {
    value = value * 10 + digit;
    digit = ++at < end ? (data[at] as number) - ZERO : -1;
  }
  let digits = at - whole;
  if (digits === 0 || (digits > 1 && data[whole] === ZERO)) return undefined;
  let fraction = 0;
  if (at < end && data[at] === POINT) {
    digit = ++at < end ? (data[at] as number) - ZERO : -1;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      fraction++;
      digit = ++at < end ? (data[at] as number) - ZERO : -1;
    }
    if (fraction === 0) return undefined;
    digits += fraction;
  }
  let isExact = digits <= MOST_DIGITS;
  if (at < end && ((data[at] as number) | 0x20) === 0x65) {
    isExact = false;
    at++;
    if (at < end && (data[at] === MINUS || data[at] === 0x2b)) at++;
    const exponent = at;
    while (at < end && (data[at] as number) >= ZERO && (data[at] as number) <= 0x39) at++;
    if (at === exponent) return undefined;
  }
  // Both are exact, so their quotient is the nearest there is.
  if (!isExact) return Number(text.slice(from - first, at - first));
  const size = value / (POWERS[fraction] as number);
  return negative ? -size : size;
};
