// The time range of the explorer: relative (`15m` before now), a day of the calendar, or absolute, as the address holds it and as the
// server is asked. Never looks at the clock itself: the caller says what now is.

export const DAYS = ['today', 'yesterday'] as const;
export type Day = (typeof DAYS)[number];
export type Range =
  | { readonly kind: 'relative'; readonly span: string }
  /** Of the browser's zone; today ends now. */
  | { readonly kind: 'day'; readonly day: Day }
  | { readonly kind: 'absolute'; readonly from: number; readonly to: number };

/** Milliseconds that every range lies between: nothing is kept further away, and moments beyond have no form that the server reads. */
export const EARLIEST = Date.UTC(1900, 0, 1);
export const LATEST = Date.UTC(2200, 0, 1);

/** undefined where the two are no range: none of both, no time between them, or out of bounds. */
export const rangeBetween = (from: number, to: number): Range | undefined =>
  from >= EARLIEST && from < to && to <= LATEST ? { kind: 'absolute', from, to } : undefined;

/** Short enough that a machine seen for a minute fills some of it. */
export const DEFAULT_RANGE: Range = { kind: 'relative', span: '15m' };

export const RELATIVE_SPANS = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '30d'] as const;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const UNIT_WORD: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };

/** A hundred years: longer than anything is kept, and from now back still within the bounds. */
const LONGEST_MS = 36_525 * 86_400_000;

/** Milliseconds of `90m`, `1h30m`, `2w`; undefined where the text is no span of that kind, or a longer one than a hundred years. */
export const spanMillis = (text: string): number | undefined => {
  if (!/^(\d{1,6}[smhdw])+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhdw])/g)) ms += Number(amount) * (UNIT_MS[unit as string] as number);
  return ms > 0 && ms <= LONGEST_MS ? ms : undefined;
};

const SPELLED: readonly (readonly [RegExp, string])[] = [
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
  [/^(w|wks?|weeks?)$/, 'w'],
];

/** `90 min`, `1 hour 30 minutes`, `last 2h` as a span is written: `90m`, `1h30m`, `2h`; undefined where the text is none. */
export const readSpan = (text: string): string | undefined => {
  const words = text
    .trim()
    .toLowerCase()
    .replace(/^(last|past)\s+/, '');
  if (!/^(\d{1,6}\s*[a-z]+\s*)+$/.test(words)) return undefined;
  const parts = [...words.matchAll(/(\d+)\s*([a-z]+)/g)].map(([, amount, word]) => {
    const unit = SPELLED.find(([spelling]) => spelling.test(word as string))?.[1];
    return unit === undefined ? '?' : `${Number(amount)}${unit}`;
  });
  const span = parts.join('');
  return spanMillis(span) === undefined ? undefined : span;
};

const DAY_MS = 86_400_000;

export const rangeMillis = (range: Range): number => {
  if (range.kind === 'absolute') return range.to - range.from;
  return range.kind === 'day' ? DAY_MS : (spanMillis(range.span) ?? 3_600_000);
};

/** Local midnight of the day that many days before `now`. */
const midnight = (now: number, daysBefore: number): number => {
  const d = new Date(now);
  return new Date(d.getFullYear(), d.getMonth(), d.getDate() - daysBefore).getTime();
};

/** From and to in milliseconds. */
export const bounds = (range: Range, now: number): { readonly from: number; readonly to: number } => {
  switch (range.kind) {
    case 'absolute':
      return { from: range.from, to: range.to };
    case 'relative':
      return { from: now - rangeMillis(range), to: now };
    case 'day':
      // At midnight itself today has no length yet.
      return range.day === 'today' ? { from: Math.min(midnight(now, 0), now - 1000), to: now } : { from: midnight(now, 1), to: midnight(now, 0) };
  }
};

/** Its end moves on with the clock. */
export const isMoving = (range: Range): boolean => range.kind === 'relative' || (range.kind === 'day' && range.day === 'today');

/** Buckets of longer ones follow the calendar of a zone. */
const LONGEST_WIDTH_MS = 3_600_000;

/**
 * What the server is asked: `at` is given where the end moves, so that `now` in the text is the end of the range. `width` of buckets, ms: a range
 * that moves begins where one does, so that no bucket is cut there and all but the newest are the same as the last time.
 */
export const requestRange = (range: Range, now: number, width?: number): { readonly from: string; readonly to: string; readonly at: string | null } => {
  const { from, to } = bounds(range, now);
  const cut = range.kind === 'relative' && width !== undefined && width <= LONGEST_WIDTH_MS ? from % width : 0;
  return { from: new Date(from - cut).toISOString(), to: new Date(to).toISOString(), at: isMoving(range) ? new Date(to).toISOString() : null };
};

/** The same length one length earlier or later; never beyond now, never out of bounds. */
export const stepped = (range: Range, direction: -1 | 1, now: number): Range => {
  const { from, to } = bounds(range, now);
  const length = to - from;
  const end = Math.max(Math.min(to + direction * length, now), EARLIEST + length);
  return { kind: 'absolute', from: end - length, to: end };
};

/** Twice as long around its middle as far as the bounds allow; a moving one stays one, with the next longer span of the list. */
export const widened = (range: Range, now: number): Range => {
  const { from, to } = bounds(range, now);
  const length = to - from;
  if (isMoving(range)) {
    const span = RELATIVE_SPANS.find((candidate) => (spanMillis(candidate) as number) >= 2 * length);
    return span === undefined ? { kind: 'absolute', from: Math.max(to - 2 * length, EARLIEST), to } : { kind: 'relative', span };
  }
  const end = Math.min(to + length / 2, now);
  return { kind: 'absolute', from: Math.max(Math.floor(end - 2 * length), EARLIEST), to: Math.ceil(end) };
};

const two = (n: number): string => String(n).padStart(2, '0');

/** `2026-11-20 10:05:00` in the browser's zone; seconds only where there are any. */
export const localText = (ms: number): string => {
  const d = new Date(ms);
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const minute = `${two(d.getHours())}:${two(d.getMinutes())}`;
  return d.getSeconds() === 0 ? `${day} ${minute}` : `${day} ${minute}:${two(d.getSeconds())}`;
};

/** Milliseconds of a local `2026-11-20 10:05[:00]` or of ISO text with a zone; undefined where it is neither. */
export const parseLocal = (text: string): number | undefined => {
  const trimmed = text.trim();
  const ms = /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(trimmed)
    ? Date.parse(trimmed.length === 10 ? `${trimmed}T00:00` : trimmed.replace(' ', 'T'))
    : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
};

/** As `parseLocal`, and `now`, `now-2h`, `2h ago`, `today`, `yesterday` (their midnights). */
export const readMoment = (text: string, now: number): number | undefined => {
  const words = text.trim().toLowerCase();
  if (words === 'now') return now;
  if (words === 'today' || words === 'yesterday') return midnight(now, words === 'today' ? 0 : 1);
  const before = /^now\s*-\s*(.+)$/.exec(words)?.[1] ?? /^(.+)\s+ago$/.exec(words)?.[1];
  const span = before === undefined ? undefined : spanMillis(readSpan(before) ?? '');
  return span === undefined ? parseLocal(text) : now - span;
};

/** For the top bar: `Last 15 minutes`, `2026-11-20 10:00 – 11:00`. */
export const rangeLabel = (range: Range): string => {
  if (range.kind === 'absolute') {
    const from = localText(range.from);
    const to = localText(range.to);
    return `${from} – ${to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to}`;
  }
  if (range.kind === 'day') return range.day === 'today' ? 'Today' : 'Yesterday';
  const single = /^(\d+)([smhdw])$/.exec(range.span);
  if (single === null) return `Last ${range.span}`;
  const [, amount, unit] = single as unknown as [string, string, string];
  return amount === '1' ? `Last ${UNIT_WORD[unit]}` : `Last ${amount} ${UNIT_WORD[unit]}s`;
};

const WIDTHS = ['10s', '15s', '30s', '1m', '2m', '5m', '10m', '15m', '30m', '1h', '2h', '3h', '6h', '12h', '1d', '7d'];

/** The width of a bucket that cuts the range into at most `most` parts. */
export const bucketFor = (range: Range, most = 120): string => {
  const ms = rangeMillis(range);
  return WIDTHS.find((width) => ms / (spanMillis(width) as number) <= most) ?? '30d';
};
