// zap's console lines behind their time: level, name of the logger, place in the source, message and a JSON object, parted by tabs.
import { json } from './json.ts';
import { type ParsedLine, setMessage, setText } from './parsed-line.ts';
import { severityOfWord } from './severity.ts';

const PLACE = /^[^\s:]+\.go:\d+$/;

/** `text` is what follows the time, beginning with its tab; false for another form. */
export const zapConsole = (text: string, into: ParsedLine): boolean => {
  if (text.charCodeAt(0) !== 0x09) return false;
  const [, level = '', ...rest] = text.split('\t');
  const severity = severityOfWord(level.trim());
  if (severity === undefined || rest.length === 0) return false;
  into.severity = severity;
  if (rest.length > 1 && (rest.at(-1) as string).startsWith('{') && json(rest.at(-1) as string, into, 0)) rest.pop();
  const place = rest.findIndex((part) => PLACE.test(part));
  const heads = place === -1 ? [] : rest.splice(0, place + 1);
  setText(into, 'caller', heads.pop());
  setText(into, 'logger', heads[0]);
  // Without a place only a message that is not alone has a logger before it.
  if (place === -1 && rest.length > 1) setText(into, 'logger', rest.shift());
  setMessage(into, rest.join('\t'));
  return true;
};
