// How far files are known to have been read: the largest place of each that stands, by sender. Of a sender as many as an agent ever follows, so
// that one that names others all the time pushes out its own only. It asks nobody.

/** Files of a sender; one that was forgotten is asked for again. */
const MOST_OF_SENDER = 4096;
const MOST = 100_000;

export class KnownFiles {
  /** The sender met longest ago first, and of each the file. */
  readonly #senders = new Map<string, Map<string, number>>();
  #size = 0;

  /** −1: nothing stands of it; undefined: not known. */
  placeOf(sender: string, file: string): number | undefined {
    return this.#senders.get(sender)?.get(file);
  }

  set(sender: string, file: string, place: number): void {
    const files = this.#senders.get(sender) ?? new Map<string, number>();
    this.#senders.delete(sender);
    this.#senders.set(sender, files);
    if (!files.delete(file)) this.#size++;
    files.set(file, place);
    const [oldest] = files.keys();
    if (files.size > MOST_OF_SENDER && oldest !== undefined && files.delete(oldest)) this.#size--;
    for (const [name, { size }] of this.#senders) {
      if (this.#size <= MOST || name === sender) break;
      this.#senders.delete(name);
      this.#size -= size;
    }
  }
}
