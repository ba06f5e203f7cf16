// The patterns of format_time and parse_time: strftime's letters, those that ClickHouse's formatDateTime has too.
//
// Exactly: %Y year (4 digits), %y its last two (parse: 70–99 are 19xx, 00–69 20xx), %m month, %d day, %e day padded with a space, %j day of
// the year (3), %H hour, %I hour of 12, %p AM PM, %M minute, %S second (2 digits each), %f microseconds (6 digits, cut), %z offset (+0100),
// %a Mon, %b Jan, %T %H:%M:%S, %F %Y-%m-%d, %% a percent sign. Any other letter makes the result missing.
// ClickHouse writes minutes %i where this writes %M; else the letters are the same.
// parse_time: the whole text must match; %e %j %a %I %p are not read; digits are exactly as many as written (%f one to six); what is not
// said is 1970-01-01T00:00:00; without %z the time is local in the zone given. Names are English and heed case.
import { millisFromNanos, NANOS_PER_MS } from '../../../core/time.ts';
import { localToUtc, zoneOffset } from '../../../core/zone.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (n: number): string => String(n).padStart(2, '0');

interface Moment {
  readonly ns: bigint;
  readonly utcMs: number;
  readonly offset: number;
  /** Its UTC fields are the local ones. */
  readonly local: Date;
}

const WRITE: Readonly<Record<string, (m: Moment) => string>> = {
  Y: ({ local }) => String(local.getUTCFullYear()).padStart(4, '0'),
  y: ({ local }) => two(local.getUTCFullYear() % 100),
  m: ({ local }) => two(local.getUTCMonth() + 1),
  d: ({ local }) => two(local.getUTCDate()),
  e: ({ local }) => String(local.getUTCDate()).padStart(2, ' '),
  j: ({ local }) => String(Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / 86_400_000) + 1).padStart(3, '0'),
  H: ({ local }) => two(local.getUTCHours()),
  I: ({ local }) => two(local.getUTCHours() % 12 === 0 ? 12 : local.getUTCHours() % 12),
  p: ({ local }) => (local.getUTCHours() < 12 ? 'AM' : 'PM'),
  M: ({ local }) => two(local.getUTCMinutes()),
  S: ({ local }) => two(local.getUTCSeconds()),
  f: ({ ns, utcMs }) => String((((utcMs % 1000) + 1000) % 1000) * 1000 + Number((ns - BigInt(utcMs) * NANOS_PER_MS) / 1000n)).padStart(6, '0'),
  z: ({ offset }) => `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 3_600_000))}${two(Math.floor(Math.abs(offset) / 60_000) % 60)}`,
  a: ({ local }) => DAYS[local.getUTCDay()] as string,
  b: ({ local }) => MONTHS[local.getUTCMonth()] as string,
  '%': () => '%',
};

/** Letters that stand for others. */
const LONG: Readonly<Record<string, string>> = { T: '%H:%M:%S', F: '%Y-%m-%d' };

type Piece = { readonly letter: string } | { readonly text: string };

/** The pieces of a pattern; undefined when a letter is not one of those above. */
export const timePattern = (pattern: string): readonly Piece[] | undefined => {
  const out: Piece[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    if (c !== '%') {
      out.push({ text: c });
      continue;
    }
    const letter = pattern[++i] ?? '';
    const longer = LONG[letter];
    if (longer !== undefined) out.push(...(timePattern(longer) ?? []));
    else if (Object.hasOwn(WRITE, letter)) out.push({ letter });
    else return undefined;
  }
  return out;
};

export const formatTimeBy = (ns: bigint, pieces: readonly Piece[], zone: string): string => {
  const utcMs = millisFromNanos(ns);
  const offset = zoneOffset(zone, utcMs);
  const moment: Moment = { ns, utcMs, offset, local: new Date(utcMs + offset) };
  return pieces.map((p) => ('text' in p ? p.text : (WRITE[p.letter] as (m: Moment) => string)(moment))).join('');
};

const READ: Readonly<Record<string, RegExp>> = {
  Y: /\d{4}/y,
  y: /\d{2}/y,
  m: /\d{2}/y,
  d: /\d{2}/y,
  H: /\d{2}/y,
  M: /\d{2}/y,
  S: /\d{2}/y,
  f: /\d{1,6}/y,
  z: /Z|[+-]\d{2}:?\d{2}/y,
  b: /[A-Z][a-z]{2}/y,
  '%': /%/y,
};

/** Whether parse_time can read the pattern. */
export const isReadable = (pieces: readonly Piece[]): boolean => pieces.every((p) => 'text' in p || Object.hasOwn(READ, p.letter));

/** Nanoseconds; undefined when the text does not match or names a moment that does not exist in the calendar. */
export const parseTimeBy = (text: string, pieces: readonly Piece[], zone: string): bigint | undefined => {
  const found = new Map<string, string>();
  let at = 0;
  for (const piece of pieces) {
    if ('text' in piece) {
      if (text[at] !== piece.text) return undefined;
      at++;
      continue;
    }
    const expression = READ[piece.letter];
    if (expression === undefined) return undefined;
    expression.lastIndex = at;
    const m = expression.exec(text);
    if (m === null) return undefined;
    found.set(piece.letter, m[0]);
    at += m[0].length;
  }
  return at === text.length ? momentOf(found, zone) : undefined;
};

const momentOf = (found: ReadonlyMap<string, string>, zone: string): bigint | undefined => {
  const read = (letter: string, otherwise: number): number => (found.has(letter) ? Number(found.get(letter)) : otherwise);
  const short = read('y', 70);
  const year = read('Y', short < 70 ? 2000 + short : 1900 + short);
  const month = found.has('b') ? MONTHS.indexOf(found.get('b') as string) + 1 : read('m', 1);
  const [day, hour, minute, second] = [read('d', 1), read('H', 0), read('M', 0), read('S', 0)];
  if (year < 1900 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  if (new Date(local).getUTCDate() !== day) return undefined;
  const offset = found.get('z');
  const ahead = offset === undefined ? 0 : offsetMs(offset);
  if (ahead === undefined) return undefined;
  const utc = offset === undefined ? localToUtc(zone, local) : local - ahead;
  return BigInt(utc) * NANOS_PER_MS + BigInt((found.get('f') ?? '0').padEnd(6, '0')) * 1000n;
};

/** Under a day, with minutes of an hour. */
const offsetMs = (text: string): number | undefined => {
  if (text === 'Z') return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(-2))];
  return hours > 23 || minutes > 59 ? undefined : (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
};
