// The columns of log entries in buffers that are kept from frame to frame: nothing is allocated for an entry once they are as large as a frame.
// A column that is asked for is valid until the next entry is added or all is cleared. Knows nothing of what the columns mean.
import type { Column, DictionaryColumn, FixedColumn, MapColumn, TextColumn } from '../../core/batch/batch.ts';
import { FLOAT, map, TIME_NS, UINT64, UTF8 } from '../../core/batch/batch.ts';
import { asAscii } from '../../core/batch/build.ts';
import { wordsOf } from '../../core/batch/words.ts';
import type { Fields } from './formats/fields.ts';

/** Up to so many characters a loop is quicker than the call of the encoder. */
const SHORT = 32;
/** What a frame far larger than others left is not kept. */
const MOST_KEPT = 4 << 20;

export class TextBuffer {
  length = 0;
  #offsets = new Int32Array(64);
  #data: Buffer = Buffer.allocUnsafeSlow(1024);
  #used = 0;
  /** A bit of 0 for each that is missing. */
  #present = new Uint8Array(8).fill(255);
  #missing = 0;
  /** The text before, whose bytes serve again: hosts, files, services and levels stand many times in a row. */
  #last: string | undefined;
  #lastAt = 0;

  append(text: string): void {
    const from = this.#used;
    if (text === this.#last) {
      const size = from - this.#lastAt;
      this.#reserve(size);
      const data = this.#data;
      if (size > SHORT) data.copyWithin(from, this.#lastAt, from);
      else for (let i = this.#lastAt; i < from; i++) data[i + size] = data[i] as number;
      this.#used = from + size;
    } else {
      this.#reserve(text.length * 3);
      this.#used = from + ((text.length <= SHORT && asAscii(text, this.#data, from)) || this.#data.write(text, from));
      this.#last = text;
    }
    this.#lastAt = from;
    this.#close();
  }

  appendMissing(): void {
    const row = this.length;
    if (row >> 3 >= this.#present.length) {
      const grown = new Uint8Array(this.#offsets.length >> 2).fill(255);
      grown.set(this.#present);
      this.#present = grown;
    }
    this.#present[row >> 3] = (this.#present[row >> 3] as number) & ~(1 << (row & 7));
    this.#missing++;
    this.#last = undefined;
    this.#close();
  }

  clear(): void {
    if (this.#missing > 0) this.#present.fill(255);
    if (this.#data.length > MOST_KEPT) this.#data = Buffer.allocUnsafeSlow(1024);
    this.length = 0;
    this.#used = 0;
    this.#missing = 0;
    // It may be a part of a far longer text.
    this.#last = undefined;
  }

  column(): TextColumn {
    const { length } = this;
    return {
      layout: 'text',
      type: UTF8,
      length,
      validity: this.#missing === 0 ? undefined : bitsOf(this.#present, length),
      offsets: this.#offsets.subarray(0, length + 1),
      data: this.#data.subarray(0, this.#used),
    };
  }

  #reserve(bytes: number): void {
    const least = this.#used + bytes;
    if (least <= this.#data.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(least, this.#data.length * 2));
    this.#data.copy(grown, 0, 0, this.#used);
    this.#data = grown;
  }

  #close(): void {
    const end = ++this.length;
    if (end >= this.#offsets.length) {
      const grown = new Int32Array(this.#offsets.length * 2);
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    this.#offsets[end] = this.#used;
  }
}

/** Texts of which few are distinct, as numbers in a dictionary: hosts, files, services, levels, names of attributes. */
export class WordBuffer {
  length = 0;
  #indices = new Int32Array(64);
  readonly #words = new TextBuffer();
  readonly #known = new Map<string, number>();
  #present = new Uint8Array(8).fill(255);
  #missing = 0;
  #last: string | undefined;
  #lastIndex = 0;

  append(text: string): void {
    if (text !== this.#last) {
      let index = this.#known.get(text);
      if (index === undefined) {
        index = this.#words.length;
        this.#words.append(text);
        this.#known.set(text, index);
      }
      this.#last = text;
      this.#lastIndex = index;
    }
    if (this.length === this.#indices.length) this.#grow(1);
    this.#indices[this.length++] = this.#lastIndex;
  }

  /** Once more what stands in the last rows, of which none is missing. */
  repeat(count: number): void {
    if (this.length + count > this.#indices.length) this.#grow(count);
    this.#indices.copyWithin(this.length, this.length - count, this.length);
    this.length += count;
  }

  appendMissing(): void {
    const row = this.length;
    if (row === this.#indices.length) this.#grow(1);
    if (row >> 3 >= this.#present.length) {
      const grown = new Uint8Array(this.#indices.length >> 2).fill(255);
      grown.set(this.#present);
      this.#present = grown;
    }
    this.#present[row >> 3] = (this.#present[row >> 3] as number) & ~(1 << (row & 7));
    this.#missing++;
    this.#indices[this.length++] = 0;
  }

  clear(): void {
    if (this.#missing > 0) this.#present.fill(255);
    this.length = 0;
    this.#missing = 0;
    this.#words.clear();
    // Words may be parts of far longer texts.
    this.#known.clear();
    this.#last = undefined;
  }

  column(): DictionaryColumn | TextColumn {
    const { length } = this;
    const validity = this.#missing === 0 ? undefined : bitsOf(this.#present, length);
    // Of a dictionary without entries nothing could be told.
    if (this.#words.length === 0) return { layout: 'text', type: UTF8, length, validity, offsets: new Int32Array(length + 1), data: new Uint8Array(0) };
    return { layout: 'dictionary', type: UTF8, length, validity, indices: this.#indices.subarray(0, length), dictionary: this.#words.column() };
  }

  #grow(count: number): void {
    const grown = new Int32Array(Math.max(this.#indices.length * 2, this.length + count));
    grown.set(this.#indices);
    this.#indices = grown;
  }
}

/** Bits behind the last row are 0, and so are those of bytes that no missing row has made. */
const bitsOf = (present: Uint8Array, length: number): Uint8Array => {
  const bits = new Uint8Array((length + 7) >> 3).fill(255);
  bits.set(present.subarray(0, bits.length));
  if ((length & 7) !== 0) bits[bits.length - 1] = (bits[bits.length - 1] as number) & ((1 << (length & 7)) - 1);
  return bits;
};

export class TimeBuffer {
  length = 0;
  #values = new BigInt64Array(64);

  append(ns: bigint): void {
    if (this.length === this.#values.length) {
      const grown = new BigInt64Array(this.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = ns;
  }

  clear(): void {
    this.length = 0;
  }

  column(): FixedColumn {
    return { layout: 'fixed', type: TIME_NS, length: this.length, validity: undefined, values: this.#values.subarray(0, this.length) };
  }
}

/** Unsigned 64-bit numbers, given as words. */
export class WordsBuffer {
  length = 0;
  #values = new BigUint64Array(64);
  #words = wordsOf(this.#values);

  /** `high` may have a fraction. */
  append(low: number, high: number): void {
    if (this.length === this.#values.length) {
      const grown = new BigUint64Array(this.length * 2);
      grown.set(this.#values);
      this.#values = grown;
      this.#words = wordsOf(grown);
    }
    this.#words[this.length * 2] = low;
    this.#words[this.length * 2 + 1] = high;
    this.length++;
  }

  clear(): void {
    this.length = 0;
  }

  column(): FixedColumn {
    return { layout: 'fixed', type: UINT64, length: this.length, validity: undefined, values: this.#values.subarray(0, this.length) };
  }
}

class NumberBuffer {
  length = 0;
  #values = new Float64Array(64);

  append(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }

  clear(): void {
    this.length = 0;
  }

  column(): FixedColumn {
    return { layout: 'fixed', type: FLOAT, length: this.length, validity: undefined, values: this.#values.subarray(0, this.length) };
  }
}

/** Where the values of a map go. */
interface ValueBuffer<V> {
  readonly length: number;
  append(value: V): void;
  clear(): void;
  column(): Column;
}

class MapBuffer<V> {
  length = 0;
  readonly #type: MapColumn['type'];
  readonly #keys = new WordBuffer();
  readonly #values: ValueBuffer<V>;
  #offsets = new Int32Array(64);
  /** Of the row before: lines of one program have the same names one after the other. */
  readonly #names: string[] = [];
  #named = 0;

  constructor(type: MapColumn['type'], values: ValueBuffer<V>) {
    this.#type = type;
    this.#values = values;
  }

  append(fields: Fields<V>): void {
    const { names, values, size } = fields;
    if (size > 0 && this.#hasNamesOf(names, size)) this.#keys.repeat(size);
    else {
      for (let i = 0; i < size; i++) {
        this.#keys.append(names[i] as string);
        this.#names[i] = names[i] as string;
      }
      this.#named = size;
    }
    for (let i = 0; i < size; i++) this.#values.append(values[i] as V);
    const end = ++this.length;
    if (end >= this.#offsets.length) {
      const grown = new Int32Array(this.#offsets.length * 2);
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    this.#offsets[end] = this.#values.length;
  }

  #hasNamesOf(names: readonly string[], size: number): boolean {
    if (size !== this.#named) return false;
    for (let i = 0; i < size; i++) if (names[i] !== this.#names[i]) return false;
    return true;
  }

  clear(): void {
    this.length = 0;
    this.#named = 0;
    // It may be a part of a far longer text.
    this.#names.length = 0;
    this.#keys.clear();
    this.#values.clear();
  }

  column(): MapColumn {
    const { length } = this;
    const offsets = this.#offsets.subarray(0, length + 1);
    return { layout: 'map', type: this.#type, length, validity: undefined, offsets, keys: this.#keys.column(), values: this.#values.column() };
  }
}

export const textMapBuffer = (): MapBuffer<string> => new MapBuffer(map(UTF8), new TextBuffer());
export const numberMapBuffer = (): MapBuffer<number> => new MapBuffer(map(FLOAT), new NumberBuffer());
