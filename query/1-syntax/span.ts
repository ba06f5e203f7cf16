// Spans made of others, and trees whose spans lie elsewhere.
import type { Span } from './ast.ts';

/** From the start of one to the end of another, of one text. */
export const spanning = ({ start, view }: Span, { end }: Span): Span => (view === undefined ? { start, end } : { start, end, view });

/** A part of a span. */
export const within = ({ view }: Span, start: number, end: number): Span => (view === undefined ? { start, end } : { start, end, view });

const isSpan = (key: string): boolean => key === 'span' || key.endsWith('Span');

/** The tree with each of its spans replaced. */
export const withSpans = <T>(tree: T, to: (span: Span) => Span): T => {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((item) => withSpans(item, to)) as T;
  return Object.fromEntries(Object.entries(tree).map(([key, inner]) => [key, isSpan(key) ? to(inner) : withSpans(inner, to)])) as T;
};
