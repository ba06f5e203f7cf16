// The series of all senders: for the limits on their number, and so that one id never means two definitions.
// A series not heard of for a day has no place any more, nor has a sender.
import { hash } from 'node:crypto';
import type { Sha256 } from '../schemas/series-id.ts';
import { type Offender, Offenders } from './offenders.ts';
import { AllPlaces } from './places.ts';
import { type Places, SenderSeries } from './sender-series.ts';
import { SeriesHosts } from './series-hosts.ts';

const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

const HOUR_MS = 3_600_000;
/** Each takes a kibibyte or two, whatever it sends. */
const MOST_SENDERS = 30_000;
/** Hours a series keeps its place, begun ones not counted. */
const KEPT_HOURS = 24;

export interface SeriesLimits {
  /** Series that one sender, and that all senders together, sent within a day. */
  readonly seriesPerSender: number;
  readonly series: number;
}

/** How the limits stand. */
export interface SeriesState {
  readonly series: number;
  readonly offenders: readonly Offender[];
  /** Where all senders together are at their limit: who has most. */
  readonly largest: { readonly sender: string; readonly series: number } | undefined;
}

export interface SeriesTablesOptions {
  /** Stands in for SHA-256 in tests, where two definitions must meet in one id. */
  readonly hashing?: Sha256;
  readonly hosts?: SeriesHosts;
}

export class SeriesTables {
  /** The one heard of longest ago first. */
  readonly #senders = new Map<string, SenderSeries>();
  readonly #limits: SeriesLimits;
  readonly #now: () => number;
  readonly #sha256: Sha256;
  readonly #offenders = new Offenders();
  /** Of the series that any sender defined. */
  readonly hosts: SeriesHosts;
  readonly #all: AllPlaces;
  readonly #places: Places;
  /** Of those who send without a key of their own. */
  readonly #sharedPlaces: Places;
  #hour = 0;

  constructor(limits: SeriesLimits, now: () => number, { hashing = sha256, hosts = new SeriesHosts() }: SeriesTablesOptions = {}) {
    this.#limits = limits;
    this.hosts = hosts;
    this.#now = now;
    this.#sha256 = hashing;
    this.#all = new AllPlaces(() => limits.series);
    const places = (isBound: boolean): Places => ({ take: () => this.#all.take(isBound), giveBack: (count) => this.#all.giveBack(isBound, count) });
    this.#places = places(true);
    this.#sharedPlaces = places(false);
  }

  /** Series of all senders. */
  get size(): number {
    return this.#all.size;
  }

  get state(): SeriesState {
    let largest: SeriesState['largest'];
    if (this.#all.isFull) for (const [sender, { size }] of this.#senders) if (size > (largest?.series ?? 0)) largest = { sender, series: size };
    return { series: this.#all.size, offenders: this.#offenders.since(this.#now() - HOUR_MS), largest };
  }

  /** The id of a definition by its identity (see `DefinitionRows`), and the next 64 bits of the same hash to tell it from another one with that id. */
  readonly identify = (identity: Uint8Array): { readonly id: bigint; readonly print: bigint } => {
    const digest = this.#sha256(identity);
    const view = new DataView(digest.buffer, digest.byteOffset, 16);
    return { id: view.getBigUint64(0), print: view.getBigUint64(8) };
  };

  /** Of a sender that sends something now; `isBound`: with a key of its own. */
  of(sender: string, isBound = true): SenderSeries {
    const hour = Math.floor(this.#now() / HOUR_MS);
    if (hour !== this.#hour) this.#sweep(hour);
    const own = this.#senders.get(sender) ?? new SenderSeries(this.#limits, isBound ? this.#places : this.#sharedPlaces);
    this.#senders.delete(sender);
    this.#senders.set(sender, own);
    const [oldest] = this.#senders;
    if (this.#senders.size > MOST_SENDERS && oldest !== undefined) {
      this.#senders.delete(oldest[0]);
      oldest[1].forgetAll();
    }
    return own.heard(hour);
  }

  /** See `SenderSeries.settle`. */
  settle(sender: string, isSafe: boolean): void {
    this.#senders.get(sender)?.settle(isSafe);
  }

  /** Series of one sender within a day. */
  sizeOf(sender: string): number {
    return this.#senders.get(sender)?.size ?? 0;
  }

  get senders(): readonly string[] {
    return [...this.#senders.keys()];
  }

  /** The series of a sender by host; undefined where it was not heard of within the day. */
  byHost(sender: string): ReadonlyMap<string, readonly bigint[]> | undefined {
    return this.#senders.get(sender)?.byHost((low, high) => this.hosts.hostOf(low, high));
  }

  /** A definition was over the limit. */
  noteDefinition(sender: string, name: string, labels: ReadonlyMap<string, string>): void {
    this.#offenders.noteDefinition(sender, name, labels);
  }

  /** Rows of a sender were dropped for the limit; returns what is known of it. */
  noteRows(sender: string, host: string, rows: number): Offender {
    return this.#offenders.noteRows(sender, host, rows, this.#now());
  }

  #sweep(hour: number): void {
    this.#hour = hour;
    for (const [sender, own] of this.#senders) {
      own.forgetBefore(hour - KEPT_HOURS);
      if (own.size === 0 && own.lastHour < hour) this.#senders.delete(sender);
    }
  }
}
