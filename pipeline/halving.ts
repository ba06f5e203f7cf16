// The one way to find what a store refuses: what is refused as a whole is tried in halves, until a part that cannot be halved is to blame.
// It knows neither stores nor rows.

export interface Halving<Part> {
  /** Takes all of a part or nothing. */
  readonly write: (part: Part) => Promise<void>;
  /** Whether the error lies in what the part holds; any other is thrown. */
  readonly isRefusal: (error: unknown, part: Part) => boolean;
  /** In the order in which they are to be tried; undefined: it is one thing. */
  readonly halve: (part: Part, error: unknown) => Promise<readonly [Part, Part] | undefined> | readonly [Part, Part] | undefined;
  readonly refused: (part: Part, error: unknown) => void;
}

/** Tries the parts in their order. */
export const writeInHalves = async <Part>(parts: readonly Part[], { write, isRefusal, halve, refused }: Halving<Part>): Promise<void> => {
  const queue = [...parts];
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    try {
      await write(part);
    } catch (error) {
      if (!isRefusal(error, part)) throw error;
      const halves = await halve(part, error);
      if (halves === undefined) refused(part, error);
      else queue.unshift(...halves);
    }
  }
};

/** Of a list. */
export const halvesOfList = <T>(list: readonly T[]): readonly [readonly T[], readonly T[]] | undefined => {
  if (list.length < 2) return undefined;
  const half = list.length >> 1;
  return [list.slice(0, half), list.slice(half)];
};
