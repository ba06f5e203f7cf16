// The small lines of the hosts that are on the screen: asked only for those, one question a figure with `host in (…)`, kept while one scrolls.
// What was asked before the last beat is shown until it is asked anew. Never asks for all hosts.
import { type Range, requestRange, spanMillis } from '../address/range.ts';
import { ask } from '../data/client.ts';
import { QUERY } from '../data/documents.ts';
import type { Result } from '../data/types.ts';
import { HOST_FIGURES, type HostFigure, rowBucket } from './host-texts.ts';
import { type Spark, sparksOf } from './spark-lines.ts';

/** After the last move, so that flying past asks nothing. */
const REST_MS = 80;
/** Hosts of one question. */
const MOST_HOSTS = 100;

export class Sparks {
  /** By figure, by host. */
  lines = $state.raw<Readonly<Record<string, ReadonlyMap<string, Spark>>>>({});
  #asked = new Map<string, string>();
  #range = '';
  #timer = 0;
  readonly #drops = new Set<() => void>();

  /** The hosts on the screen; `beat`: what was asked at another one is asked anew. */
  want(hosts: readonly string[], range: Range, beat: number): void {
    clearTimeout(this.#timer);
    const name = JSON.stringify(range);
    if (name !== this.#range) this.clear();
    this.#range = name;
    const missing = hosts.filter((host) => this.#asked.get(host) !== `${beat}`).slice(0, MOST_HOSTS);
    if (missing.length === 0) return;
    this.#timer = setTimeout(
      () => {
        for (const host of missing) this.#asked.set(host, `${beat}`);
        for (const figure of HOST_FIGURES) this.#ask(figure, missing, range);
      },
      this.#asked.size === 0 ? 0 : REST_MS,
    ) as unknown as number;
  }

  clear(): void {
    clearTimeout(this.#timer);
    for (const drop of this.#drops) drop();
    this.#drops.clear();
    this.#asked.clear();
    this.lines = {};
  }

  #ask({ name, overTime }: HostFigure, hosts: readonly string[], range: Range): void {
    const width = rowBucket(range);
    const request = requestRange(range, Date.now());
    let drop: (() => void) | undefined;
    let done = false;
    drop = ask<{ query: Result }, Record<string, unknown>>(QUERY, { text: overTime(hosts, width), ...request, limit: 100_000 }, ({ data }) => {
      done = true;
      if (drop !== undefined) this.#drops.delete(drop);
      if (data === undefined) {
        for (const host of hosts) this.#asked.delete(host);
        return;
      }
      const found = sparksOf(data.query, Date.parse(request.from), Date.parse(request.to), spanMillis(width) as number);
      const lines = new Map(this.lines[name]);
      for (const host of hosts) {
        const line = found.get(host);
        if (line === undefined) lines.delete(host);
        else lines.set(host, line);
      }
      this.lines = { ...this.lines, [name]: lines };
    });
    if (!done) this.#drops.add(drop);
  }
}
