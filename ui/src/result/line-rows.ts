// Lines as the server gives them, as the rows that charts are made of; what was not given is told beside them.
import type { Column, Lines, Value } from '../data/types.ts';

/** Of lines that were not given. */
export interface Beyond {
  /** Lines there are in all, of each column of values. */
  readonly total: number;
  /** By the name of the column; where they cannot be put together there is none. */
  readonly others: ReadonlyMap<string, OtherLine>;
}
export interface OtherLine {
  readonly merge: Merge;
  /** By time, ms. */
  readonly at: ReadonlyMap<number, number>;
}
export type Merge = 'sum' | 'min' | 'max';

const MERGES: ReadonlySet<string> = new Set<Merge>(['sum', 'min', 'max']);
const isMerge = (word: string): word is Merge => MERGES.has(word);

/** By time, line after line; a row where any column has a value. */
export const rowsOfLines = ({ times, keys, values }: Lines): readonly Column[] => {
  const lines: number[] = [];
  const places: number[] = [];
  const count = values[0]?.values.length ?? 0;
  for (let at = 0; at < times.length; at++)
    for (let line = 0; line < count; line++)
      if (values.some((column) => (column.values[line]?.[at] ?? null) !== null)) {
        lines.push(line);
        places.push(at);
      }
  const taken = (of: readonly Value[]): Value[] => lines.map((line) => of[line] ?? null);
  return [
    { name: 'time', type: 'time', unit: null, values: places.map((at) => times[at] ?? null) },
    ...keys.map((column) => ({ ...column, values: taken(column.values) })),
    ...values.map(({ name, type, unit, values: along }) => ({ name, type, unit, values: lines.map((line, i) => along[line]?.[places[i] as number] ?? null) })),
  ];
};

export const beyondOf = ({ times, values, total }: Lines): Beyond => {
  const others = new Map<string, OtherLine>();
  const moments = times.map((time) => Date.parse(time));
  for (const { name, other } of values)
    if (other !== null && isMerge(other.merge)) {
      const at = new Map<number, number>();
      for (const [i, value] of other.values.entries()) if (typeof value === 'number') at.set(moments[i] as number, value);
      others.set(name, { merge: other.merge, at });
    }
  return { total, others };
};
