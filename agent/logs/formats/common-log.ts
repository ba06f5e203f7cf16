// Lines of web servers: the common and the combined log format (https://httpd.apache.org/docs/current/logs.html#accesslog).
// A busy server writes thousands a second: they are walked through from sign to sign, without an expression over the whole line.
import { moment, monthOf } from './moment.ts';
import { type LineFormat, setNumber, setText } from './parsed-line.ts';

/** `20/Nov/2026:13:55:36 +0100` */
const TIME = /^(\d{2})\/([A-Za-z]{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})$/;
const TIME_LENGTH = 26;
const BLANK = 0x20;
const DASH = 0x2d;
const BACKSLASH = 0x5c;
/** Of a client or a user, and of what stands between them. */
const MOST_WORD = 256;
const MOST_IDENTITY = 64;

/** The time that was read last: a server writes many lines in a second. */
let timeText = '';
let time: bigint | undefined;

const timeOf = (text: string): bigint | undefined => {
  if (text === timeText) return time;
  const m = TIME.exec(text);
  if (m === null) return undefined;
  time = moment(Number(m[3]), monthOf(m[2] as string), Number(m[1]), Number(m[4]), Number(m[5]), Number(m[6]), '', m[7]);
  timeText = text;
  return time;
};

export const commonLog: LineFormat = (line, into) => {
  const client = wordEnd(line, 0, MOST_WORD);
  const identity = client === -1 ? -1 : wordEnd(line, client + 1, MOST_IDENTITY);
  const user = identity === -1 ? -1 : wordEnd(line, identity + 1, MOST_WORD);
  if (user === -1 || !line.startsWith('[', user + 1) || !line.startsWith('] "', user + 2 + TIME_LENGTH)) return false;
  const read = timeOf(line.slice(user + 2, user + 2 + TIME_LENGTH));
  const request = user + 5 + TIME_LENGTH;
  const requestEnd = quoteEnd(line, request);
  if (read === undefined || requestEnd === -1 || line.charCodeAt(requestEnd + 1) !== BLANK) return false;
  const statusEnd = digitsEnd(line, requestEnd + 2);
  if (statusEnd !== requestEnd + 5 || line.charCodeAt(statusEnd) !== BLANK) return false;
  const bytesEnd = digitsEnd(line, statusEnd + 1);
  if (bytesEnd === statusEnd + 1 && line.charCodeAt(bytesEnd) !== DASH) return false;
  into.time = read;
  const status = Number(line.slice(requestEnd + 2, statusEnd));
  into.severity = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
  given(into, 'client', line, 0, client);
  given(into, 'user', line, identity + 1, user);
  const method = line.indexOf(' ', request);
  if (method !== -1 && method < requestEnd) {
    const path = endBefore(line.indexOf(' ', method + 1), requestEnd);
    setText(into, 'method', line.slice(request, method));
    setText(into, 'path', line.slice(method + 1, path));
    if (path < requestEnd) setText(into, 'protocol', line.slice(path + 1, endBefore(line.indexOf(' ', path + 1), requestEnd)));
  }
  setNumber(into, 'status', status);
  if (bytesEnd > statusEnd + 1) setNumber(into, 'bytes', Number(line.slice(statusEnd + 1, bytesEnd)));
  const behind = bytesEnd === statusEnd + 1 ? bytesEnd + 1 : bytesEnd;
  const referrerEnd = line.startsWith(' "', behind) ? quoteEnd(line, behind + 2) : -1;
  const agentEnd = referrerEnd !== -1 && line.startsWith(' "', referrerEnd + 1) ? quoteEnd(line, referrerEnd + 3) : -1;
  if (agentEnd === -1) return true;
  given(into, 'referrer', line, behind + 2, referrerEnd);
  given(into, 'user_agent', line, referrerEnd + 3, agentEnd);
  return true;
};

/** A dash stands for what is not known. */
const given = (into: Parameters<LineFormat>[1], name: string, line: string, from: number, to: number): void => {
  if (to - from !== 1 || line.charCodeAt(from) !== DASH) setText(into, name, line.slice(from, to));
};

const endBefore = (at: number, end: number): number => (at === -1 || at > end ? end : at);

/** Where the blank behind a word is; -1 where there is no word, or one longer than `most`. */
const wordEnd = (line: string, from: number, most: number): number => {
  const end = Math.min(line.length, from + most + 1);
  for (let at = from; at < end; at++) if (line.charCodeAt(at) <= BLANK) return at > from && line.charCodeAt(at) === BLANK ? at : -1;
  return -1;
};

/** Where the quote is that ends a text in which quotes stand behind backslashes; -1 without one. */
const quoteEnd = (line: string, from: number): number => {
  for (let at = line.indexOf('"', from); at !== -1; at = line.indexOf('"', at + 1)) {
    let before = at;
    while (before > from && line.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((at - before) % 2 === 0) return at;
  }
  return -1;
};

const digitsEnd = (line: string, from: number): number => {
  let at = from;
  while (isDigit(line.charCodeAt(at))) at++;
  return at;
};

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
