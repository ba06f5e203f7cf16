// How a log line is a document of a search store that keeps such: its fields, and what its words and its free attributes are as terms there.
// Who writes documents and who asks for them both read it here. A term that had to be cut is told by its length: whoever asks for one that
// long gets others too.
import { tokensOf } from '../core/tokens.ts';
import { TABLE_FIELDS } from './tables.ts';

/** Columns that no one asks for by value: the texts of a line, and the words of both. */
const TEXTS: ReadonlySet<string> = new Set(['body', 'raw', 'head', 'tail']);

/** Columns of the table `logs` that are one term each. */
export const TERM_COLUMNS: readonly string[] = TABLE_FIELDS.logs.filter(({ name, type }) => type.kind === 'utf8' && !TEXTS.has(name)).map(({ name }) => name);

/** Fields beside the columns of the table. */
export const DOCUMENT = {
  /** Of the event, in whole ms: what shows a document in time. */
  date: '@timestamp',
  /** Words of the line, and of the message where they are not part of that; not part of the document that is given back. */
  words: 'words',
  /** A number for the file of a sender, so that lines of one stand together. */
  message: 'message',
  /** Attributes that are no fields: see `otherTerm`. */
  other: 'other',
  /** Their values as they came, by the column they are of. */
  beyond: 'beyond',
} as const;

/** A longer token stands as its first signs. */
export const LONGEST_TOKEN = 150;
/** A longer term of `other` too; in UTF-8 it stays below the 32,766 bytes of Lucene. */
const LONGEST_TERM = 8000;
/** UTF-8 bytes of an attribute that is a field of its own. */
export const LONGEST_ATTRIBUTE = 24_000;

/** No half of a pair is left. */
const cut = (text: string, length: number): string => (text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, ''));

/** The words of a text as terms, in their order, a blank between two. */
export const wordTerms = (text: string): string => {
  const tokens = tokensOf(text);
  return (tokens.some((token) => token.length > LONGEST_TOKEN) ? tokens.map((token) => cut(token, LONGEST_TOKEN)) : tokens).join(' ');
};

/** False: other tokens are the same term. */
export const isWholeToken = (token: string): boolean => token.length < LONGEST_TOKEN - 1;

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:/@-]*$/;
/** Names of attributes that can be fields. */
export const isFieldName = (name: string): boolean => name.length <= 200 && NAME.test(name) && !name.includes('..') && !name.endsWith('.');

const float = new Float64Array(1);
const bits = new BigUint64Array(float.buffer);
const SIGN = 1n << 63n;

/** As text whose order is that of the numbers. */
export const sortableNumber = (value: number): string => {
  // One zero.
  float[0] = value + 0;
  const of = bits[0] as bigint;
  return ((of & SIGN) === 0n ? of | SIGN : ~of & (SIGN * 2n - 1n)).toString(16).padStart(16, '0');
};

/** What all terms of an attribute that is no field begin with. */
export const otherPrefix = (column: 'attributes' | 'numbers', name: string): string => `${column[0]}\0${name}\0`;

export const otherTerm = (column: 'attributes' | 'numbers', name: string, value: string | number): string =>
  cut(otherPrefix(column, name) + (typeof value === 'number' ? sortableNumber(value) : value), LONGEST_TERM);

/** False: other values are the same term. */
export const isWholeTerm = (term: string): boolean => term.length < LONGEST_TERM - 1;
