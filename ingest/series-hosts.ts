// Whose each series is: the host in its labels, by id, as a sender defined it since this start of the server. So that an agent cannot send
// samples under the id of another host's series, which it need not define for that. 20 to 40 bytes a series.
import { IdTable } from '../core/batch/id-table.ts';
import { highOf, lowOf } from '../core/batch/words.ts';

const FIRST = 1024;
/** Beyond half of it those that were noted longest ago go: the store is asked for them when they come. */
const MOST = 4_000_000;

export class SeriesHosts {
  readonly #forgotten: (series: number) => void;
  readonly #half: number;
  /** What is noted now, and what was before. */
  #now = new Notes();
  #before = new Notes();

  /** `forgotten`: told of how many nothing is known any more. */
  constructor(forgotten: (series: number) => void = () => undefined, most = MOST) {
    this.#forgotten = forgotten;
    this.#half = most / 2;
  }

  /** The id is that of its name and labels, so one never changes its host. */
  note(id: bigint, host: string): void {
    if (this.#now.size >= this.#half) {
      if (this.#before.size > 0) this.#forgotten(this.#before.size);
      this.#before = this.#now;
      this.#now = new Notes();
    }
    this.#now.note(id, host);
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

  get size(): number {
    return this.#ids.size;
  }

  note(id: bigint, host: string): void {
    let number = this.#byHost.get(host);
    if (number === undefined) {
      number = this.#hosts.push(host) - 1;
      this.#byHost.set(host, number);
    }
    const index = this.#ids.add(lowOf(id), highOf(id));
    if (index >= this.#numbers.length) {
      const numbers = new Int32Array(this.#numbers.length * 2);
      numbers.set(this.#numbers);
      this.#numbers = numbers;
    }
    this.#numbers[index] = number;
  }

  hostOf(low: number, high: number): string | undefined {
    const index = this.#ids.find(low, high);
    return index === -1 ? undefined : this.#hosts[this.#numbers[index] as number];
  }
}
