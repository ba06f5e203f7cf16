// What a legend is given. Types only: a page of charts without one does not load it.
import type { Panel } from '../result/series.ts';
import type { Stroke } from './colour.ts';

export interface LegendProps extends Record<string, unknown> {
  readonly panel: Panel;
  readonly strokes: readonly Stroke[];
  /** Keys of the lines that are drawn; empty: all. */
  readonly isolated: ReadonlySet<string>;
  readonly isolate: (keys: ReadonlySet<string>) => void;
}
