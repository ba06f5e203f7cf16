// What is known of rows behind a mistake. One mistake is told once: what came out of it fits everything and is never told as wrong,
// and what may be there is not told to be missing. Nothing here is ever planned: a text with a mistake has no plan.
import type { Span } from '../1-syntax/ast.ts';
import { columnNamed, type Relation, type RelationColumn, type Type, type Typed, type } from './type.ts';

/** The type of a column that came out of a mistake. */
const MISTAKEN: Type = type('unknown');
export const isMistaken = (column: RelationColumn): boolean => column.type.value === 'unknown';
export const mistakenColumn = (name: string): RelationColumn => ({ name, type: MISTAKEN, kind: undefined, label: true, description: '' });
/** Stands where a value would. */
export const mistakenValue = (span: Span): Typed => ({ op: 'literal', literal: null, type: MISTAKEN, span });

/** Whether all that is said of the rows is certain; else there may be other columns, and another shape. */
export const isSure = ({ doubt }: Relation): boolean => doubt !== true;
/** Whether the rows may have the time that is wanted of them. */
export const mayBeTimed = (r: Relation): boolean => {
  const time = columnNamed(r, 'time');
  return r.timed || !isSure(r) || (time !== undefined && isMistaken(time));
};

/** The relation with its doubt, or without any. */
export const doubted = (relation: Relation, doubt: boolean): Relation => ({ ...relation, doubt: doubt ? true : undefined });

/** Nothing is certain any more; the columns are what may be there. */
export const unsure = (relation: Relation): Relation => ({
  ...relation,
  columns: relation.columns.map((c) => ({ ...c, type: MISTAKEN })),
  open: undefined,
  doubt: true,
});

/**
 * What goes out of a pipe that the parser had to mend: what it changed may be meant otherwise, what it left alone stands. `hides`: another
 * pipe may be hidden in its words.
 */
export const mended = (input: Relation, output: Relation, hides: boolean): Relation => {
  const before = new Set(input.columns);
  const same = !hides && output.columns.length === input.columns.length && output.columns.every((c) => before.has(c));
  if (same && output.timed === input.timed && output.shape === input.shape && output.bucket === input.bucket) return output;
  return { ...output, columns: output.columns.map((c) => (before.has(c) ? c : { ...c, type: MISTAKEN })), doubt: true };
};
