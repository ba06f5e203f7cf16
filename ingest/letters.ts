// How much of schemas that nobody here knows may go to the dead letters: an hour's worth of one sender and of all, so that who floods
// does not push out what others lost there. It puts nothing anywhere.
import type { UnknownPart } from './publish.ts';

const HOUR_MS = 3_600_000;
const MOST_OF_SENDER = 4 << 20;
const MOST_OF_ALL = 64 << 20;

export class LetterQuota {
  #hour = 0;
  #all = 0;
  readonly #bySender = new Map<string, number>();

  /** Those of the parts that may go there; `now` in ms. */
  take(parts: readonly UnknownPart[], now: number): readonly UnknownPart[] {
    const hour = Math.floor(now / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#all = 0;
      this.#bySender.clear();
    }
    return parts.filter(({ sender, ipc }) => {
      const own = (this.#bySender.get(sender) ?? 0) + ipc.length;
      if (own > MOST_OF_SENDER || this.#all + ipc.length > MOST_OF_ALL) return false;
      // However small a letter is, its headers are there too; and so the map is bounded.
      this.#all += Math.max(ipc.length, 1024);
      this.#bySender.set(sender, own);
      return true;
    });
  }
}
