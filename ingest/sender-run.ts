// What the door knows of one run of a sender: which series it defined, which of them are over the limit and what those are
// summed into, and how far it was acknowledged. Nothing of the names and labels of a series below the limit is kept.
import { metricHash } from '../schemas/series-id.ts';
import { IdTable } from './id-table.ts';
import { type GivenDefinition, OverflowSeries } from './overflow.ts';

export type SeriesVerdict = 'known' | 'new' | 'over-limit' | 'collision';

export interface SeriesLimits {
  /** Series of one run of a sender, and of all senders. */
  readonly seriesPerSender: number;
  readonly series: number;
  /** Overflow series of one run of a sender, and of all senders; they are not counted among the others. */
  readonly overflowPerSender: number;
  readonly overflow: number;
}

/** Counts over all senders. */
export interface SeriesCounts {
  series: number;
  overflow: number;
  /** Ids over the limit that are remembered, at most as many as there may be series. */
  over: number;
}

export type Identify = (name: string, labels: ReadonlyMap<string, string>) => { readonly id: bigint; readonly print: bigint };

/** Of a series over the limit: `undefined` sends its samples on, as they are not over it; `dropped`: there are too many overflow series too; `refused`: its definition was. */
export type Fold = OverflowSeries | 'dropped' | 'refused' | undefined;

const DROPPED = 0xffff_ffff_ffff_ffffn;
const REFUSED = DROPPED - 1n;

export class SenderRun {
  readonly boot: bigint;
  readonly #sender: string;
  readonly #limits: SeriesLimits;
  readonly #counts: SeriesCounts;
  readonly #identify: Identify;
  readonly #known = new IdTable();
  /** Ids over the limit → place of their overflow series + 1. */
  readonly #over = new IdTable();
  /** There are more of them than could be remembered. */
  #isOverFull = false;
  readonly #overflow: OverflowSeries[] = [];
  readonly #places = new Map<string, number>();
  readonly #byMetric = new Map<number, OverflowSeries>();
  /** ms. */
  seen = 0;
  /** The last seq that is safe on the stream; −1: none yet. */
  acknowledged = -1n;
  /** Whether it defined all it sends to this door, which may have been started after it. */
  isDefined = false;
  /** Definitions came since `isDefined` was looked at last. */
  isToBeChecked = false;

  constructor(sender: string, boot: bigint, limits: SeriesLimits, counts: SeriesCounts, identify: Identify) {
    this.boot = boot;
    this.#sender = sender;
    this.#limits = limits;
    this.#counts = counts;
    this.#identify = identify;
  }

  /** `print`: further bits of the definition's hash, to tell two with one id apart. What is over the limit is to be told to `fold`. */
  define(id: bigint, print: bigint): SeriesVerdict {
    this.isToBeChecked = true;
    const found = this.#known.get(id);
    if (found !== undefined) return found === print ? 'known' : 'collision';
    if (this.#known.size >= this.#limits.seriesPerSender || this.#counts.series >= this.#limits.series) return 'over-limit';
    this.#known.set(id, print);
    this.#counts.series++;
    return 'new';
  }

  /** What a series over the limit is summed into; undefined when there is no room for another overflow series. `host` may be empty. */
  fold(id: bigint, name: string, host: string, given: () => GivenDefinition): OverflowSeries | undefined {
    let place = this.#places.get(name);
    if (place === undefined) {
      if (this.#overflow.length >= this.#limits.overflowPerSender || this.#counts.overflow >= this.#limits.overflow) {
        this.#remember(id, DROPPED);
        return undefined;
      }
      this.#counts.overflow++;
      const series = new OverflowSeries(name, given(), host || this.#sender, this.#sender, (of, labels) => this.#identify(of, labels).id);
      place = this.#overflow.push(series);
      this.#places.set(name, place);
      this.#byMetric.set(metricHash(name), series);
    }
    this.#remember(id, BigInt(place));
    const series = this.#overflow[place - 1] as OverflowSeries;
    series.meet(host || this.#sender);
    return series;
  }

  /** Its samples go no further either. */
  refuse(id: bigint): void {
    this.#remember(id, REFUSED);
  }

  #remember(id: bigint, place: bigint): void {
    const before = this.#over.size;
    if (this.#counts.over < this.#limits.series || this.#over.get(id) !== undefined) this.#over.set(id, place);
    else this.#isOverFull = true;
    this.#counts.over += this.#over.size - before;
  }

  /** Tells what samples are summed into; undefined when no series is over the limit, which is nearly always. */
  overLimit(): ((id: bigint, metric: number) => Fold) | undefined {
    if (this.#over.size === 0 && !this.#isOverFull) return undefined;
    return (id, metric) => {
      if (this.#known.get(id) !== undefined) return undefined;
      const place = this.#over.get(id);
      if (place === DROPPED) return 'dropped';
      if (place === REFUSED) return 'refused';
      if (place !== undefined) return this.#overflow[Number(place) - 1];
      // Too many even to be remembered: those are told by their metric.
      return this.#isOverFull ? (this.#byMetric.get(metric) ?? 'dropped') : undefined;
    };
  }

  /** Whether it was defined in this run, to this door. */
  wasDefined(id: bigint): boolean {
    return this.#known.get(id) !== undefined || this.#over.get(id) !== undefined || this.#isOverFull;
  }

  /** Gives its places among those of all senders back. */
  forget(): void {
    this.#counts.series -= this.#known.size;
    this.#counts.overflow -= this.#overflow.length;
    this.#counts.over -= this.#over.size;
  }
}
