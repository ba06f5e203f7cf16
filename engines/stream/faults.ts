// The oracle of the fault suites of every stream: what a producer and a reader saw before they were killed, and what
// the log must therefore hold afterwards. Only what was acknowledged, read or saved is an obligation.
import type { StoredMessage } from './port.ts';

/** What a process that is going to be killed notes as it happens. */
export type Event =
  | { readonly kind: 'sent'; readonly key: string; readonly text: string }
  | { readonly kind: 'acked'; readonly text: string }
  | { readonly kind: 'read'; readonly partition: number; readonly offset: string; readonly text: string }
  | { readonly kind: 'saved'; readonly partition: number; readonly offset: string };

export class Oracle {
  readonly sent = new Set<string>();
  readonly acked = new Set<string>();
  readonly #read = new Map<string, string>();
  readonly #saved = new Map<number, bigint>();
  /** Texts of each key in the order they were sent. */
  readonly #order = new Map<string, string[]>();

  /** `text` must be unique over all runs. */
  note(event: Event): void {
    if (event.kind === 'sent') {
      this.sent.add(event.text);
      const order = this.#order.get(event.key) ?? [];
      order.push(event.text);
      this.#order.set(event.key, order);
    } else if (event.kind === 'acked') this.acked.add(event.text);
    else if (event.kind === 'read') this.#read.set(`${event.partition}/${event.offset}`, event.text);
    else this.#saved.set(event.partition, BigInt(event.offset));
  }

  /** What is wrong with a log of these messages (as delivered) and this progress; empty when all holds. */
  judge(messages: readonly StoredMessage[], progress: ReadonlyMap<number, bigint>): string[] {
    const wrong: string[] = [];
    const found = new Map<string, StoredMessage>();
    const last = new Map<number, bigint>();
    for (const message of messages) {
      const text = Buffer.from(message.value).toString();
      if (found.has(text)) wrong.push(`twice: ${text}`);
      if (!this.sent.has(text)) wrong.push(`never sent: ${text}`);
      if (message.offset <= (last.get(message.partition) ?? -1n)) wrong.push(`offset ${message.offset} of partition ${message.partition} does not rise`);
      last.set(message.partition, message.offset);
      found.set(text, message);
      const before = this.#read.get(`${message.partition}/${message.offset}`);
      if (before !== undefined && before !== text) wrong.push(`offset ${message.offset} of partition ${message.partition} was ${before} and is ${text}`);
    }
    for (const text of this.acked) if (!found.has(text)) wrong.push(`acknowledged and lost: ${text}`);
    for (const text of this.#read.values()) if (!found.has(text)) wrong.push(`read and lost: ${text}`);
    for (const [key, texts] of this.#order) {
      const offsets = texts.flatMap((text) => found.get(text)?.offset ?? []);
      if (offsets.some((offset, i) => i > 0 && offset <= (offsets[i - 1] as bigint))) wrong.push(`out of order: key ${key}`);
    }
    for (const [partition, saved] of this.#saved) {
      const now = progress.get(partition);
      if (now === undefined || now < saved) wrong.push(`progress of partition ${partition} fell from ${saved} to ${now}`);
    }
    return wrong;
  }
}
