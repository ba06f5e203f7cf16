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
 * ns, exclusive. Partitions that are behind hold it back; those that are not cannot know better than the furthest one.
 * A sender's clock that runs ahead does not carry it beyond the server's. Undefined: nothing came yet.
 */
export const completeUpTo = (partitions: readonly GroupView[], latenessMs: number, nowMs: number): bigint | undefined => {
  const behind = partitions.filter(({ lag }) => lag > 0n).map(({ time }) => time);
  const all = partitions.map(({ time }) => time);
  const time = (behind.length > 0 ? ascending(behind)[0] : ascending(all).at(-1)) ?? 0n;
  if (time === 0n) return undefined;
  const bound = BigInt(nowMs) * NANOS_PER_MS;
  return (time < bound ? time : bound) - BigInt(latenessMs) * NANOS_PER_MS;
};

const ascending = (times: readonly bigint[]): readonly bigint[] => times.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
