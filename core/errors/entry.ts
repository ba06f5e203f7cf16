// The form of one entry of the catalogue of errors.

type Parameters = Readonly<Record<string, string | number>>;

export interface ErrorEntry<P extends Parameters> {
  /** Says what is wrong in the user's words and names the place. */
  readonly message: (parameters: P) => string;
  /** Example parameters for the documentation. */
  readonly example: P;
  /** What to do about it; a paragraph for `docs/errors.md`. */
  readonly mend: string;
}

export type NoParameters = Readonly<Record<never, never>>;

export const entry = <P extends Parameters>(message: (parameters: P) => string, example: P, mend: string): ErrorEntry<P> => ({ message, example, mend });
