// The platform's own measures: counters and gauges by name and labels, rendered as Prometheus text for `GET /metrics`.
// A registry is made by `app/` and handed to every room; it never samples anything by itself.

export type TelemetryLabels = Readonly<Record<string, string>>;

interface Family {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Rendered labels → value. */
  readonly values: Map<string, number>;
}

/** What a room sees of the registry. Counters only rise; names end in `_total` for counters, and in the unit for gauges. */
export interface Telemetry {
  /** Adds `n` (default 1, not negative) to a counter. */
  add(name: string, labels?: TelemetryLabels, n?: number): void;
  /** Sets a gauge. */
  set(name: string, labels: TelemetryLabels, value: number): void;
}

/** Sets of labels a name may have at most; what is over goes to one set labelled `overflow="true"`. */
const MOST_SETS = 2000;
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const OVERFLOW = '{overflow="true"}';

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const rendered = (labels: TelemetryLabels): string => {
  const keys = Object.keys(labels).sort();
  return keys.length === 0 ? '' : `{${keys.map((k) => `${k}="${escaped(labels[k] as string)}"`).join(',')}}`;
};

const number = (value: number): string => (Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf');

export class TelemetryRegistry implements Telemetry {
  readonly #families = new Map<string, Family>();
  readonly #collectors = new Set<() => void>();

  /** The line of help of a name; optional, at most once. */
  describe(name: string, type: 'counter' | 'gauge', help: string): void {
    const { values } = this.#family(name, type);
    this.#families.set(name, { type, help, values });
  }

  add(name: string, labels: TelemetryLabels = {}, n = 1): void {
    if (!(n >= 0)) throw new RangeError(`a counter only rises: ${name} by ${n}`);
    const { values } = this.#family(name, 'counter');
    const key = this.#key(values, labels);
    values.set(key, (values.get(key) ?? 0) + n);
  }

  set(name: string, labels: TelemetryLabels, value: number): void {
    const { values } = this.#family(name, 'gauge');
    values.set(this.#key(values, labels), value);
  }

  /** Runs before each rendering, to set gauges that are cheap to read and dear to keep; returns how to take it back. */
  collect(collector: () => void): () => void {
    this.#collectors.add(collector);
    return () => this.#collectors.delete(collector);
  }

  /** The value of one set of labels; 0 when there is none. For status pages and tests. */
  value(name: string, labels: TelemetryLabels = {}): number {
    return this.#families.get(name)?.values.get(rendered(labels)) ?? 0;
  }

  /** Prometheus text exposition format 0.0.4, by name. */
  render(): string {
    for (const collector of this.#collectors) collector();
    const lines: string[] = [];
    for (const name of [...this.#families.keys()].sort()) {
      const { type, help, values } = this.#families.get(name) as Family;
      if (help !== '') lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`);
      lines.push(`# TYPE ${name} ${type}`);
      for (const [labels, value] of values) lines.push(`${name}${labels} ${number(value)}`);
    }
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  #family(name: string, type: Family['type']): Family {
    const found = this.#families.get(name);
    if (found !== undefined) {
      if (found.type !== type) throw new TypeError(`${name} is a ${found.type}, not a ${type}`);
      return found;
    }
    if (!NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a measure`);
    const family: Family = { type, help: '', values: new Map() };
    this.#families.set(name, family);
    return family;
  }

  #key(values: Map<string, number>, labels: TelemetryLabels): string {
    const key = rendered(labels);
    return values.has(key) || values.size < MOST_SETS ? key : OVERFLOW;
  }
}

/** Takes everything and keeps nothing. */
export const noTelemetry: Telemetry = { add: () => undefined, set: () => undefined };
