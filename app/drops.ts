// What did not reach a store, read from the registry's counters by their names: a new counter of a drop shows by itself.
// It counts nothing.
import type { Reading } from '../core/telemetry.ts';
import type { Drop } from '../graphql/service.ts';

/** `inframirror_[stage_]WHAT_UNIT_total`. */
const NAME = /^inframirror_(?:([a-z]+)_)?(dropped|dead|lost|refused|repeated|forgotten)_([a-z]+)_total$|^inframirror_([a-z]+)_([a-z]+)_(forgotten)_total$/;
/** For these nothing is missing: it was there before, or was only kept in memory. */
const WHOLE: ReadonlySet<string> = new Set(['repeated', 'forgotten']);

/** Counters of drops that are not 0, the largest first. */
export const dropsOf = (counters: readonly Reading[]): readonly Drop[] =>
  counters
    .flatMap(({ name, labels, value }): readonly Drop[] => {
      const found = NAME.exec(name);
      if (found === null || value === 0) return [];
      const [, stage = found[4], what = found[6] as string, unit = found[5] as string] = found;
      return [
        { stage: labels.stage ?? stage ?? 'server', reason: labels.reason ?? what, unit, count: value, missing: !WHOLE.has(what), counter: name, labels },
      ];
    })
    .sort((a, b) => b.count - a.count);
