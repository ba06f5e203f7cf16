// Which records of a log are repeats: of those that say the same of the same thing, one a minute is written, the others are counted.
// Bounded in kinds and things, so that nobody who can cause a warning can fill a disk with it. It writes nothing itself.

export type LogFields = Readonly<Record<string, unknown>>;

/** ms. */
export const WINDOW_MS = 60_000;
/** Different things (senders, files) of one message within a window; the others are counted together. */
const MOST_THINGS = 20;
/** Messages are texts of the program; a part of one that is not must not fill the memory. */
const MOST_MESSAGES = 500;
const MOST_KEY = 200;

interface Repeated {
  /** Of the last one. */
  fields: LogFields;
  count: number;
  /** ms. */
  last: number;
}

interface Window {
  /** ms. */
  readonly from: number;
  readonly things: Map<string, Repeated>;
  readonly others: Repeated;
}

/** What a record speaks of: its fields that are texts, and which error it was. */
const thingOf = (fields: LogFields): string => {
  let key = '';
  for (const name in fields) {
    const value = fields[name];
    const text = value instanceof Error ? ((value as { readonly code?: unknown }).code ?? value.name) : value;
    if (typeof text === 'string') key += `${name}=${text.slice(0, MOST_KEY)}\n`;
  }
  return key;
};

export interface LateRecord {
  readonly message: string;
  /** Of the last one. */
  readonly fields: LogFields;
  /** How many were not written. */
  readonly repeated: number;
  /** When the last one was, ms. */
  readonly last: number;
}

export class LogRepeats {
  readonly #windows = new Map<string, Window>();
  /** Of messages beyond the most. */
  #uncounted = 0;
  /** Until then (ms) no window ends. */
  #quiet = Number.POSITIVE_INFINITY;

  /** Whether the record is a repeat, which is counted and not to be written. */
  isRepeat(message: string, fields: LogFields, now: number): boolean {
    let window = this.#windows.get(message);
    if (window === undefined) {
      if (this.#windows.size >= MOST_MESSAGES) {
        this.#uncounted++;
        return true;
      }
      window = { from: now, things: new Map(), others: { fields, count: 0, last: now } };
      this.#windows.set(message, window);
      this.#quiet = Math.min(this.#quiet, now + WINDOW_MS);
    }
    const thing = thingOf(fields);
    const known = window.things.get(thing);
    if (known === undefined && window.things.size < MOST_THINGS) {
      window.things.set(thing, { fields, count: 0, last: now });
      return false;
    }
    const counted = known ?? window.others;
    counted.fields = fields;
    counted.count++;
    counted.last = now;
    return true;
  }

  /** Something was counted that `over` has not told. */
  get isWaiting(): boolean {
    if (this.#uncounted > 0) return true;
    for (const { things, others } of this.#windows.values()) {
      if (others.count > 0) return true;
      for (const { count } of things.values()) if (count > 0) return true;
    }
    return false;
  }

  /** What was counted in windows that are over; they begin anew. */
  over(now: number): readonly LateRecord[] {
    // A clock that was put back ends all of them.
    if (now < this.#quiet && now > this.#quiet - 2 * WINDOW_MS) return [];
    const out: LateRecord[] = [];
    if (this.#uncounted > 0) out.push({ message: 'messages of ever other words were not written', fields: {}, repeated: this.#uncounted, last: now });
    this.#uncounted = 0;
    this.#quiet = Number.POSITIVE_INFINITY;
    for (const [message, { from, things, others }] of this.#windows) {
      if (now >= from && now < from + WINDOW_MS) {
        this.#quiet = Math.min(this.#quiet, from + WINDOW_MS);
        continue;
      }
      this.#windows.delete(message);
      for (const { fields, count, last } of things.values()) if (count > 0) out.push({ message, fields, repeated: count, last });
      if (others.count > 0) out.push({ message, fields: { ...others.fields, others: true }, repeated: others.count, last: others.last });
    }
    return out;
  }
}
