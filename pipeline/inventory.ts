// What is known of each host for enrichment, held in memory: read from the record store at the start and every half minute
// (another worker may have written it), and at once when this process writes an inventory. A host that the record store has no more is forgotten
// with the next reading. It decides nothing.
import type { Logger } from '../core/logger.ts';
import type { Records } from '../engines/records/port.ts';
import { ENRICHMENT } from '../schemas/catalogue.ts';

export type EnrichmentKey = (typeof ENRICHMENT)[number];
/** In the order of `ENRICHMENT`; undefined: not known. */
export type Enrichment = readonly (string | undefined)[];

export const NO_ENRICHMENT: Enrichment = ENRICHMENT.map(() => undefined);

export interface HostEntry {
  readonly host: string;
  readonly sender: string;
  readonly enrichment: Enrichment;
}

const sameEnrichment = (a: Enrichment, b: Enrichment): boolean => a.every((value, i) => value === b[i]);

/** `''` is missing. */
export const enrichmentFrom = (value: (key: EnrichmentKey) => unknown): Enrichment =>
  ENRICHMENT.map((key) => {
    const found = value(key);
    return typeof found === 'string' && found !== '' ? found : undefined;
  });

/** Between two readings of the record store. */
export const REFRESH_MS = 30_000;
const SELECT = `SELECT host, sender, ${ENRICHMENT.join(', ')} FROM hosts`;

export class Inventory {
  readonly #records: Pick<Records, 'query'>;
  readonly #log: Logger;
  readonly #byHost = new Map<string, HostEntry>();
  readonly #bySender = new Map<string, HostEntry>();
  readonly #listeners = new Set<(changed: readonly HostEntry[]) => void>();
  readonly #abort = new AbortController();
  /** Told of while the table is being read: what is read of them may be older. */
  #toldMeanwhile = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;

  constructor(records: Pick<Records, 'query'>, log: Logger) {
    this.#records = records;
    this.#log = log;
  }

  /** Resolves when it was read once, or could not be: enrichment then comes with the next reading. */
  async start(): Promise<void> {
    await this.#read();
    this.#timer = setInterval(() => {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
    }, REFRESH_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort();
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      const told = new Set<string>();
      this.#toldMeanwhile = told;
      const rows = await this.#records.query(SELECT, [], { signal: this.#abort.signal });
      const entries = rows.map((row): HostEntry => ({ host: row.host as string, sender: row.sender as string, enrichment: enrichmentFrom((key) => row[key]) }));
      this.#apply(entries.filter(({ host }) => !told.has(host)));
      this.#keep(new Set([...told, ...entries.map(({ host }) => host)]));
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#log.warn('the inventory could not be read; rows are enriched with what was known', { error });
    }
  }

  get hosts(): ReadonlyMap<string, HostEntry> {
    return this.#byHost;
  }

  /** By name, else by who sent it. */
  of(host: string | undefined, sender: string): Enrichment {
    const entry = host === undefined || host === '' ? this.#bySender.get(sender) : this.#byHost.get(host);
    return entry?.enrichment ?? NO_ENRICHMENT;
  }

  update(entries: readonly HostEntry[]): void {
    for (const { host } of entries) this.#toldMeanwhile.add(host);
    this.#apply(entries);
  }

  #apply(entries: readonly HostEntry[]): void {
    const changed: HostEntry[] = [];
    for (const entry of entries) {
      const before = this.#byHost.get(entry.host);
      if (before !== undefined && before.sender === entry.sender && sameEnrichment(before.enrichment, entry.enrichment)) continue;
      if (before !== undefined) this.#forget(before);
      this.#byHost.set(entry.host, entry);
      this.#bySender.set(entry.sender, entry);
      if (!sameEnrichment(before?.enrichment ?? NO_ENRICHMENT, entry.enrichment)) changed.push(entry);
    }
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
  }

  #forget(entry: HostEntry): void {
    this.#byHost.delete(entry.host);
    if (this.#bySender.get(entry.sender)?.host === entry.host) this.#bySender.delete(entry.sender);
  }

  /** Forgets all other hosts. */
  #keep(hosts: ReadonlySet<string>): void {
    for (const entry of [...this.#byHost.values()]) if (!hosts.has(entry.host)) this.#forget(entry);
    // Of a sender of several hosts another one is left.
    for (const entry of this.#byHost.values()) if (!this.#bySender.has(entry.sender)) this.#bySender.set(entry.sender, entry);
  }

  /** Told of hosts whose enrichment is another one now. */
  onChange(listener: (changed: readonly HostEntry[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
