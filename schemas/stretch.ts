// Rows of one of our tables by when they are, as whoever writes tells of them and whoever holds what was made of them hears of it.
// It knows no store.

/** Rows of a table from a moment up to, not including, another (ns, by their `time`); `metric`: of samples, by its hash; undefined: of all. */
export interface Stretch {
  readonly table: string;
  readonly metric: number | undefined;
  readonly from: bigint;
  readonly to: bigint;
}
