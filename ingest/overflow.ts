// The one series into which all series of a metric over a sender's limit are summed, and its sums of the newest times.
// Named as OpenTelemetry's SDKs name theirs (https://opentelemetry.io/docs/specs/otel/metrics/sdk/#overflow-attribute). It never sees a frame.
import type { Value } from '../core/batch/batch.ts';

/** Of the first series that was over the limit, by the columns of the schema `series`. */
export type GivenDefinition = Readonly<Record<'kind' | 'temporality' | 'unit' | 'description' | 'interval', Value>>;

/** Marks the series as a sum over what is beyond a limit. */
export const OVERFLOW_LABEL = 'otel.metric.overflow';

/** Times whose sums may still grow: ten minutes of a tick of ten seconds. */
const KEPT_TIMES = 64;

export class OverflowSeries {
  readonly name: string;
  readonly given: GivenDefinition;
  readonly #sender: string;
  readonly #identify: (name: string, labels: ReadonlyMap<string, string>) => bigint;
  #host: string;
  #labels: ReadonlyMap<string, string> = new Map();
  #id = 0n;
  /** By time, ms. */
  readonly #sums = new Map<number, number>();
  /** The newest time whose sum is not kept any more. */
  #forgotten = Number.NEGATIVE_INFINITY;

  constructor(name: string, given: GivenDefinition, host: string, sender: string, identify: (name: string, labels: ReadonlyMap<string, string>) => bigint) {
    this.name = name;
    this.given = given;
    this.#sender = sender;
    this.#identify = identify;
    this.#host = host;
    this.#named(host);
  }

  get id(): bigint {
    return this.#id;
  }

  get labels(): ReadonlyMap<string, string> {
    return this.#labels;
  }

  /**
   * Another series of that host is summed into it. Once hosts differ it is the sender's: a new series that begins at nothing,
   * so that it and what stands under the host's name until then are together still the sum.
   */
  meet(host: string): void {
    if (host === this.#host || this.#host === this.#sender) return;
    this.#host = this.#sender;
    this.#named(this.#sender);
    this.#sums.clear();
    this.#forgotten = Number.NEGATIVE_INFINITY;
  }

  /** Undefined: nothing was summed for that time, or its sum is not kept any more. */
  sumAt(time: number): number | undefined {
    return this.#sums.get(time);
  }

  /** Whether a sum for that time, which was written, is not known any more: another would take the place of the whole. */
  isForgotten(time: number): boolean {
    return time <= this.#forgotten && !this.#sums.has(time);
  }

  /** Adds sums by time. */
  add(sums: ReadonlyMap<number, number>): void {
    for (const [time, sum] of [...sums].sort(([a], [b]) => a - b)) {
      this.#sums.set(time, (this.#sums.get(time) ?? 0) + sum);
      if (this.#sums.size <= KEPT_TIMES) continue;
      let oldest = Number.POSITIVE_INFINITY;
      for (const kept of this.#sums.keys()) if (kept < oldest) oldest = kept;
      this.#sums.delete(oldest);
      if (oldest > this.#forgotten) this.#forgotten = oldest;
    }
  }

  #named(host: string): void {
    this.#labels = new Map([
      ['host', host],
      [OVERFLOW_LABEL, 'true'],
    ]);
    this.#id = this.#identify(this.name, this.#labels);
  }
}
