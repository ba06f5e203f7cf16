// What is known of each host for enrichment, held in memory: read from the record store at the start, what changed since every half minute
// (another worker may have written it), and at once when this process writes an inventory. A host that the record store has no more is forgotten
// with the next reading, which then is of all. It decides nothing.
import type { Logger } from '../core/logger.ts';
import type { RecordRow, Records } from '../engines/records/port.ts';
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

const entriesOf = (rows: readonly RecordRow[]): readonly HostEntry[] =>
  rows.map((row) => ({ host: row.host as string, sender: row.sender as string, enrichment: enrichmentFrom((key) => row[key]) }));

/** Between two readings of the record store. */
export const REFRESH_MS = 30_000;
/** Readings from one of all hosts to the next. */
const ALL_EVERY = 20;
/** Which transactions may yet write, and how many hosts there are. */
const STAND = 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest, (SELECT count(*) FROM hosts) AS hosts';
const SELECT = `SELECT host, sender, ${ENRICHMENT.join(', ')} FROM hosts`;
/** By the transaction that wrote a row, as the times in it are the agents'. */
const SELECT_CHANGED = `${SELECT} WHERE age(xmin) <= age($1::xid8::xid)`;

export class Inventory {
  readonly #records: Pick<Records, 'query'>;
  readonly #log: Logger;
  readonly #byHost = new Map<string, HostEntry>();
  readonly #bySender = new Map<string, HostEntry>();
  readonly #listeners = new Set<(changed: readonly HostEntry[]) => void>();
  readonly #abort = new AbortController();
  /** Told of while the table is being read: what is read of them may be older. */
  #toldMeanwhile = new Set<string>();
  /** The oldest transaction that the last reading may not have seen; undefined: all is to be read. */
  #seen: string | undefined;
  #untilAll = ALL_EVERY;
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
      const { signal } = this.#abort;
      const [stand] = await this.#records.query(STAND, [], { signal });
      const oldest = stand?.oldest as string | undefined;
      if (this.#seen !== undefined && --this.#untilAll > 0) {
        this.#apply(entriesOf(await this.#records.query(SELECT_CHANGED, [this.#seen], { signal })).filter(({ host }) => !told.has(host)));
        this.#fillSenders();
        this.#seen = oldest;
        if (this.#byHost.size === Number(stand?.hosts)) return;
      }
      const entries = entriesOf(await this.#records.query(SELECT, [], { signal }));
      this.#apply(entries.filter(({ host }) => !told.has(host)));
      this.#keep(new Set([...told, ...entries.map(({ host }) => host)]));
      this.#seen = oldest;
      this.#untilAll = ALL_EVERY;
    } catch (error) {
      this.#seen = undefined;
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
    this.#fillSenders();
  }

  /** Of a sender of several hosts another one is left. */
  #fillSenders(): void {
    for (const entry of this.#byHost.values()) if (!this.#bySender.has(entry.sender)) this.#bySender.set(entry.sender, entry);
  }

  /** Told of hosts whose enrichment is another one now. */
  onChange(listener: (changed: readonly HostEntry[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
