// The forms of a line, tried in this order; the first that fits has it. A new one is a file beside this one and a line here.
// An entry of several lines is read by its first one; the others follow its message.
import { commonLog } from './common-log.ts';
import { json } from './json.ts';
import { logfmt } from './logfmt.ts';
import { clearLine, type LineBytes, type LineFormat, type ParsedLine } from './parsed-line.ts';
import { withoutHeads } from './postgres.ts';
import { syslog } from './syslog.ts';
import { text } from './text.ts';

export interface NamedFormat {
  readonly name: string;
  readonly read: LineFormat;
}

/** json is told by its first letter; syslog is strict about its head; common-log before logfmt, since paths hold `=`; text takes all. */
export const FORMATS: readonly NamedFormat[] = [
  { name: 'json', read: json },
  { name: 'syslog', read: syslog },
  { name: 'common-log', read: commonLog },
  { name: 'logfmt', read: logfmt },
  { name: 'text', read: text },
];

/** Only so much of a line is looked into. */
const LOOKED_INTO = 16_384;
const BYTE_ORDER_MARK = 0xfeff;
/** Colours. */
const ESCAPE = String.fromCharCode(27);
const COLOURS = new RegExp(`${ESCAPE}\\[[0-9;]{0,16}m`, 'g');

/** Told of a format that threw. */
export type FormatFailed = (format: string, error: unknown) => void;

/**
 * Reads an entry, lines parted by line feeds, into `into`, which is cleared. Never throws: what no format can read is plain text, and `failed` is told.
 * `bytes`: the same text, where it is nothing but ASCII.
 */
export const parseEntry = (
  written: string,
  into: ParsedLine,
  now: number,
  failed: FormatFailed,
  formats: readonly NamedFormat[] = FORMATS,
  bytes?: LineBytes,
): void => {
  clearLine(into);
  // What some programs begin a file with is no part of its first entry.
  const entry = written.charCodeAt(0) === BYTE_ORDER_MARK ? written.slice(1) : written;
  const end = entry.indexOf('\n');
  // An object may be printed over several lines.
  if (end !== -1 && entry.charCodeAt(0) === 0x7b && tried(entry, into, now, failed, formats.slice(0, 1))) return;
  const line = end === -1 ? entry : entry.slice(0, end);
  const plain = line.includes(ESCAPE) ? line.replaceAll(COLOURS, '') : line;
  const long = plain.length > LOOKED_INTO;
  // An object is read whole, however long.
  const isObject = long && plain.charCodeAt(0) === 0x7b && tried(plain, into, now, failed, formats.slice(0, 1), plain === written ? bytes : undefined);
  const looked = long && !isObject ? plain.slice(0, LOOKED_INTO) : plain;
  if (!(isObject || tried(looked, into, now, failed, formats, !long && plain === written ? bytes : undefined)) || into.message === undefined) return;
  if (looked !== plain && looked.endsWith(into.message)) into.message += plain.slice(LOOKED_INTO);
  if (end !== -1) into.message += into.headed ? withoutHeads(entry.slice(end)) : entry.slice(end);
  // Where the message is a line of its own under its head.
  if (into.message.startsWith('\n')) into.message = into.message.trimStart();
  if (into.message.trim() === '') into.message = undefined;
};

const tried = (line: string, into: ParsedLine, now: number, failed: FormatFailed, formats: readonly NamedFormat[], bytes?: LineBytes): boolean => {
  // No iterator: this is gone through for every line.
  for (let i = 0; i < formats.length; i++) {
    const { name, read } = formats[i] as NamedFormat;
    try {
      if (read(line, into, now, bytes)) return true;
    } catch (error) {
      failed(name, error);
      clearLine(into);
      return false;
    }
  }
  return false;
};
