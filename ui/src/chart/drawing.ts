// How lines are drawn: as lines, areas or bars, beside or upon one another. What a panel is drawn as without a choice, and what follows
// from a choice; knows nothing of canvas.
import type { Line, Panel } from '../result/series.ts';

export const DRAWINGS = ['line', 'area', 'stacked-area', 'bar', 'stacked-bar'] as const;
export type Drawing = (typeof DRAWINGS)[number];

export interface Choice {
  /** undefined: by the panel. */
  readonly draw: Drawing | undefined;
  readonly log: boolean;
}

export const isStacked = (drawing: Drawing): boolean => drawing === 'stacked-area' || drawing === 'stacked-bar';
export const isBars = (drawing: Drawing): boolean => drawing === 'bar' || drawing === 'stacked-bar';

/** More lines than that beside one another are no bars any more. */
const MOST_BESIDE = 6;

/** Amounts per bucket add up, so they are stacked; everything else is lines. */
export const drawingOf = (panel: Pick<Panel, 'additive' | 'bucket'>, { draw, log }: Choice): Drawing => {
  const wanted = draw ?? (panel.additive && panel.bucket !== undefined ? 'stacked-bar' : 'line');
  if (!log) return wanted;
  // heights on a log axis do not add up
  return wanted === 'stacked-bar' ? 'line' : wanted === 'stacked-area' ? 'area' : wanted;
};

/**
 * The lines that are drawn so. A sum of all the others stands upon them; beside them it would press them down, but where they are amounts. The
 * largest of the others stands upon nothing.
 */
export const drawnLines = (panel: Panel, drawing: Drawing): Panel => {
  const isDrawn = ({ identity }: Line): boolean =>
    identity.kind !== 'rest' || (identity.merge === 'sum' ? panel.additive || isStacked(drawing) : !isStacked(drawing));
  return panel.lines.every(isDrawn) ? panel : { ...panel, lines: panel.lines.filter(isDrawn) };
};

/** Whether bars beside one another can be told apart. */
export const canStandBeside = (panel: Pick<Panel, 'lines'>): boolean => panel.lines.length <= MOST_BESIDE;
