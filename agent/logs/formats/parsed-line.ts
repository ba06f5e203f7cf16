// What is found in one line of a log; the line itself is kept whole beside it.
import type { Severity } from '../../../schemas/catalogue.ts';
import { EXTREME } from '../../../schemas/sample-value.ts';

export interface ParsedLine {
  /** ns since 1970. */
  time?: bigint;
  severity?: Severity;
  service?: string;
  traceId?: string;
  spanId?: string;
  readonly attributes: Map<string, string>;
  readonly numbers: Map<string, number>;
}

/** Reads one form of line; false when the line is of another one, and then `into` is as it was. `now` in ms serves times without a year. */
export type LineFormat = (line: string, into: ParsedLine, now: number) => boolean;

const MOST_ATTRIBUTES = 64;
const MOST_NAME = 128;
const MOST_VALUE = 2048;
/** Of a text with a column of its own: ids, names of services. */
const MOST_OWN = 256;

export const newLine = (): ParsedLine => ({ attributes: new Map(), numbers: new Map() });

/** Halves of surrogate pairs all become the same character as bytes: two names that differ in them would be one there. */
const room = (into: ParsedLine, name: string): boolean =>
  name !== '' && name.length <= MOST_NAME && name.isWellFormed() && into.attributes.size + into.numbers.size < MOST_ATTRIBUTES;

/** For what has a column of its own, where a first finding stands; false for what cannot be such a text. */
export const setOwn = (into: ParsedLine, column: 'service' | 'traceId' | 'spanId', value: string): boolean => {
  if (value === '' || value.length > MOST_OWN || !value.isWellFormed()) return false;
  into[column] ??= value;
  return true;
};

export const setText = (into: ParsedLine, name: string, value: string | undefined): void => {
  if (value === undefined || value === '' || !room(into, name)) return;
  into.attributes.set(name, value.slice(0, MOST_VALUE).toWellFormed());
};

/** What lies beyond ±`EXTREME` the door would refuse: no reading comes near it. */
export const setNumber = (into: ParsedLine, name: string, value: number): void => {
  if (Math.abs(value) <= EXTREME && room(into, name)) into.numbers.set(name, value);
};

const PLAIN_NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?([eE][+-]?\d{1,3})?$/;

/** As a number where the text is one and says no more than the number does; `007` and long ids stay text. */
export const setValue = (into: ParsedLine, name: string, value: string): void => {
  if (PLAIN_NUMBER.test(value)) setNumber(into, name, Number(value));
  else setText(into, name, value);
};
