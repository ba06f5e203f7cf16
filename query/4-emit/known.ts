// What is known of the column store at the moment a question is made.
import type { KnownSeries } from './known-series.ts';
import type { MarkedHours } from './losses.ts';

export interface Known {
  readonly marks: MarkedHours;
  readonly series: KnownSeries;
  /** Rows of a window up to which what follows it is worked out here, so that labels need not go to the store. */
  readonly mostHere: number;
}
