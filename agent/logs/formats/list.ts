// The forms of a line, tried in this order; the first that fits has it. A new one is a file beside this one and a line here.
import { commonLog } from './common-log.ts';
import { json } from './json.ts';
import { logfmt } from './logfmt.ts';
import { type LineFormat, newLine, type ParsedLine } from './parsed-line.ts';
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

/** Told of a format that threw. */
export type FormatFailed = (format: string, error: unknown) => void;

/** Never throws: a line whose format does is a plain text, and `failed` is told. */
export const parseLine = (line: string, now: number, failed: FormatFailed, formats: readonly NamedFormat[] = FORMATS): ParsedLine => {
  const looked = line.length > LOOKED_INTO && line[0] !== '{' ? line.slice(0, LOOKED_INTO) : line;
  const into = newLine();
  for (const { name, read } of formats) {
    try {
      if (read(looked, into, now)) return into;
    } catch (error) {
      failed(name, error);
      return newLine();
    }
  }
  return into;
};
