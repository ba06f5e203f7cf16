// The platform's own measures: counters, gauges and histograms by name and labels, rendered for `GET /metrics` as Prometheus' text or as
// OpenMetrics. A registry is made by `app/`, which describes every name, and handed to every room; it never samples anything by itself.

export type TelemetryLabels = Readonly<Record<string, string>>;

export type MeasureType = 'counter' | 'gauge' | 'histogram';

/** Of one set of labels. */
interface Observed {
  /** By bucket, not cumulated; the last is beyond all bounds. */
  readonly counts: number[];
  sum: number;
}

interface Family {
  readonly type: MeasureType;
  readonly help: string;
  /** Rendered labels → value. */
  readonly values: Map<string, number>;
  /** Of a histogram. Rendered labels → what was observed. */
  readonly observed: Map<string, Observed>;
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
  /** Sets a gauge of things that come and go: sets of labels that are not among these are told no more. */
  setAll(name: string, readings: readonly Omit<Reading, 'name'>[]): void;
  /** Counts a duration in a histogram of seconds. */
  observe(name: string, labels: TelemetryLabels, seconds: number): void;
}

/** Sets of labels a name may have at most; what is over goes to one set labelled `overflow="true"`. */
const MOST_SETS = 2000;
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Upper bounds of a histogram, in seconds: from a flush of a good disk to an insert that is given up. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
const OVERFLOW = '{overflow="true"}';

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const rendered = (labels: TelemetryLabels): string => {
  const keys = Object.keys(labels).sort();
  return keys.length === 0 ? '' : `{${keys.map((k) => `${k}="${escaped(labels[k] as string)}"`).join(',')}}`;
};

const number = (value: number): string => (Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf');

const histogramLines = (name: string, labels: TelemetryLabels, { counts, sum }: Observed): readonly string[] => {
  let count = 0;
  const lines = counts.map((own, i) => {
    count += own;
    // As OpenMetrics writes a bound: never as a whole number.
    const le = i === BOUNDS.length ? '+Inf' : String(BOUNDS[i]).replace(/^\d+$/, '$&.0');
    return `${name}_bucket${rendered({ ...labels, le })} ${count}`;
  });
  return [...lines, `${name}_sum${rendered(labels)} ${number(sum)}`, `${name}_count${rendered(labels)} ${count}`];
};

export class TelemetryRegistry implements Telemetry {
  readonly #families = new Map<string, Family>();
  readonly #collectors = new Set<() => void>();

  /** The line of help of a name; optional, at most once. */
  describe(name: string, type: MeasureType, help: string): void {
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

  setAll(name: string, readings: readonly Omit<Reading, 'name'>[]): void {
    const family = this.#family(name, 'gauge');
    family.values.clear();
    family.labels.clear();
    for (const { labels, value } of readings) family.values.set(this.#key(family, labels), value);
  }

  observe(name: string, labels: TelemetryLabels, seconds: number): void {
    const family = this.#family(name, 'histogram');
    const key = this.#key(family, labels, family.observed);
    const own = family.observed.get(key) ?? { counts: new Array<number>(BOUNDS.length + 1).fill(0), sum: 0 };
    family.observed.set(key, own);
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket++;
    own.counts[bucket] = (own.counts[bucket] as number) + 1;
    own.sum += seconds;
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

  /** By name; Prometheus' text format 0.0.4, or OpenMetrics 1.0. Names of which nothing is known yet are left out. */
  render(format: 'prometheus' | 'openmetrics' = 'prometheus'): string {
    for (const collector of this.#collectors) collector();
    const isOpen = format === 'openmetrics';
    const lines: string[] = [];
    for (const name of [...this.#families.keys()].sort()) {
      const { type, help, values, observed, labels: known } = this.#families.get(name) as Family;
      if (values.size === 0 && observed.size === 0) continue;
      const family = isOpen && type === 'counter' ? name.replace(/_total$/, '') : name;
      // OpenMetrics alone escapes quotes in it.
      const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
      if (help !== '') lines.push(`# HELP ${family} ${isOpen ? text.replaceAll('"', '\\"') : text}`);
      lines.push(`# TYPE ${family} ${type}`);
      for (const [labels, value] of values) lines.push(`${name}${labels} ${number(value)}`);
      for (const [key, one] of observed) lines.push(...histogramLines(name, known.get(key) ?? {}, one));
    }
    if (isOpen) lines.push('# EOF');
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  #family(name: string, type: Family['type']): Family {
    const found = this.#families.get(name);
    if (found !== undefined) {
      if (found.type !== type) throw new TypeError(`${name} is a ${found.type}, not a ${type}`);
      return found;
    }
    if (!NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a measure`);
    const family: Family = { type, help: '', values: new Map(), observed: new Map(), labels: new Map() };
    this.#families.set(name, family);
    return family;
  }

  #key({ values, labels: known }: Family, labels: TelemetryLabels, sets: ReadonlyMap<string, unknown> = values): string {
    const key = rendered(labels);
    if (sets.has(key)) return key;
    const own = sets.size < MOST_SETS;
    if (own || !known.has(OVERFLOW)) known.set(own ? key : OVERFLOW, own ? { ...labels } : { overflow: 'true' });
    return own ? key : OVERFLOW;
  }
}

/** Takes everything and keeps nothing. */
export const noTelemetry: Telemetry = { add: () => undefined, set: () => undefined, setAll: () => undefined, observe: () => undefined };
