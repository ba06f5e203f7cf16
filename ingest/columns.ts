// Checks of one column against its rule: missing rows, sizes of texts, words, maps. Works on bytes and offsets; a text is
// only decoded where a refusal names it. Returns the first offence, never throws.
import type { Column, DictionaryColumn, TextColumn } from '../core/batch/batch.ts';
import { isPresent, textAt } from '../core/batch/batch.ts';
import { sameText } from '../core/batch/same-bytes.ts';
import { type ColumnRule, DEFAULT_ENTRIES, DEFAULT_TEXT_BYTES, KEY_BYTES } from './rules.ts';

export interface Offence {
  readonly row: number;
  readonly reason: string;
}

type Texts = TextColumn | DictionaryColumn;

const isText = (column: Column): column is Texts => column.layout === 'text' || column.layout === 'dictionary';

const firstMissing = (column: Column): number => {
  if (column.validity === undefined) return -1;
  for (let row = 0; row < column.length; row++) if (!isPresent(column, row)) return row;
  return -1;
};

const source = (column: Texts): TextColumn => (column.layout === 'text' ? column : column.dictionary);
const place = (column: Texts, row: number): number => (column.layout === 'text' ? row : (column.indices[row] as number));
const sizeAt = (text: TextColumn, at: number): number => (text.offsets[at + 1] as number) - (text.offsets[at] as number);

/** What is wrong with one entry of a text column; undefined when nothing is. */
type Judge = (text: TextColumn, at: number) => string | undefined;

/** The first row whose text offends; an entry of a dictionary is judged once. */
const firstOffence = (column: Texts, judge: Judge): Offence | undefined => {
  const text = source(column);
  const verdicts = column.layout === 'dictionary' ? new Map<number, string | undefined>() : undefined;
  for (let row = 0; row < column.length; row++) {
    if (!isPresent(column, row)) continue;
    const at = place(column, row);
    let reason: string | undefined;
    if (verdicts === undefined) reason = judge(text, at);
    else {
      if (!verdicts.has(at)) verdicts.set(at, judge(text, at));
      reason = verdicts.get(at);
    }
    if (reason !== undefined) return { row, reason };
  }
  return undefined;
};

const tooLong = (size: number, most: number): string => `it has ${size} bytes, ${most} are allowed`;

const judgeOf = (rule: ColumnRule, zeroBytes: boolean, most: number): Judge => {
  const words = rule.words === undefined ? undefined : new Set(rule.words);
  return (text, at) => {
    const size = sizeAt(text, at);
    if (size > most) return tooLong(size, most);
    if (size === 0) return rule.empty === false ? 'it is empty' : undefined;
    if (words !== undefined && !words.has(textAt(text, at))) return `it is none of ${[...words].join(', ')}`;
    if (!zeroBytes && hasZero(text, at)) return 'it holds a zero byte';
    return undefined;
  };
};

/** Within its own bytes: a search to the end of the column for each text would be quadratic. */
const hasZero = (text: TextColumn, at: number): boolean => text.data.subarray(text.offsets[at], text.offsets[at + 1]).includes(0);

/** Of all texts of a column at once: hardly any has one. */
const anyZero = (column: Column): boolean => isText(column) && source(column).data.includes(0);

const sameEntry = (column: Texts, a: number, b: number): boolean => {
  const text = source(column);
  const [x, y] = [place(column, a), place(column, b)];
  return x === y || sameText(text, x, text, y);
};

/** Holds the entries of rows of a map or list to their number, then hands each row's range of entries on. */
const entriesOffence = (
  column: Column & { readonly offsets: Int32Array },
  most: number,
  judge: (from: number, to: number) => string | undefined,
): Offence | undefined => {
  for (let row = 0; row < column.length; row++) {
    if (!isPresent(column, row)) continue;
    const [from, to] = [column.offsets[row] as number, column.offsets[row + 1] as number];
    const reason = to - from > most ? `it has ${to - from} entries, ${most} are allowed` : judge(from, to);
    if (reason !== undefined) return { row, reason };
  }
  return undefined;
};

/** What is wrong with a number. */
const numberJudge =
  (column: Column, { magnitude }: ColumnRule) =>
  (at: number): string | undefined => {
    if (magnitude === undefined || column.layout !== 'fixed' || !(column.values instanceof Float64Array)) return undefined;
    const value = column.values[at] as number;
    return Math.abs(value) <= magnitude ? undefined : `it is ${value}, numbers here lie between ±${magnitude}`;
  };

const entryJudge = (column: Column, judge: Judge, rule: ColumnRule): ((at: number) => string | undefined) => {
  const judgeNumber = numberJudge(column, rule);
  return (at) => {
    if (!isPresent(column, at)) return 'an entry of it is missing';
    return isText(column) ? judge(source(column), place(column, at)) : judgeNumber(at);
  };
};

const firstWrongNumber = (column: Column, rule: ColumnRule): Offence | undefined => {
  if (rule.magnitude === undefined) return undefined;
  const judge = numberJudge(column, rule);
  for (let row = 0; row < column.length; row++) {
    const reason = isPresent(column, row) ? judge(row) : undefined;
    if (reason !== undefined) return { row, reason };
  }
  return undefined;
};

/** What is wrong with the size of a text value by its key. Hardly any value is longer than the least of the bounds, so hardly any key is read. */
const sizeJudge = (keys: Texts, values: Column, { bytesOf }: ColumnRule): ((at: number) => string | undefined) => {
  if (bytesOf === undefined || !isText(values)) return () => undefined;
  const least = Math.min(...bytesOf.values());
  return (at) => {
    const size = sizeAt(source(values), place(values, at));
    if (size <= least) return undefined;
    const most = bytesOf.get(textAt(source(keys), place(keys, at))) ?? size;
    return size > most ? tooLong(size, most) : undefined;
  };
};

/** The first offence of the column against its rule; `required`: every row must have a value. */
export const columnOffence = (column: Column, rule: ColumnRule, required: boolean, zeroBytes: boolean): Offence | undefined => {
  if (required) {
    const row = firstMissing(column);
    if (row !== -1) return { row, reason: 'it is missing' };
  }
  const texts = column.layout === 'list' ? column.items : column.layout === 'map' ? column.values : column;
  const judge = judgeOf(rule, zeroBytes || !anyZero(texts), rule.bytes ?? DEFAULT_TEXT_BYTES);
  const most = rule.entries ?? DEFAULT_ENTRIES;
  if (isText(column)) return firstOffence(column, judge);
  if (column.layout === 'list') {
    const judgeItem = entryJudge(column.items, judge, rule);
    return entriesOffence(column, most, (from, to) => {
      for (let i = from; i < to; i++) {
        const reason = judgeItem(i);
        if (reason !== undefined) return reason;
      }
      return undefined;
    });
  }
  if (column.layout !== 'map') return firstWrongNumber(column, rule);
  const { keys, values } = column;
  // A key is a name, which no text that asks for it could hold.
  const judgeKey = judgeOf({ empty: false }, !anyZero(keys), KEY_BYTES);
  const judgeValue = entryJudge(values, judge, rule);
  const judgeSize = sizeJudge(keys, values, rule);
  const shown = (at: number): string => JSON.stringify(textAt(source(keys), place(keys, at)).slice(0, 80));
  return entriesOffence(column, most, (from, to) => {
    for (let i = from; i < to; i++) {
      const key = judgeKey(source(keys), place(keys, i));
      if (key !== undefined) return `the key ${shown(i)}: ${key}`;
      for (let j = from; j < i; j++) if (sameEntry(keys, i, j)) return `the key ${shown(i)} stands twice`;
      const value = judgeValue(i) ?? judgeSize(i);
      if (value !== undefined) return `the value of ${shown(i)}: ${value}`;
    }
    return undefined;
  });
};
