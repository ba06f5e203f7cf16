// How large a text may be as it is written, before it is known what it means; what it stands for is bounded in 2-semantic/size.ts.

/** UTF-16 units of a text. */
export const MAX_TEXT = 65_536;
/** Brackets, signs before a value, parts of a search, expressions written out, `let`s and queries: each in others of its kind. */
export const MAX_DEPTH = 100;
/** Of one expression. */
export const MAX_OPERATORS = 1_000;
