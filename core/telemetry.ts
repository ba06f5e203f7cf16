// The platform's own measures: counters and gauges by name and labels, rendered as Prometheus text for `GET /metrics`.
// A registry is made by `app/` and handed to every room; it never samples anything by itself.

export type TelemetryLabels = Readonly<Record<string, string>>;

interface Family {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Rendered labels → value. */
  readonly values: Map<string, number>;
  /** Rendered labels → labels. */
  readonly labels: Map<string, TelemetryLabels>;
}

export interface Reading {
  readonly name: string;
  readonly labels: TelemetryLabels;
  readonly value: number;
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
    this.#families.set(name, { ...this.#family(name, type), type, help });
  }

  add(name: string, labels: TelemetryLabels = {}, n = 1): void {
    if (!(n >= 0)) throw new RangeError(`a counter only rises: ${name} by ${n}`);
    const family = this.#family(name, 'counter');
    const { values } = family;
    const key = this.#key(family, labels);
    values.set(key, (values.get(key) ?? 0) + n);
  }

  set(name: string, labels: TelemetryLabels, value: number): void {
    const family = this.#family(name, 'gauge');
    family.values.set(this.#key(family, labels), value);
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

  /** All counters, by name. */
  counters(): readonly Reading[] {
    return [...this.#families]
      .filter(([, { type }]) => type === 'counter')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, { values, labels }]) => Array.from(values, ([key, value]) => ({ name, labels: labels.get(key) ?? {}, value })));
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
    const family: Family = { type, help: '', values: new Map(), labels: new Map() };
    this.#families.set(name, family);
    return family;
  }

  #key({ values, labels: known }: Family, labels: TelemetryLabels): string {
    const key = rendered(labels);
    if (values.has(key)) return key;
    const own = values.size < MOST_SETS;
    if (own || !known.has(OVERFLOW)) known.set(own ? key : OVERFLOW, own ? { ...labels } : { overflow: 'true' });
    return own ? key : OVERFLOW;
  }
}

/** Takes everything and keeps nothing. */
export const noTelemetry: Telemetry = { add: () => undefined, set: () => undefined };
