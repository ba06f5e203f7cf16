// Definitions of series read by their bytes: what the id of a row is the hash of, its metric and its host. No text and no map is made for a row.
// Judges nothing; its columns are of the schema's types.
import { type Batch, columnOf, type DictionaryColumn, type MapColumn, type TextColumn, textAt } from '../core/batch/batch.ts';
import { metricHashOf } from './series-id.ts';

/** Where the bytes of a text of a column stand. */
export class TextBytes {
  readonly data: Uint8Array;
  readonly #text: TextColumn;
  readonly #indices: Int32Array | undefined;

  constructor(column: TextColumn | DictionaryColumn) {
    this.#text = column.layout === 'text' ? column : column.dictionary;
    this.#indices = column.layout === 'text' ? undefined : column.indices;
    this.data = this.#text.data;
  }

  from(row: number): number {
    return this.#text.offsets[this.#placeOf(row)] as number;
  }

  to(row: number): number {
    return this.#text.offsets[this.#placeOf(row) + 1] as number;
  }

  at(row: number): string {
    return textAt(this.#text, this.#placeOf(row));
  }

  #placeOf(row: number): number {
    return this.#indices === undefined ? row : (this.#indices[row] as number);
  }
}

const HOST = Buffer.from('host');
const HASH_SIGN = 0x23;
const ZERO = 0x30;
const COLON = 0x3a;

const isSame = (a: Uint8Array, from: number, to: number, b: Uint8Array): boolean => {
  if (to - from !== b.length) return false;
  for (let i = 0; i < b.length; i++) if (a[from + i] !== b[i]) return false;
  return true;
};

/** Labels of rows: a map of text to text. */
export class LabelRows {
  readonly keys: TextBytes;
  readonly values: TextBytes;
  readonly #offsets: Int32Array;
  /** Of the row before, its entries by the bytes of their keys; numbers count from the first of the row. */
  #order = new Int32Array(16);
  #count = 0;
  #host: Uint8Array = new Uint8Array(0);
  #hostText = '';

  constructor(labels: MapColumn) {
    this.keys = new TextBytes(labels.keys);
    this.values = new TextBytes(labels.values as TextColumn | DictionaryColumn);
    this.#offsets = labels.offsets;
  }

  /** The label `host`; empty where there is none. The same text for rows that follow each other. */
  host(row: number): string {
    for (let at = this.#offsets[row] as number; at < (this.#offsets[row + 1] as number); at++) if (this.#isHost(at)) return this.#hostAt(at);
    return '';
  }

  /** Each host that a label of `rows` rows names, at least once: also one that stands twice in a row. */
  eachHost(rows: number, meet: (host: string) => void): void {
    let before = '';
    for (let at = this.#offsets[0] as number; at < (this.#offsets[rows] as number); at++) {
      const host = this.#isHost(at) ? this.#hostAt(at) : before;
      if (host !== before) meet(host);
      before = host;
    }
  }

  #isHost(at: number): boolean {
    return isSame(this.keys.data, this.keys.from(at), this.keys.to(at), HOST);
  }

  #hostAt(at: number): string {
    const [from, to] = [this.values.from(at), this.values.to(at)];
    if (!isSame(this.values.data, from, to, this.#host)) {
      this.#host = this.values.data.slice(from, to);
      this.#hostText = this.values.at(at);
    }
    return this.#hostText;
  }

  /** The first label of a row that is named as the platform names its own columns. */
  reserved(row: number): string | undefined {
    for (let at = this.#offsets[row] as number; at < (this.#offsets[row + 1] as number); at++)
      if (this.keys.from(at) < this.keys.to(at) && this.keys.data[this.keys.from(at)] === HASH_SIGN) return this.keys.at(at);
    return undefined;
  }

  /** Names of the labels of a row, as they stand in it. */
  names(row: number): readonly string[] {
    const found: string[] = [];
    for (let at = this.#offsets[row] as number; at < (this.#offsets[row + 1] as number); at++) found.push(this.keys.at(at));
    return found;
  }

  /** The first label of a row whose name or value has more bytes than these. */
  longer(row: number, nameBytes: number, valueBytes: number): string | undefined {
    for (let at = this.#offsets[row] as number; at < (this.#offsets[row + 1] as number); at++)
      if (this.keys.to(at) - this.keys.from(at) > nameBytes || this.values.to(at) - this.values.from(at) > valueBytes) return this.keys.at(at);
    return undefined;
  }

  /** Entries of a row in the order of code points of their keys, which is that of their bytes; valid until the next call. */
  sorted(row: number): Int32Array {
    const first = this.#offsets[row] as number;
    const count = (this.#offsets[row + 1] as number) - first;
    if (count > this.#order.length) this.#order = new Int32Array(count * 2);
    const order = this.#order;
    // Rows of one sender have the same labels in the same order: that of the row before is mostly right.
    if (count !== this.#count) for (let i = 0; i < count; i++) order[i] = i;
    this.#count = count;
    for (let i = 1; i < count; i++) {
      const moved = order[i] as number;
      let to = i;
      for (; to > 0 && this.#isAfter(first + (order[to - 1] as number), first + moved); to--) order[to] = order[to - 1] as number;
      order[to] = moved;
    }
    return order.subarray(0, count);
  }

  /** The first entry of a row, to which those of `sorted` are added. */
  first(row: number): number {
    return this.#offsets[row] as number;
  }

  #isAfter(a: number, b: number): boolean {
    const { data } = this.keys;
    const [x, y] = [this.keys.from(a), this.keys.from(b)];
    const [m, n] = [this.keys.to(a) - x, this.keys.to(b) - y];
    for (let i = 0; i < m && i < n; i++) {
      const difference = (data[x + i] as number) - (data[y + i] as number);
      if (difference !== 0) return difference > 0;
    }
    return m > n;
  }
}

/** Rows of the schema `series`. */
export class DefinitionRows {
  readonly labels: LabelRows;
  readonly names: TextBytes;
  #bytes: Uint8Array = new Uint8Array(1 << 10);
  #used = 0;

  constructor(batch: Batch) {
    this.labels = new LabelRows(columnOf(batch, 'labels') as MapColumn);
    this.names = new TextBytes(columnOf(batch, 'name') as TextColumn | DictionaryColumn);
  }

  /** What `seriesId` hashes; valid until the next call. */
  identity(row: number): Uint8Array {
    const { labels, names } = this;
    this.#used = 0;
    this.#put(names, row);
    const first = labels.first(row);
    for (const entry of labels.sorted(row)) {
      const at = first + entry;
      if (labels.values.from(at) === labels.values.to(at)) continue;
      this.#put(labels.keys, at);
      this.#put(labels.values, at);
    }
    return this.#bytes.subarray(0, this.#used);
  }

  metric(row: number): number {
    return metricHashOf(this.names.data, this.names.from(row), this.names.to(row));
  }

  /** `<length>:<bytes>`. */
  #put(text: TextBytes, at: number): void {
    const [from, to] = [text.from(at), text.to(at)];
    const size = to - from;
    if (this.#used + size + 16 > this.#bytes.length) {
      const grown = new Uint8Array((this.#used + size + 16) * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    const bytes = this.#bytes;
    let used = this.#used;
    let digit = 1;
    while (digit * 10 <= size) digit *= 10;
    for (; digit >= 1; digit /= 10) bytes[used++] = ZERO + (Math.floor(size / digit) % 10);
    bytes[used++] = COLON;
    if (size > 64) bytes.set(text.data.subarray(from, to), used);
    else for (let i = 0; i < size; i++) bytes[used + i] = text.data[from + i] as number;
    this.#used = used + size;
  }
}
