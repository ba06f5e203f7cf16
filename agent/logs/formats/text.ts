// Any other line: a time at its beginning in one of the usual forms, a level near it. Takes every line.

import { nanosFromMillis } from '../../../core/time.ts';
import { json } from './json.ts';
import { logfmt } from './logfmt.ts';
import { isoMoment, moment, momentWithoutYear, monthOf } from './moment.ts';
import { type LineFormat, type ParsedLine, setValue } from './parsed-line.ts';
import { severityInText } from './severity.ts';

/** `[Fri Nov 20 10:00:00.123456 2026]` of Apache's error log. */
const APACHE = /^\[?[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))? (\d{4})\]?/;
/** `E1120 10:00:00.123456   123 file.go:1] ` of glog and klog. */
const GLOG = /^([IWEF])(\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2})\.(\d{1,9})\s+(\d+) [^\]\s]+\] /;
/** What may stand before a time that is not at the beginning: words in brackets, a level, the name of a program. No sentence. */
const LEAD =
  /^(?:(?:\[[^\]]{1,40}\]|TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL) +){0,3}(?:[\w./@-]{1,40}:? +)?(?=\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:)/;
/** A time there may be one that the line speaks of: none that is still to come is taken. */
const AHEAD_MS = 60_000;
const GLOG_LEVEL = { I: 'info', W: 'warn', E: 'error', F: 'fatal' } as const;

export const text: LineFormat = (line, into, now) => {
  const rest = restAfterTime(line, into, now);
  if (rest.startsWith('{')) json(rest, into, now);
  else if (rest !== line) logfmt(rest, into, now);
  const severity = into.severity ?? severityInText(rest);
  if (severity !== undefined) into.severity = severity;
  return true;
};

const restAfterTime = (line: string, into: ParsedLine, now: number): string => {
  const bracket = line[0] === '[' ? 1 : 0;
  const iso = isoMoment(bracket === 0 ? line.slice(0, 64) : line.slice(1, 65));
  if (iso !== undefined) {
    into.time = iso.time;
    return line.slice(iso.length + bracket).replace(/^[\s\]|:-]+/, '');
  }
  const apache = APACHE.exec(line);
  if (apache !== null) {
    const [all, month, day, hour, minute, second, fraction, year] = apache;
    const time = moment(Number(year), monthOf(month as string), Number(day), Number(hour), Number(minute), Number(second), fraction);
    if (time !== undefined) into.time = time;
    return line.slice(all.length).trimStart();
  }
  const glog = GLOG.exec(line);
  if (glog !== null) {
    const [all, level, month, day, hour, minute, second, fraction, thread] = glog;
    const time = momentWithoutYear(Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), now, fraction);
    if (time !== undefined) into.time = time;
    into.severity = GLOG_LEVEL[level as keyof typeof GLOG_LEVEL];
    setValue(into, 'thread', thread as string);
    return line.slice(all.length);
  }
  return restAfterLead(line, into, now);
};

/** `update-alternatives 2026-08-28 16:05:02: run with …`, `INFO 2026-08-28 16:05:02,123 …` */
const restAfterLead = (line: string, into: ParsedLine, now: number): string => {
  const lead = LEAD.exec(line.slice(0, 64))?.[0];
  const iso = lead === undefined ? undefined : isoMoment(line.slice(lead.length, lead.length + 64));
  if (lead === undefined || iso === undefined || iso.time > nanosFromMillis(Math.round(now) + AHEAD_MS)) return line;
  into.time = iso.time;
  const severity = severityInText(lead);
  if (severity !== undefined) into.severity = severity;
  return line.slice(lead.length + iso.length).replace(/^[\s\]|:-]+/, '');
};

/** Whether a line goes on with what the line before it began: a stack trace, an indented text. */
export const isContinuation = (line: string): boolean => /^(\s|Caused by: |\.\.\. \d+ more)/.test(line);
