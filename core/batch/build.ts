// Builders that collect values one by one into a column, growing by doubling.
// For edges that have values, not bytes; a hot path fills typed arrays itself.
import type { Batch, Column, DataType, Field, FixedArray, TextColumn, Value } from './batch.ts';

const textEncoder = new TextEncoder();
/** Up to so many characters a loop is quicker than the call of the encoder. */
const SHORT = 24;

/** Collects one column; `append(null)` adds a missing row. A value of another type than the column's throws. */
export class ColumnBuilder {
  readonly type: DataType;
  length = 0;
  #values: FixedArray | undefined;
  #bits: Uint8Array = new Uint8Array(8);
  #offsets = new Int32Array(9);
  #data: Uint8Array = new Uint8Array(64);
  #validity: Uint8Array = new Uint8Array(8);
  #missing = 0;
  #items: ColumnBuilder | undefined;
  #keys: ColumnBuilder | undefined;

  constructor(type: DataType) {
    this.type = type;
    if (type.kind === 'list') this.#items = new ColumnBuilder(type.item);
    else if (type.kind === 'map') {
      this.#keys = new ColumnBuilder({ kind: 'utf8' });
      this.#items = new ColumnBuilder(type.value);
    } else if (type.kind !== 'bool' && type.kind !== 'utf8') this.#values = allocateFixed(type, 8);
  }

  append(value: Value): void {
    if (value !== null && !isOfType(this.type, value)) throw new TypeError(`a column of ${this.type.kind} takes no ${typeof value}`);
    const row = this.length++;
    if (row >> 3 >= this.#validity.length) this.#validity = grownBytes(this.#validity, this.#validity.length * 2);
    if (value === null) this.#missing++;
    else this.#validity[row >> 3] = (this.#validity[row >> 3] as number) | (1 << (row & 7));
    switch (this.type.kind) {
      case 'bool':
        if (row >> 3 >= this.#bits.length) this.#bits = grownBytes(this.#bits, this.#bits.length * 2);
        if (value === true) this.#bits[row >> 3] = (this.#bits[row >> 3] as number) | (1 << (row & 7));
        return;
      case 'utf8':
        if (value !== null) this.#appendText(value as string);
        this.#closeOffset(row, this.#used);
        return;
      case 'list':
        if (value !== null) for (const item of value as readonly Value[]) (this.#items as ColumnBuilder).append(item);
        this.#closeOffset(row, (this.#items as ColumnBuilder).length);
        return;
      case 'map':
        if (value !== null)
          for (const [k, v] of value as ReadonlyMap<string, Value>) {
            (this.#keys as ColumnBuilder).append(k);
            (this.#items as ColumnBuilder).append(v);
          }
        this.#closeOffset(row, (this.#items as ColumnBuilder).length);
        return;
      default: {
        let values = this.#values as FixedArray;
        if (row >= values.length) {
          const grown = allocateFixed(this.type, values.length * 2);
          grown.set(values as never);
          this.#values = values = grown;
        }
        if (value !== null) values[row] = value as never;
      }
    }
  }

  #used = 0;
  #appendText(text: string): void {
    const most = this.#used + text.length * 3;
    if (most > this.#data.length) this.#data = grownBytes(this.#data, Math.max(most, this.#data.length * 2));
    this.#used += (text.length <= SHORT && asAscii(text, this.#data, this.#used)) || textEncoder.encodeInto(text, this.#data.subarray(this.#used)).written;
  }

  #closeOffset(row: number, end: number): void {
    if (row + 1 >= this.#offsets.length) {
      const grown = new Int32Array(this.#offsets.length * 2);
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    this.#offsets[row + 1] = end;
  }

  /** The column of everything appended; the builder must not be used afterwards. */
  finish(): Column {
    const { type, length } = this;
    const validity = this.#missing === 0 ? undefined : this.#validity.subarray(0, (length + 7) >> 3);
    const offsets = this.#offsets.subarray(0, length + 1);
    switch (type.kind) {
      case 'bool':
        return { layout: 'bool', type, length, validity, bits: this.#bits.subarray(0, (length + 7) >> 3) };
      case 'utf8':
        return { layout: 'text', type, length, validity, offsets, data: this.#data.subarray(0, this.#used) };
      case 'list':
        return { layout: 'list', type, length, validity, offsets, items: (this.#items as ColumnBuilder).finish() };
      case 'map':
        return {
          layout: 'map',
          type,
          length,
          validity,
          offsets,
          keys: (this.#keys as ColumnBuilder).finish() as TextColumn,
          values: (this.#items as ColumnBuilder).finish(),
        };
      default:
        return { layout: 'fixed', type, length, validity, values: (this.#values as FixedArray).subarray(0, length) };
    }
  }
}

const isOfType = (type: DataType, value: Value): boolean => {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean';
    case 'utf8':
      return typeof value === 'string';
    case 'list':
      return Array.isArray(value);
    case 'map':
      return value instanceof Map;
    case 'float':
      return typeof value === 'number';
    case 'int':
      return typeof value === (type.bits === 64 ? 'bigint' : 'number');
    default:
      return typeof value === 'bigint';
  }
};

/** Writes a text of ASCII; its length, or 0 where it holds another character. */
export const asAscii = (text: string, into: Uint8Array, at: number): number => {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return 0;
    into[at + i] = code;
  }
  return length;
};

const grownBytes = (bytes: Uint8Array, size: number): Uint8Array => {
  const grown = new Uint8Array(size);
  grown.set(bytes);
  return grown;
};

/** A zeroed array of the element type that a fixed-width column of `type` rests in. */
export const allocateFixed = (type: DataType, length: number): FixedArray => {
  switch (type.kind) {
    case 'float':
      return new Float64Array(length);
    case 'timestamp':
    case 'duration':
      return new BigInt64Array(length);
    case 'int':
      if (type.bits === 64) return type.signed ? new BigInt64Array(length) : new BigUint64Array(length);
      if (type.bits === 32) return type.signed ? new Int32Array(length) : new Uint32Array(length);
      if (type.bits === 16) return type.signed ? new Int16Array(length) : new Uint16Array(length);
      return type.signed ? new Int8Array(length) : new Uint8Array(length);
    default:
      throw new TypeError(`${type.kind} has no fixed width`);
  }
};

export const columnFrom = (type: DataType, values: Iterable<Value>): Column => {
  const builder = new ColumnBuilder(type);
  for (const value of values) builder.append(value);
  return builder.finish();
};

/** A batch of named columns; throws when their lengths differ. */
export const batchOf = (columns: Iterable<readonly [name: string, column: Column]>): Batch => {
  const fields: Field[] = [];
  const out: Column[] = [];
  for (const [name, column] of columns) {
    fields.push({ name, type: column.type });
    out.push(column);
  }
  const length = out[0]?.length ?? 0;
  for (const [i, column] of out.entries())
    if (column.length !== length) throw new TypeError(`column ${fields[i]?.name} has ${column.length} rows, the batch ${length}`);
  return { length, fields, columns: out };
};
