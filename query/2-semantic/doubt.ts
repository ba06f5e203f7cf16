// What is known of rows behind a mistake. One mistake is told once: what came out of it fits everything and is never told as wrong,
// and what may be there is not told to be missing. Nothing here is ever planned: a text with a mistake has no plan.
import type { Span } from '../1-syntax/ast.ts';
import { columnNamed, type MaybeNames, type Relation, type RelationColumn, type Type, type Typed, type } from './type.ts';

/** The type of a column that came out of a mistake. */
const MISTAKEN: Type = type('unknown');
export const isMistaken = (column: RelationColumn): boolean => column.type.value === 'unknown';
export const mistakenColumn = (name: string): RelationColumn => ({ name, type: MISTAKEN, kind: undefined, label: true, description: '' });
/** Stands where a value would. */
export const mistakenValue = (span: Span): Typed => ({ op: 'literal', literal: null, type: MISTAKEN, span });

export const NO_NAMES: MaybeNames = new Set();
export const eitherName = (a: MaybeNames, b: MaybeNames): MaybeNames => {
  if (a === 'any' || b === 'any') return 'any';
  return a.size === 0 ? b : b.size === 0 ? a : new Set([...a, ...b]);
};

/** Whether it is in doubt if a column of that name is there. */
export const mayHave = ({ doubt }: Relation, name: string): boolean => doubt !== undefined && (doubt.names === 'any' || doubt.names.has(name));
/** Whether there may be other columns than are known. */
export const mayHaveMore = ({ doubt }: Relation): boolean => doubt !== undefined && (doubt.names === 'any' || doubt.names.size > 0);
/** Whether it is known if the rows are series, have a time and stand at buckets. */
export const isShapeKnown = ({ doubt }: Relation): boolean => doubt?.rows !== true;
/** Whether the rows may have the time that is wanted of them. */
export const mayBeTimed = (r: Relation): boolean => {
  const time = columnNamed(r, 'time');
  return r.timed || mayHave(r, 'time') || (time !== undefined && (isMistaken(time) || !isShapeKnown(r)));
};
/** Whether it is known if the rows stand at buckets. */
export const isBucketKnown = (r: Relation): boolean => isShapeKnown(r) && (r.timed || r.bucket === undefined || !mayBeTimed(r));

/** The relation with exactly these doubts. */
export const doubted = (relation: Relation, names: MaybeNames, rows: boolean): Relation => ({
  ...relation,
  doubt: rows || names === 'any' || names.size > 0 ? { names, rows } : undefined,
});
/** The relation with these names beside those that may be there already. */
export const perhapsWith = (relation: Relation, names: MaybeNames): Relation =>
  doubted(relation, eitherName(relation.doubt?.names ?? NO_NAMES, names), relation.doubt?.rows ?? false);

/** Nothing is certain any more; the columns are what may be there. */
export const unsure = (relation: Relation): Relation => ({
  ...relation,
  columns: relation.columns.map((c) => ({ ...c, type: MISTAKEN })),
  open: undefined,
  doubt: { names: 'any', rows: true },
});

/**
 * What goes out of a pipe that the parser had to mend: what it changed may be meant otherwise, what it left alone stands. `hides`: another
 * pipe may be hidden in its words.
 */
export const mended = (input: Relation, output: Relation, hides: boolean): Relation => {
  const before = new Set(input.columns);
  const same = !hides && output.columns.length === input.columns.length && output.columns.every((c) => before.has(c));
  if (same && output.timed === input.timed && output.shape === input.shape && output.bucket === input.bucket) return output;
  return { ...output, columns: output.columns.map((c) => (before.has(c) ? c : { ...c, type: MISTAKEN })), doubt: { names: 'any', rows: true } };
};
