// Who waits for messages of a partition that are not there yet. It reads none.
import type { Partition } from './commits.ts';

export class Waiters {
  readonly #waiting = new Map<Partition, Set<() => void>>();

  /** Resolves when there may be something at `from` or behind it, or when the signal aborts. */
  waitFor(partition: Partition, from: bigint, signal: AbortSignal): Promise<void> {
    if (from < partition.flushed.next && partition.flushed.earliest < partition.flushed.next) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(partition) ?? new Set();
      this.#waiting.set(partition, waiting);
      const done = (): void => {
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  wake(partitions: readonly Partition[]): void {
    for (const partition of partitions) for (const wake of [...(this.#waiting.get(partition) ?? [])]) wake();
  }
}
