// How the whole line rests beside its message: as what stands before and after the message where that is part of it, else whole, and not
// at all where the line is the message. Works on bytes, in time bound by the size of the line.
import { type Column, type DictionaryColumn, isPresent, type TextColumn, UTF8 } from '../../core/batch/batch.ts';

export interface WholeLine {
  /** Only where it cannot be rebuilt as head, message and tail. */
  readonly raw: Column;
  readonly head: Column;
  readonly tail: Column;
}

/** Beside a place in the line, what becomes of a row. */
const WHOLE = -1;
const NOTHING = -2;
/** Bytes that are compared for each byte of a line before it is left whole: a line made for it could ask for their square. */
const EFFORT = 8;

interface Bytes {
  readonly data: Uint8Array;
  from(row: number): number;
  to(row: number): number;
}

const bytesOf = (column: Column): Bytes => {
  const { layout } = column;
  if (layout !== 'text' && layout !== 'dictionary') throw new TypeError(`a text was expected, not ${layout}`);
  const text: TextColumn = layout === 'text' ? column : column.dictionary;
  const place = (row: number): number => (layout === 'text' ? row : ((column as DictionaryColumn).indices[row] as number));
  return { data: text.data, from: (row) => text.offsets[place(row)] as number, to: (row) => text.offsets[place(row) + 1] as number };
};

/** A sign of ASCII that is no letter and no digit: words end at it (docs/iql.md). */
const parts = (byte: number): boolean => byte < 0x80 && !((byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a));

/** Where `part` stands in `line` as whole words, from the line's beginning; WHOLE where it does not, or where looking takes too long. */
const find = (line: Bytes, part: Bytes, row: number): number => {
  const [from, to] = [line.from(row), line.to(row)];
  const [first, end] = [part.from(row), part.to(row)];
  const size = end - first;
  let effort = EFFORT * (to - from + 8);
  const standsAt = (at: number): boolean => {
    const after = at + size;
    if (size > 0 && at > from && !parts(line.data[at - 1] as number) && !parts(part.data[first] as number)) return false;
    if (size > 0 && after < to && !parts(line.data[after] as number) && !parts(part.data[end - 1] as number)) return false;
    let i = 0;
    while (i < size && line.data[at + i] === part.data[first + i]) i++;
    effort -= i + 1;
    return i === size;
  };
  if (size > to - from) return WHOLE;
  // Mostly it ends the line.
  if (standsAt(to - size)) return to - size - from;
  const sign = part.data[first] as number;
  // Of this line alone: a sign that it lacks would be looked for in all that follow.
  const own = line.data.subarray(0, to - size);
  for (let at = own.indexOf(sign, from); at !== -1 && effort > 0; at = own.indexOf(sign, at + 1)) if (standsAt(at)) return at - from;
  return WHOLE;
};

/** `size` and `copy` say of each row how many bytes it has and put them at a place. */
const textColumn = (length: number, size: (row: number) => number, copy: (row: number, to: Uint8Array, at: number) => void): TextColumn => {
  const offsets = new Int32Array(length + 1);
  for (let row = 0; row < length; row++) offsets[row + 1] = (offsets[row] as number) + size(row);
  const data = new Uint8Array(offsets[length] as number);
  for (let row = 0; row < length; row++) if (offsets[row + 1] !== offsets[row]) copy(row, data, offsets[row] as number);
  return { layout: 'text', type: UTF8, length, validity: undefined, offsets, data };
};

/** Of the columns `body` and `raw` of log lines; where raw is missing the line is the body. */
export const wholeLine = (body: Column, raw: Column): WholeLine => {
  const { length } = raw;
  const [message, line] = [bytesOf(body), bytesOf(raw)];
  const places = new Int32Array(length);
  const validity = new Uint8Array((length + 7) >> 3);
  for (let row = 0; row < length; row++) {
    const place = isPresent(raw, row) ? (isPresent(body, row) ? find(line, message, row) : WHOLE) : NOTHING;
    places[row] = place;
    if (place === WHOLE) validity[row >> 3] = (validity[row >> 3] as number) | (1 << (row & 7));
  }
  const place = (row: number): number => places[row] as number;
  const size = (row: number): number => line.to(row) - line.from(row);
  const after = (row: number): number => place(row) + message.to(row) - message.from(row);
  const copy =
    (begin: (row: number) => number, end: (row: number) => number) =>
    (row: number, to: Uint8Array, at: number): void =>
      to.set(line.data.subarray(line.from(row) + begin(row), line.from(row) + end(row)), at);
  const start = (): number => 0;
  return {
    raw: { ...textColumn(length, (row) => (place(row) === WHOLE ? size(row) : 0), copy(start, size)), validity },
    head: textColumn(length, (row) => Math.max(0, place(row)), copy(start, place)),
    tail: textColumn(length, (row) => (place(row) < 0 ? 0 : size(row) - after(row)), copy(after, size)),
  };
};
