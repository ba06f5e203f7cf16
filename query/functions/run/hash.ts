// hash(x): xxHash64 (seed 0, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md) of the UTF-8 bytes of text(x), its 64 bits
// read as a signed integer. ClickHouse: reinterpretAsInt64(xxHash64(…)). Not for secrets.
const MASK = 0xffffffffffffffffn;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;
const round = (lane: bigint, input: bigint): bigint => (rotate((lane + input * P2) & MASK, 31n) * P1) & MASK;
const merge = (hash: bigint, lane: bigint): bigint => ((hash ^ round(0n, lane)) * P1 + P4) & MASK;

export const xxHash64 = (bytes: Uint8Array): bigint => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length;
  let at = 0;
  let hash: bigint;
  if (size >= 32) {
    let a = (P1 + P2) & MASK;
    let b = P2;
    let c = 0n;
    let d = MASK + 1n - P1;
    for (; at + 32 <= size; at += 32) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    hash = (rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)) & MASK;
    for (const lane of [a, b, c, d]) hash = merge(hash, lane);
  } else hash = P5;
  hash = (hash + BigInt(size)) & MASK;
  for (; at + 8 <= size; at += 8) hash = (rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & MASK;
  if (at + 4 <= size) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < size; at++) hash = (rotate(hash ^ ((BigInt(bytes[at] as number) * P5) & MASK), 11n) * P1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
};
