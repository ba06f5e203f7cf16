// How far a store has come together with the others: a count that all stores of an installation take on at once, again and again. First each
// takes the next one, and only when all have it on disk does each hear that they do: so one that has less than another one heard of is an
// older copy of itself, and one that was interrupted at any moment is not.
export interface Generation {
  /** Taken on by this store. */
  readonly own: number;
  /** When, ms. */
  readonly at: number;
  /** All stores had at least this one, as far as this store heard. Never more than `own`. */
  readonly all: number;
}

/** Of a store that was never told one. */
export const NO_GENERATION: Generation = { own: 0, at: 0, all: 0 };

const TEXT = /^(\d{1,15})-(\d{1,15})-(\d{1,15})$/;

/** Of digits and hyphens alone, so that a store's note of any form can hold it. */
export const generationText = ({ own, at, all }: Generation): string => `${own}-${at}-${all}`;

/** What is no such text is none. */
export const parseGeneration = (text: string | undefined): Generation => {
  const [, own, at, all] = TEXT.exec(text ?? '') ?? [];
  return own === undefined ? NO_GENERATION : { own: Number(own), at: Number(at), all: Number(all) };
};

/** What a store says of itself, wherever a copy of it is. */
export interface StoreIdentity {
  /** undefined: it was never told. */
  readonly installation: string | undefined;
  readonly generation: Generation;
}
