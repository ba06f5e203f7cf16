// Dense numbers for combinations of key values, in the order of first appearance: the base of groups, windows, joins and distinct.
// Works on typed arrays; a text is decoded once an entry of a dictionary, or once a row where it stands plain.
import { type Column, type DataType, isPresent, type TextColumn, textAt, valueAt } from '../../core/batch/batch.ts';
import { concatColumns } from '../../core/batch/concat.ts';
import { sameText } from '../../core/batch/same-bytes.ts';
import { takeColumn } from '../../core/batch/take.ts';
import { missingColumn } from './conform.ts';
import { canonical } from './values.ts';

/** Pairs of 32-bit integers to dense numbers from 0. */
export class PairTable {
  size = 0;
  #a = new Int32Array(16);
  #b = new Int32Array(16);
  #slots = new Int32Array(64).fill(-1);

  first(id: number): number {
    return this.#a[id] as number;
  }

  second(id: number): number {
    return this.#b[id] as number;
  }

  /** The number of the pair, or −1. */
  find(a: number, b: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = mix(a, b) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] as number;
      if (id < 0 || (this.#a[id] === a && this.#b[id] === b)) return id;
    }
  }

  /** The number of the pair, a new one (the old `size`) when it was not there. */
  put(a: number, b: number): number {
    const mask = this.#slots.length - 1;
    let slot = mix(a, b) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] as number;
      if (id < 0) break;
      if (this.#a[id] === a && this.#b[id] === b) return id;
    }
    const id = this.size++;
    this.#slots[slot] = id;
    if (id === this.#a.length) this.#grow();
    this.#a[id] = a;
    this.#b[id] = b;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #grow(): void {
    const a = new Int32Array(this.#a.length * 2);
    const b = new Int32Array(this.#a.length * 2);
    a.set(this.#a);
    b.set(this.#b);
    this.#a = a;
    this.#b = b;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = mix(this.#a[id] as number, this.#b[id] as number) & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

const mix = (a: number, b: number): number => {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
};

/** Of a dictionary's entry: looked up and not found; it may have been added since. */
const UNKNOWN = -2;

/** Dense codes for the values of one column; a missing value has a code only where it is a key like any other. */
class ColumnCodes {
  size = 0;
  readonly #missingIsKey: boolean;
  #missing = -1;
  readonly #texts = new Map<string, number>();
  readonly #pairs = new PairTable();
  readonly #pairCodes: number[] = [];
  readonly #dictionaries = new WeakMap<TextColumn, Int32Array>();

  constructor(missingIsKey: boolean) {
    this.#missingIsKey = missingIsKey;
  }

  /** The code of each row; −1 for missing (where that is no key) and, unless `add`, for what was not seen before. */
  codes(column: Column, rows: number, add: boolean): Int32Array {
    const out = new Int32Array(rows);
    const { validity } = column;
    const code = this.#coder(column, add);
    for (let i = 0; i < rows; i++) out[i] = validity === undefined || isPresent(column, i) ? code(i) : this.#missingCode(add);
    return out;
  }

  #missingCode(add: boolean): number {
    if (this.#missingIsKey && this.#missing < 0 && add) this.#missing = this.size++;
    return this.#missing;
  }

  #text(text: string, add: boolean): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (!add) return -1;
    this.#texts.set(text, this.size);
    return this.size++;
  }

  #pair(a: number, b: number, add: boolean): number {
    if (!add) {
      const id = this.#pairs.find(a, b);
      return id < 0 ? -1 : (this.#pairCodes[id] as number);
    }
    const id = this.#pairs.put(a, b);
    if (id === this.#pairCodes.length) this.#pairCodes.push(this.size++);
    return this.#pairCodes[id] as number;
  }

  #coder(column: Column, add: boolean): (row: number) => number {
    switch (column.layout) {
      case 'dictionary': {
        const { dictionary, indices } = column;
        const entries = this.#dictionaries.get(dictionary) ?? new Int32Array(dictionary.length).fill(-1);
        this.#dictionaries.set(dictionary, entries);
        return (row) => {
          const entry = indices[row] as number;
          const known = entries[entry] as number;
          if (known >= 0) return known;
          if (known === UNKNOWN && !add) return -1;
          const code = this.#text(textAt(dictionary, entry), add);
          entries[entry] = code < 0 ? UNKNOWN : code;
          return code;
        };
      }
      case 'text': {
        let lastRow = -1;
        let last = -1;
        return (row) => {
          if (lastRow < 0 || !sameText(column, row, column, lastRow)) {
            last = this.#text(textAt(column, row), add);
            lastRow = row;
          }
          return last;
        };
      }
      case 'bool':
        return (row) => this.#pair(0, ((column.bits[row >> 3] as number) >> (row & 7)) & 1, add);
      case 'fixed': {
        const { values } = column;
        if (values instanceof Float64Array || values instanceof BigInt64Array || values instanceof BigUint64Array) {
          const halves = new Int32Array(values.buffer, values.byteOffset, column.length * 2);
          const isFloat = values instanceof Float64Array;
          return (row) => (isFloat && values[row] === 0 ? this.#pair(0, 0, add) : this.#pair(halves[row * 2] as number, halves[row * 2 + 1] as number, add));
        }
        return (row) => this.#pair(0, values[row] as number, add);
      }
      default:
        return (row) => this.#text(canonical(valueAt(column, row)), add);
    }
  }
}

/** Numbers for combinations of several columns' values. */
export class KeyTable {
  readonly #types: readonly DataType[];
  readonly #codes: readonly ColumnCodes[];
  readonly #pairs: readonly PairTable[];
  readonly #missingIsKey: boolean;
  readonly #seen: (readonly Column[])[] = [];
  size = 0;

  /** `missingIsKey`: missing is a value like any other (`by`); else a row with a missing key has no number (joins). */
  constructor(types: readonly DataType[], missingIsKey: boolean) {
    this.#types = types;
    this.#missingIsKey = missingIsKey;
    this.#codes = types.map(() => new ColumnCodes(missingIsKey));
    this.#pairs = types.slice(1).map(() => new PairTable());
  }

  /** The number of each row's combination, new ones given as met; without columns all are 0. */
  add(columns: readonly Column[], rows: number): Int32Array {
    const before = this.size;
    const ids = this.#numbers(columns, rows, true);
    if (this.#types.length === 0) {
      if (rows > 0 && before === 0) this.size = 1;
      return ids;
    }
    this.size = this.#pairs.length === 0 ? (this.#codes[0] as ColumnCodes).size : (this.#pairs.at(-1) as PairTable).size;
    if (this.size > before) {
      const firsts = new Int32Array(this.size - before);
      for (let i = 0, next = before; i < rows && next < this.size; i++) if (ids[i] === next) firsts[next++ - before] = i;
      this.#seen.push(columns.map((column) => takeColumn(column, firsts)));
    }
    return ids;
  }

  /** The number of each row's combination, −1 for one that was never added. To be used when all adding is done. */
  find(columns: readonly Column[], rows: number): Int32Array {
    return this.#numbers(columns, rows, false);
  }

  #numbers(columns: readonly Column[], rows: number, add: boolean): Int32Array {
    const first = columns[0];
    if (first === undefined) return new Int32Array(rows);
    const ids = (this.#codes[0] as ColumnCodes).codes(first, rows, add);
    for (let k = 1; k < columns.length; k++) {
      const codes = (this.#codes[k] as ColumnCodes).codes(columns[k] as Column, rows, add);
      const pairs = this.#pairs[k - 1] as PairTable;
      for (let i = 0; i < rows; i++) {
        const [a, b] = [ids[i] as number, codes[i] as number];
        if (!this.#missingIsKey && (a < 0 || b < 0)) ids[i] = -1;
        else if (add) ids[i] = pairs.put(a, b);
        else ids[i] = a < 0 || b < 0 ? -1 : pairs.find(a, b);
      }
    }
    return ids;
  }

  /** The key values of each number: one row for each of `size`. */
  columns(): readonly Column[] {
    return this.#types.map((type, k) => (this.#seen.length === 0 ? missingColumn(type, 0) : concatColumns(this.#seen.map((chunk) => chunk[k] as Column))));
  }
}
