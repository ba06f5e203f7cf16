// A line that is one JSON object, as zap, zerolog, bunyan, pino, log4j, logback, structlog and GELF write them.
// Nested names are joined with dots; lists are kept as their text; the message is the body, not an attribute.
import { readObject, type Told } from './json-bytes.ts';
import { type Known, MOST_DEPTH, nameIn, ROOT, takes } from './json-names.ts';
import { momentOfSeconds } from './moment.ts';
import { clearLine, type LineFormat, MOST_ATTRIBUTES, type ParsedLine, putNumber, putText, setMessage, setOwn } from './parsed-line.ts';

export const json: LineFormat = (line, into, _now, bytes) => {
  if (line.charCodeAt(0) !== 0x7b) return false;
  if (bytes !== undefined) {
    if (readObject(bytes, line, into, top)) {
      told(into, top);
      return true;
    }
    clearLine(into);
  }
  let value: Readonly<Record<string, unknown>>;
  try {
    value = JSON.parse(line);
  } catch {
    return false;
  }
  addObject(into, value, ROOT, 0);
  told(into, value);
  return true;
};

/** Of the object that was read last: what `told` asks for. */
const top: Told = { event: undefined, name: undefined, hostname: undefined, v: undefined };

/** What names mean only in the company of others. */
const told = (into: ParsedLine, { event, name, v, hostname, instant }: Readonly<Partial<Told>> & { readonly instant?: unknown }): void => {
  // structlog's name of the message, which others use for something else.
  if (into.message === undefined && typeof event === 'string' && setMessage(into, event)) into.attributes.delete('event');
  // bunyan says its program so: https://github.com/trentm/node-bunyan#core-fields
  if (v === 0 && typeof name === 'string' && typeof hostname === 'string' && setOwn(into, 'service', name)) into.attributes.delete('name');
  // log4j's JSON layout.
  if (into.time === undefined && typeof instant === 'object' && instant !== null) {
    const { epochSecond, nanoOfSecond } = instant as { readonly epochSecond?: unknown; readonly nanoOfSecond?: unknown };
    if (typeof epochSecond === 'number') into.time = momentOfSeconds(epochSecond, typeof nanoOfSecond === 'number' ? nanoOfSecond : 0);
  }
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
