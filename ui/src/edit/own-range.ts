// The range that a text's source has of its own (`last 6h`, `between … and …`, `offset 1w`): found, read, replaced.
// Looks only at the source of the outer query and never into its texts and comments.
import { spanMillis } from '../address/range.ts';
import { partsOf, skipToken } from './filter-text.ts';

const OWN_RANGE = /\s(?:(?:last\s+([\dsmhdwin]+)|between\s+@(\S+)\s+and\s+@(\S+))(\s+offset\s+\w+)?|offset\s+\w+)/i;

/** The source, with blanks for what stands in quotes or behind `//`. */
const bareSource = (text: string): string => {
  const source = text.slice(0, partsOf(text)[0]?.end);
  let bare = '';
  for (let i = 0; i < source.length; ) {
    const end = Math.min(source.length, skipToken(source, i, false) ?? i + 1);
    bare += end > i + 1 ? ' '.repeat(end - i) : source[i];
    i = end;
  }
  return bare;
};

/** Whether the source has a range of its own; then the request's range does not say what is looked at. */
export const hasOwnRange = (text: string): boolean => OWN_RANGE.test(bareSource(text));

/** The own range in milliseconds; undefined where there is none, or where only the server can say what it means. */
export const ownRange = (text: string, at: number): { readonly from: number; readonly to: number } | undefined => {
  const [, last, from, to, offset] = OWN_RANGE.exec(bareSource(text)) ?? [];
  if (offset !== undefined) return undefined;
  const span = last === undefined ? undefined : spanMillis(last);
  if (span !== undefined) return { from: at - span, to: at };
  const read = { from: Date.parse(from ?? ''), to: Date.parse(to ?? '') };
  return read.from < read.to ? read : undefined;
};

/** Milliseconds, or ISO text where they are not exact enough. */
type Moment = number | string;
const iso = (moment: Moment): string => (typeof moment === 'string' ? moment : new Date(moment).toISOString());

/** The own range replaced; the text itself where it has none. */
export const replaceOwnRange = (text: string, from: Moment, to: Moment): string => {
  const found = OWN_RANGE.exec(bareSource(text));
  if (found === null) return text;
  const range = ` between @${iso(from)} and @${iso(to)}`;
  return text.slice(0, found.index) + range + text.slice(found.index + found[0].length);
};

/** The own range as it is written; undefined where the text has none. */
export const ownRangeText = (text: string): string | undefined => OWN_RANGE.exec(bareSource(text))?.[0].trim().replaceAll(/\s+/g, ' ');

/** Without its own range: the request's says what is looked at. */
export const withoutOwnRange = (text: string): string => {
  const found = OWN_RANGE.exec(bareSource(text));
  return found === null ? text : text.slice(0, found.index) + text.slice(found.index + found[0].length);
};
