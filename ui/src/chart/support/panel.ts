// Panels for tests: lines by name, a point a minute.
import type { Panel, Point } from '../../result/series.ts';

export const MINUTE = 60_000;

export const panel = (lines: Readonly<Record<string, readonly Point[]>>, more: Partial<Panel> = {}): Panel => {
  const size = Math.max(0, ...Object.values(lines).map((points) => points.length));
  return {
    unit: null,
    title: 'value',
    caption: '',
    whole: false,
    additive: false,
    times: Array.from({ length: size }, (_, i) => i * MINUTE),
    lines: Object.entries(lines).map(([key, points]) => ({
      key,
      label: key,
      title: key,
      identity: { kind: 'value', text: key },
      points,
      quiet: null,
      last: null,
      min: null,
      max: null,
      avg: null,
      cut: false,
    })),
    total: Object.keys(lines).length,
    bucket: MINUTE,
    thinnedFrom: 0,
    partial: Array.from({ length: size }, () => false),
    ...more,
  };
};
