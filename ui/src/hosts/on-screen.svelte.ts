// What is shown of the hosts on the screen: what each is, and its small lines. Asked only for those, with `host in (…)`, one question for
// what they are and one a figure, and kept while one scrolls. Never asks for all hosts, nor anew before what is under way is answered.
import { type Range, requestRange, spanMillis } from '../address/range.ts';
import { askQuery } from '../data/ask-query.ts';
import type { Result } from '../data/types.ts';
import { type HostRow, hostRows } from './host-rows.ts';
import { factsOfText, HOST_FIGURES, rowBucket } from './host-texts.ts';
import { type Spark, sparksOf } from './spark-lines.ts';

/** After the last move, so that flying past asks nothing. */
const REST_MS = 80;
/** Hosts of one question. */
const MOST_HOSTS = 100;
/** Hosts that are kept when one has scrolled on. */
const MOST_KEPT = 2000;
/** What is not answered for so long is given up: its connection may be dead. */
const GIVEN_UP_MS = 30_000;

export class OnScreen {
  rows = $state.raw<ReadonlyMap<string, HostRow>>(new Map());
  /** By figure, by host. */
  lines = $state.raw<Readonly<Record<string, ReadonlyMap<string, Spark>>>>({});
  /** The beat at which each was asked. */
  readonly #asked = new Map<string, number>();
  #range = '';
  #timer = 0;
  #startedAt = 0;
  #next: (() => void) | undefined;
  readonly #drops = new Set<() => void>();

  /** The hosts on the screen; `beat`: what was asked at another one is asked anew. */
  want(hosts: readonly string[], range: Range, beat: number): void {
    clearTimeout(this.#timer);
    const name = JSON.stringify(range);
    if (name !== this.#range || (this.#drops.size > 0 && Date.now() - this.#startedAt > GIVEN_UP_MS)) this.stop();
    if (name !== this.#range) {
      this.#asked.clear();
      this.lines = {};
    }
    this.#range = name;
    const first = this.#asked.size === 0;
    const begin = (): void => {
      const missing = hosts.filter((host) => this.#asked.get(host) !== beat).slice(0, MOST_HOSTS);
      if (missing.length > 0) this.#askAll(missing, range, beat);
    };
    this.#next = undefined;
    if (this.#drops.size > 0) this.#next = begin;
    else this.#timer = setTimeout(begin, first ? 0 : REST_MS) as unknown as number;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#next = undefined;
    for (const drop of this.#drops) drop();
    this.#drops.clear();
  }

  #askAll(hosts: readonly string[], range: Range, beat: number): void {
    if (this.#asked.size > MOST_KEPT) {
      this.#asked.clear();
      this.rows = new Map();
      this.lines = {};
    }
    for (const host of hosts) this.#asked.set(host, beat);
    this.#startedAt = Date.now();
    const request = requestRange(range, this.#startedAt);
    this.#ask(factsOfText(hosts), request, hosts, (result) => {
      this.rows = merged(this.rows, hosts, new Map(hostRows(result).map((row) => [row.host, row])));
    });
    const width = rowBucket(range);
    const [from, to] = [Date.parse(request.from), Date.parse(request.to)];
    for (const { name, overTime } of HOST_FIGURES)
      this.#ask(overTime(hosts, width), request, hosts, (result) => {
        const found = sparksOf(result, from, to, spanMillis(width) as number);
        this.lines = { ...this.lines, [name]: merged(this.lines[name], hosts, found) };
      });
  }

  #ask(text: string, request: ReturnType<typeof requestRange>, hosts: readonly string[], found: (result: Result) => void): void {
    let drop: (() => void) | undefined;
    let done = false;
    drop = askQuery({ text, ...request, limit: 100_000 }, ({ data }) => {
      done = true;
      if (drop !== undefined) this.#drops.delete(drop);
      if (data === undefined) for (const host of hosts) this.#asked.delete(host);
      else found(data);
      if (this.#drops.size > 0) return;
      const next = this.#next;
      this.#next = undefined;
      next?.();
    });
    if (!done) this.#drops.add(drop);
  }
}

/** `before` with what was found of these hosts; one of which nothing was found has nothing. */
const merged = <T>(before: ReadonlyMap<string, T> | undefined, hosts: readonly string[], found: ReadonlyMap<string, T>): ReadonlyMap<string, T> => {
  const all = new Map(before);
  for (const host of hosts) {
    const one = found.get(host);
    if (one === undefined) all.delete(host);
    else all.set(host, one);
  }
  return all;
};
