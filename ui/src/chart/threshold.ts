// Thresholds of a chart, from the text: a last `where` that compares the value that is drawn with a number (`where value > 90%`).
// Understands comparisons with `and` and `or`; what else a condition says draws nothing.
import { type Compared, lastComparisons } from '../../../query/language.ts';
import { unitForm } from '../format/units.ts';

export interface Threshold {
  /** In the unit of the panel. */
  readonly value: number;
  /** As it stands in the text. */
  readonly label: string;
}

/** Whether a number of that kind is one of the drawn family. */
const fits = (kind: Compared['kind'], { family, suffix }: ReturnType<typeof unitForm>): boolean => {
  switch (kind) {
    case 'number':
      return family !== 'bytes' && family !== 'duration';
    case 'ratio':
      return family === 'ratio';
    case 'duration':
      return family === 'duration';
    case 'size':
      return family === 'bytes' && suffix === '';
    case 'rate':
      return suffix === '/s';
  }
};

/** `columns`: the values that are drawn in that unit. */
export const thresholdsOf = (text: string, columns: readonly string[], unit: string | null): Threshold[] => {
  const form = unitForm(unit);
  return lastComparisons(text)
    .filter(({ name, kind }) => columns.includes(name) && fits(kind, form))
    .map(({ value, operator, written }) => ({ value: value / form.factor, label: `${operator} ${written}` }))
    .slice(0, 4);
};
