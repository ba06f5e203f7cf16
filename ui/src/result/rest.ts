// The lines of a chart that are not drawn by themselves, as one line: what they come to, and what it is called.
import type { Column } from '../data/types.ts';
import type { Beyond, Merge } from './line-rows.ts';

/** All lines that are not drawn by themselves, as one. */
export class Rest {
  readonly merge: Merge;
  readonly at = new Map<number, number>();

  constructor(merge: Merge) {
    this.merge = merge;
  }

  add(time: number, value: number): void {
    const known = this.at.get(time);
    if (known === undefined) this.at.set(time, value);
    else this.at.set(time, this.merge === 'sum' ? known + value : this.merge === 'max' ? Math.max(known, value) : Math.min(known, value));
  }
}

/** What they have to do with one another: amounts and sums add up; the largest of largest values is the largest of all. */
export const restOf = (values: readonly Column[], additive: boolean, beyond: Beyond | undefined): Rest | undefined => {
  const merges = new Set(additive ? ['sum' as const] : values.map(({ name }) => beyond?.others.get(name)?.merge));
  const [merge] = merges;
  return merges.size > 1 || merge === undefined || (merge !== 'sum' && values.length > 1) ? undefined : new Rest(merge);
};

export const REST_TITLES: Readonly<Record<Merge, string>> = {
  sum: 'The sum of the lines that are not drawn by themselves',
  max: 'The largest of the lines that are not drawn by themselves',
  min: 'The smallest of the lines that are not drawn by themselves',
};
export const REST_WORDS: Readonly<Record<Merge, string>> = { sum: '', max: 'largest of ', min: 'smallest of ' };
