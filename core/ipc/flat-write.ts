// Writes the few flatbuffers shapes that Arrow's metadata consists of (https://flatbuffers.dev/internals/), front to back.
// Not a general flatbuffers library: no shared vtables, no defaults left out.

export type FlatTable = readonly (FlatSlot | undefined)[];
export type FlatSlot =
  | { readonly size: 1 | 2 | 4 | 8; readonly value: number }
  | { readonly text: string }
  | { readonly table: FlatTable }
  | { readonly tables: readonly FlatTable[] }
  /** Structs of two int64 each. */
  | { readonly pairs: readonly number[] };

export const i8 = (value: number): FlatSlot => ({ size: 1, value });
export const i16 = (value: number): FlatSlot => ({ size: 2, value });
export const i32 = (value: number): FlatSlot => ({ size: 4, value });
/** Not negative, up to 2^53. */
export const i64 = (value: number): FlatSlot => ({ size: 8, value });

const textEncoder = new TextEncoder();

/** The buffer of `root`, padded with zeros to a multiple of 8. */
export const flatBytes = (root: FlatTable): Uint8Array => {
  let bytes = new Uint8Array(1024);
  let view = new DataView(bytes.buffer);
  let at = 4;

  const reserve = (size: number): void => {
    if (at + size + 16 <= bytes.length) return;
    const grown = new Uint8Array(Math.max(bytes.length * 2, at + size + 16));
    grown.set(bytes);
    bytes = grown;
    view = new DataView(bytes.buffer);
  };
  /** Moves on to the next place that leaves `remainder` when divided by 8 (or by `to`). */
  const align = (to: number, remainder: number): void => {
    while (at % to !== remainder) at++;
  };
  const putI64 = (place: number, value: number): void => {
    view.setUint32(place, value % 0x100000000, true);
    view.setUint32(place + 4, Math.floor(value / 0x100000000), true);
  };

  const writeTable = (slots: FlatTable): number => {
    const vtableSize = 4 + 2 * slots.length;
    reserve(vtableSize + 8 + 8 * slots.length);
    align(8, (((4 - vtableSize) % 8) + 8) % 8);
    const vtable = at;
    const table = at + vtableSize;
    at = table + 4;
    const references: { place: number; slot: FlatSlot }[] = [];
    for (const size of [8, 4, 2, 1])
      slots.forEach((slot, i) => {
        if (slot === undefined || ('size' in slot ? slot.size : 4) !== size) return;
        view.setUint16(vtable + 4 + 2 * i, at - table, true);
        if (!('size' in slot)) references.push({ place: at, slot });
        else if (size === 8) putI64(at, slot.value);
        else if (size === 4) view.setInt32(at, slot.value, true);
        else if (size === 2) view.setInt16(at, slot.value, true);
        else view.setInt8(at, slot.value);
        at += size;
      });
    view.setUint16(vtable, vtableSize, true);
    view.setUint16(vtable + 2, at - table, true);
    view.setInt32(table, table - vtable, true);
    for (const { place, slot } of references) {
      const target = writeReferenced(slot);
      view.setUint32(place, target - place, true);
    }
    return table;
  };

  const writeReferenced = (slot: FlatSlot): number => {
    if ('table' in slot) return writeTable(slot.table);
    if ('text' in slot) {
      const text = textEncoder.encode(slot.text);
      reserve(text.length + 12);
      align(4, 0);
      const place = at;
      view.setUint32(place, text.length, true);
      bytes.set(text, place + 4);
      at = place + 4 + text.length + 1;
      return place;
    }
    if ('tables' in slot) {
      reserve(8 + 4 * slot.tables.length);
      align(4, 0);
      const place = at;
      view.setUint32(place, slot.tables.length, true);
      at = place + 4 + 4 * slot.tables.length;
      slot.tables.forEach((table, i) => {
        const target = writeTable(table);
        view.setUint32(place + 4 + 4 * i, target - (place + 4 + 4 * i), true);
      });
      return place;
    }
    if ('pairs' in slot) {
      reserve(16 + 8 * slot.pairs.length);
      align(8, 4);
      const place = at;
      view.setUint32(place, slot.pairs.length / 2, true);
      slot.pairs.forEach((value, i) => {
        putI64(place + 4 + 8 * i, value);
      });
      at = place + 4 + 8 * slot.pairs.length;
      return place;
    }
    throw new TypeError('a number is never referenced');
  };

  // In two steps: writing may grow the buffer and replace the view.
  const table = writeTable(root);
  view.setUint32(0, table, true);
  reserve(8);
  align(8, 0);
  return bytes.subarray(0, at);
};
