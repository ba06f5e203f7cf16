// The attributes or the numbers of one line: distinct names with a value each, in the order they came, in two lists that are used anew for
// each line. A line has a handful of them: looking them through is quicker than a hash, and nothing is allocated.

export class Fields<V> {
  /** The first `size` of them count. */
  readonly names: string[] = [];
  readonly values: V[] = [];
  size = 0;

  get(name: string): V | undefined {
    const at = this.#indexOf(name);
    return at === -1 ? undefined : this.values[at];
  }

  /** Replaces a value that is there. */
  set(name: string, value: V): void {
    const known = this.#indexOf(name);
    const at = known === -1 ? this.size++ : known;
    this.names[at] = name;
    this.values[at] = value;
  }

  delete(name: string): void {
    const at = this.#indexOf(name);
    if (at === -1) return;
    this.size--;
    for (let i = at; i < this.size; i++) {
      this.names[i] = this.names[i + 1] as string;
      this.values[i] = this.values[i + 1] as V;
    }
  }

  clear(): void {
    this.size = 0;
  }

  *[Symbol.iterator](): Generator<readonly [name: string, value: V]> {
    for (let i = 0; i < this.size; i++) yield [this.names[i] as string, this.values[i] as V];
  }

  #indexOf(name: string): number {
    for (let i = 0; i < this.size; i++) if (this.names[i] === name) return i;
    return -1;
  }
}
