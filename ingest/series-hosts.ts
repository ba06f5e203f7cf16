// Whose each series is: the host in its labels, by id, as a sender defined it since this start of the server. So that an agent cannot send
// samples under the id of another host's series, which it need not define for that. 20 to 40 bytes a series, and the text of each host.
import { IdTable } from '../core/batch/id-table.ts';
import { highOf, lowOf } from '../core/batch/words.ts';

const FIRST = 1024;
/** Beyond half of it those that were noted longest ago go: the store is asked for them when they come. */
const MOST = 4_000_000;
/** Of the texts of hosts, in characters, as above. */
const MOST_TEXT = 256 << 20;
/** Bytes of ids and characters of hosts of those that wait to be kept; what is beyond is kept with all series of its sender. */
const MOST_FRESH = 8 << 20;

export class SeriesHosts {
  readonly #forgotten: (series: number) => void;
  readonly #half: number;
  readonly #halfText: number;
  /** What was noted and is not kept yet, by host. */
  #fresh = new Map<string, bigint[]>();
  #waiting = 0;
  /** What is noted now, and what was before. */
  #now = new Notes();
  #before = new Notes();

  /** `forgotten`: told of how many nothing is known any more. */
  constructor(forgotten: (series: number) => void = () => undefined, most = MOST, mostText = MOST_TEXT) {
    this.#forgotten = forgotten;
    this.#half = most / 2;
    this.#halfText = mostText / 2;
  }

  /** The id is that of its name and labels, so one never changes its host. */
  note(id: bigint, host: string): void {
    if (!this.#put(id, host) || this.#waiting >= MOST_FRESH) return;
    const ids = this.#fresh.get(host);
    this.#waiting += 8 + (ids === undefined ? host.length : 0);
    if (ids === undefined) this.#fresh.set(host, [id]);
    else ids.push(id);
  }

  /** As it was kept by an earlier start, or by another server; returns whether it was not there. */
  restore(id: bigint, host: string): boolean {
    return this.#put(id, host);
  }

  /** What was noted since this was asked last, by host. */
  takeFresh(): ReadonlyMap<string, readonly bigint[]> {
    const fresh = this.#fresh;
    this.#fresh = new Map();
    this.#waiting = 0;
    return fresh;
  }

  /** Whether it was not there. */
  #put(id: bigint, host: string): boolean {
    if (this.#now.size >= this.#half || this.#now.text >= this.#halfText) {
      if (this.#before.size > 0) this.#forgotten(this.#before.size);
      this.#before = this.#now;
      this.#now = new Notes();
    }
    const isKnown = this.#before.hostOf(lowOf(id), highOf(id)) !== undefined;
    return this.#now.note(id, host) && !isKnown;
  }

  /** Undefined where nobody has defined the series; the id in two words. */
  hostOf(low: number, high: number): string | undefined {
    return this.#now.hostOf(low, high) ?? this.#before.hostOf(low, high);
  }
}

class Notes {
  readonly #ids = new IdTable(FIRST);
  #numbers = new Int32Array(FIRST);
  readonly #hosts: string[] = [];
  readonly #byHost = new Map<string, number>();
  /** Of all hosts, in characters. */
  text = 0;

  get size(): number {
    return this.#ids.size;
  }

  /** Whether it was not there. */
  note(id: bigint, host: string): boolean {
    const before = this.#ids.size;
    let number = this.#byHost.get(host);
    if (number === undefined) {
      number = this.#hosts.push(host) - 1;
      this.#byHost.set(host, number);
      this.text += host.length;
    }
    const index = this.#ids.add(lowOf(id), highOf(id));
    if (index >= this.#numbers.length) {
      const numbers = new Int32Array(this.#numbers.length * 2);
      numbers.set(this.#numbers);
      this.#numbers = numbers;
    }
    this.#numbers[index] = number;
    return index === before;
  }

  hostOf(low: number, high: number): string | undefined {
    const index = this.#ids.find(low, high);
    return index === -1 ? undefined : this.#hosts[this.#numbers[index] as number];
  }
}
