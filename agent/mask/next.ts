// Where something stands next in a text. Many names in a line may ask for the same: what was found is kept, so that no character is gone over
// again and again.

export class Next {
  readonly #pattern: RegExp;
  #text = '';
  #from = 0;
  #at = -1;
  /** What was found last; null: nothing, up to the end. */
  found: RegExpExecArray | null = null;

  /** `pattern` must be global. What it finds from a place on must not depend on that place. */
  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  /** Where it is found first from there on, or the length of the text. Quick where each asks for what lies behind the one before. */
  at(text: string, from: number): number {
    if (from >= this.#from && from <= this.#at && text === this.#text) {
      // The same line read again: another copy of it would be compared with the first for each name.
      this.#text = text;
      return this.#at;
    }
    this.#pattern.lastIndex = from;
    this.found = this.#pattern.exec(text);
    this.#text = text;
    this.#from = from;
    this.#at = this.found === null ? text.length : this.found.index;
    return this.#at;
  }
}

/** Where a run of characters of a class begins, for ends that rise. */
export class RunStart {
  readonly #isOf: (code: number) => boolean;
  #text = '';
  #to = 0;
  #start = 0;

  constructor(isOf: (code: number) => boolean) {
    this.#isOf = isOf;
  }

  /** `to` itself where there is none before it. */
  at(text: string, to: number): number {
    const isOf = this.#isOf;
    const least = to >= this.#to && text === this.#text ? this.#to : 0;
    let at = to;
    while (at > least && isOf(text.charCodeAt(at - 1))) at--;
    this.#start = least > 0 && at === least ? this.#start : at;
    this.#text = text;
    this.#to = to;
    return this.#start;
  }
}

/** Where something stood last, for stretches whose begin and end rise. */
export class Last {
  readonly #isAt: (text: string, at: number) => boolean;
  #text = '';
  #from = 0;
  #to = -1;
  #at = -1;

  constructor(isAt: (text: string, at: number) => boolean) {
    this.#isAt = isAt;
  }

  /** In `[from, to]`; -1: nowhere. */
  at(text: string, from: number, to: number): number {
    const isAt = this.#isAt;
    const goesOn = from >= this.#from && to >= this.#to && text === this.#text;
    const least = goesOn ? Math.max(from, this.#to + 1) : from;
    let at = to;
    while (at >= least && !isAt(text, at)) at--;
    if (at < least) at = goesOn ? this.#at : -1;
    this.#text = text;
    this.#from = from;
    this.#to = to;
    this.#at = at;
    return at >= from ? at : -1;
  }
}
