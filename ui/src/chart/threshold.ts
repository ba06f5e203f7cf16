// Thresholds of a chart, from the text: a last `where` that compares the value that is drawn with a number (`where value > 90%`).
// Understands comparisons with `and` and `or`; what else a condition says draws nothing.
import { partsOf } from '../edit/filter-text.ts';
import { unitForm } from '../format/units.ts';

export interface Threshold {
  /** In the unit of the panel. */
  readonly value: number;
  /** As it stands in the text. */
  readonly label: string;
}

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  ...Object.fromEntries([...'KMGTP'].map((letter, i) => [`${letter}B`, 1000 ** (i + 1)])),
  ...Object.fromEntries([...'KMGTP'].map((letter, i) => [`${letter}iB`, 1024 ** (i + 1)])),
};
const SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86_400 };

/** What the number means in a unit's base (bytes, seconds, a ratio); undefined where it is of another kind. */
const meantBy = (number: number, mark: string, family: ReturnType<typeof unitForm>['family']): number | undefined => {
  if (mark === '') return family === 'bytes' || family === 'duration' ? undefined : number;
  if (mark === '%') return family === 'ratio' ? number / 100 : undefined;
  const scale = family === 'bytes' ? BYTES[mark] : family === 'duration' ? SECONDS[mark] : undefined;
  return scale === undefined ? undefined : number * scale;
};

/** `columns`: the values that are drawn in that unit. */
export const thresholdsOf = (text: string, columns: readonly string[], unit: string | null): Threshold[] => {
  const part = partsOf(text).at(-1);
  if (part === undefined || part.word !== 'where') return [];
  const form = unitForm(unit);
  const found: Threshold[] = [];
  for (const [, name, sign, number, mark = ''] of text
    .slice(part.start, part.end)
    .matchAll(/([\w.]+)\s*(>=?|<=?)\s*(-?\d[\d_]*(?:\.\d+)?)(%|[A-Za-z]+)?(?:\/s)?(?=\s|\)|$)/g)) {
    if (!columns.includes(name ?? '')) continue;
    const meant = meantBy(Number((number ?? '').replaceAll('_', '')), mark, form.family);
    if (meant !== undefined) found.push({ value: meant / form.factor, label: `${sign} ${number}${mark}` });
  }
  return found.slice(0, 4);
};
