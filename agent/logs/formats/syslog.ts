// Lines of syslog: RFC 3164 with and without its priority, RFC 5424, and the files of rsyslog with an ISO time in front.

import { json } from './json.ts';
import { logfmt } from './logfmt.ts';
import { isoMoment, momentWithoutYear, monthOf } from './moment.ts';
import { type LineFormat, type ParsedLine, setMessage, setOwn, setText, setValue } from './parsed-line.ts';
import { severityInText, severityOfNumber } from './severity.ts';

const PRIORITY = /^<(\d{1,3})>/;
const OLD_TIME = /^([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))? /;
/** `host tag[pid]: `; the tag ends at the first of `[`, `:` and blank. */
const SENDER = /^([^\s[\]]{1,255}) ([^\s:[\]]{1,128})(?:\[(\d{1,10})\])?:(?: |$)/;
/** rsyslog's: other logs have a blank within the time or no zone behind it. */
const ISO_HEAD = /^\d{4}-\d{2}-\d{2}T\S{8,18}(?:Z|[+-]\d{2}:\d{2}) /;
const STRUCTURED = /^(\d{1,2}) (\S{1,64}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,128}) /;
const ELEMENT = /\[([^\s=\]"]{1,64})((?: [^\s=\]"]{1,64}="(?:[^"\\\]]|\\.)*")*)\]/y;
const PARAMETER = / ([^\s=\]"]{1,64})="((?:[^"\\\]]|\\.)*)"/g;

export const syslog: LineFormat = (line, into, now) => {
  const priority = PRIORITY.exec(line);
  const rest = priority === null ? line : line.slice(priority[0].length);
  const level = priority === null ? undefined : Number(priority[1]);
  if (level !== undefined && level > 191) return false;
  const read = (level !== undefined && structured(rest, into)) || plain(rest, into, now);
  if (!read) return false;
  if (level !== undefined) into.severity = severityOfNumber(level & 7);
  return true;
};

/** The message may be of another form itself; its time does not replace the one in front. */
const message = (text: string, into: ParsedLine, host: string): void => {
  setText(into, 'syslog.host', host);
  if (!json(text, into, 0)) logfmt(text, into, 0);
  setMessage(into, text);
  into.severity ??= severityInText(text);
};

const plain = (text: string, into: ParsedLine, now: number): boolean => {
  const old = OLD_TIME.exec(text);
  const iso = old === null && ISO_HEAD.test(text) ? isoMoment(text) : undefined;
  const time =
    old === null ? iso?.time : momentWithoutYear(monthOf(old[1] as string), Number(old[2]), Number(old[3]), Number(old[4]), Number(old[5]), now, old[6]);
  if (time === undefined) return false;
  const rest = text.slice(old === null ? (iso?.length ?? 0) + 1 : old[0].length);
  const sender = SENDER.exec(rest);
  // With an ISO time in front only the sender tells syslog from any other log.
  if (sender === null && old === null) return false;
  // `2026-11-20T10:00:00Z ERROR db: …` has a level where a host would stand.
  if (iso !== undefined && severityInText(`${sender?.[1]} `) !== undefined) return false;
  into.time = time;
  if (sender === null) {
    setMessage(into, rest);
    into.severity ??= severityInText(rest);
    return true;
  }
  setOwn(into, 'service', sender[2] as string);
  if (sender[3] !== undefined) setValue(into, 'pid', sender[3]);
  message(rest.slice(sender[0].length), into, sender[1] as string);
  return true;
};

const structured = (text: string, into: ParsedLine): boolean => {
  const m = STRUCTURED.exec(text);
  if (m === null) return false;
  const [whole, , at, host, app, pid, id] = m;
  const time = at === '-' ? undefined : isoMoment(at as string)?.time;
  if (at !== '-' && time === undefined) return false;
  into.time = time;
  if (app !== '-') setOwn(into, 'service', app as string);
  if (pid !== '-') setValue(into, 'pid', pid as string);
  if (id !== '-') setText(into, 'message_id', id);
  let rest = text.slice((whole as string).length);
  if (rest.startsWith('-')) rest = rest.slice(1);
  else {
    let end = 0;
    for (;;) {
      ELEMENT.lastIndex = end;
      const element = ELEMENT.exec(rest);
      if (element === null) break;
      for (const [, name, value] of (element[2] as string).matchAll(PARAMETER))
        setValue(into, name as string, (value as string).replaceAll(/\\(["\\\]])/g, '$1'));
      end += element[0].length;
    }
    rest = rest.slice(end);
  }
  message(rest.trimStart().replace(/^\uFEFF/, ''), into, host as string);
  return true;
};
