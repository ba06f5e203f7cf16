// A line that is one JSON object. Nested names are joined with dots; lists are kept as their text.
import { isoMoment, momentOfNumber } from './moment.ts';
import { type LineFormat, type ParsedLine, setNumber, setOwn, setText } from './parsed-line.ts';
import { severityOfNumber, severityOfWord } from './severity.ts';

const TIME: ReadonlySet<string> = new Set(['time', 'timestamp', 'ts', '@timestamp', 't', 'datetime', 'date', 'asctime']);
const SEVERITY: ReadonlySet<string> = new Set([
  'level',
  'severity',
  'lvl',
  'log.level',
  'loglevel',
  'levelname',
  'severity_text',
  'severityText',
  'priority',
  'PRIORITY',
]);
const SERVICE: ReadonlySet<string> = new Set(['service', 'service.name', 'app', 'application']);
const TRACE: ReadonlySet<string> = new Set(['trace_id', 'traceId', 'trace.id', 'traceid']);
const SPAN: ReadonlySet<string> = new Set(['span_id', 'spanId', 'span.id', 'spanid']);
/** The text people wrote; it is in the line already. */
const MESSAGE: ReadonlySet<string> = new Set(['message', 'msg', '@message']);
const MOST_DEPTH = 4;

export const json: LineFormat = (line, into) => {
  if (line[0] !== '{') return false;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return false;
  }
  addObject(into, value as object, '', 0);
  return true;
};

const addObject = (into: ParsedLine, object: object, prefix: string, depth: number): void => {
  for (const [key, value] of Object.entries(object)) {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (value === null || known(into, name, value)) continue;
    if (typeof value === 'number') setNumber(into, name, value);
    else if (typeof value === 'string') setText(into, name, value);
    else if (typeof value === 'boolean') setText(into, name, String(value));
    else if (Array.isArray(value) || depth >= MOST_DEPTH) setText(into, name, JSON.stringify(value));
    else addObject(into, value as object, name, depth + 1);
  }
};

/** Takes what has a column of its own; a first finding stands. */
const known = (into: ParsedLine, name: string, value: unknown): boolean => {
  if (MESSAGE.has(name)) return typeof value === 'string';
  if (TIME.has(name) && into.time === undefined) {
    const time =
      typeof value === 'number' ? momentOfNumber(value) : typeof value === 'string' ? (isoMoment(value)?.time ?? momentOfNumber(Number(value))) : undefined;
    if (time !== undefined) into.time = time;
    return time !== undefined;
  }
  if (SEVERITY.has(name) && into.severity === undefined) {
    const severity =
      typeof value === 'number'
        ? severityOfNumber(value)
        : typeof value === 'string'
          ? (severityOfWord(value) ?? (/^\d{1,2}$/.test(value) ? severityOfNumber(Number(value)) : undefined))
          : undefined;
    if (severity !== undefined) into.severity = severity;
    return severity !== undefined;
  }
  if (typeof value !== 'string') return false;
  const column = SERVICE.has(name) ? 'service' : TRACE.has(name) ? 'traceId' : SPAN.has(name) ? 'spanId' : undefined;
  return column !== undefined && setOwn(into, column, value);
};
