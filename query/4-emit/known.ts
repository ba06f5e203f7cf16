// What is known of the column store at the moment a question is made.
import type { KnownSeries } from './known-series.ts';
import type { MarkedHours } from './losses.ts';

/** Of each hour since 1970 of which a metric's samples were put together (schemas/rollups.ts): whether by five minutes too. */
export type RolledHours = ReadonlyMap<number, boolean>;

export interface Known {
  readonly marks: MarkedHours;
  readonly series: KnownSeries;
  /** Of a metric, by its hash. */
  readonly rolled: (metric: number) => RolledHours;
  /** Rows of a window up to which what follows it is worked out here, so that labels need not go to the store. */
  readonly mostHere: number;
  /** Samples and parts, 13 bytes and some 80, that are asked for at once. */
  readonly mostAtOnce: number;
}
