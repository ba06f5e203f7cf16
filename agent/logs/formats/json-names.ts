// What the names in an object of JSON mean for a line: a column of its own or an attribute, joined with dots to the names around them.
// Lines have the same names again and again: each is looked up, joined and judged once. It knows nothing of values but where they go.
import { isoMoment, momentOfNumber } from './moment.ts';
import { isName, type ParsedLine, setMessage, setOwn } from './parsed-line.ts';
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
/** Objects within objects whose names are joined; what lies deeper is kept as its text. */
export const MOST_DEPTH = 4;

/** A name as it stands in an object, and what it is among the names around it. Lines have the same ones again and again: none is joined twice. */
export interface Known {
  readonly name: string;
  readonly own: Own | undefined;
  /** An attribute can be called so. */
  readonly isName: boolean;
  readonly inner: Map<string, Known>;
  /** Around it; the outermost has none. */
  readonly parent: Known | undefined;
  /** Its own part of the name. */
  readonly bytes: Uint8Array;
  /** Where it is the outermost object's, of these names. */
  readonly companion: 'event' | 'name' | 'hostname' | 'v' | undefined;
  /** The same one is found again for the same name. */
  isKept: boolean;
  /** The line it was met in last, by whoever counts them. */
  serial: number;
}
const COMPANIONS = ['event', 'name', 'hostname', 'v'] as const;
const knownOf = (name: string, key: string, parent: Known | undefined): Known => ({
  name,
  own: OWN.get(name),
  isName: isName(name),
  inner: new Map(),
  parent,
  bytes: new TextEncoder().encode(key),
  companion: COMPANIONS.find((companion) => companion === name),
  isKept: false,
  serial: 0,
});
export const ROOT = knownOf('', '', undefined);
const MOST_KNOWN = 2048;
const MOST_KNOWN_LENGTH = 128;
let knownCount = 0;

export const nameIn = (parent: Known, key: string): Known => {
  const known = parent.inner.get(key);
  if (known !== undefined) return known;
  const made = knownOf(parent === ROOT ? key : `${parent.name}.${key}`, key, parent);
  // Where names are endless they are not kept.
  if (knownCount >= MOST_KNOWN || made.name.length > MOST_KNOWN_LENGTH) return made;
  knownCount++;
  made.isKept = true;
  parent.inner.set(key, made);
  return made;
};

/** Takes what has a column of its own; a first finding stands, and what comes after it is an attribute. */
export const takes = (into: ParsedLine, own: Own, value: unknown): boolean => {
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
