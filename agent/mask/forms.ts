// Secrets that are told by their form: passwords in addresses, and keys and tokens that say themselves what they are. Looks at each character a
// few times at most, where a regular expression of the whole would look at up to a thousand behind each place at which one may begin.
import { Next } from './next.ts';

/** Of AWS, Google, Stripe, tokens of GitHub, GitLab, Slack, npm, our own join tokens; of a signed token of JSON the beginning. */
const FORMS = [
  '(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])',
  'gh[pousr]_[A-Za-z0-9]{30,255}',
  'github_pat_[A-Za-z0-9_]{30,255}',
  'glpat-[A-Za-z0-9_-]{18,255}',
  'xox[abeoprs]-[A-Za-z0-9-]{10,255}',
  '(?:sk|rk|pk)_live_[A-Za-z0-9]{16,255}',
  'AIza[A-Za-z0-9_-]{35}',
  'npm_[A-Za-z0-9]{36}',
  'ij1\\.[A-Za-z0-9_-]{20,255}',
  'eyJ',
].join('|');
const FORMED = new RegExp(`(?<![A-Za-z0-9_])(?:${FORMS})`, 'g');
/** What a text must hold for any of them to be in it: looked for four times as quickly. */
const ANY_FORM = /AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|_live_|AIza|npm_|ij1\.|eyJ/;
const SIGNED_REST = /[A-Za-z0-9_-]{8,8192}(?:\.[A-Za-z0-9_-]{0,4096})?/y;
const signedEnds = new Next(/[^A-Za-z0-9_-]/g);

export const withoutForms = (text: string, masked: string): string => {
  if (!ANY_FORM.test(text)) return text;
  let out = '';
  let from = 0;
  FORMED.lastIndex = 0;
  for (let found = FORMED.exec(text); found !== null; found = FORMED.exec(text)) {
    const end = found[0] === 'eyJ' ? signedEnd(text, FORMED.lastIndex) : FORMED.lastIndex;
    if (end === -1) continue;
    out += text.slice(from, found.index) + masked;
    from = end;
    FORMED.lastIndex = end;
  }
  return from === 0 ? text : out + text.slice(from);
};

/** `from`: behind its first letters; -1: it is none. */
const signedEnd = (text: string, from: number): number => {
  const point = signedEnds.at(text, from);
  if (text[point] !== '.' || point - from < 8 || point - from > 1024) return -1;
  SIGNED_REST.lastIndex = point + 1;
  return SIGNED_REST.test(text) ? SIGNED_REST.lastIndex : -1;
};

const MOST_USER = 256;
const MOST_PASSWORD = 1024;
const USER_END = /[\s/:@"'<>]/g;
const LEAST_TOKEN = 8;
const ALONE = /(?::(?:x-oauth-basic)?)?@/y;
const USER = /^(?:[a-z][a-z._-]{0,19}|\$\{?\w{1,100}\}?|%[a-z%]{1,20})$/i;
const PORT = /\d{0,5}\//y;
const ats = new Next(/@/g);
/** Of an address; of the part of it that tells the machine. */
const addressEnds = new Next(/[\s"'<>]/g);
const hostEnds = new Next(/[\s/"'<>]/g);

/** `//user:password@`; a password may hold a slash where it cannot be a port. */
export const withoutPasswords = (text: string, masked: string): string => {
  let out = '';
  let from = 0;
  for (let sign = text.indexOf('://'); sign !== -1; sign = text.indexOf('://', Math.max(sign + 1, from))) {
    USER_END.lastIndex = sign + 3;
    if (!USER_END.test(text)) break;
    const begin = USER_END.lastIndex;
    if (isTokenAlone(text, sign, begin)) {
      out += text.slice(from, sign + 3) + masked;
      from = begin - 1;
    }
    if (text[begin - 1] !== ':' || begin - sign - 4 > MOST_USER) continue;
    const end = passwordEnd(text, begin);
    if (end === -1) continue;
    out += text.slice(from, begin) + masked;
    from = end;
  }
  return from === 0 ? text : out + text.slice(from);
};

/** `https://TOKEN@`, and where nothing that is a secret follows it, as GitHub and Stripe have it. A name that people have is none. `end`: behind it and one sign. */
const isTokenAlone = (text: string, sign: number, end: number): boolean => {
  const length = end - sign - 4;
  if (length < LEAST_TOKEN || length > MOST_PASSWORD || !/https?$/i.test(text.slice(Math.max(0, sign - 5), sign))) return false;
  ALONE.lastIndex = end - 1;
  return ALONE.test(text) && !USER.test(text.slice(sign + 3, end - 1));
};

/** -1: it is none. */
const passwordEnd = (text: string, begin: number): number => {
  const at = ats.at(text, begin + 1);
  const most = begin + MOST_PASSWORD;
  if (at === text.length || at > most) return -1;
  const host = hostEnds.at(text, begin);
  if (at < host) return text.lastIndexOf('@', Math.min(host - 1, most));
  PORT.lastIndex = begin;
  return at <= addressEnds.at(text, begin) && !PORT.test(text) ? at : -1;
};
