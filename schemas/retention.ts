// How long what arrives is kept, by kind: the defaults of the settings `retention.*`. The door refuses rows that are older on arrival,
// the keeper removes them when they have become so; both ask the settings of the running server, never this page.

const DAY = 86_400_000;

/** ms. */
export interface Retention {
  /** Samples as they came, and the definitions of their series as long as one of those is there. */
  readonly samples: number;
  /** Samples put together, five minutes and an hour each. */
  readonly rollups_5m: number;
  readonly rollups_1h: number;
  readonly processes: number;
  readonly jvm: number;
  readonly logs: number;
  readonly events: number;
  /** Who did what. */
  readonly audit: number;
}

export const RETENTION: Retention = {
  samples: 15 * DAY,
  rollups_5m: 365 * DAY,
  rollups_1h: 3 * 365 * DAY,
  processes: 15 * DAY,
  jvm: 15 * DAY,
  logs: 30 * DAY,
  events: 90 * DAY,
  audit: 90 * DAY,
};

/** Stands for `forever`: longer than any time that the product keeps. */
export const FOREVER_MS = 73_050 * DAY;
