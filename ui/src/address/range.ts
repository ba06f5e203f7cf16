// The time range of the explorer: relative (`15m` before now) or absolute, as the address holds it and as the server is asked.
// Never looks at the clock itself: the caller says what now is.

export type Range = { readonly kind: 'relative'; readonly span: string } | { readonly kind: 'absolute'; readonly from: number; readonly to: number };

/** Short enough that a machine seen for a minute fills some of it. */
export const DEFAULT_RANGE: Range = { kind: 'relative', span: '15m' };

export const RELATIVE_SPANS = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '1d', '2d', '7d', '30d'] as const;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const UNIT_WORD: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };

/** Milliseconds of `90m`, `1h30m`, `2w`; undefined where the text is no span of that kind. */
export const spanMillis = (text: string): number | undefined => {
  if (!/^(\d{1,6}[smhdw])+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhdw])/g)) ms += Number(amount) * (UNIT_MS[unit as string] as number);
  return ms > 0 ? ms : undefined;
};

export const rangeMillis = (range: Range): number => (range.kind === 'relative' ? (spanMillis(range.span) ?? 3_600_000) : range.to - range.from);

/** What the server is asked: `at` is given for relative ranges, so that `now` in the text is the end of the range. */
export const requestRange = (range: Range, now: number): { readonly from: string; readonly to: string; readonly at: string | null } => {
  const to = range.kind === 'relative' ? now : range.to;
  const from = range.kind === 'relative' ? now - rangeMillis(range) : range.from;
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), at: range.kind === 'relative' ? new Date(to).toISOString() : null };
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

/** For the top bar: `Last 15 minutes`, `2026-11-20 10:00 – 11:00`. */
export const rangeLabel = (range: Range): string => {
  if (range.kind === 'absolute') {
    const from = localText(range.from);
    const to = localText(range.to);
    return `${from} – ${to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to}`;
  }
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
