// Bytes of small records: numbers of a fixed width, little-endian, varints, and texts with their length. It knows no record's meaning.

const encoder = new TextEncoder();
/** A leading U+FEFF is part of the text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class RecordWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  size = 0;
  #room(more: number): void {
    if (this.size + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.size + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.size, value, true);
    this.size += 4;
  }
  i32(value: number): void {
    this.u32(value >>> 0);
  }
  u64(value: bigint): void {
    this.#room(8);
    this.#view.setBigUint64(this.size, value, true);
    this.size += 8;
  }
  varint(value: bigint): void {
    this.#room(10);
    for (let left = value; ; left >>= 7n) {
      this.#bytes[this.size++] = Number(left & 127n) | (left > 127n ? 128 : 0);
      if (left <= 127n) return;
    }
  }
  text(value: string): void {
    const bytes = encoder.encode(value);
    this.u32(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.size);
    this.size += bytes.length;
  }
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }
}

export class RecordReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u32(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4, true);
  }
  i32(): number {
    return this.u32() | 0;
  }
  u64(): bigint {
    this.at += 8;
    return this.#view.getBigUint64(this.at - 8, true);
  }
  varint(): bigint {
    for (let [value, shift] = [0n, 0n]; shift < 64n; shift += 7n) {
      const byte = this.#view.getUint8(this.at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError('a number of more than 64 bits');
  }
  text(): string {
    const length = this.u32();
    if (length > this.#bytes.length - this.at) throw new RangeError('a text ends behind the record');
    this.at += length;
    return decoder.decode(this.#bytes.subarray(this.at - length, this.at));
  }
}
