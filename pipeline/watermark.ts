// Up to which moment a topic's data is in its store, as far as the event times of what came can tell.
// It knows neither the stream nor a store.

export interface GroupView {
  /** Messages that are not in the store yet. */
  readonly lag: bigint;
  /** Largest event time taken, ns; 0: none. */
  readonly time: bigint;
}

const NANOS_PER_MS = 1_000_000n;

/**
 * ns, exclusive. Partitions that are behind hold it back. A topic of which everything is in its store is as far as what came by any topic,
 * `furthest` (ns; 0: nothing came): a host that had no line to send has sent its readings. A sender's clock that runs ahead does not carry it
 * beyond the server's. Undefined: not known.
 */
export const completeUpTo = (partitions: readonly GroupView[], furthest: bigint, latenessMs: number, nowMs: number): bigint | undefined => {
  const behind = partitions.filter(({ lag }) => lag > 0n).map(({ time }) => time);
  const time = ascending(behind)[0] ?? furthest;
  if (time === 0n) return undefined;
  const bound = BigInt(nowMs) * NANOS_PER_MS;
  return (time < bound ? time : bound) - BigInt(latenessMs) * NANOS_PER_MS;
};

const ascending = (times: readonly bigint[]): readonly bigint[] => times.toSorted((a, b) => (a < b ? -1 : Number(a > b)));

/** 0 of none. */
export const latestOf = (times: readonly bigint[]): bigint => ascending(times).at(-1) ?? 0n;
