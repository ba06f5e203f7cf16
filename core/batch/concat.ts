// Several batches or columns of one shape as one, and several dictionaries as one.
// Works a column at a time and never makes a value per row.
import { type Batch, type Column, type DictionaryColumn, type ListColumn, type MapColumn, type TextColumn, typeEquals } from './batch.ts';
import { bitmapBytes, copyBits, fillBits } from './bits.ts';
import { allocateFixed } from './build.ts';
import { hashBytes } from './hash-bytes.ts';
import { sameBytes } from './same-bytes.ts';
import { flattenDictionary, sliceColumn } from './take.ts';

/** All rows in order; the batches must have the fields of the first, and there must be one at least. */
export const concatBatches = (batches: readonly Batch[]): Batch => {
  const first = batches[0];
  if (first === undefined) throw new TypeError('nothing to concatenate: the list of batches is empty');
  if (batches.length === 1) return first;
  for (const batch of batches) mustMatch(first, batch);
  const filled = batches.filter((batch) => batch.length > 0);
  if (filled.length <= 1) return filled[0] ?? first;
  return {
    length: filled.reduce((sum, batch) => sum + batch.length, 0),
    fields: first.fields,
    columns: first.columns.map((_, i) => concatColumns(filled.map((batch) => batch.columns[i] as Column))),
  };
};

const mustMatch = (first: Batch, other: Batch): void => {
  const same =
    first.fields.length === other.fields.length && first.fields.every((f, i) => f.name === other.fields[i]?.name && typeEquals(f.type, other.fields[i].type));
  if (!same)
    throw new TypeError(`batches of different fields: ${first.fields.map((f) => f.name).join(', ')} and ${other.fields.map((f) => f.name).join(', ')}`);
};

/** Columns of one type; dictionary columns share one merged dictionary, mixed with plain ones they become plain text. */
export const concatColumns = (columns: readonly Column[]): Column => {
  const first = columns[0] as Column;
  if (columns.length === 1) return first;
  const length = columns.reduce((sum, column) => sum + column.length, 0);
  const validity = concatValidity(columns, length);
  switch (first.type.kind) {
    case 'bool': {
      const bits = new Uint8Array(bitmapBytes(length));
      let at = 0;
      for (const column of columns) {
        if (column.layout === 'bool') copyBits(column.bits, 0, bits, at, column.length);
        at += column.length;
      }
      return { layout: 'bool', type: first.type, length, validity, bits };
    }
    case 'utf8':
      return concatText(columns as readonly (TextColumn | DictionaryColumn)[], length, validity);
    case 'list': {
      const lists = columns as readonly ListColumn[];
      const items = concatColumns(lists.map((column) => used(column.items, column)));
      return { layout: 'list', type: first.type, length, validity, offsets: concatOffsets(lists, length), items };
    }
    case 'map': {
      const maps = columns as readonly MapColumn[];
      const keys = concatColumns(maps.map((column) => used(column.keys, column))) as TextColumn | DictionaryColumn;
      const values = concatColumns(maps.map((column) => used(column.values, column)));
      return { layout: 'map', type: first.type, length, validity, offsets: concatOffsets(maps, length), keys, values };
    }
    default: {
      const values = allocateFixed(first.type, length);
      let at = 0;
      for (const column of columns) {
        if (column.layout === 'fixed') values.set(column.values.subarray(0, column.length) as never, at);
        at += column.length;
      }
      return { layout: 'fixed', type: first.type, length, validity, values };
    }
  }
};

const concatValidity = (columns: readonly Column[], length: number): Uint8Array | undefined => {
  if (columns.every((column) => column.validity === undefined)) return undefined;
  const out = new Uint8Array(bitmapBytes(length));
  let at = 0;
  for (const column of columns) {
    if (column.validity === undefined) fillBits(out, at, column.length);
    else copyBits(column.validity, 0, out, at, column.length);
    at += column.length;
  }
  return out;
};

interface WithOffsets {
  readonly length: number;
  readonly offsets: Int32Array;
}

const start = (column: WithOffsets): number => column.offsets[0] as number;
const end = (column: WithOffsets): number => column.offsets[column.length] as number;
const used = (items: Column, column: WithOffsets): Column =>
  start(column) === 0 && end(column) === items.length ? items : sliceColumn(items, start(column), end(column));

const concatOffsets = (columns: readonly WithOffsets[], length: number): Int32Array => {
  const out = new Int32Array(length + 1);
  let row = 0;
  let base = 0;
  for (const column of columns) {
    const shift = base - start(column);
    for (let i = 1; i <= column.length; i++) out[++row] = (column.offsets[i] as number) + shift;
    base += end(column) - start(column);
    if (base > 0x7fffffff) throw new RangeError(`a column of ${base} bytes or items is over Arrow's limit of 2 GiB`);
  }
  return out;
};

const concatText = (columns: readonly (TextColumn | DictionaryColumn)[], length: number, validity: Uint8Array | undefined): TextColumn | DictionaryColumn => {
  const type = (columns[0] as Column).type;
  if (columns.every((column) => column.layout === 'dictionary')) {
    const sources = [...new Set(columns.map((column) => column.dictionary))];
    const entries = sources.reduce((sum, dictionary) => sum + dictionary.length, 0);
    // With more entries than rows, plain text is smaller and cheaper than a merge.
    if (sources.length === 1 || entries <= length) {
      const { dictionary, places } = sources.length === 1 ? { dictionary: sources[0] as TextColumn, places: NOWHERE } : mergeDictionaries(sources);
      const indices = new Int32Array(length);
      let at = 0;
      for (const column of columns) {
        const place = places.get(column.dictionary);
        if (place === undefined) indices.set(column.indices.subarray(0, column.length), at);
        else for (let i = 0; i < column.length; i++) indices[at + i] = place[column.indices[i] as number] ?? 0;
        at += column.length;
      }
      return { layout: 'dictionary', type, length, validity, indices, dictionary };
    }
  }
  const plain = columns.map((column) => (column.layout === 'dictionary' ? flattenDictionary(column) : column));
  const offsets = concatOffsets(plain, length);
  const data = new Uint8Array(offsets[length] as number);
  let at = 0;
  for (const column of plain) {
    data.set(column.data.subarray(start(column), end(column)), at);
    at += end(column) - start(column);
  }
  return { layout: 'text', type, length, validity, offsets, data };
};

const NOWHERE: ReadonlyMap<TextColumn, Int32Array> = new Map();

/**
 * One dictionary of the distinct entries of all; `places` says where each source's entries went
 * (nothing for a source that is the result itself, unchanged).
 */
export const mergeDictionaries = (sources: readonly TextColumn[]): { dictionary: TextColumn; places: ReadonlyMap<TextColumn, Int32Array> } => {
  const places = new Map<TextColumn, Int32Array>();
  const first = sources[0] as TextColumn;
  const entries = sources.reduce((sum, source) => sum + source.length, 0);
  const bytes = sources.reduce((sum, source) => sum + end(source) - start(source), 0);
  const offsets = new Int32Array(entries + 1);
  const data = new Uint8Array(bytes);
  let slots = 16;
  while (slots < entries * 2) slots *= 2;
  const table = new Int32Array(slots).fill(-1);
  let count = 0;
  for (const source of sources) {
    const place = new Int32Array(source.length);
    for (let entry = 0; entry < source.length; entry++) {
      const from = source.offsets[entry] as number;
      const size = (source.offsets[entry + 1] as number) - from;
      let slot = hashBytes(source.data, from, from + size) & (slots - 1);
      let found = table[slot] as number;
      while (found >= 0 && !sameBytes(data, offsets[found] as number, offsets[found + 1] as number, source.data, from, from + size)) {
        slot = (slot + 1) & (slots - 1);
        found = table[slot] as number;
      }
      if (found < 0) {
        const at = offsets[count] as number;
        for (let k = 0; k < size; k++) data[at + k] = source.data[from + k] as number;
        offsets[count + 1] = at + size;
        table[slot] = found = count++;
      }
      place[entry] = found;
    }
    places.set(source, place);
  }
  if (sources.length === 1 && count === first.length) return { dictionary: first, places: NOWHERE };
  const dictionary: TextColumn = {
    layout: 'text',
    type: first.type,
    length: count,
    validity: undefined,
    offsets: offsets.slice(0, count + 1),
    data: data.slice(0, offsets[count]),
  };
  return { dictionary, places };
};
