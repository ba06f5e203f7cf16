// What a text's statements are to those who ask it: its definitions, and the query that it asks. Looks at the tree only.
import type { Definition, Query, Text } from './ast.ts';

export const definitionsOf = ({ statements }: Text): readonly Definition[] => statements.filter((s) => s.node === 'let' || s.node === 'fn');

/** undefined where there is none, or none that could be read. */
export const queryOf = ({ statements }: Text): Query | undefined => statements.find((s) => s.node === 'query');
