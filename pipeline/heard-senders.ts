// What the worker of a partition knows of its senders: the last message of each, up to when rows of it reach, and so what comes again, what
// comes under a seq that was taken with other rows, and what is new. It saves nothing: a checkpoint of it is its owner's to keep.
import { KNOWN_RUN_AHEAD_MS } from '../schemas/frame.ts';
import { boundSenders, encodeSenders, judgeRepeat, type KnownSenders, type SeenMessage, type Senders, withPrint } from './senders.ts';
import type { Envelope } from './stages/decode.ts';

export class HeardSenders {
  #last = new Map<string, SeenMessage>();
  /** Latest time, ns, of the rows of all that are not known. */
  #forgottenUntil = 0n;
  readonly #now: () => number;
  readonly #isChecked: boolean;

  /** `now`: ms. `isChecked`: false only for the negative controls of the kill test; then nothing is a repeat. */
  constructor(now: () => number, isChecked: boolean) {
    this.#now = now;
    this.#isChecked = isChecked;
  }

  /** Instead of what was known. */
  begin(last: Senders, forgottenUntil: bigint): void {
    this.#last = new Map(last);
    this.#forgottenUntil = forgottenUntil;
  }

  lastOf(sender: string): SeenMessage | undefined {
    return this.#last.get(sender);
  }

  /** Rows of the sender with a later time, ns, are not in the store yet. */
  until(sender: string): bigint {
    return this.#last.get(sender)?.latest ?? this.#forgottenUntil;
  }

  /** Of a message that its sender sent behind `before`. */
  judge({ boot, seq, print }: Pick<Envelope, 'boot' | 'seq' | 'print'>, before: SeenMessage | undefined): 'new' | 'same' | 'other' | 'older' {
    if (!this.#isChecked || before === undefined) return 'new';
    // The door takes no run further ahead; an earlier version did, which would shut the sender out for ever.
    // Within a run no clock counts: this one may be behind.
    if (boot !== before.boot && before.boot > BigInt(Math.floor(this.#now()) + KNOWN_RUN_AHEAD_MS)) return 'new';
    if (boot < before.boot) return 'older';
    return boot > before.boot || seq > before.seq ? 'new' : judgeRepeat(before.prints, seq, print);
  }

  /** The message is in the store. */
  hear(sender: string, seen: SeenMessage): void {
    const before = this.until(sender);
    this.#last.delete(sender);
    this.#last.set(sender, seen.latest > before ? seen : { ...seen, latest: before });
  }

  /** As it is now. */
  encoded(epoch: number): Uint8Array {
    return encodeSenders(this.#known, epoch);
  }

  /** As it is when those that a checkpoint has no room for are forgotten, which `forget` then does. */
  bounded(epoch: number): { readonly value: Uint8Array; readonly forgotten: number; readonly forget: () => void } {
    const { last, forgotten } = boundSenders(this.#last);
    for (const sender of forgotten) {
      const until = this.until(sender);
      if (until > this.#forgottenUntil) this.#forgottenUntil = until;
    }
    const forget = (): void => {
      for (const sender of forgotten) this.#last.delete(sender);
    };
    return { value: encodeSenders({ ...this.#known, last }, epoch), forgotten: forgotten.length, forget };
  }

  get #known(): KnownSenders {
    return { last: this.#last, forgottenUntil: this.#forgottenUntil };
  }
}

/** What is known of a sender when a message of it that is new has come. */
export const seenAfter = (
  before: SeenMessage | undefined,
  { boot, seq, latest = 0n, print }: Pick<Envelope, 'boot' | 'seq' | 'latest' | 'print'>,
): SeenMessage => ({
  boot,
  seq,
  latest: before !== undefined && before.latest > latest ? before.latest : latest,
  prints: withPrint(before?.boot === boot ? before.prints : [], seq, print),
});
