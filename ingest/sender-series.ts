// Which series a sender sends, over its runs: those of the last day count against its quota, so that another run is no fresh one. And whose
// each is, so that what it may send is judged of each frame anew: another host may have joined meanwhile.
// Keeps ids, prints of definitions and hosts, never names and other labels; 44 to 100 bytes a series, and the text of each host.
import { IdTable } from '../core/batch/id-table.ts';
import { highOf, joined, lowOf, wordsOf } from '../core/batch/words.ts';
import type { SampleSet } from '../schemas/sample-set.ts';
import type { Authority } from './authority.ts';
import { type KnownSet, KnownSets } from './known-sets.ts';

/** `over`: it has no place among the series of its sender, or of all. */
export type SeriesVerdict = 'known' | 'new' | 'over' | 'collision';

/** What a row of samples is to be marked with. */
export interface SampleMarks {
  readonly over: number;
}

/** The places of one sender among all; `take` is false where there is none left. */
export interface Places {
  take(): boolean;
  giveBack(count: number): void;
}

/** Only samples came of it. */
const UNDEFINED = 0;
const DEFINED = 1;
/** Nobody has defined it, as the store said, which would know. */
const ABSENT = 2;
/** From here on its definition was refused, and its samples go no further either; plus the mark that they get. */
const REFUSED = 16;
/** The same until another hour. */
const REFUSED_NOW = 128;

const FIRST = 16;
/** Of the sets of a sender, for each of its series: three of all of them. */
const MOST_SET_BYTES = 40;

export class SenderSeries {
  readonly #limits: { readonly seriesPerSender: number };
  readonly #places: Places;
  #ids = new IdTable(FIRST);
  #states = new Uint8Array(FIRST);
  #prints = new BigUint64Array(FIRST);
  /** Hour in which it was met last. */
  #hours = new Uint32Array(FIRST);
  /** Whose it is, by its place among the hosts and 1; 0: not known. */
  #owners = new Uint32Array(FIRST);
  #hosts: string[] = [];
  #byHost = new Map<string, number>();
  /** Whose rights were held against the hosts last, and how many hosts those were: all were its own. */
  #within: { readonly account: string; readonly generation: number; readonly hosts: number } | undefined;
  /** Hours since 1970, by the server's clock. */
  #hour = 0;
  readonly #sets = new KnownSets();
  /** Defined by the frame in hand, which may yet be refused or fail. */
  #fresh: number[] = [];

  /** `limits` are read anew for each new series. */
  constructor(limits: { readonly seriesPerSender: number }, places: Places) {
    this.#limits = limits;
    this.#places = places;
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Something of the sender comes in this hour. */
  heard(hour: number): this {
    if (hour === this.#hour) return this;
    this.#hour = hour;
    this.#sets.doubt();
    // There may be places again: their definitions are asked for.
    for (let index = 0; index < this.#ids.size; index++) if ((this.#states[index] as number) >= REFUSED_NOW) this.#states[index] = UNDEFINED;
    return this;
  }

  get lastHour(): number {
    return this.#hour;
  }

  /** `print`: further bits of the definition's hash, to tell two with one id apart; `host`: of its labels, empty where it has none. */
  define(id: bigint, print: bigint, host = ''): SeriesVerdict {
    const index = this.#meet(lowOf(id), highOf(id));
    if (index === -1) return 'over';
    this.#owners[index] = this.#numberOf(host);
    if (this.#states[index] !== DEFINED) {
      this.#states[index] = DEFINED;
      this.#prints[index] = print;
      this.#fresh.push(index);
      return 'new';
    }
    return this.#prints[index] === print ? 'known' : 'collision';
  }

  /** The frame in hand is safe, or nothing of it was taken: then its definitions are to come again. */
  settle(isSafe: boolean): void {
    if (this.#fresh.length === 0) return;
    if (!isSafe) {
      for (const index of this.#fresh) this.#states[index] = UNDEFINED;
      this.#sets.doubt();
    }
    this.#fresh = [];
  }

  /** A series whose definition goes no further; `mark`: of its samples. */
  refuse(id: bigint, mark: number): void {
    this.#stop(id, REFUSED + mark);
  }

  /** One for which there is no place; asked for again in another hour. */
  refuseNow(id: bigint, mark: number): void {
    this.#stop(id, REFUSED_NOW + mark);
  }

  #stop(id: bigint, state: number): void {
    const index = this.#meet(lowOf(id), highOf(id));
    if (index === -1 || this.#states[index] === state) return;
    this.#states[index] = state;
    this.#sets.doubt();
  }

  /**
   * Samples of these series came, row by row, of which those marked already are passed over. Returns the marks, as they were given
   * where none was added, and whether some came of a series that was never defined to this door. `known`: the set has come before.
   */
  meetSamples(
    set: SampleSet,
    given: Uint8Array | undefined,
    mark: SampleMarks,
  ): { readonly marks: Uint8Array | undefined; readonly undefined: boolean; readonly known: KnownSet | undefined } {
    const rows = set.id.length;
    if (rows === 0) return { marks: given, undefined: false, known: undefined };
    const known = this.#sets.find(set);
    if (known?.isJudged === true) return { marks: given, undefined: false, known };
    const ids = wordsOf(set.id);
    let marks = given;
    let some = false;
    for (let row = 0; row < rows; row++) {
      if (given !== undefined && given[row] !== 0) continue;
      const index = this.#meet(ids[row * 2] as number, ids[row * 2 + 1] as number);
      const state = index === -1 ? -1 : (this.#states[index] as number);
      if (state === DEFINED) continue;
      if (state === UNDEFINED || state === ABSENT) some = true;
      else {
        marks ??= new Uint8Array(rows);
        marks[row] = state === -1 ? mark.over : state >= REFUSED_NOW ? state - REFUSED_NOW : state - REFUSED;
      }
    }
    if (marks === undefined && !some) {
      if (known === undefined) this.#sets.keep(set, Math.max(this.#ids.size, FIRST) * MOST_SET_BYTES);
      else known.isJudged = true;
    }
    return { marks, undefined: some, known };
  }

  /** Whether it was defined to this door; the id in two words. */
  isDefined(low: number, high: number): boolean {
    const index = this.#ids.find(low, high);
    return index !== -1 && this.#states[index] === DEFINED;
  }

  /** The host of a series as far as it was defined to this door by this sender, or found in the store; the id in two words. */
  hostOf(low: number, high: number): string | undefined {
    const index = this.#ids.find(low, high);
    return index === -1 ? undefined : this.#hosts[(this.#owners[index] as number) - 1];
  }

  /** Those met within the day by host, as far as it is known; `known` tells what this sender did not define. */
  byHost(known: (low: number, high: number) => string | undefined): ReadonlyMap<string, readonly bigint[]> {
    const found = new Map<string, bigint[]>();
    for (let index = 0; index < this.#ids.size; index++) {
      const [low, high] = [this.#ids.low(index), this.#ids.high(index)];
      const host = this.#hosts[(this.#owners[index] as number) - 1] ?? known(low, high);
      if (host === undefined) continue;
      const ids = found.get(host);
      if (ids === undefined) found.set(host, [joined(low, high)]);
      else ids.push(joined(low, high));
    }
    return found;
  }

  /** The store knows the series that came, though this door was not told of it. */
  found(id: bigint, host: string): void {
    const index = this.#ids.find(lowOf(id), highOf(id));
    if (index !== -1) this.#owners[index] = this.#numberOf(host);
  }

  /** Nobody has defined the series that came. */
  missing(id: bigint): void {
    const index = this.#ids.find(lowOf(id), highOf(id));
    if (index !== -1 && this.#states[index] === UNDEFINED) this.#states[index] = ABSENT;
  }

  /** Whether it was said to be missing, and was not defined since. */
  isMissing(low: number, high: number): boolean {
    const index = this.#ids.find(low, high);
    return index !== -1 && this.#states[index] === ABSENT;
  }

  /** Whether all hosts of its series are such as one with these rights may send for. */
  isWithin({ account, generation, maySpeakFor }: Pick<Authority, 'account' | 'generation' | 'maySpeakFor'>): boolean {
    const hosts = this.#hosts.length;
    const last = this.#within;
    if (last !== undefined && last.account === account && last.generation === generation && last.hosts === hosts) return true;
    for (const host of this.#hosts) if (host !== '' && !maySpeakFor(host)) return false;
    this.#within = { account, generation, hosts };
    return true;
  }

  /** It has no places any more. */
  forgetAll(): void {
    this.#places.giveBack(this.#ids.size);
    this.#ids = new IdTable(FIRST);
  }

  /** Those not met since `hour` have no place any more. */
  forgetBefore(hour: number): void {
    const before = this.#ids;
    let left = 0;
    for (let index = 0; index < before.size; index++) if ((this.#hours[index] as number) >= hour) left++;
    if (left === before.size) return;
    this.#places.giveBack(before.size - left);
    this.#fresh = [];
    const [states, prints, hours, owners, hosts] = [this.#states, this.#prints, this.#hours, this.#owners, this.#hosts];
    this.#ids = new IdTable(FIRST);
    this.#resize(FIRST);
    this.#sets.doubt();
    this.#hosts = [];
    this.#byHost = new Map();
    this.#within = undefined;
    for (let index = 0; index < before.size; index++) {
      if ((hours[index] as number) < hour) continue;
      const now = this.#add(before.low(index), before.high(index));
      this.#states[now] = states[index] as number;
      this.#prints[now] = prints[index] as bigint;
      this.#hours[now] = hours[index] as number;
      const host = hosts[(owners[index] as number) - 1];
      this.#owners[now] = host === undefined ? 0 : this.#numberOf(host);
    }
  }

  /** Its number; −1: there is no place for it. */
  #meet(low: number, high: number): number {
    let index = this.#ids.find(low, high);
    if (index === -1) {
      if (this.#ids.size >= this.#limits.seriesPerSender || !this.#places.take()) return -1;
      index = this.#add(low, high);
    }
    this.#hours[index] = this.#hour;
    return index;
  }

  #add(low: number, high: number): number {
    const index = this.#ids.add(low, high);
    if (index >= this.#states.length) this.#resize(this.#states.length * 2, true);
    return index;
  }

  #resize(length: number, keeping = false): void {
    const [states, prints, hours, owners] = [this.#states, this.#prints, this.#hours, this.#owners];
    this.#states = new Uint8Array(length);
    this.#prints = new BigUint64Array(length);
    this.#hours = new Uint32Array(length);
    this.#owners = new Uint32Array(length);
    if (!keeping) return;
    this.#states.set(states);
    this.#prints.set(prints);
    this.#hours.set(hours);
    this.#owners.set(owners);
  }

  /** From 1. */
  #numberOf(host: string): number {
    let number = this.#byHost.get(host);
    if (number === undefined) {
      number = this.#hosts.push(host);
      this.#byHost.set(host, number);
    }
    return number;
  }
}
