// The forms of a line, tried in this order; the first that fits has it. A new one is a file beside this one and a line here.
import { commonLog } from './common-log.ts';
import { json } from './json.ts';
import { logfmt } from './logfmt.ts';
import { type LineFormat, newLine, type ParsedLine } from './parsed-line.ts';
import { syslog } from './syslog.ts';
import { text } from './text.ts';

/** json is told by its first letter; syslog is strict about its head; common-log before logfmt, since paths hold `=`; text takes all. */
export const FORMATS: readonly LineFormat[] = [json, syslog, commonLog, logfmt, text];

/** Only so much of a line is looked into. */
const LOOKED_INTO = 16_384;

export const parseLine = (line: string, now: number): ParsedLine => {
  const looked = line.length > LOOKED_INTO && line[0] !== '{' ? line.slice(0, LOOKED_INTO) : line;
  const into = newLine();
  for (const format of FORMATS) if (format(looked, into, now)) break;
  return into;
};
