// A line that is one JSON object, as zap, zerolog, bunyan, pino, log4j, logback, structlog and GELF write them.
// Nested names are joined with dots; lists are kept as their text; the message is the body, not an attribute.
import { isoMoment, momentOfNumber, momentOfSeconds } from './moment.ts';
import { isName, type LineFormat, MOST_ATTRIBUTES, type ParsedLine, putNumber, putText, setMessage, setOwn } from './parsed-line.ts';
import { severityOfNumber, severityOfWord } from './severity.ts';

type Own = 'time' | 'severity' | 'service' | 'traceId' | 'spanId' | 'message';

const OWN: ReadonlyMap<string, Own> = new Map(
  Object.entries({
    time: 'time timestamp ts @timestamp t datetime date asctime timeMillis eventTime',
    severity: 'level severity lvl log.level loglevel levelname level_name severity_text severityText priority PRIORITY',
    service: 'service service.name app application container_name container.name',
    traceId: 'trace_id traceId trace.id traceid traceID',
    spanId: 'span_id spanId span.id spanid spanID',
    message: 'message msg @message short_message',
  }).flatMap(([own, names]) => names.split(' ').map((name): [string, Own] => [name, own as Own])),
);
const MOST_DEPTH = 4;

/** A name as it stands in an object, and what it is among the names around it. Lines have the same ones again and again: none is joined twice. */
interface Known {
  readonly name: string;
  readonly own: Own | undefined;
  /** An attribute can be called so. */
  readonly isName: boolean;
  readonly inner: Map<string, Known>;
}
const knownOf = (name: string): Known => ({ name, own: OWN.get(name), isName: isName(name), inner: new Map() });
const ROOT = knownOf('');
const MOST_KNOWN = 2048;
const MOST_KNOWN_LENGTH = 128;
let knownCount = 0;

const nameIn = (parent: Known, key: string): Known => {
  const known = parent.inner.get(key);
  if (known !== undefined) return known;
  const made = knownOf(parent === ROOT ? key : `${parent.name}.${key}`);
  // Where names are endless they are not kept.
  if (knownCount >= MOST_KNOWN || made.name.length > MOST_KNOWN_LENGTH) return made;
  knownCount++;
  parent.inner.set(key, made);
  return made;
};

export const json: LineFormat = (line, into) => {
  if (line.charCodeAt(0) !== 0x7b) return false;
  let value: Readonly<Record<string, unknown>>;
  try {
    value = JSON.parse(line);
  } catch {
    return false;
  }
  addObject(into, value, ROOT, 0);
  const { event, name, instant } = value;
  // structlog's name of the message, which others use for something else.
  if (into.message === undefined && typeof event === 'string' && setMessage(into, event)) into.attributes.delete('event');
  // bunyan says its program so: https://github.com/trentm/node-bunyan#core-fields
  if (value.v === 0 && typeof name === 'string' && typeof value.hostname === 'string' && setOwn(into, 'service', name)) into.attributes.delete('name');
  // log4j's JSON layout.
  if (into.time === undefined && typeof instant === 'object' && instant !== null) {
    const { epochSecond, nanoOfSecond } = instant as { readonly epochSecond?: unknown; readonly nanoOfSecond?: unknown };
    if (typeof epochSecond === 'number') into.time = momentOfSeconds(epochSecond, typeof nanoOfSecond === 'number' ? nanoOfSecond : 0);
  }
  return true;
};

const addObject = (into: ParsedLine, object: Readonly<Record<string, unknown>>, parent: Known, depth: number): void => {
  for (const key in object) {
    const value = object[key];
    if (value === null) continue;
    const known = nameIn(parent, key);
    const { name, own } = known;
    if (own !== undefined && takes(into, own, value)) continue;
    const isInner = typeof value === 'object' && !Array.isArray(value) && depth < MOST_DEPTH;
    if (!(known.isName || isInner)) continue;
    if (typeof value === 'number') putNumber(into, name, value);
    else if (typeof value === 'string') putText(into, name, value);
    else if (typeof value === 'boolean') putText(into, name, value ? 'true' : 'false');
    else if (into.attributes.size + into.numbers.size >= MOST_ATTRIBUTES) into.dropped++;
    else if (!isInner) putText(into, name, JSON.stringify(value));
    else addObject(into, value as Readonly<Record<string, unknown>>, known, depth + 1);
  }
};

/** Takes what has a column of its own; a first finding stands, and what comes after it is an attribute. */
const takes = (into: ParsedLine, own: Own, value: unknown): boolean => {
  if (own === 'time') {
    if (into.time !== undefined) return false;
    if (typeof value === 'number') into.time = momentOfNumber(value);
    else if (typeof value === 'string') into.time = isoMoment(value)?.time ?? momentOfNumber(Number(value));
    return into.time !== undefined;
  }
  if (own === 'severity') {
    if (into.severity !== undefined) return false;
    if (typeof value === 'number') into.severity = severityOfNumber(value);
    else if (typeof value === 'string') into.severity = severityOfWord(value) ?? (/^\d{1,2}$/.test(value) ? severityOfNumber(Number(value)) : undefined);
    return into.severity !== undefined;
  }
  if (typeof value !== 'string') return false;
  return own === 'message' ? setMessage(into, value) : setOwn(into, own, value);
};
