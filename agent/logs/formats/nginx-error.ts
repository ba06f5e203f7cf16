// nginx's error log behind its time: `[error] 31#31: *7 open() "/x" failed (2: …), client: 10.0.0.1, server: a, request: "GET /x HTTP/1.1", host: "a"`.
// The message stays whole; what stands behind it becomes attributes too.
import { type ParsedLine, setText, setValue } from './parsed-line.ts';
import { severityOfWord } from './severity.ts';

const HEAD = /^ \[([a-z]{3,6})\] (\d+)#(\d+): (?:\*(\d+) )?/;
const PAIR = /, (client|server|request|subrequest|upstream|host|referrer): (?:"([^"]*)"|([^,"\s]+))/g;

/** `text` is what follows the time; false for another form. */
export const nginxError = (text: string, into: ParsedLine): boolean => {
  const m = text.startsWith(' [') ? HEAD.exec(text) : null;
  if (m === null) return false;
  into.severity = severityOfWord(m[1] as string);
  setValue(into, 'pid', m[2] as string);
  if (m[4] !== undefined) setValue(into, 'connection', m[4]);
  into.message = text.slice(m[0].length);
  for (const [, name, quoted, bare] of into.message.matchAll(PAIR)) setText(into, name as string, quoted ?? bare);
  return true;
};
