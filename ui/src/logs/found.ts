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

/** Looked through for the first hit: many rows are, while scrolling. */
const LOOKED = 20_000;
/** Characters before a hit that tell what it is part of. */
const BEFORE = 24;

/** A text of which `room` characters are seen: where the first hit lies further on, the beginning and then what is around the hit. */
export const fromHit = (text: string, find: RegExp | undefined, room: number): string => {
  if (find === undefined || text.length <= room) return text;
  const [hit] = text.slice(0, LOOKED).matchAll(find);
  const begins = Math.floor(room / 3);
  if (hit === undefined || hit.index <= begins || hit.index + hit[0].length <= room) return text;
  const from = Math.max(begins, hit.index - Math.min(BEFORE, Math.floor(room / 4)));
  const space = text.slice(from, hit.index).indexOf(' ');
  return `${text.slice(0, begins)}…${text.slice(space < 0 ? from : from + space + 1)}`;
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
