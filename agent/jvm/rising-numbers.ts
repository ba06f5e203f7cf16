// Numbers that only rise. One that has gone back was misread or is made up: it is missing once, and counts on from where it is then, so that what
// reads them sees no step that was none.

/** Names that change all the time are no reason to keep them. */
const MOST_NAMES = 100;

export class RisingNumbers {
  readonly #last = new Map<string, number>();

  next(name: string, value: number | undefined): number | undefined {
    if (value === undefined) return undefined;
    const last = this.#last.get(name);
    if (last === undefined && this.#last.size >= MOST_NAMES) this.#last.clear();
    this.#last.set(name, value);
    return last !== undefined && value < last ? undefined : value;
  }

  nextOf(name: string, values: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    return new Map([...values].filter(([of, value]) => this.next(`${name} ${of}`, value) !== undefined));
  }
}
