// Any other line: a time at its beginning in one of the usual forms, a head behind it, a level near it. Takes every line.

import { nanosFromMillis } from '../../../core/time.ts';
import { messageBehind } from './head.ts';
import { json } from './json.ts';
import { logfmt } from './logfmt.ts';
import { isoMoment, moment, momentOfClock, momentWithoutYear, monthOf } from './moment.ts';
import { nginxError } from './nginx-error.ts';
import { type LineFormat, type ParsedLine, setMessage, setOwn, setText, setValue } from './parsed-line.ts';
import { postgres } from './postgres.ts';
import { severityInText, severityOfWord } from './severity.ts';
import { zapConsole } from './zap-console.ts';

/** `[Fri Nov 20 10:00:00.123456 2026]` of Apache's error log, and the brackets behind it. */
const APACHE = /^\[?[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))? (\d{4})\]?/;
const APACHE_HEAD = / *\[(?:(\w{0,40}):(\w{3,8})|pid (\d{1,10})(?::tid \d{1,20})?|client ([^\]\s]{1,80}))\] */y;
/** `[20-Nov-2026 10:00:00 UTC] ` of PHP. */
const PHP = /^\[(\d{2})-([A-Z][a-z]{2})-(\d{4}) (\d{2}):(\d{2}):(\d{2})(?: (UTC)| [\w/+:-]{1,40})?\] /;
const PHP_LEVEL = /^PHP (Fatal error|Parse error|Recoverable fatal error|Warning|Notice|Deprecated|Stack trace)?:/;
/** `E, [2026-11-20T10:00:00.123456 #77] ERROR -- web: ` of Ruby's logger. */
const RUBY = /^[DIWEFA], \[(\S{19,35}) #(\d+)\] +([A-Z]{3,7}) -- ([^:\n]{0,80}): /;
/** `E1120 10:00:00.123456   123 file.go:1] ` of glog and klog. */
const GLOG = /^([IWEF])(\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2})\.(\d{1,9})\s+(\d+) ([^\]\s]+)\] /;
const GLOG_LEVEL = { I: 'info', W: 'warn', E: 'error', F: 'fatal' } as const;
/** Only a clock, as logback and log4j write it where nobody configured them. */
const CLOCK = /^(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(?= +(?:\[[^\]]{1,80}\] +)?(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b)/;
/** `ERROR:root:` of Python without a format, `fail: Category[0]` of .NET's console. */
const PYTHON = /^(DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.-]{1,128}):/;
const DOTNET = /^(trce|dbug|info|warn|fail|crit): ([\w.+`]{1,200})\[\d{1,9}\]$/;
/** What may stand before a time that is not at the beginning: words in brackets, a level, the name of a program. No sentence. */
const LEAD =
  /^(?:(?:\[[^\]]{1,40}\]|TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL) +){0,3}(?:Log (?:started|ended): |[\w./@-]{1,40}:? +)?(?=\d{4}[-/]\d{2}[-/]\d{2}(?:T| {1,2})\d{2}:)/;
/** A time there may be one that the line speaks of: none that is still to come is taken. */
const AHEAD_MS = 60_000;

export const text: LineFormat = (line, into, now) => {
  const headed = dated(line, into, now) || named(line, into, now) || led(line, into, now);
  if (!headed) into.severity ??= severityInText(line);
  return true;
};

/** An ISO time at the beginning, also in brackets. */
const dated = (line: string, into: ParsedLine, now: number): boolean => {
  const bracket = line.charCodeAt(0) === 0x5b ? 1 : 0;
  const iso = isoMoment(bracket === 0 ? line : line.slice(1, 65));
  if (iso !== undefined) {
    into.time = iso.time;
    const at = iso.length + bracket;
    // PostgreSQL's and zap's heads are told by what stands right behind the time.
    const rest = line.slice(at);
    if (bracket === 0 && (zapConsole(rest, into) || nginxError(rest, into) || postgres(rest, into))) return true;
    behind(line, at, into);
    return true;
  }
  const clock = CLOCK.exec(line);
  if (clock === null) return false;
  into.time = momentOfClock(Number(clock[1]), Number(clock[2]), Number(clock[3]), now, clock[4]);
  behind(line, clock[0].length, into);
  return true;
};

/** The head that begins at `at`, and what its message may be itself. */
const behind = (line: string, at: number, into: ParsedLine): void => {
  const message = messageBehind(line, at, into);
  if (message.startsWith('{')) json(message, into, 0);
  else logfmt(message, into, 0);
  setMessage(into, message);
  into.severity ??= severityInText(message);
};

/** Forms with a head of their own. */
const named = (line: string, into: ParsedLine, now: number): boolean => {
  const apache = APACHE.exec(line);
  if (apache !== null) {
    const [all, month, day, hour, minute, second, fraction, year] = apache;
    into.time = moment(Number(year), monthOf(month as string), Number(day), Number(hour), Number(minute), Number(second), fraction);
    setMessage(into, line.slice(apacheHead(line, all.length, into)));
    into.severity ??= severityInText(line.slice(all.length));
    return true;
  }
  const php = PHP.exec(line);
  if (php !== null) {
    const [all, day, month, year, hour, minute, second, utc] = php;
    into.time = moment(Number(year), monthOf(month as string), Number(day), Number(hour), Number(minute), Number(second), '', utc);
    const message = line.slice(all.length);
    const level = PHP_LEVEL.exec(message)?.[1];
    if (level !== undefined) into.severity = level.endsWith('error') ? 'error' : level === 'Warning' ? 'warn' : 'info';
    into.severity ??= severityInText(message);
    setMessage(into, message);
    return true;
  }
  const ruby = RUBY.exec(line);
  if (ruby !== null) {
    const [all, at, pid, level, program] = ruby;
    into.time = isoMoment(at as string)?.time;
    into.severity = level === 'ANY' ? undefined : severityOfWord(level as string);
    setValue(into, 'pid', pid as string);
    setOwn(into, 'service', program as string);
    setMessage(into, line.slice(all.length));
    return true;
  }
  const glog = GLOG.exec(line);
  if (glog !== null) {
    const [all, level, month, day, hour, minute, second, fraction, thread, place] = glog;
    into.time = momentWithoutYear(Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), now, fraction);
    into.severity = GLOG_LEVEL[level as keyof typeof GLOG_LEVEL];
    setValue(into, 'thread', thread as string);
    setText(into, 'caller', place);
    setMessage(into, line.slice(all.length));
    return true;
  }
  const python = PYTHON.exec(line) ?? DOTNET.exec(line);
  if (python === null) return false;
  into.severity = severityOfWord(python[1] as string);
  setText(into, 'logger', python[2]);
  // .NET's message is the next line.
  into.message = line.slice(python[0].length);
  return true;
};

const apacheHead = (line: string, from: number, into: ParsedLine): number => {
  let at = from;
  for (;;) {
    APACHE_HEAD.lastIndex = at;
    const m = APACHE_HEAD.exec(line);
    if (m === null) return at;
    if (m[2] !== undefined) {
      setText(into, 'module', m[1]);
      into.severity ??= severityOfWord(m[2].replace(/\d$/, ''));
    }
    if (m[3] !== undefined) setValue(into, 'pid', m[3]);
    setText(into, 'client', m[4]);
    at += m[0].length;
  }
};

/** `update-alternatives 2026-08-28 16:05:02: run with …`, `INFO 2026-08-28 16:05:02,123 …`, `Start-Date: 2026-08-28  16:05:02` of apt. */
const led = (line: string, into: ParsedLine, now: number): boolean => {
  const lead = LEAD.exec(line.slice(0, 64))?.[0];
  if (lead === undefined) return false;
  const written = line.slice(lead.length, lead.length + 64);
  const gap = written.startsWith('  ', 10) ? 1 : 0;
  const iso = isoMoment(gap === 0 ? written : `${written.slice(0, 10)}${written.slice(11)}`);
  if (iso === undefined || iso.time > nanosFromMillis(Math.ceil(now) + AHEAD_MS)) return false;
  into.time = iso.time;
  into.severity = severityInText(lead);
  behind(line, lead.length + iso.length + gap, into);
  return true;
};
