// The values of one field and how many lines have each: the text that asks for it over the same lines as the list, and its answer.
import type { Column, Result, Value } from '../data/types.ts';
import { withoutTrailing } from '../edit/filter-text.ts';

export const TOP = 10;

/** `field` as written in a text. What only orders or cuts the lines is left out: all of them are counted. */
export const valuesText = (text: string, field: string): string => {
  const by = /^[\p{L}_`][^[\]]*$/u.test(field) ? field : `value = ${field}`;
  return `${withoutTrailing(text)}\n| count by ${by}\n| top ${TOP} by count`;
};

export interface ValueCount {
  readonly value: Value;
  readonly count: number;
}

export const valueCounts = ({ columns }: Pick<Result, 'columns'>): readonly ValueCount[] => {
  const count = columns.find(({ name, type }) => name === 'count' && type === 'int') ?? columns.at(-1);
  const values: Column | undefined = columns.find((column) => column !== count);
  return (count?.values ?? []).map((n, row) => ({ value: values?.values[row] ?? null, count: Number(n) }));
};
