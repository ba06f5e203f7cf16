// A line of `key=value` pairs (https://brandur.org/logfmt): values bare or in quotes, keys alone are left out.
import { isoMoment, momentOfNumber } from './moment.ts';
import { type LineFormat, setText, setValue } from './parsed-line.ts';
import { severityOfWord } from './severity.ts';

const PAIR = /([A-Za-z_@][\w.@/-]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/y;
const MOST_PAIRS = 64;

export const logfmt: LineFormat = (line, into) => {
  const pairs: (readonly [key: string, value: string, quoted: boolean])[] = [];
  let at = 0;
  while (at < line.length && pairs.length < MOST_PAIRS) {
    if (line[at] === ' ' || line[at] === '\t') {
      at++;
      continue;
    }
    PAIR.lastIndex = at;
    const match = PAIR.exec(line);
    if (match === null) {
      // A word alone may stand between pairs, but a line does not begin with one.
      if (pairs.length === 0) return false;
      const blank = line.indexOf(' ', at);
      at = blank === -1 ? line.length : blank;
      continue;
    }
    pairs.push([
      match[1] as string,
      match[2]?.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c === 't' ? '\t' : c)) ?? (match[3] as string),
      match[2] !== undefined,
    ]);
    at += match[0].length;
  }
  if (pairs.length < 2) return false;
  for (const [key, value, quoted] of pairs) {
    if ((key === 'time' || key === 'ts' || key === 'timestamp' || key === 't') && into.time === undefined) {
      const time = isoMoment(value)?.time ?? momentOfNumber(Number(value));
      if (time !== undefined) {
        into.time = time;
        continue;
      }
    }
    if ((key === 'level' || key === 'lvl' || key === 'severity') && into.severity === undefined) {
      const severity = severityOfWord(value);
      if (severity !== undefined) {
        into.severity = severity;
        continue;
      }
    }
    if (key === 'msg' || key === 'message') continue;
    if ((key === 'service' || key === 'app') && value !== '') into.service ??= value.slice(0, 256);
    else if (key === 'trace_id' || key === 'traceID' || key === 'traceId') into.traceId ??= value;
    else if (key === 'span_id' || key === 'spanID' || key === 'spanId') into.spanId ??= value;
    else if (quoted) setText(into, key, value);
    else setValue(into, key, value);
  }
  return true;
};
