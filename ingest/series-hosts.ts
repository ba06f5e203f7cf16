// Whose each series is: the host in its labels, by id, as a sender defined it since this start of the server. So that an agent cannot send
// samples under the id of another host's series, which it need not define for that. 20 to 40 bytes a series.
import { IdTable } from '../core/batch/id-table.ts';
import { highOf, lowOf } from '../core/batch/words.ts';

const FIRST = 1024;
/** Beyond it all begins anew. */
const MOST = 4_000_000;

export class SeriesHosts {
  #ids = new IdTable(FIRST);
  #numbers = new Int32Array(FIRST);
  #hosts: string[] = [];
  #byHost = new Map<string, number>();

  /** The id is that of its name and labels, so one never changes its host. */
  note(id: bigint, host: string): void {
    if (this.#ids.size >= MOST) this.#begin();
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

  /** Undefined where nobody has defined the series; the id in two words. */
  hostOf(low: number, high: number): string | undefined {
    const index = this.#ids.find(low, high);
    return index === -1 ? undefined : this.#hosts[this.#numbers[index] as number];
  }

  #begin(): void {
    this.#ids = new IdTable(FIRST);
    this.#numbers = new Int32Array(FIRST);
    this.#hosts = [];
    this.#byHost = new Map();
  }
}
