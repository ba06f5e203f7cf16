// What one frame does to its sender's run: sums that count only once the frame is acknowledged, so that a frame that is
// refused, or sent again, adds nothing twice; and whether the sender must be asked for its definitions.
// A sender's next frame comes when the one before is acknowledged, as the order of its seqs demands.
import type { OverflowSeries } from './overflow.ts';
import type { SenderRun } from './sender-run.ts';

export class FrameSeries {
  /** Undefined where the frame has to do with no series, or is of an earlier run. */
  readonly run: SenderRun | undefined;
  /** All of it was acknowledged before; workers pass over it. */
  readonly isRepeat: boolean;
  readonly #lastSeq: bigint;
  readonly #sums = new Map<OverflowSeries, Map<number, number>>();
  #hasSamples = false;
  #hasUndefined = false;

  /** `lastSeq`: of the frame's last part. */
  constructor(run: SenderRun | undefined, lastSeq: bigint) {
    this.run = run;
    this.#lastSeq = lastSeq;
    this.isRepeat = run !== undefined && lastSeq <= run.acknowledged;
  }

  /** Adds a sample to the sum of its time (ms). */
  add(series: OverflowSeries, time: number, value: number): void {
    if (this.isRepeat) return;
    let sums = this.#sums.get(series);
    if (sums === undefined) {
      sums = new Map();
      this.#sums.set(series, sums);
    }
    sums.set(time, (sums.get(time) ?? 0) + value);
  }

  /** The sum of a time as it is with this frame; undefined when nothing is known of it. */
  total(series: OverflowSeries, time: number): number | undefined {
    const own = this.#sums.get(series)?.get(time);
    const before = series.sumAt(time);
    return own === undefined ? before : own + (before ?? 0);
  }

  /** Ids of samples: looked at only until the run is known to have defined all it sends. */
  meetSamples(ids: BigUint64Array): void {
    if (ids.length === 0) return;
    this.#hasSamples = true;
    if (this.run === undefined || this.run.isDefined || !this.run.isToBeChecked) return;
    for (const id of ids) this.#hasUndefined ||= !this.run.wasDefined(id);
  }

  /** After the last part: whether samples came of series that this door, unlike perhaps one before it, never saw defined. */
  wantsDefinitions(): boolean {
    const { run } = this;
    if (run === undefined || !this.#hasSamples) return false;
    if (run.isToBeChecked) {
      run.isDefined ||= !this.#hasUndefined;
      run.isToBeChecked = false;
    }
    return !run.isDefined;
  }

  /** The frame is safe. */
  acknowledge(): void {
    const { run } = this;
    // The same frame may have come again while it was on its way.
    if (run === undefined || this.#lastSeq <= run.acknowledged) return;
    run.acknowledged = this.#lastSeq;
    for (const [series, sums] of this.#sums) series.add(sums);
  }
}
