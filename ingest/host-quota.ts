// How many hosts each sender names within a day, in columns and in labels of series: each of them becomes rows of the stores and memory of the
// server. Who may speak for any host could name them without end. A host not named for a day has no place any more.
import { hash } from 'node:crypto';
import { Offenders } from './offenders.ts';
import { AllPlaces } from './places.ts';

const HOUR_MS = 3_600_000;
/** Hours a host keeps its place, begun ones not counted. */
const KEPT_HOURS = 24;
/** Longer names are kept by their hash, which is as long. */
const MOST_TEXT = 64;

export interface HostLimits {
  /** Hosts that one sender, and that all senders together, may name within a day; one that two name counts twice. */
  readonly hostsPerSender: number;
  readonly hosts: number;
}

/** Whose rows were dropped. */
export interface OverHosts {
  readonly sender: string;
  /** Of the frame. */
  readonly host: string;
  /** Dropped since it was first over the limit. */
  readonly rows: number;
}

export interface HostState {
  /** Of the last hour, the most rows first. */
  readonly over: readonly OverHosts[];
  /** Where all senders together are at their limit: who has most. */
  readonly largest: { readonly sender: string; readonly hosts: number } | undefined;
}

interface Sender {
  readonly isBound: boolean;
  /** Name → the hour in which it was named last. */
  readonly hosts: Map<string, number>;
}

export class HostQuota {
  readonly #limits: HostLimits;
  readonly #now: () => number;
  /** None without a host: their number is bounded with that of the hosts. */
  readonly #senders = new Map<string, Sender>();
  readonly #offenders = new Offenders();
  readonly #places: AllPlaces;
  #hour = 0;

  /** `limits` are read anew for each new host. */
  constructor(limits: HostLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#places = new AllPlaces(() => limits.hosts);
  }

  /** Hosts of all senders. */
  get size(): number {
    return this.#places.size;
  }

  get state(): HostState {
    const over = this.#offenders.since(this.#now() - HOUR_MS).map(({ sender, host, rows }) => ({ sender, host, rows }));
    let largest: HostState['largest'];
    if (this.#places.isFull) for (const [sender, { hosts }] of this.#senders) if (hosts.size > (largest?.hosts ?? 0)) largest = { sender, hosts: hosts.size };
    return { over, largest };
  }

  /** Whether the sender may name the host, which has a place from now on. `isBound`: with a key of its own. */
  mayName(sender: string, isBound: boolean, host: string): boolean {
    if (host === '') return true;
    const hour = Math.floor(this.#now() / HOUR_MS);
    if (hour !== this.#hour) this.#sweep(hour);
    const name = host.length > MOST_TEXT ? hash('sha256', host) : host;
    const own = this.#senders.get(sender);
    if (own?.hosts.has(name) !== true) {
      if ((own?.hosts.size ?? 0) >= this.#limits.hostsPerSender || !this.#places.take(own?.isBound ?? isBound)) return false;
    }
    if (own === undefined) this.#senders.set(sender, { isBound, hosts: new Map([[name, hour]]) });
    else own.hosts.set(name, hour);
    return true;
  }

  /** Rows of a sender were dropped for the limit; returns what is known of it. */
  noteRows(sender: string, host: string, rows: number): OverHosts {
    const known = this.#offenders.noteRows(sender, host, rows, this.#now());
    return { sender: known.sender, host: known.host, rows: known.rows };
  }

  #sweep(hour: number): void {
    this.#hour = hour;
    for (const [sender, { isBound, hosts }] of this.#senders) {
      const before = hosts.size;
      for (const [host, last] of hosts) if (last < hour - KEPT_HOURS) hosts.delete(host);
      this.#places.giveBack(isBound, before - hosts.size);
      if (hosts.size === 0) this.#senders.delete(sender);
    }
  }
}
