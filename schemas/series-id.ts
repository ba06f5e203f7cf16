// Identity of a series: the first 64 bits of SHA-256 over the name and the sorted identifying labels (design.md §3).
// Worked out once per definition, never per sample. The hash function is handed in: the agent and the server have node:crypto.

/** SHA-256 of the bytes; at least the first 8 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const encoder = new TextEncoder();

/**
 * The text that is hashed: each part as `<length in UTF-8 bytes>:<text>`, the name first, then label and value by
 * label in code point order, so that no two definitions share a text. Empty labels are left out: they are missing.
 */
const identity = (name: string, labels: ReadonlyMap<string, string>): Uint8Array => {
  const parts = [name];
  const keys = [...labels.keys()].filter((k) => labels.get(k) !== '').sort(byCodePoint);
  for (const key of keys) parts.push(key, labels.get(key) as string);
  let text = '';
  for (const part of parts) text += `${utf8Length(part)}:${part}`;
  return encoder.encode(text);
};

/** In bytes; half of a surrogate pair counts as the U+FFFD that stands for it. */
const utf8Length = (text: string): number => {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    bytes += code < 0x800 ? 1 : 2;
    // A pair has four bytes, not twice three.
    if ((code & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return bytes;
};

const SURROGATE = /[\ud800-\udfff]/;

const byCodePoint = (a: string, b: string): number => {
  // Without surrogates the order of code units is that of code points.
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  const x = [...a];
  const y = [...b];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const d = ((x[i] as string).codePointAt(0) as number) - ((y[i] as string).codePointAt(0) as number);
    if (d !== 0) return d;
  }
  return x.length - y.length;
};

/** Big-endian first 64 bits. */
export const seriesId = (name: string, labels: ReadonlyMap<string, string>, sha256: Sha256): bigint => {
  const hash = sha256(identity(name, labels));
  return new DataView(hash.buffer, hash.byteOffset, 8).getBigUint64(0);
};

/** 32-bit FNV-1a of the name's UTF-8 bytes: only puts samples of one metric near each other, two metrics may share it. */
export const metricHash = (name: string): number => {
  const bytes = encoder.encode(name);
  return metricHashOf(bytes, 0, bytes.length);
};

/** See `metricHash`. */
export const metricHashOf = (data: Uint8Array, from: number, to: number): number => {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (data[i] as number), 0x01000193);
  return hash >>> 0;
};
