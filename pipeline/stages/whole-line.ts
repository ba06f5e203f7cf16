// How the whole line rests beside its message: as what stands before and after the message where that is part of it, else whole, and not
// at all where the line is the message. A message with quotes stands in a line of JSON with backslashes before them: then the tail begins
// with a zero byte (the column `line` of the table puts it together again). Works on bytes, in time bound by the size of the line.
import { type Column, isPresent, type TextColumn, UTF8 } from '../../core/batch/batch.ts';
import { Texts } from '../../core/batch/texts.ts';

export interface WholeLine {
  /** Only where it cannot be rebuilt of head, message and tail. */
  readonly raw: Column;
  readonly head: Column;
  readonly tail: Column;
}

/** Beside a place in the line, what becomes of a row. */
const WHOLE = -1;
/** Bytes that are compared for each byte of a line before it is left whole: a line made for it could ask for their square. */
const EFFORT = 8;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Up to so many bytes a loop is quicker than a call. */
const SHORT = 48;

/** A sign of ASCII that is no letter and no digit: words end at it (docs/iql.md). */
const parts = (byte: number): boolean => byte < 0x80 && !((byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a));

/**
 * Where a message stands in its line as whole words, from the line's beginning; WHOLE where it does not, or where looking takes too long.
 * `before`: how many bytes behind it the line before had, where it is looked for first.
 */
const find = (line: Texts, message: Uint8Array, first: number, end: number, before: number): number => {
  const { data, from, to } = line;
  const size = end - first;
  const last = to - size;
  if (last < from) return WHOLE;
  if (size === 0) return to - from;
  let effort = EFFORT * (to - from + 8);
  const opens = !parts(message[first] as number);
  const closes = !parts(message[end - 1] as number);
  const sign = message[first] as number;
  for (let at = Math.max(from, last - before), next = from; effort > 0; ) {
    if (data[at] === sign) {
      const after = at + size;
      const apart = !(opens && at > from && !parts(data[at - 1] as number)) && !(closes && after < to && !parts(data[after] as number));
      let same = 1;
      if (apart) while (same < size && data[at + same] === message[first + same]) same++;
      if (apart && same === size) return at - from;
      effort -= same + 1;
    }
    if (next > last) return WHOLE;
    at = next++;
  }
  return WHOLE;
};

/** The message as a text of JSON says it, of which only quotes and backslashes need a backslash: its words stay what they are. */
class Escaped {
  data = new Uint8Array(1024);
  length = 0;

  /** False where it has neither. */
  set({ data, from, to }: Texts): boolean {
    let at = from;
    while (at < to && data[at] !== QUOTE && data[at] !== BACKSLASH) at++;
    if (at === to) return false;
    const most = (to - from) * 2;
    if (this.data.length < most) this.data = new Uint8Array(most);
    const out = this.data;
    let length = 0;
    for (let i = from; i < to; i++) {
      const byte = data[i] as number;
      if (byte === QUOTE || byte === BACKSLASH) out[length++] = BACKSLASH;
      out[length++] = byte;
    }
    this.length = length;
    return true;
  }
}

/** Of each row the bytes `[from, to)` of `data`; `mark`: rows before whose bytes there is a zero byte. */
const textColumn = (data: Uint8Array, from: Int32Array, to: Int32Array, mark: Uint8Array | undefined): TextColumn => {
  const { length } = from;
  const offsets = new Int32Array(length + 1);
  for (let row = 0; row < length; row++) offsets[row + 1] = (offsets[row] as number) + (to[row] as number) - (from[row] as number) + (mark?.[row] ?? 0);
  const out = new Uint8Array(offsets[length] as number);
  const source = Buffer.from(data.buffer, data.byteOffset, data.length);
  for (let row = 0; row < length; row++) {
    const [begin, end] = [from[row] as number, to[row] as number];
    const at = (offsets[row] as number) + (mark?.[row] ?? 0);
    if (end - begin > SHORT) source.copy(out, at, begin, end);
    else for (let i = begin; i < end; i++) out[at + i - begin] = data[i] as number;
  }
  return { layout: 'text', type: UTF8, length, validity: undefined, offsets, data: out };
};

/** Of the columns `body` and `raw` of log lines; where raw is missing the line is the body. */
export const wholeLine = (body: Column, raw: Column): WholeLine => {
  const { length } = raw;
  const [message, line] = [new Texts(body), new Texts(raw)];
  const escaped = new Escaped();
  const validity = new Uint8Array((length + 7) >> 3);
  // Where what is kept of the line lies: whole, before the message, behind it.
  const [whole, wholeEnd, head, headEnd, tail, tailEnd] = Array.from({ length: 6 }, () => new Int32Array(length)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const marks = new Uint8Array(length);
  let behind = 0;
  for (let row = 0; row < length; row++) {
    if (!isPresent(raw, row)) continue;
    line.at(row);
    let place = WHOLE;
    let size = 0;
    if (isPresent(body, row)) {
      message.at(row);
      const isEscaped = escaped.set(message);
      if (isEscaped) {
        size = escaped.length;
        place = find(line, escaped.data, 0, size, behind);
        if (place !== WHOLE) marks[row] = 1;
      }
      if (place === WHOLE) {
        size = message.to - message.from;
        place = find(line, message.data, message.from, message.to, behind);
      }
      // What begins so is told apart by it.
      if (place !== WHOLE && marks[row] === 0 && place + size < line.to - line.from && line.data[line.from + place + size] === 0) place = WHOLE;
    }
    if (place === WHOLE) {
      validity[row >> 3] = (validity[row >> 3] as number) | (1 << (row & 7));
      whole[row] = line.from;
      wholeEnd[row] = line.to;
    } else {
      head[row] = line.from;
      headEnd[row] = line.from + place;
      tail[row] = line.from + place + size;
      tailEnd[row] = line.to;
      behind = line.to - (tail[row] as number);
    }
  }
  return {
    raw: { ...textColumn(line.data, whole, wholeEnd, undefined), validity },
    head: textColumn(line.data, head, headEnd, undefined),
    tail: textColumn(line.data, tail, tailEnd, marks),
  };
};
