// How much of schemas that nobody here knows may go to the dead letters: an hour's worth of one sender, of those who share a token, and of
// all, so that who floods does not push out what others lost there. It puts nothing anywhere.
import type { Account } from './gate.ts';
import type { UnknownPart } from './parts.ts';

const HOUR_MS = 3_600_000;
const MOST_OF_SENDER = 4 << 20;
const MOST_OF_SHARED = 48 << 20;
const MOST_OF_ALL = 64 << 20;
/** However small a letter is, its headers are there too. */
const LEAST = 1024;

export class LetterQuota {
  #hour = 0;
  #all = 0;
  #shared = 0;
  readonly #bySender = new Map<string, number>();

  /** Those of the parts that may go there; `now` in ms. */
  take({ isBound }: Pick<Account, 'isBound'>, parts: readonly UnknownPart[], now: number): readonly UnknownPart[] {
    const hour = Math.floor(now / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#all = 0;
      this.#shared = 0;
      this.#bySender.clear();
    }
    return parts.filter(({ sender, ipc }) => {
      const size = Math.max(ipc.length, LEAST);
      const own = (this.#bySender.get(sender) ?? 0) + size;
      if (own > MOST_OF_SENDER || this.#all + size > MOST_OF_ALL || (!isBound && this.#shared + size > MOST_OF_SHARED)) return false;
      this.#all += size;
      if (!isBound) this.#shared += size;
      this.#bySender.set(sender, own);
      return true;
    });
  }
}
