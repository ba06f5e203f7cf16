// Times and values of samples in few bytes, as they rest on the stream: chunks of whole numbers as their least one and the bits that the
// others lie above it, values as mantissas of one decimal exponent (as in ALP, Afroozeh and Boncz, SIGMOD 2024). Loss-free to the bit.
// Which series the rows are of is told elsewhere (`sample-set.ts`). Nothing is allocated per sample.
import { putSafeInteger, safeIntegerAt, wordsOf } from '../core/batch/words.ts';
import { MOST_EXPONENT } from './sample-value.ts';

/** Columns of one length. */
export interface SampleColumns {
  /** ms. */
  readonly time: BigInt64Array;
  readonly value: Float64Array;
  /** When what each row counts began, ms; 0: not known. Undefined: of none. */
  readonly start?: BigInt64Array | undefined;
}

const VERSION = 1;
/** What follows the version: times and values, or starts before them. */
const PLAIN = 0;
const WITH_STARTS = 1;
/** Rows of a chunk: neighbours in a reading are of one kind, so that small chunks fit them closely. */
const CHUNK = 32;
/** In place of an exponent: the chunk's values stand as they are. */
const RAW = 7;
/** Beyond it differences of whole numbers are not safe. */
const MOST_WHOLE = 2 ** 51;
/** A chunk takes at most so many bytes: as it is, or in bits with its least number and head. */
const MOST_OF_CHUNK = CHUNK * 8 + 16;
const POWERS = Float64Array.from({ length: MOST_EXPONENT + 1 }, (_, e) => 10 ** e);

class Writer {
  #bytes = new Uint8Array(4096);
  #at = 0;
  #held = 0;
  #bits = 0;

  begin(): void {
    this.#at = 0;
  }

  /** Room for a chunk; what `byte`, `whole` and the others write must fit it. */
  room(): void {
    if (this.#at + MOST_OF_CHUNK <= this.#bytes.length) return;
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  /** A whole number of at most 53 bits with its sign, in 1 to 8 bytes. */
  whole(value: number): void {
    let left = value < 0 ? -value * 2 - 1 : value * 2;
    for (; left >= 128; left = Math.floor(left / 128)) this.#bytes[this.#at++] = (left % 128) | 128;
    this.#bytes[this.#at++] = left;
  }

  /** `width` bits of each number less `least`, the lowest first. */
  bits(numbers: Float64Array, count: number, least: number, width: number): void {
    for (let i = 0; i < count; i++) {
      const over = (numbers[i] as number) - least;
      const low = over >>> 0;
      if (width <= 16) {
        this.#put(low, width);
        continue;
      }
      this.#put(low & 0xffff, 16);
      if (width <= 32) {
        this.#put(low >>> 16, width - 16);
        continue;
      }
      this.#put(low >>> 16, 16);
      const high = (over - low) / 2 ** 32;
      this.#put(high & 0xffff, Math.min(16, width - 32));
      if (width > 48) this.#put(high >>> 16, width - 48);
    }
    if (this.#bits > 0) this.byte(this.#held);
    this.#held = 0;
    this.#bits = 0;
  }

  /** At most 16 bits. */
  #put(piece: number, width: number): void {
    this.#held |= piece << this.#bits;
    for (this.#bits += width; this.#bits >= 8; this.#bits -= 8) {
      this.#bytes[this.#at++] = this.#held;
      this.#held >>>= 8;
    }
  }

  words(words: Uint32Array, from: number, to: number): void {
    const bytes = new Uint8Array(words.buffer, words.byteOffset + from * 4, (to - from) * 4);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}

/** Of whole numbers up to 2^53. */
const widthOf = (most: number): number => (most < 2 ** 32 ? 32 - Math.clz32(most) : 64 - Math.clz32(Math.floor(most / 2 ** 32)));

const writer = new Writer();
const chunk = new Float64Array(CHUNK);

const leastOf = (count: number): number => {
  let least = chunk[0] as number;
  for (let i = 1; i < count; i++) if ((chunk[i] as number) < least) least = chunk[i] as number;
  return least;
};

const mostOf = (count: number): number => {
  let most = chunk[0] as number;
  for (let i = 1; i < count; i++) if ((chunk[i] as number) > most) most = chunk[i] as number;
  return most;
};

/** Undefined where a time is outside ±2^51 ms. */
export const packSamples = ({ time, value, start }: SampleColumns): Uint8Array | undefined => {
  writer.begin();
  writer.byte(VERSION);
  writer.byte(start === undefined ? PLAIN : WITH_STARTS);
  if (start !== undefined && !packStarts(start)) return undefined;
  if (!packTimes(time)) return undefined;
  packValues(value);
  return writer.finish();
};

/** Many series have begun together, and few moments are all there is: those, and which of them each row has. */
const packStarts = (start: BigInt64Array): boolean => {
  const words = wordsOf(start);
  const moments = new Map<number, number>();
  const places = new Float64Array(start.length);
  let [last, place] = [Number.NaN, 0];
  for (let row = 0; row < start.length; row++) {
    const moment = safeIntegerAt(words, row);
    if (moment !== last) {
      if (Math.abs(moment) > MOST_WHOLE) return false;
      place = moments.get(moment) ?? moments.size;
      if (place === moments.size) moments.set(moment, place);
      last = moment;
    }
    places[row] = place;
  }
  writer.whole(moments.size);
  let before = 0;
  for (const moment of moments.keys()) {
    writer.room();
    writer.whole(moment - before);
    before = moment;
  }
  const width = widthOf(Math.max(0, moments.size - 1));
  for (let from = 0; from < start.length; from += CHUNK) {
    writer.room();
    writer.bits(places.subarray(from, from + CHUNK), Math.min(CHUNK, start.length - from), 0, width);
  }
  return true;
};

const packTimes = (time: BigInt64Array): boolean => {
  const words = wordsOf(time);
  let before = 0;
  for (let from = 0; from < time.length; from += CHUNK) {
    const count = Math.min(CHUNK, time.length - from);
    for (let i = 0; i < count; i++) chunk[i] = safeIntegerAt(words, from + i);
    const [least, most] = [leastOf(count), mostOf(count)];
    if (least < -MOST_WHOLE || most > MOST_WHOLE) return false;
    const width = widthOf(most - least);
    writer.room();
    writer.byte(width);
    writer.whole(least - before);
    writer.bits(chunk, count, least, width);
    before = least;
  }
  return true;
};

const packValues = (value: Float64Array): void => {
  const words = wordsOf(value);
  let before = 0;
  for (let from = 0; from < value.length; from += CHUNK) {
    const count = Math.min(CHUNK, value.length - from);
    const exponent = mantissas(value, from, count);
    writer.room();
    if (exponent === RAW) {
      writer.byte(RAW);
      writer.words(words, from * 2, (from + count) * 2);
      continue;
    }
    const least = leastOf(count);
    const width = widthOf(mostOf(count) - least);
    writer.byte(exponent);
    writer.byte(width);
    writer.whole(least - before);
    writer.bits(chunk, count, least, width);
    before = least;
  }
};

/** Fills `chunk` and returns the least exponent that makes all of them whole; `RAW` where none does. */
const mantissas = (value: Float64Array, from: number, count: number): number => {
  let exponent = 0;
  for (let i = 0; i < count; i++) {
    const v = value[from + i] as number;
    if (v === 0 ? Object.is(v, -0) : !(Math.abs(v) <= MOST_WHOLE)) return RAW;
    for (; ; exponent++) {
      if (exponent > MOST_EXPONENT) return RAW;
      const power = POWERS[exponent] as number;
      if (Math.round(v * power) / power === v) break;
    }
  }
  const power = POWERS[exponent] as number;
  for (let i = 0; i < count; i++) {
    const v = value[from + i] as number;
    const mantissa = Math.round(v * power);
    // A larger exponent than a value asks for is as exact, unless the number gets too large.
    if (!(Math.abs(mantissa) <= MOST_WHOLE) || mantissa / power !== v) return RAW;
    chunk[i] = mantissa;
  }
  return exponent;
};

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #bits = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    if (this.rest === 0) throw new RangeError('the packed samples end too soon');
    return this.#bytes[this.#at++] as number;
  }

  whole(): number {
    let [value, unit] = [0, 1];
    for (let byte = 128; byte >= 128; unit *= 128) {
      if (unit > 2 ** 49) throw new RangeError('a number of the packed samples is too large');
      byte = this.byte();
      value += (byte % 128) * unit;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  bits(count: number, least: number, width: number): void {
    if (Math.ceil((count * width) / 8) > this.rest) throw new RangeError('the packed samples end too soon');
    for (let i = 0; i < count; i++) {
      let over: number;
      if (width <= 16) over = this.#take(width);
      else {
        over = this.#take(16) + this.#take(Math.min(16, width - 16)) * 0x10000;
        if (width > 32) over += this.#take(Math.min(16, width - 32)) * 2 ** 32;
        if (width > 48) over += this.#take(width - 48) * 2 ** 48;
      }
      chunk[i] = least + over;
    }
    this.#held = 0;
    this.#bits = 0;
  }

  #take(width: number): number {
    for (; this.#bits < width; this.#bits += 8) this.#held |= (this.#bytes[this.#at++] as number) << this.#bits;
    const piece = this.#held & ((1 << width) - 1);
    this.#held >>>= width;
    this.#bits -= width;
    return piece;
  }

  copy(to: Uint8Array): void {
    if (to.length > this.rest) throw new RangeError('the packed samples end too soon');
    to.set(this.#bytes.subarray(this.#at, this.#at + to.length));
    this.#at += to.length;
  }
}

/** Throws `RangeError` on bytes that `packSamples` did not write for so many rows. */
export const unpackSamples = (bytes: Uint8Array, rows: number): SampleColumns => {
  const reader = new Reader(bytes);
  const version = reader.byte();
  if (version !== VERSION) throw new RangeError(`packed samples of version ${version}; this program knows ${VERSION}`);
  // Of a chunk of times there are two bytes at least, and of one of values.
  if (Math.ceil(rows / CHUNK) * 4 > bytes.length) throw new RangeError(`${bytes.length} bytes of packed samples for ${rows} rows`);
  const start = unpackStarts(reader, rows);
  const columns = { time: new BigInt64Array(rows), value: new Float64Array(rows) };
  unpackTimes(reader, columns.time);
  unpackValues(reader, columns.value);
  if (reader.rest > 0) throw new RangeError(`${reader.rest} bytes follow the packed samples`);
  return start === undefined ? columns : { ...columns, start };
};

const unpackStarts = (reader: Reader, rows: number): BigInt64Array | undefined => {
  const what = reader.byte();
  if (what === PLAIN) return undefined;
  if (what !== WITH_STARTS) throw new RangeError(`packed samples with columns ${what}`);
  const count = reader.whole();
  if (count < 0 || count > rows) throw new RangeError(`${count} starts of ${rows} packed samples`);
  const moments = new Float64Array(count);
  let before = 0;
  for (let i = 0; i < count; i++) {
    before += reader.whole();
    moments[i] = before;
  }
  const width = widthOf(Math.max(0, count - 1));
  const start = new BigInt64Array(rows);
  const words = wordsOf(start);
  for (let from = 0; from < rows; from += CHUNK) {
    const own = Math.min(CHUNK, rows - from);
    reader.bits(own, 0, width);
    for (let i = 0; i < own; i++) {
      const moment = moments[chunk[i] as number];
      if (moment === undefined) throw new RangeError('a start of the packed samples is none of those told');
      putSafeInteger(words, from + i, moment);
    }
  }
  return start;
};

const widthFrom = (reader: Reader): number => {
  const width = reader.byte();
  if (width > 53) throw new RangeError(`numbers of ${width} bits in packed samples`);
  return width;
};

const unpackTimes = (reader: Reader, time: BigInt64Array): void => {
  const words = wordsOf(time);
  let before = 0;
  for (let from = 0; from < time.length; from += CHUNK) {
    const count = Math.min(CHUNK, time.length - from);
    const width = widthFrom(reader);
    before += reader.whole();
    reader.bits(count, before, width);
    for (let i = 0; i < count; i++) putSafeInteger(words, from + i, chunk[i] as number);
  }
};

const unpackValues = (reader: Reader, value: Float64Array): void => {
  const bytes = new Uint8Array(value.buffer);
  let before = 0;
  for (let from = 0; from < value.length; from += CHUNK) {
    const count = Math.min(CHUNK, value.length - from);
    const exponent = reader.byte();
    if (exponent === RAW) {
      reader.copy(bytes.subarray(from * 8, (from + count) * 8));
      continue;
    }
    if (exponent > MOST_EXPONENT) throw new RangeError(`an exponent of ${exponent} in packed samples`);
    const power = POWERS[exponent] as number;
    const width = widthFrom(reader);
    before += reader.whole();
    reader.bits(count, before, width);
    for (let i = 0; i < count; i++) value[from + i] = (chunk[i] as number) / power;
  }
};
