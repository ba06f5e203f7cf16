// What is found in one line of a log; the line itself is kept beside it where its message is not all of it.
import type { Severity } from '../../../schemas/catalogue.ts';
import { EXTREME } from '../../../schemas/sample-value.ts';
import { Fields } from './fields.ts';

export interface ParsedLine {
  /** ns since 1970. */
  time: bigint | undefined;
  severity: Severity | undefined;
  service: string | undefined;
  traceId: string | undefined;
  spanId: string | undefined;
  /** The text that people wrote, without what stands around it; undefined where that is the whole line. */
  message: string | undefined;
  /** The lines that go on with it have heads of their own, as PostgreSQL writes them. */
  headed: boolean;
  readonly attributes: Fields<string>;
  readonly numbers: Fields<number>;
  /** Attributes for which there was no room. */
  dropped: number;
}

/** Where the text of a line of nothing but ASCII lies: its `i`-th character is byte `from + i` of `data`. */
export interface LineBytes {
  readonly data: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads one form of line; false when the line is of another one, and then `into` is as it was. `now` in ms serves times without a year.
 * `bytes`: the same line, where they are at hand and `into` is as new.
 */
export type LineFormat = (line: string, into: ParsedLine, now: number, bytes?: LineBytes) => boolean;

export const MOST_ATTRIBUTES = 64;
const MOST_NAME = 128;
const MOST_VALUE = 2048;
/** Stack traces that are a field. */
const MOST_TRACE = 16_384;
const TRACE = /stack|exception|traceback|backtrace/i;
/** Of a text with a column of its own: ids, names of services. */
const MOST_OWN = 256;

export const newLine = (): ParsedLine => ({
  time: undefined,
  severity: undefined,
  service: undefined,
  traceId: undefined,
  spanId: undefined,
  message: undefined,
  headed: false,
  attributes: new Fields(),
  numbers: new Fields(),
  dropped: 0,
});

/** As a new one. */
export const clearLine = (line: ParsedLine): void => {
  line.time = undefined;
  line.severity = undefined;
  line.service = undefined;
  line.traceId = undefined;
  line.spanId = undefined;
  line.message = undefined;
  line.headed = false;
  line.attributes.clear();
  line.numbers.clear();
  line.dropped = 0;
};

/** Names that were found to be such: lines have the same ones again and again. */
const names = new Set<string>();
const MOST_KNOWN = 1024;

/** Halves of surrogate pairs all become the same character as bytes: two names that differ in them would be one there. */
export const isName = (text: string): boolean => {
  if (names.has(text)) return true;
  if (text === '' || text.length > MOST_NAME || !text.isWellFormed() || text.includes('\0')) return false;
  // One that is a part of a long text would hold all of that.
  if (names.size < MOST_KNOWN) names.add(Buffer.from(text).toString());
  return true;
};

const room = (into: ParsedLine): boolean => {
  if (into.attributes.size + into.numbers.size < MOST_ATTRIBUTES) return true;
  into.dropped++;
  return false;
};

/** For what has a column of its own, where a first finding stands; false for another one, and for what cannot be such a text. */
export const setOwn = (into: ParsedLine, column: 'service' | 'traceId' | 'spanId', value: string): boolean => {
  if (value === '' || value.length > MOST_OWN || !value.isWellFormed()) return false;
  into[column] ??= value;
  return into[column] === value;
};

/** A first finding stands; false for a text that says nothing. */
export const setMessage = (into: ParsedLine, text: string): boolean => {
  if (into.message !== undefined || text.trim() === '') return false;
  into.message = text;
  return true;
};

export const setText = (into: ParsedLine, name: string, value: string | undefined): void => {
  if (value !== undefined && isName(name)) putText(into, name, value);
};

/** Under what is a name. */
export const putText = (into: ParsedLine, name: string, value: string): void => {
  if (value === '' || !room(into)) return;
  const cut = value.length <= MOST_VALUE ? value : value.slice(0, TRACE.test(name) ? MOST_TRACE : MOST_VALUE);
  into.attributes.set(name, cut.toWellFormed());
};

/** What lies beyond ±`EXTREME` the door would refuse: no reading comes near it. */
export const setNumber = (into: ParsedLine, name: string, value: number): void => {
  if (isName(name)) putNumber(into, name, value);
};

/** Under what is a name. */
export const putNumber = (into: ParsedLine, name: string, value: number): void => {
  if (Math.abs(value) <= EXTREME && room(into)) into.numbers.set(name, value);
};

const PLAIN_NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?([eE][+-]?\d{1,3})?$/;

/** In place of what the line says under that name. */
export const setOver = (into: ParsedLine, name: string, value: string | number): void => {
  into.attributes.delete(name);
  into.numbers.delete(name);
  if (typeof value === 'number') into.numbers.set(name, value);
  else into.attributes.set(name, value);
};

/** As a number where the text is one and says no more than the number does; `007` and long ids stay text. */
export const setValue = (into: ParsedLine, name: string, value: string): void => {
  if (PLAIN_NUMBER.test(value)) setNumber(into, name, Number(value));
  else setText(into, name, value);
};
