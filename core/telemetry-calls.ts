// Measures that are counted in one process or thread and told in another: what was called is kept here, counters summed, until it is taken;
// there it is called again. A process that ends takes what nobody took of it with it, at most what it counted since the last time.
import type { Reading, Telemetry, TelemetryLabels } from './telemetry.ts';

type Values = readonly Omit<Reading, 'name'>[];

/** In the order in which they are to be called. */
export interface TelemetryCalls {
  readonly add: readonly Reading[];
  readonly set: readonly Reading[];
  readonly setAll: readonly (readonly [name: string, readings: Values])[];
  readonly observe: readonly Reading[];
}

const keyOf = (name: string, labels: TelemetryLabels): string => `${name} ${JSON.stringify(labels)}`;

export class KeptCalls implements Telemetry {
  readonly #add = new Map<string, Reading>();
  readonly #set = new Map<string, Reading>();
  readonly #setAll = new Map<string, Values>();
  #observe: Reading[] = [];

  add(name: string, labels: TelemetryLabels = {}, n = 1): void {
    const key = keyOf(name, labels);
    this.#add.set(key, { name, labels, value: (this.#add.get(key)?.value ?? 0) + n });
  }

  set(name: string, labels: TelemetryLabels, value: number): void {
    this.#set.set(keyOf(name, labels), { name, labels, value });
  }

  setAll(name: string, readings: Values): void {
    for (const [key, { name: own }] of this.#set) if (own === name) this.#set.delete(key);
    this.#setAll.set(name, readings);
  }

  observe(name: string, labels: TelemetryLabels, seconds: number): void {
    this.#observe.push({ name, labels, value: seconds });
  }

  /** What was called since the last time; undefined: nothing. */
  take(): TelemetryCalls | undefined {
    if (this.#add.size + this.#set.size + this.#setAll.size + this.#observe.length === 0) return undefined;
    const calls = { add: [...this.#add.values()], set: [...this.#set.values()], setAll: [...this.#setAll], observe: this.#observe };
    for (const kept of [this.#add, this.#set, this.#setAll]) kept.clear();
    this.#observe = [];
    return calls;
  }
}

export const callAgain = (telemetry: Telemetry, { add, set, setAll, observe }: TelemetryCalls): void => {
  for (const { name, labels, value } of add) telemetry.add(name, labels, value);
  for (const [name, readings] of setAll) telemetry.setAll(name, readings);
  for (const { name, labels, value } of set) telemetry.set(name, labels, value);
  for (const { name, labels, value } of observe) telemetry.observe(name, labels, value);
};
