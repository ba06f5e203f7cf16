// Counts all stores of an installation on together, and finds one that is an older copy of itself: see `core/generation.ts`.
import { type Generation, NO_GENERATION } from '../../core/generation.ts';
import { STORE_NAMES, type StoreName } from './notes.ts';

export interface SetBack {
  readonly store: StoreName;
  readonly own: Generation;
  /** Of the store that went on longest with the others: `all` is what this one should have at least. */
  readonly others: Generation;
}

export class Generations {
  readonly #found = new Map<StoreName, Generation>();

  /** What a store said, or was told. */
  note(store: StoreName, generation: Generation): void {
    this.#found.set(store, generation);
  }

  of(store: StoreName): Generation {
    return this.#found.get(store) ?? NO_GENERATION;
  }

  /** Those that are older copies. `isAnew`: it was never with the others. */
  setBack(isAnew: (store: StoreName) => boolean): readonly SetBack[] {
    const others = this.#newest();
    return STORE_NAMES.flatMap((store) => (isAnew(store) || this.of(store).own >= others.all ? [] : [{ store, own: this.of(store), others }]));
  }

  #newest(): Generation {
    return STORE_NAMES.map((store) => this.of(store)).reduce((a, b) => (b.all > a.all ? b : a), NO_GENERATION);
  }

  /** `tell`: durable when it resolves. May be interrupted between any two. */
  async advance(at: number, tell: (store: StoreName, generation: Generation) => Promise<void>): Promise<void> {
    const { all } = this.#newest();
    const own = Math.max(...STORE_NAMES.map((store) => this.of(store).own)) + 1;
    for (const generation of [
      { own, at, all },
      { own, at, all: own },
    ])
      for (const store of STORE_NAMES) {
        await tell(store, generation);
        this.note(store, generation);
      }
  }
}
