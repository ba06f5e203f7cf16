// Bound parameters on their way to ClickHouse (https://clickhouse.com/docs/interfaces/http#cli-queries-with-parameters):
// few bytes go in the URL, by the client; many go as a form, since servers and proxies bound the length of a URL.
import { randomUUID } from 'node:crypto';
import type { Parameters } from '../port.ts';

type Scalar = string | number | bigint | boolean | null;

/** In code units; escaping for the URL makes each up to nine bytes, and proxies commonly take 8 KiB. */
const LONGEST_IN_URL = 4096;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const escaped = (text: string): string => text.replace(/[\\'\t\n\r]/g, (sign) => ESCAPES[sign] as string);

const numberText = (value: number): string =>
  Number.isNaN(value) ? 'nan' : value === Number.POSITIVE_INFINITY ? '+inf' : value === Number.NEGATIVE_INFINITY ? '-inf' : String(value);

const scalarText = (value: Exclude<Scalar, string>): string =>
  value === null ? '\\N' : typeof value === 'boolean' ? (value ? '1' : '0') : typeof value === 'number' ? numberText(value) : String(value);

/** The value as a parameter's text. */
export const parameterText = (value: Parameters[string]): string => {
  if (typeof value === 'string') return escaped(value);
  if (typeof value !== 'object' || value === null) return scalarText(value);
  return `[${value.map((item) => (typeof item === 'string' ? `'${escaped(item)}'` : scalarText(item))).join(',')}]`;
};

export interface Form {
  readonly contentType: string;
  readonly body: string;
}

/** The statement and its parameters as a form; undefined when they fit the URL. */
export const formOf = (sql: string, params: Parameters): Form | undefined => {
  const texts = Object.entries(params).map(([name, value]) => [`param_${name}`, parameterText(value)] as const);
  if (texts.reduce((sum, [name, text]) => sum + name.length + text.length, 0) <= LONGEST_IN_URL) return undefined;
  // No value can hold the boundary: it is made after them and cannot be guessed.
  const boundary = `----columns-${randomUUID()}`;
  const part = ([name, text]: readonly [string, string]): string => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: `${[['query', sql] as const, ...texts].map(part).join('')}--${boundary}--\r\n` };
};
