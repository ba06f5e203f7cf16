// Where the words that a text searched for stand in a value: as pieces of it, found or not, for marking.
// Never looks into more of a text than is shown.
import type { Searched } from '../../../query/language.ts';

export interface Piece {
  readonly text: string;
  readonly found: boolean;
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
const source = ({ as, words }: Searched): string => {
  if (as === 'part') return escaped(words.join(''));
  return `(?<![\\p{L}\\p{N}])${words.map(escaped).join('[^\\p{L}\\p{N}]+')}${as === 'prefix' ? '[\\p{L}\\p{N}]*' : '(?![\\p{L}\\p{N}])'}`;
};

/** Of the words searched for in that field (`undefined`: the line itself); undefined where there are none. */
export const finder = (searched: readonly Searched[], field: string | undefined): RegExp | undefined => {
  const own = (of: string | undefined): boolean => of === field || (field === undefined && (of === 'body' || of === 'raw'));
  const sources = searched.filter((one) => own(one.field)).map(source);
  return sources.length === 0 ? undefined : new RegExp(sources.join('|'), 'giu');
};

const MOST = 200;

export const piecesOf = (text: string, find: RegExp | undefined): readonly Piece[] => {
  if (find === undefined) return [{ text, found: false }];
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(find)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), found: false });
    pieces.push({ text: match[0], found: true });
    at = match.index + match[0].length;
    if (pieces.length >= MOST) break;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), found: false });
  return pieces;
};
