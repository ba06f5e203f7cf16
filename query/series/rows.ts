// Reading text and maps of a batch row by row without making a string that was made for the row before, or one at all.
import type { Column, MapColumn, TextColumn } from '../../core/batch/batch.ts';
import { isPresent, textAt } from '../../core/batch/batch.ts';
import { sameText } from '../../core/batch/same-bytes.ts';

/** Empty where missing. Neighbours are often the same. */
export const textReader = (column: Column): ((row: number) => string) => {
  const [texts, entryOf] = textsOf(column);
  let [last, text] = [-1, ''];
  return (row) => {
    if (!isPresent(column, row)) return '';
    const entry = entryOf(row);
    if (last < 0 || (entry !== last && !sameText(texts, entry, texts, last))) text = textAt(texts, entry);
    last = entry;
    return text;
  };
};

const textsOf = (column: Column): readonly [TextColumn, (row: number) => number] => {
  if (column.layout === 'text') return [column, (row) => row];
  if (column.layout === 'dictionary') return [column.dictionary, (row) => column.indices[row] as number];
  throw new TypeError(`a column of ${column.type.kind} is no text`);
};

/** Texts and the entry of each. */
export type EachPair = (keys: TextColumn, key: number, values: TextColumn, value: number) => void;

/** Pairs of a map of texts, those with an empty value left out. */
export const pairsReader = (column: Column): ((row: number, each: EachPair) => void) => {
  if (column.layout !== 'map') throw new TypeError(`a column of ${column.type.kind} is no map`);
  const { offsets } = column as MapColumn;
  const [keys, keyOf] = textsOf(column.keys);
  const [values, entryIn] = textsOf(column.values);
  return (row, each) => {
    for (let at = offsets[row] as number; at < (offsets[row + 1] as number); at++) {
      const value = entryIn(at);
      if (values.offsets[value] !== values.offsets[value + 1]) each(keys, keyOf(at), values, value);
    }
  };
};
