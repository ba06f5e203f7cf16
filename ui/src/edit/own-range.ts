// The ranges that a text has of its own (`last 6h`, `between … and …`, `offset 1w`): found, read, replaced.
// Those of the source, or of the queries that it names; what stands in filters, texts and comments is none.
import { outline, rangeNanos } from '../../../query/language.ts';
import type { Address } from '../address/address.ts';
import { rangeBetween } from '../address/range.ts';

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const rangesOf = (text: string) => outline(text)?.ranges ?? [];

/** Whether the source has a range of its own; then the request's range does not say what is looked at. */
export const hasOwnRange = (text: string): boolean => rangesOf(text).length > 0;

/** The own range in milliseconds; undefined where there is none, where there are different ones, where it is out of all bounds, or where only the server can say what it means. */
export const ownRange = (text: string, at: number): { readonly from: number; readonly to: number } | undefined => {
  const [first, ...others] = rangesOf(text).map((range) => rangeNanos(range, BigInt(Math.trunc(at)) * 1_000_000n, ZONE));
  if (first === undefined || others.some((other) => other?.from !== first.from || other.to !== first.to)) return undefined;
  const [from, to] = [Number(first.from) / 1e6, Number(first.to) / 1e6];
  return rangeBetween(from, to) === undefined ? undefined : { from, to };
};

/** Milliseconds, or ISO text where they are not exact enough. */
type Moment = number | string;
const iso = (moment: Moment): string => (typeof moment === 'string' ? moment : new Date(moment).toISOString());

/** Each own range replaced; the text itself where it has none. */
export const replaceOwnRange = (text: string, from: Moment, to: Moment): string =>
  rangesOf(text).reduceRight((made, { span }) => `${made.slice(0, span.start)}between @${iso(from)} and @${iso(to)}${made.slice(span.end)}`, text);

/** The own range as it is written, different ones side by side; undefined where the text has none. */
export const ownRangeText = (text: string): string | undefined => {
  const written = new Set(rangesOf(text).map(({ span }) => text.slice(span.start, span.end).replaceAll(/\s+/g, ' ')));
  return written.size === 0 ? undefined : [...written].join(', ');
};

/** Of the only query of the explorer; then the range of the page does not say what is looked at. Of several each tells its own. */
export const pageOwnRange = ({ page, text, more }: Pick<Address, 'page' | 'text' | 'more'>): string | undefined =>
  page === 'explore' && more.length === 0 ? ownRangeText(text) : undefined;

/** Without its own range: the request's says what is looked at. */
export const withoutOwnRange = (text: string): string =>
  // A new line stays: a comment may end there.
  rangesOf(text).reduceRight((made, { span }) => made.slice(0, span.start).replace(/[ \t]+$/, '') + made.slice(span.end), text);
