// Rows out of a batch: a range (views, nothing copied) or a list of row numbers (columnar copies).
// Dictionary columns keep their dictionary; never makes a value per row.
import { type Batch, bitAt, type Column, type DictionaryColumn, type FixedArray, isPresent, type TextColumn } from './batch.ts';
import { bitmapBytes, clearBit, fillBits, setBit, sliceBits } from './bits.ts';
import { allocateFixed } from './build.ts';
import { wordsOf } from './words.ts';

/** Rows `from` up to, not including, `to`; shares memory with `batch`, so offsets may begin above 0. */
export const sliceBatch = (batch: Batch, from: number, to: number): Batch => {
  if (!(from >= 0 && from <= to && to <= batch.length)) throw new RangeError(`rows ${from} to ${to} of a batch of ${batch.length}`);
  if (from === 0 && to === batch.length) return batch;
  return { length: to - from, fields: batch.fields, columns: batch.columns.map((column) => sliceColumn(column, from, to)) };
};

export const sliceColumn = (column: Column, from: number, to: number): Column => {
  const length = to - from;
  const validity = column.validity === undefined ? undefined : sliceBits(column.validity, from, to);
  switch (column.layout) {
    case 'fixed':
      return { ...column, length, validity, values: column.values.subarray(from, to) };
    case 'bool':
      return { ...column, length, validity, bits: sliceBits(column.bits, from, to) };
    case 'dictionary':
      return { ...column, length, validity, indices: column.indices.subarray(from, to) };
    case 'text':
    case 'list':
    case 'map':
      return { ...column, length, validity, offsets: column.offsets.subarray(from, to + 1) };
  }
};

/** The rows named by `rows`, in that order, repeats allowed; a negative row number gives a row of missing values. */
export const takeRows = (batch: Batch, rows: Int32Array): Batch => ({
  length: rows.length,
  fields: batch.fields,
  columns: batch.columns.map((column) => takeColumn(column, rows)),
});

/** See `takeRows`. */
export const takeColumn = (column: Column, rows: Int32Array): Column => {
  const length = rows.length;
  const validity = takeValidity(column, rows);
  switch (column.layout) {
    case 'fixed': {
      const values = allocateFixed(column.type, length);
      takeFixed(column.values, rows, values);
      return { ...column, length, validity, values };
    }
    case 'bool': {
      const bits = new Uint8Array(bitmapBytes(length));
      for (let i = 0; i < length; i++) {
        const row = rows[i] as number;
        if (row >= 0 && bitAt(column.bits, row)) setBit(bits, i);
      }
      return { ...column, length, validity, bits };
    }
    case 'dictionary': {
      const indices = new Int32Array(length);
      takeFixed(column.indices, rows, indices);
      return { ...column, length, validity, indices };
    }
    case 'text':
      return takeText(column, rows, validity);
    case 'list': {
      const { offsets, items } = takeRanges(column, column.offsets, rows);
      return { ...column, length, validity, offsets, items: takeColumn(column.items, items) };
    }
    case 'map': {
      const { offsets, items } = takeRanges(column, column.offsets, rows);
      const keys = takeColumn(column.keys, items) as TextColumn | DictionaryColumn;
      return { ...column, length, validity, offsets, keys, values: takeColumn(column.values, items) };
    }
  }
};

/** The same rows as plain text. */
export const flattenDictionary = (column: DictionaryColumn): TextColumn => ({
  ...takeText(column.dictionary, column.indices, column.validity),
  type: column.type,
});

const takeFixed = (from: FixedArray, rows: Int32Array, to: FixedArray): void => {
  // As two words, of which none becomes an object.
  if (from.BYTES_PER_ELEMENT === 8) takePairs(wordsOf(from as BigInt64Array), rows, wordsOf(to as BigInt64Array));
  else
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      if (row >= 0) to[i] = from[row] as never;
    }
};

const takePairs = (from: Uint32Array, rows: Int32Array, to: Uint32Array): void => {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (row < 0) continue;
    to[i * 2] = from[row * 2] as number;
    to[i * 2 + 1] = from[row * 2 + 1] as number;
  }
};

const takeValidity = (column: Column, rows: Int32Array): Uint8Array | undefined => {
  let out: Uint8Array | undefined;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (row >= 0 && isPresent(column, row)) continue;
    if (out === undefined) {
      out = new Uint8Array(bitmapBytes(rows.length));
      fillBits(out, 0, rows.length);
    }
    clearBit(out, i);
  }
  return out;
};

/** Missing rows (by `validity`, of the rows taken) get no bytes. */
const takeText = (column: TextColumn, rows: Int32Array, validity: Uint8Array | undefined): TextColumn => {
  const length = rows.length;
  const source = column.offsets;
  const offsets = new Int32Array(length + 1);
  let total = 0;
  for (let i = 0; i < length; i++) {
    const row = rows[i] as number;
    if (validity === undefined || bitAt(validity, i)) total += (source[row + 1] as number) - (source[row] as number);
    offsets[i + 1] = total;
  }
  mustFit(total);
  const data = new Uint8Array(total);
  for (let i = 0; i < length; i++) {
    const to = offsets[i] as number;
    let size = (offsets[i + 1] as number) - to;
    if (size === 0) continue;
    const from = source[rows[i] as number] as number;
    if (size < 24) for (let k = 0; k < size; k++) data[to + k] = column.data[from + k] as number;
    else {
      // Rows that follow each other in the source are copied as one.
      while (i + 1 < length && (source[rows[i + 1] as number] as number) === from + size && (offsets[i + 2] as number) > (offsets[i + 1] as number)) {
        i++;
        size = (offsets[i + 1] as number) - to;
      }
      data.set(column.data.subarray(from, from + size), to);
    }
  }
  return { layout: 'text', type: column.type, length, validity, offsets, data };
};

/** Offsets of the taken lists, and the numbers of their items. */
const takeRanges = (column: Column, source: Int32Array, rows: Int32Array): { offsets: Int32Array; items: Int32Array } => {
  const offsets = new Int32Array(rows.length + 1);
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (row >= 0 && isPresent(column, row)) total += (source[row + 1] as number) - (source[row] as number);
    offsets[i + 1] = total;
  }
  mustFit(total);
  const items = new Int32Array(total);
  for (let i = 0, at = 0; i < rows.length; i++) {
    const end = offsets[i + 1] as number;
    for (let item = source[rows[i] as number] as number; at < end; ) items[at++] = item++;
  }
  return { offsets, items };
};

const mustFit = (size: number): void => {
  if (size > 0x7fffffff) throw new RangeError(`a column of ${size} bytes or items is over Arrow's limit of 2 GiB`);
};
