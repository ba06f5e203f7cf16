// Reads flatbuffers tables out of bytes that nobody vouches for: every access is checked against the buffer's bounds.
// Errors are `ipc.malformed`. Never follows more references than its caller asks for.
import { CodedError } from '../errors.ts';

export const malformed = (reason: string): CodedError<'ipc.malformed'> => new CodedError('ipc.malformed', { reason });

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A buffer of tables; positions count from its beginning. */
export class FlatBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  need(at: number, size: number): number {
    if (!(at >= 0 && size >= 0 && at + size <= this.bytes.length)) throw malformed('its metadata points outside itself');
    return at;
  }

  /** Where the reference that stands at `at` points. */
  follow(at: number): number {
    return this.need(at + this.view.getUint32(this.need(at, 4), true), 4);
  }

  root(): FlatTableView {
    return new FlatTableView(this, this.follow(0));
  }
}

export class FlatTableView {
  readonly #in: FlatBuffer;
  readonly #at: number;
  readonly #vtable: number;
  readonly #slots: number;

  constructor(buffer: FlatBuffer, at: number) {
    this.#in = buffer;
    this.#at = at;
    this.#vtable = buffer.need(at - buffer.view.getInt32(buffer.need(at, 4), true), 4);
    const size = buffer.view.getUint16(this.#vtable, true);
    buffer.need(this.#vtable, size);
    this.#slots = Math.max(0, (size - 4) >> 1);
  }

  /** Position of a slot's value; −1 where it is left out. */
  #place(slot: number, size: number): number {
    if (slot >= this.#slots) return -1;
    const offset = this.#in.view.getUint16(this.#vtable + 4 + 2 * slot, true);
    return offset === 0 ? -1 : this.#in.need(this.#at + offset, size);
  }

  i8(slot: number, otherwise: number): number {
    const at = this.#place(slot, 1);
    return at < 0 ? otherwise : this.#in.view.getInt8(at);
  }

  i16(slot: number, otherwise: number): number {
    const at = this.#place(slot, 2);
    return at < 0 ? otherwise : this.#in.view.getInt16(at, true);
  }

  i32(slot: number, otherwise: number): number {
    const at = this.#place(slot, 4);
    return at < 0 ? otherwise : this.#in.view.getInt32(at, true);
  }

  /** An int64 that has to be a size or a number: from 0 to 2^53. */
  size(slot: number): number {
    const at = this.#place(slot, 8);
    return at < 0 ? 0 : sizeAt(this.#in.view, at);
  }

  has(slot: number): boolean {
    return this.#place(slot, 4) >= 0;
  }

  table(slot: number, what: string): FlatTableView {
    const at = this.#place(slot, 4);
    if (at < 0) throw malformed(`its metadata has no ${what}`);
    return new FlatTableView(this.#in, this.#in.follow(at));
  }

  #vector(slot: number, size: number): { from: number; length: number } {
    const at = this.#place(slot, 4);
    if (at < 0) return { from: 0, length: 0 };
    const vector = this.#in.follow(at);
    const length = this.#in.view.getUint32(vector, true);
    return { from: this.#in.need(vector + 4, length * size), length };
  }

  /** Number of entries of a vector of tables. */
  count(slot: number): number {
    return this.#vector(slot, 4).length;
  }

  tableOf(slot: number, index: number): FlatTableView {
    return new FlatTableView(this.#in, this.#in.follow(this.#vector(slot, 4).from + 4 * index));
  }

  text(slot: number, most: number): string {
    const { from, length } = this.#vector(slot, 1);
    if (length > most) throw malformed(`a name has more than ${most} bytes`);
    try {
      return textDecoder.decode(this.#in.bytes.subarray(from, from + length));
    } catch {
      throw malformed('a name is not UTF-8');
    }
  }

  /** A vector of structs of two int64 each. */
  pairs(slot: number): Pairs {
    const { from, length } = this.#vector(slot, 16);
    return new Pairs(this.#in.view, from, length);
  }
}

/** Structs of two int64, read one after the other. */
export class Pairs {
  readonly #view: DataView;
  readonly #from: number;
  readonly length: number;
  constructor(view: DataView, from: number, length: number) {
    this.#view = view;
    this.#from = from;
    this.length = length;
  }
  first(index: number): number {
    return sizeAt(this.#view, this.#from + 16 * index);
  }
  second(index: number): number {
    return sizeAt(this.#view, this.#from + 16 * index + 8);
  }
}

const sizeAt = (view: DataView, at: number): number => {
  const high = view.getInt32(at + 4, true);
  if (high < 0 || high > 0x1fffff) throw malformed('its metadata has a size below 0 or beyond 2^53');
  return high * 0x100000000 + view.getUint32(at, true);
};
