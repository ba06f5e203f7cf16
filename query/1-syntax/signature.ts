// What the parser must know of a pipe to read its generic form. The registry is handed in; the parser knows no pipe by name.

export interface PipeSyntax {
  /** Lower case; a phrase has single spaces. */
  readonly name: string;
  /** Words that open a clause of the whole pipe: `by`, `per`, `on`, `on error`. */
  readonly clauses: readonly string[];
  /** Words that open a clause of one argument: `over`. */
  readonly argumentClauses: readonly string[];
  /** The pipe has its own lexer up to `|`, an unmatched `)` or the end (`search`). */
  readonly raw: boolean;
  /**
   * How `x = …` at the head of an argument reads. Left out: it names the argument (`summarize n = count()`).
   * `compares`: it is `x == …` (`where`). `assigns`: it names, and `x == …` is a mistake that the parser mends (`set`).
   */
  readonly equals?: 'compares' | 'assigns';
  /** The first argument begins with a word of its own, and its name stands after it: `every 1m x = avg`. Its last word is then `x == avg`; printed with `=`. */
  readonly leads?: boolean;
  /** Clauses in whose arguments `x = …` is `x == …`: `on` of joins. */
  readonly comparing?: readonly string[];
  /** Words that a clause takes though they open clauses themselves: `on missing keep`. */
  readonly values?: ReadonlyMap<string, readonly string[]>;
  /** Further names of the pipe, in lower case, for those that cannot be listed: the quantiles `p50` … `p99.9`. */
  readonly pattern?: RegExp;
}

/** All pipes by name, in the order in which completion shows them. */
export type PipeSyntaxes = ReadonlyMap<string, PipeSyntax>;
