// A line of `key=value` pairs (https://brandur.org/logfmt): values bare or in quotes, keys alone are left out.
import { isoMoment, momentOfNumber } from './moment.ts';
import { type LineFormat, MOST_ATTRIBUTES, setMessage, setOwn, setText, setValue } from './parsed-line.ts';
import { severityOfWord } from './severity.ts';

const PAIR = /([A-Za-z_@][\w.@/-]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/y;
/** Beside those that have a column of their own. */
const MOST_PAIRS = MOST_ATTRIBUTES + 16;
const OWN: ReadonlyMap<string, 'service' | 'traceId' | 'spanId'> = new Map([
  ['service', 'service'],
  ['app', 'service'],
  ['trace_id', 'traceId'],
  ['traceID', 'traceId'],
  ['traceId', 'traceId'],
  ['span_id', 'spanId'],
  ['spanID', 'spanId'],
  ['spanId', 'spanId'],
]);

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
  if (pairs.length === MOST_PAIRS) into.dropped += pairsIn(line, at);
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
    if ((key === 'msg' || key === 'message') && setMessage(into, value)) continue;
    const column = OWN.get(key);
    if (column !== undefined && setOwn(into, column, value)) continue;
    if (quoted) setText(into, key, value);
    else setValue(into, key, value);
  }
  return true;
};

/** How many more pairs there are from `at` on, by their signs. */
const pairsIn = (line: string, at: number): number => {
  let count = 0;
  for (let i = line.indexOf('=', at); i !== -1; i = line.indexOf('=', i + 1)) count++;
  return count;
};
