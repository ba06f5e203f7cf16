// A dictionary as a stream builds it up: replaced whole or grown by deltas.
// Columns that were given out before stay as they are; growth costs what is added, not what is there.
import type { TextColumn } from '../batch/batch.ts';
import { bitAt } from '../batch/batch.ts';
import { bitmapBytes, setBit } from '../batch/bits.ts';
import { malformed } from './flat-read.ts';

export class GrowingDictionary {
  #offsets: Int32Array = new Int32Array(1);
  #data: Uint8Array = new Uint8Array(0);
  #length = 0;
  #column: TextColumn | undefined;
  /** Bits of the entries that stand for a missing value; undefined when there are none. */
  #missing: Uint8Array | undefined;
  /** Whether the arrays were allocated here, so that there may be room behind what was given out. */
  #own = true;

  replace(entries: TextColumn): void {
    this.#length = 0;
    this.#offsets = entries.offsets;
    this.#data = entries.data;
    this.#length = entries.length;
    this.#column = undefined;
    this.#missing = undefined;
    this.#own = false;
    this.#note(entries, 0);
  }

  append(entries: TextColumn): void {
    const from = entries.offsets[0] as number;
    const bytes = (entries.offsets[entries.length] as number) - from;
    const used = this.#offsets[this.#length] as number;
    if (used + bytes > 0x7fffffff) throw malformed('a dictionary of more than 2 GiB');
    const count = this.#length + entries.length;
    // What was given out are views of these arrays: only what lies behind them is ever written.
    if (count + 1 > this.#offsets.length || !this.#own) {
      const grown = new Int32Array(count * 2 + 1);
      grown.set(this.#offsets.subarray(0, this.#length + 1));
      this.#offsets = grown;
    }
    if (used + bytes > this.#data.length || !this.#own) {
      const grown = new Uint8Array((used + bytes) * 2);
      grown.set(this.#data.subarray(0, used));
      this.#data = grown;
    }
    this.#own = true;
    this.#data.set(entries.data.subarray(from, from + bytes), used);
    for (let i = 1; i <= entries.length; i++) this.#offsets[this.#length + i] = (entries.offsets[i] as number) - from + used;
    this.#note(entries, this.#length);
    this.#length = count;
    this.#column = undefined;
  }

  #note(entries: TextColumn, base: number): void {
    if (entries.validity === undefined) return;
    const bytes = bitmapBytes(base + entries.length);
    if (this.#missing === undefined || this.#missing.length < bytes) {
      const grown = new Uint8Array(bytes * 2);
      if (this.#missing !== undefined) grown.set(this.#missing);
      this.#missing = grown;
    }
    for (let i = 0; i < entries.length; i++) if (!bitAt(entries.validity, i)) setBit(this.#missing, base + i);
  }

  isMissing(entry: number): boolean {
    return this.#missing !== undefined && entry >>> 3 < this.#missing.length && bitAt(this.#missing, entry);
  }

  column(): TextColumn {
    this.#column ??= {
      layout: 'text',
      type: { kind: 'utf8' },
      length: this.#length,
      validity: undefined,
      offsets: this.#offsets.subarray(0, this.#length + 1),
      data: this.#data.subarray(0, this.#offsets[this.#length]),
    };
    return this.#column;
  }
}
