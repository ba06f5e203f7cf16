// The buffers of one message as columns: views where they lie right in memory, copies where they have to be converted.
// Whatever it returns is safe to read: offsets rise and end inside their data, indices are inside their dictionary,
// every array is as long as the rows need. What it allocates is bounded by the bytes that it was given.
import type { BoolColumn, Column, DictionaryColumn, FixedArray, ListColumn, MapColumn, TextColumn } from '../batch/batch.ts';
import { bitmapBytes, clearBit, fillBits } from '../batch/bits.ts';
import { allocateFixed } from '../batch/build.ts';
import { type FlatTableView, malformed, type Pairs } from './flat-read.ts';
import type { GrowingDictionary } from './read-dictionary.ts';
import type { ArrayKind, FieldPlan } from './read-schema.ts';
import { areRowsUtf8 } from './utf8.ts';

const MOST_ROWS = 0x7fffffff;

interface Node {
  readonly length: number;
  readonly validity: Uint8Array | undefined;
}

/** Hands out the nodes and buffers of a record batch one after the other. */
export class BodyReader {
  readonly #body: Uint8Array;
  readonly #nodes: Pairs;
  readonly #buffers: Pairs;
  readonly #dictionaries: ReadonlyMap<number, GrowingDictionary>;
  readonly #validateUtf8: boolean;
  #node = 0;
  #buffer = 0;
  #bytesLeft: number;

  /** `header` is a RecordBatch table. */
  constructor(header: FlatTableView, body: Uint8Array, dictionaries: ReadonlyMap<number, GrowingDictionary>, validateUtf8: boolean) {
    if (header.has(3)) throw malformed('its bodies are compressed');
    this.#body = body;
    this.#nodes = header.pairs(1);
    this.#buffers = header.pairs(2);
    this.#dictionaries = dictionaries;
    this.#validateUtf8 = validateUtf8;
    this.#bytesLeft = body.length;
  }

  /** Throws when something is left over. */
  finish(): void {
    if (this.#node !== this.#nodes.length || this.#buffer !== this.#buffers.length) throw malformed('a batch has more columns than the schema');
  }

  column(plan: FieldPlan, rows: number | undefined): Column {
    if (plan.dictionary !== undefined) return this.#indices(plan, plan.dictionary, this.#nextNode(rows));
    switch (plan.wire.kind) {
      case 'bool': {
        const node = this.#nextNode(rows);
        return {
          layout: 'bool',
          type: plan.type,
          ...node,
          bits: this.#nextBuffer(bitmapBytes(node.length)).subarray(0, bitmapBytes(node.length)),
        } satisfies BoolColumn;
      }
      case 'fixed': {
        const node = this.#nextNode(rows);
        const values = own(this.#array(plan.wire.array, node.length), plan, plan.wire.times, node);
        return { layout: 'fixed', type: plan.type, ...node, values };
      }
      case 'text':
        return this.text(plan.wire.large, rows);
      case 'list': {
        const node = this.#nextNode(rows);
        const offsets = this.#offsets(plan.wire.large, node.length);
        const items = this.column(plan.parts[0] as FieldPlan, undefined);
        mustEndWithin(offsets, node.length, items.length);
        return { layout: 'list', type: plan.type, ...node, offsets, items } satisfies ListColumn;
      }
      case 'map': {
        const node = this.#nextNode(rows);
        const offsets = this.#offsets(false, node.length);
        const entries = this.#nextNode(undefined);
        const keys = this.column(plan.parts[0] as FieldPlan, entries.length) as TextColumn | DictionaryColumn;
        const values = this.column(plan.parts[1] as FieldPlan, entries.length);
        mustEndWithin(offsets, node.length, entries.length);
        if (entries.validity !== undefined || keys.validity !== undefined) throw malformed('an entry of a map has no key');
        return { layout: 'map', type: plan.type, ...node, offsets, keys, values } satisfies MapColumn;
      }
    }
  }

  text(large: boolean, rows: number | undefined): TextColumn {
    const node = this.#nextNode(rows);
    const offsets = this.#offsets(large, node.length);
    const data = this.#nextBuffer(0);
    mustEndWithin(offsets, node.length, data.length);
    if (this.#validateUtf8 && !areRowsUtf8(data, offsets, node.length)) throw malformed('a text is not UTF-8');
    return { layout: 'text', type: { kind: 'utf8' }, ...node, offsets, data };
  }

  #indices(plan: FieldPlan, { id, indices: array }: { id: number; indices: ArrayKind }, node: Node): DictionaryColumn {
    const read = this.#array(array, node.length);
    const dictionary = this.#dictionaries.get(id) as GrowingDictionary;
    const entries = dictionary.column();
    let indices = read instanceof Int32Array ? read : undefined;
    const view = indices === read;
    indices ??= new Int32Array(node.length);
    let { validity } = node;
    let copied = false;
    for (let i = 0; i < node.length; i++) {
      const index = Number(read[i]);
      const present = validity === undefined || ((validity[i >> 3] as number) & (1 << (i & 7))) !== 0;
      if (present && !(index >= 0 && index < entries.length)) throw malformed(`the index ${index} is outside a dictionary of ${entries.length}`);
      if (present && !dictionary.isMissing(index)) {
        if (!view) indices[i] = index;
        continue;
      }
      // A missing row's index may be anything; zero is harmless.
      if (view && !copied && index !== 0) {
        indices = indices.slice();
        copied = true;
      }
      indices[i] = 0;
      if (!present) continue;
      if (validity === undefined) {
        validity = new Uint8Array(bitmapBytes(node.length));
        fillBits(validity, 0, node.length);
      } else if (validity === node.validity) validity = new Uint8Array(validity);
      clearBit(validity, i);
    }
    return { layout: 'dictionary', type: plan.type, length: node.length, validity, indices, dictionary: entries };
  }

  #nextNode(rows: number | undefined): Node {
    if (this.#node >= this.#nodes.length) throw malformed('a batch has fewer columns than the schema');
    const length = this.#nodes.first(this.#node);
    const missing = this.#nodes.second(this.#node);
    this.#node++;
    if (length > MOST_ROWS || missing > length) throw malformed('a column with an impossible number of rows');
    if (rows !== undefined && length !== rows) throw malformed(`a column of ${length} rows in a batch of ${rows}`);
    const bits = this.#nextBuffer(0);
    if (missing === 0) return { length, validity: undefined };
    if (bits.length < bitmapBytes(length)) throw malformed('a column lacks its validity bits');
    return { length, validity: bits.subarray(0, bitmapBytes(length)) };
  }

  /** The next buffer, of `least` bytes at least. */
  #nextBuffer(least: number): Uint8Array {
    if (this.#buffer >= this.#buffers.length) throw malformed('a batch has fewer buffers than its columns need');
    const from = this.#buffers.first(this.#buffer);
    const size = this.#buffers.second(this.#buffer);
    this.#buffer++;
    if (from + size > this.#body.length) throw malformed('a buffer ends outside its message');
    // Buffers that share bytes would make a short stream cost as much as a long one.
    this.#bytesLeft -= size;
    if (this.#bytesLeft < 0) throw malformed('its buffers overlap');
    if (size < least) throw malformed('a buffer is shorter than its rows need');
    return this.#body.subarray(from, from + size);
  }

  #array(kind: ArrayKind, length: number): WireArray {
    const width = Number(kind.slice(1)) / 8;
    let bytes = this.#nextBuffer(length * width);
    if (bytes.byteOffset % width !== 0) bytes = new Uint8Array(bytes);
    return new ARRAYS[kind](bytes.buffer as ArrayBuffer, bytes.byteOffset, length) as WireArray;
  }

  #offsets(large: boolean, rows: number): Int32Array {
    const width = large ? 8 : 4;
    let bytes = this.#nextBuffer(rows === 0 ? 0 : (rows + 1) * width);
    if (bytes.length === 0) return new Int32Array(1);
    if (bytes.length < width) throw malformed('a buffer is shorter than its rows need');
    if (bytes.byteOffset % width !== 0) bytes = new Uint8Array(bytes);
    if (!large) return rising(new Int32Array(bytes.buffer, bytes.byteOffset, rows + 1));
    const wide = new BigInt64Array(bytes.buffer, bytes.byteOffset, rows + 1);
    return rising(Int32Array.from(wide, (offset) => (offset < 0n || offset > 0x7fffffffn ? -1 : Number(offset))));
  }
}

const ARRAYS = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
};
type WireArray = FixedArray | Float32Array;

const rising = (offsets: Int32Array): Int32Array => {
  let last = 0;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i] as number;
    if (offset < last) throw malformed('offsets that fall');
    last = offset;
  }
  return offsets;
};

const mustEndWithin = (offsets: Int32Array, rows: number, size: number): void => {
  if ((offsets[rows] as number) > size) throw malformed('offsets that point outside their data');
};

/** The values in our type's own array and unit. */
const own = (read: WireArray, plan: FieldPlan, times: bigint, node: Node): FixedArray => {
  if (times === 1n && !(read instanceof Float32Array)) return read;
  const out = allocateFixed(plan.type, node.length);
  if (read instanceof Float32Array) out.set(read as never);
  else
    for (let i = 0; i < node.length; i++) {
      const value = BigInt(read[i] as number | bigint) * times;
      const fits = BigInt.asIntN(64, value) === value;
      if (!fits && (node.validity === undefined || ((node.validity[i >> 3] as number) & (1 << (i & 7))) !== 0))
        throw malformed('a time beyond the range of 64 bits');
      out[i] = fits ? value : 0n;
    }
  return out;
};
