// Who is over the limit of series and why: the sender, its host, the metric with most series over it, and that one's label with most
// different values, which is what somebody has to mend. Bounded in senders, metrics and labels; it drops nothing itself.

export interface Offender {
  readonly sender: string;
  readonly host: string;
  /** Undefined where only samples came, of which no name is known. */
  readonly metric: string | undefined;
  readonly label: string | undefined;
  /** Different values of the label among the series over the limit; beyond some ten thousand too few. */
  readonly values: number;
  /** Rows dropped since it was first over it. */
  readonly rows: number;
}

const MOST_SENDERS = 32;
const MOST_METRICS = 8;
const MOST_LABELS = 16;
/** Definitions of one sender that are looked at: it is not for the one that floods to say how much work that is. */
const MOST_DEFINITIONS = 20_000;
/** A name in a log line or on a page. */
const MOST_SHOWN = 120;
const BITS = 4096;

/** The set of values of a label, a bit each; linear counting tells how many there are. */
class Values {
  readonly #bits = new Uint8Array(BITS / 8);
  #ones = 0;

  add(text: string): void {
    const bit = bitOf(text);
    const [at, mask] = [bit >> 3, 1 << (bit & 7)];
    if (((this.#bits[at] as number) & mask) !== 0) return;
    this.#bits[at] = (this.#bits[at] as number) | mask;
    this.#ones++;
  }

  get count(): number {
    return Math.round(-BITS * Math.log(Math.max(BITS - this.#ones, 1) / BITS));
  }
}

interface Metric {
  series: number;
  readonly labels: Map<string, Values>;
}

interface Entry {
  host: string;
  rows: number;
  definitions: number;
  /** ms. */
  last: number;
  readonly metrics: Map<string, Metric>;
}

/** A bit of the text, spread evenly (FNV-1a with a last mix). */
const bitOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) & (BITS - 1);
};

const shown = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN).toWellFormed()}…` : text);

const most = <K, V>(map: ReadonlyMap<K, V>, count: (value: V) => number): readonly [K, V] | undefined => {
  let found: readonly [K, V] | undefined;
  for (const entry of map) if (found === undefined || count(entry[1]) > count(found[1])) found = entry;
  return found;
};

const offenderOf = (sender: string, { host, rows, metrics }: Entry): Offender => {
  const metric = most(metrics, ({ series }) => series);
  const label = metric === undefined ? undefined : most(metric[1].labels, ({ count }) => count);
  return {
    sender: shown(sender),
    host: shown(host),
    metric: metric === undefined ? undefined : shown(metric[0]),
    label: label === undefined ? undefined : shown(label[0]),
    values: label?.[1].count ?? 0,
    rows,
  };
};

export class Offenders {
  /** The one whose rows were dropped longest ago first. */
  readonly #senders = new Map<string, Entry>();

  noteDefinition(sender: string, name: string, labels: ReadonlyMap<string, string>): void {
    const entry = this.#entry(sender);
    if (entry.definitions++ >= MOST_DEFINITIONS) return;
    let metric = entry.metrics.get(name);
    if (metric === undefined) {
      if (entry.metrics.size >= MOST_METRICS) return;
      metric = { series: 0, labels: new Map() };
      entry.metrics.set(name, metric);
    }
    metric.series++;
    for (const [key, value] of labels) {
      let values = metric.labels.get(key);
      if (values === undefined) {
        if (metric.labels.size >= MOST_LABELS) continue;
        values = new Values();
        metric.labels.set(key, values);
      }
      values.add(value);
    }
  }

  noteRows(sender: string, host: string, rows: number, now: number): Offender {
    const entry = this.#entry(sender);
    entry.host = host;
    entry.rows += rows;
    entry.last = now;
    this.#senders.delete(sender);
    this.#senders.set(sender, entry);
    return offenderOf(sender, entry);
  }

  /** Those of whom rows were dropped since then (ms), the most rows first; the others are forgotten. */
  since(then: number): readonly Offender[] {
    for (const [sender, { last }] of this.#senders) if (last < then) this.#senders.delete(sender);
    return [...this.#senders]
      .filter(([, { rows }]) => rows > 0)
      .map(([sender, entry]) => offenderOf(sender, entry))
      .sort((a, b) => b.rows - a.rows);
  }

  #entry(sender: string): Entry {
    let entry = this.#senders.get(sender);
    if (entry !== undefined) return entry;
    const [oldest] = this.#senders.keys();
    if (this.#senders.size >= MOST_SENDERS && oldest !== undefined) this.#senders.delete(oldest);
    entry = { host: '', rows: 0, definitions: 0, last: Number.POSITIVE_INFINITY, metrics: new Map() };
    this.#senders.set(sender, entry);
    return entry;
  }
}
