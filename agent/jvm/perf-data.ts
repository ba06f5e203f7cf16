// Reads the format in which HotSpot keeps its performance counters (`hsperfdata`, version 2, src/hotspot/share/runtime/perfMemory.hpp), in
// which whoever owns the file may have written anything: every length and place is checked before it is used, and nothing here throws.

/** Counters by their names: whole numbers and texts, as HotSpot has no others. */
export type PerfData = ReadonlyMap<string, number | string>;

const MAGIC = 0xcafec0c0;
const HEADER_BYTES = 32;
const ENTRY_BYTES = 20;
const VERSION = 2;
const [LONG, BYTE] = [0x4a, 0x42] as const;
/** The unit of a text; other rows of bytes are none. */
const TEXT_UNIT = 5;

const utf8 = new TextDecoder();

/** Undefined where the bytes are not whole: of no such file, cut, still being made, or pointing outside of themselves. */
export const parsePerfData = (bytes: Uint8Array): PerfData | undefined => {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[4] === 1;
  const isAccessible = bytes[7] === 1;
  if (view.getUint32(0) !== MAGIC || bytes[5] !== VERSION || !isAccessible) return undefined;
  const used = view.getInt32(8, isLittle);
  const count = view.getInt32(28, isLittle);
  let at = view.getInt32(24, isLittle);
  if (used > bytes.length || at < HEADER_BYTES || count < 0) return undefined;
  const found = new Map<string, number | string>();
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_BYTES > used) return undefined;
    const end = at + view.getInt32(at, isLittle);
    const name = at + view.getInt32(at + 4, isLittle);
    const length = view.getInt32(at + 8, isLittle);
    const data = at + view.getInt32(at + 16, isLittle);
    if (end < at + ENTRY_BYTES || end > used || name < at + ENTRY_BYTES || name >= end || data < at + ENTRY_BYTES || length < 0) return undefined;
    const type = bytes[at + 12];
    const nameEnd = bytes.indexOf(0, name);
    if (nameEnd === -1 || nameEnd >= end) return undefined;
    if (type === LONG && length === 0) {
      if (data + 8 > end) return undefined;
      found.set(textOf(bytes, name, nameEnd), Number(view.getBigInt64(data, isLittle)));
    } else if (type === BYTE && bytes[at + 14] === TEXT_UNIT) {
      if (data + length > end) return undefined;
      const zero = bytes.indexOf(0, data);
      found.set(textOf(bytes, name, nameEnd), textOf(bytes, data, zero === -1 ? data + length : Math.min(zero, data + length)));
    }
    at = end;
  }
  return found;
};

const textOf = (bytes: Uint8Array, from: number, to: number): string => utf8.decode(bytes.subarray(from, to));
