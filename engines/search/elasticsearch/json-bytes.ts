// Bytes of JSON that grow by what is put behind them: what is known to be safe as it is, texts with what JSON wants escaped.

const HEX = Buffer.from('0123456789abcdef');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Up to so many bytes a loop is quicker than a call. */
const SHORT = 32;

export class Bytes {
  bytes: Buffer;
  length = 0;

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  put(part: Uint8Array): void {
    const { length } = part;
    this.reserve(length);
    if (length > SHORT) this.bytes.set(part, this.length);
    else for (let i = 0, at = this.length; i < length; i++, at++) this.bytes[at] = part[i] as number;
    this.length += length;
  }

  /** Of ASCII only. */
  ascii(text: string): void {
    this.reserve(text.length);
    for (let i = 0, at = this.length; i < text.length; i++, at++) this.bytes[at] = text.charCodeAt(i);
    this.length += text.length;
  }

  /** 32 bits, eight digits. */
  hex(value: number): void {
    this.reserve(8);
    for (let shift = 28; shift >= 0; shift -= 4) this.bytes[this.length++] = HEX[(value >>> shift) & 15] as number;
  }

  /** JSON of a value; texts with half a pair lose it. */
  text(value: unknown): void {
    const json = JSON.stringify(value);
    this.reserve(json.length * 3);
    this.length += this.bytes.write(json, this.length);
  }

  /** A text of UTF-8, between quotes that are not ours. */
  escaped(data: Uint8Array, from: number, to: number): void {
    this.reserve((to - from) * 6);
    const out = this.bytes;
    let at = this.length;
    for (let i = from; i < to; i++) {
      const byte = data[i] as number;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) out[at++] = byte;
      else if (byte >= 0x20) {
        out[at++] = BACKSLASH;
        out[at++] = byte;
      } else {
        out[at++] = BACKSLASH;
        out[at++] = 0x75;
        out[at++] = 0x30;
        out[at++] = 0x30;
        out[at++] = HEX[byte >> 4] as number;
        out[at++] = HEX[byte & 15] as number;
      }
    }
    this.length = at;
  }
}
