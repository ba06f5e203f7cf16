// The values of one field and how many lines have each: the text that asks for it over the same lines as the list, and its answer.
import type { Result, Value } from '../data/types.ts';
import { withoutTrailing } from '../edit/filter-text.ts';

export const TOP = 10;

/** `field` as written in a text. What only orders or cuts the lines is left out: all of them are counted. Both columns have names of their own, whatever the field is called. */
export const valuesText = (text: string, field: string): string => `${withoutTrailing(text)}\n| summarize n = count() by value = ${field}\n| top ${TOP} by n`;

export interface ValueCount {
  readonly value: Value;
  readonly count: number;
}

export const valueCounts = ({ columns }: Pick<Result, 'columns'>): readonly ValueCount[] => {
  const of = (name: string): readonly Value[] => columns.find((column) => column.name === name)?.values ?? [];
  const values = of('value');
  return of('n').map((n, row) => ({ value: values[row] ?? null, count: Number(n) }));
};
