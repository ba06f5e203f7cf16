// Names of metrics, and of labels of each metric, that are new within a month: each of them rests in the catalogue that all share, for as long as
// definitions are kept. A name costs who brings it first; whoever says it after that costs nothing. Counted in memory, since the start.
import { type Offender, Offenders } from './offenders.ts';
import { AllPlaces, SHARED_PART } from './places.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Days a name keeps its place, begun ones not counted. */
const KEPT_DAYS = 30;
/** Labels of all metrics together, for each metric that there may be. */
const LABELS_PER_METRIC = 8;

export interface NameLimits {
  /** Names of metrics that one sender, and that all senders together, may bring within a month. */
  readonly metricsPerSender: number;
  readonly metrics: number;
  /** The same of the names of labels, of each metric. */
  readonly labelNamesPerSender: number;
  readonly labelNames: number;
}

export interface NameState {
  /** Whose rows were dropped within the last hour, the most first; `label`: such as this one. */
  readonly metrics: readonly Offender[];
  readonly labels: readonly Offender[];
  /** Where all senders together are at their limit of metrics: who has brought most. */
  readonly largest: { readonly sender: string; readonly metrics: number } | undefined;
}

/** `label`: the first for which there is no place. */
export type NameVerdict = { readonly limit: 'metric-limit' } | { readonly limit: 'label-limit'; readonly label: string } | undefined;

interface Sender {
  readonly isBound: boolean;
  metrics: number;
  labels: number;
  last: Brought;
}

/** One of each sender and day. */
interface Brought {
  readonly by: Sender;
  readonly day: number;
}

interface Metric {
  readonly brought: Brought;
  readonly labels: Map<string, Brought>;
}

export class NameQuota {
  readonly #limits: NameLimits;
  readonly #now: () => number;
  readonly #metrics = new Map<string, Metric>();
  /** None that has brought nothing: their number is bounded with that of the names. */
  readonly #senders = new Map<string, Sender>();
  readonly #over = { 'metric-limit': new Offenders(), 'label-limit': new Offenders() };
  /** Of metrics. */
  readonly #places: AllPlaces;
  #labels = 0;
  #day = 0;

  /** `limits` are read anew for each new name. */
  constructor(limits: NameLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#places = new AllPlaces(() => limits.metrics);
  }

  /** Metrics of all senders. */
  get size(): number {
    return this.#metrics.size;
  }

  get state(): NameState {
    const since = this.#now() - HOUR_MS;
    let largest: NameState['largest'];
    if (this.#places.isFull) for (const [sender, { metrics }] of this.#senders) if (metrics > (largest?.metrics ?? 0)) largest = { sender, metrics };
    return { metrics: this.#over['metric-limit'].since(since), labels: this.#over['label-limit'].since(since), largest };
  }

  /** Takes places for all the names of a definition, or for none of them. `isBound`: the sender has a key of its own. */
  define(sender: string, isBound: boolean, name: string, labels: readonly string[]): NameVerdict {
    const day = Math.floor(this.#now() / DAY_MS);
    if (day !== this.#day) this.#sweep(day);
    const metric = this.#metrics.get(name);
    const fresh = metric === undefined ? labels : labels.filter((label) => !metric.labels.has(label));
    if (metric !== undefined && fresh.length === 0) return undefined;
    const verdict = this.#judge(this.#senders.get(sender), isBound, metric, fresh);
    if (verdict === undefined) this.#take(sender, isBound, name, metric, fresh, day);
    else this.#over[verdict.limit].noteDefinition(sender, name, new Map(verdict.limit === 'label-limit' ? [[verdict.label, '']] : []));
    return verdict;
  }

  /** Rows of a sender were dropped for the limit; returns what is known of it. */
  noteRows(limit: NonNullable<NameVerdict>['limit'], sender: string, host: string, rows: number): Offender {
    return this.#over[limit].noteRows(sender, host, rows, this.#now());
  }

  /** A place for the metric, where it is new, is taken. */
  #judge(own: Sender | undefined, given: boolean, metric: Metric | undefined, fresh: readonly string[]): NameVerdict {
    const isBound = own?.isBound ?? given;
    const { metricsPerSender, metrics, labelNamesPerSender, labelNames } = this.#limits;
    if (metric === undefined && ((own?.metrics ?? 0) >= metricsPerSender || !this.#places.take(isBound))) return { limit: 'metric-limit' };
    const [mine, shared] = [countBy(metric, (by) => by === own), isBound ? 0 : countBy(metric, (by) => !by.isBound)];
    const left = Math.min(
      labelNamesPerSender - mine,
      labelNames - (metric?.labels.size ?? 0),
      isBound ? Number.POSITIVE_INFINITY : labelNames * SHARED_PART - shared,
      metricsPerSender * LABELS_PER_METRIC - (own?.labels ?? 0),
      metrics * LABELS_PER_METRIC - this.#labels,
    );
    if (fresh.length === 0 || fresh.length <= left) return undefined;
    if (metric === undefined) this.#places.giveBack(isBound, 1);
    return { limit: 'label-limit', label: fresh[Math.max(0, Math.floor(left))] as string };
  }

  #take(name: string, isBound: boolean, metricName: string, known: Metric | undefined, fresh: readonly string[], day: number): void {
    let own = this.#senders.get(name);
    if (own === undefined) {
      own = { isBound, metrics: 0, labels: 0 } as Sender;
      this.#senders.set(name, own);
    }
    if (own.last?.day !== day) own.last = { by: own, day };
    const metric = known ?? { brought: own.last, labels: new Map() };
    if (known === undefined) {
      this.#metrics.set(metricName, metric);
      own.metrics++;
    }
    for (const label of fresh) metric.labels.set(label, own.last);
    own.labels += fresh.length;
    this.#labels += fresh.length;
  }

  #sweep(day: number): void {
    this.#day = day;
    const isOld = (brought: Brought): boolean => brought.day < day - KEPT_DAYS;
    for (const [name, { brought, labels }] of this.#metrics) {
      for (const [label, of] of labels) {
        if (!isOld(brought) && !isOld(of)) continue;
        labels.delete(label);
        of.by.labels--;
        this.#labels--;
      }
      if (!isOld(brought)) continue;
      this.#metrics.delete(name);
      brought.by.metrics--;
      this.#places.giveBack(brought.by.isBound, 1);
    }
    for (const [name, { metrics, labels }] of this.#senders) if (metrics + labels === 0) this.#senders.delete(name);
  }
}

const countBy = (metric: Metric | undefined, isCounted: (by: Sender) => boolean): number => {
  let count = 0;
  for (const { by } of metric?.labels.values() ?? []) if (isCounted(by)) count++;
  return count;
};
