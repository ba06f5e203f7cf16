// The views that a result may be shown in. Only their names: which ones fit a result is chosen in choose.ts.

export const VIEWS = ['chart', 'bars', 'table', 'logs'] as const;
export type View = (typeof VIEWS)[number];
