// What lines of one program have in common: their words of letters alone, in lower case, a blank around each; in place of all other words that
// stand side by side a `0`. There are few such patterns, so a store finds words and phrases by looking at each of them once, whatever the
// number of lines. Works on bytes; a text is made only of lines that are not ASCII. `tables-11.ts` says the same for lines from before.
import { type Column, type DictionaryColumn, isPresent, type TextColumn, UTF8 } from '../../core/batch/batch.ts';
import { hashBytes } from '../../core/batch/hash-bytes.ts';
import { Texts } from '../../core/batch/texts.ts';

const BLANK = 0x20;
const OTHER = 0x30;
const LETTER = 0x61;
const OUTSIDE = 1;
/** What a byte is: a letter of ASCII, as its lower case; a digit; 0, what words end at; or no ASCII. */
const KIND = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code > 0x7f) return OUTSIDE;
  const lower = code >= 0x41 && code <= 0x5a ? code | BLANK : code;
  if (lower >= 0x61 && lower <= 0x7a) return lower;
  return code >= 0x30 && code <= 0x39 ? OTHER : 0;
});
const TOKEN = /[\p{L}\p{N}]+/gu;
const LETTERS = /^[a-z]+$/;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Distinct patterns of one batch, found by their bytes. */
class Patterns {
  #slots = new Int32Array(1024);
  #offsets = new Int32Array(256);
  #hashes = new Int32Array(256);
  #data: Uint8Array = new Uint8Array(1 << 16);
  #used = 0;
  #hash = 0;
  #count = 0;

  begin(): void {
    this.#used = this.#offsets[this.#count] as number;
    this.#reserve(1);
    this.#data[this.#used++] = BLANK;
  }

  add({ data, from, to }: Texts): void {
    this.#reserve(2 * (to - from) + 8);
    const out = this.#data;
    let at = this.#used;
    let begun = at;
    let digits = 0;
    for (let i = from; i <= to; i++) {
      const kind = i < to ? (KIND[data[i] as number] as number) : 0;
      if (kind > OUTSIDE) {
        out[at++] = kind;
        // Without a branch: which sign of an id is a digit cannot be foreseen.
        digits |= (kind - LETTER) >> 31;
      } else if (kind === OUTSIDE) {
        this.#addText(decoder.decode(data.subarray(from, to)));
        return;
      } else if (at > begun) {
        if (digits !== 0) {
          // Several of them are one.
          at = out[begun - 2] === OTHER ? begun - 1 : begun;
          if (at === begun) out[at++] = OTHER;
        }
        out[at++] = BLANK;
        begun = at;
        digits = 0;
      }
    }
    this.#used = at;
  }

  /** Keeps words apart that are of two texts. */
  border(): void {
    if (this.#data[this.#used - 2] === OTHER) return;
    this.#reserve(2);
    this.#data[this.#used++] = OTHER;
    this.#data[this.#used++] = BLANK;
  }

  /** The number of what was begun. */
  end(): number {
    const from = this.#offsets[this.#count] as number;
    const [data, to] = [this.#data, this.#used];
    this.#hash = hashBytes(data, from, to) | 0;
    for (let slot = this.#hash & (this.#slots.length - 1); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const known = (this.#slots[slot] as number) - 1;
      if (known === -1) return this.#keep(slot, to);
      if (this.#hashes[known] === this.#hash && this.#isSame(known, from, to)) return known;
    }
  }

  column(): TextColumn {
    const length = this.#count;
    const offsets = this.#offsets.slice(0, length + 1);
    return { layout: 'text', type: UTF8, length, validity: undefined, offsets, data: this.#data.slice(0, offsets[length]) };
  }

  #addText(text: string): void {
    for (const word of text.toLowerCase().match(TOKEN) ?? []) {
      const isOther = !LETTERS.test(word);
      if (isOther && this.#data[this.#used - 2] === OTHER) continue;
      const kept = isOther ? '0' : word;
      this.#reserve(kept.length + 1);
      for (let i = 0; i < kept.length; i++) this.#data[this.#used++] = kept.charCodeAt(i);
      this.#data[this.#used++] = BLANK;
    }
  }

  #isSame(known: number, from: number, to: number): boolean {
    const data = this.#data;
    const [begin, end] = [this.#offsets[known] as number, this.#offsets[known + 1] as number];
    if (end - begin !== to - from) return false;
    for (let i = 0; i < to - from; i++) if (data[begin + i] !== data[from + i]) return false;
    return true;
  }

  #keep(slot: number, to: number): number {
    this.#slots[slot] = this.#count + 1;
    if (this.#count + 2 > this.#offsets.length) {
      this.#offsets = grown(this.#offsets);
      this.#hashes = grown(this.#hashes);
    }
    this.#hashes[this.#count] = this.#hash;
    this.#offsets[++this.#count] = to;
    if (this.#count * 2 > this.#slots.length) this.#spread();
    return this.#count - 1;
  }

  #spread(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    for (let i = 0; i < this.#count; i++) {
      let slot = (this.#hashes[i] as number) & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#data.length) return;
    const data = new Uint8Array(Math.max(this.#used + bytes, this.#data.length * 2));
    data.set(this.#data.subarray(0, this.#used));
    this.#data = data;
  }
}

const grown = (list: Int32Array): Int32Array<ArrayBuffer> => {
  const out = new Int32Array(list.length * 2);
  out.set(list);
  return out;
};

/** Of the columns `body` and `raw` of log lines; `apart`: the column whose rows are there where the message is no part of its line. */
export const linePatterns = (body: Column, raw: Column, apart: Column): DictionaryColumn => {
  const { length } = raw;
  const [message, line] = [new Texts(body), new Texts(raw)];
  const patterns = new Patterns();
  const indices = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    patterns.begin();
    const hasLine = isPresent(raw, row);
    if (hasLine) {
      line.at(row);
      patterns.add(line);
    }
    if (isPresent(body, row) && (!hasLine || isPresent(apart, row))) {
      if (hasLine) patterns.border();
      message.at(row);
      patterns.add(message);
    }
    indices[row] = patterns.end();
  }
  return { layout: 'dictionary', type: UTF8, length, validity: undefined, indices, dictionary: patterns.column() };
};
