// A time range as one word, as saved queries and the history keep it: `6h`, `today`, two ISO times with a slash between them.
import { DAYS, type Range, rangeBetween, spanMillis } from '../address/range.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

export const rangeText = (range: Range): string =>
  range.kind === 'absolute' ? `${iso(range.from)}/${iso(range.to)}` : range.kind === 'day' ? range.day : range.span;

/** undefined where it is none. */
export const readRangeText = (text: string): Range | undefined => {
  const day = DAYS.find((name) => name === text);
  if (day !== undefined) return { kind: 'day', day };
  if (spanMillis(text) !== undefined) return { kind: 'relative', span: text };
  const [from = '', to = ''] = text.split('/');
  return rangeBetween(Date.parse(from), Date.parse(to));
};
