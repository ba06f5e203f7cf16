// What was told of the series of one metric, and since when: nearly always one thing for ever, so the first stands in columns and what follows
// it in a list of its own.

export interface Told {
  /** ms. */
  readonly since: number;
  /** When it was told last, ms: of two things since one moment the later told stands. */
  seen: number;
  /** A number of `ToldStates`. */
  state: number;
}

/** Of one series; no inventory changes as often. */
const MOST_TOLD = 256;

export class SeriesStates {
  /** Rises where something else holds of a series at some moment, and with each series. */
  version = 0;
  #since = new Float64Array(16);
  #seen = new Float64Array(16);
  #state = new Int32Array(16);
  #size = 0;
  /** Of series of which more was told, in the order of `since`: all of it. */
  readonly #several = new Map<number, Told[]>();
  /** Those of them of which not always the same was told. */
  readonly #changing = new Map<number, readonly Told[]>();

  /** Series are numbered from 0, each is told of first in its turn. Whether it is the newest that is known of the series. */
  tell(series: number, since: number, seen: number, state: number): boolean {
    if (series >= this.#size) {
      this.version++;
      this.#grow(series + 1);
      this.#size = series + 1;
      this.#put(series, since, seen, state);
      return true;
    }
    const several = this.#several.get(series);
    if (several === undefined) {
      const first = { since: this.#since[series] as number, seen: this.#seen[series] as number, state: this.#state[series] as number };
      if (since === first.since) {
        if (seen < first.seen) return false;
        if (state !== first.state) this.version++;
        this.#put(series, since, seen, state);
        return true;
      }
      const both = since < first.since ? [{ since, seen, state }, first] : [first, { since, seen, state }];
      this.#several.set(series, both);
      if (state !== first.state) this.#changes(series, both);
      return since > first.since;
    }
    let place = several.length;
    while (place > 0 && (several[place - 1] as Told).since > since) place--;
    const same = several[place - 1];
    if (same?.since === since && seen < same.seen) return false;
    const isOther = state !== (same ?? (several[0] as Told)).state;
    if (same?.since !== since) several.splice(place, 0, { since, seen, state });
    else [same.seen, same.state] = [seen, state];
    if (isOther || this.#changing.has(series)) this.#changes(series, several);
    // What stands between the first and the newest goes first.
    if (several.length > MOST_TOLD) several.splice(1, 1);
    return (several.at(-1) as Told).since === since;
  }

  /** What holds just before `time` (ms); what was told first, where that is later. */
  before(series: number, time: number): number {
    const several = this.#several.get(series);
    if (several === undefined) return this.#state[series] as number;
    let found = (several[0] as Told).state;
    for (const { since, state } of several) if (since < time) found = state;
    return found;
  }

  /** All that was told of it. */
  of(series: number): readonly number[] {
    return this.#several.get(series)?.map(({ state }) => state) ?? [this.#state[series] as number];
  }

  /** Series of which not always the same was told. */
  changing(): Iterable<readonly [number, readonly Told[]]> {
    return this.#changing;
  }

  get bytes(): number {
    return this.#since.byteLength + this.#seen.byteLength + this.#state.byteLength + this.#several.size * 250;
  }

  #changes(series: number, told: readonly Told[]): void {
    this.version++;
    this.#changing.set(series, told);
  }

  #put(series: number, since: number, seen: number, state: number): void {
    this.#since[series] = since;
    this.#seen[series] = seen;
    this.#state[series] = state;
  }

  #grow(size: number): void {
    if (size <= this.#since.length) return;
    const length = Math.max(size, this.#since.length * 2);
    const [since, seen, state] = [new Float64Array(length), new Float64Array(length), new Int32Array(length)];
    since.set(this.#since);
    seen.set(this.#seen);
    state.set(this.#state);
    [this.#since, this.#seen, this.#state] = [since, seen, state];
  }
}
