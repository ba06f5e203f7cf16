// Holds the stores of a data folder against each other at the start: each says whose it is, so that one that was lost, emptied or taken from
// elsewhere, or is an older copy of itself, is told in words instead of beginning anew without one. It begins a store anew only where an operator has accepted its loss, and
// puts that into the audit. A folder of an earlier version, or one whose first start was killed, takes the names on by itself.
import { existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError, ERRORS, type ErrorCode } from '../../core/errors.ts';
import { type Generation, NO_GENERATION, type StoreIdentity } from '../../core/generation.ts';
import type { Logger } from '../../core/logger.ts';
import { columnsBelongTo } from '../../engines/columns/clickhouse/installation.ts';
import { syncDefinitions } from '../../engines/columns/embedded/sync-definitions.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { recordsBelongTo } from '../../engines/records/installation.ts';
import type { Records } from '../../engines/records/port.ts';
import type { EmbeddedStream } from '../../engines/stream/embedded.ts';
import type { Problem } from '../../graphql/service.ts';
import { writeAudit } from '../../ingest/agents/audit.ts';
import { Generations, type SetBack } from './generations.ts';
import { readStoreNotes, STORE_NAMES, type StoreName, type StoreNotes, writeStoreNotes } from './notes.ts';

interface About {
  readonly name: string;
  /** Below the data folder: what a store that was made has at least. */
  readonly mark: string;
  /** What is gone with it. */
  readonly cost: string;
  /** What is gone where an older copy of it goes on; undefined: such a one cannot, and begins anew. */
  readonly older: string | undefined;
}

export const STORES: Readonly<Record<StoreName, About>> = {
  stream: {
    name: 'the stream',
    mark: 'stream/data.mdb',
    cost: 'What was accepted and not stored yet is gone. What agents send again counts once where it is samples; readings of processes, and log lines without a place in a file, may stand twice then.',
    older: undefined,
  },
  columns: {
    name: 'the column store',
    mark: 'columns/db',
    cost: 'All samples, log lines and processes that were stored are gone, and all that was worked out of them. Hosts, agents, events and saved queries stay.',
    older: 'Samples, log lines and processes that were stored since are missing, and do not come again.',
  },
  records: {
    name: 'the record store',
    mark: 'records/pg',
    cost: 'Hosts, events, saved queries, the audit and the keys of agents are gone. Hosts come back with the next inventory; agents that have joined must join anew: `inframirror agent token --host NAME`.',
    older:
      'What was noted since is missing: events, saved queries, the audit, and the keys of agents that joined since, which must join anew. What was removed since may be there again: look through the agents.',
  },
};

/** What a store says of itself. */
export interface StoreFound extends StoreIdentity {
  /** Of the tables that it had. */
  readonly missing?: readonly string[];
  /** What it said of itself was lost with a file that was mended: it is taken for ours, as new as the others. */
  readonly isForgotten?: boolean;
}

export interface StoresToTell {
  readonly stream: Pick<EmbeddedStream, 'belongTo'>;
  readonly columns: Pick<ColumnStore, 'query' | 'command'>;
  readonly records: Pick<Records, 'query'>;
}

export class Installation {
  readonly #dataDir: string;
  readonly #instance: string;
  readonly #log: Logger;
  /** undefined: the stores are made, or named, by this start. */
  #notes: StoreNotes | undefined;
  /** Before any was opened, where nothing is noted. */
  #absent: readonly { readonly store: StoreName; readonly reason: string }[] = [];
  /** Those that are new here, and were not before. */
  readonly #anew = new Set<StoreName>();
  readonly #forgotten = new Set<StoreName>();
  readonly #generations = new Generations();
  /** Where those stores are that are servers of their own: several processes share them, so that none counts on alone what all have. */
  readonly #servers: Partial<Readonly<Record<StoreName, string>>>;
  /** Those that were never told whose they are. */
  readonly #unnamed = new Set<StoreName>();
  /** Older copies that go on, as was accepted. */
  #older: readonly SetBack[] = [];
  /** Where an older copy was put that does not. */
  #aside: string | undefined;

  constructor(dataDir: string, instance: string, log: Logger, servers: Partial<Readonly<Record<StoreName, string>>> = {}) {
    this.#servers = servers;
    this.#dataDir = dataDir;
    this.#instance = instance;
    this.#log = log;
    this.#notes = readStoreNotes(dataDir);
  }

  /** To be called before any store is opened, as that makes it: a folder that is brought back must not come upon another. Throws `store.lost`. */
  mustBeThere(): void {
    const absent = STORE_NAMES.flatMap((store) => {
      if (this.#servers[store] !== undefined) return [];
      const place = join(this.#dataDir, STORES[store].mark);
      if (!existsSync(place)) return [{ store, reason: `${place} is missing` }];
      return store === 'stream' && statSync(place).size === 0 ? [{ store, reason: `${place} is empty` }] : [];
    });
    if (this.#notes === undefined) this.#absent = absent;
    else for (const { store, reason } of absent) this.#lost(store, reason);
  }

  /**
   * Of a store as it was found, before its schema is brought forward. A store is named when all of them are made: where nothing is noted, one
   * that is named says that each one that was not there is lost. Throws `store.lost`, `store.foreign`, `store.incomplete`.
   */
  check(store: StoreName, { installation, generation, missing = [], isForgotten = false }: StoreFound): void {
    this.#generations.note(store, generation);
    const [name, place] = [STORES[store].name, this.#placeOf(store)];
    if (installation === undefined) {
      this.#unnamed.add(store);
      if (isForgotten) {
        this.#log.warn('a store lost what it said of itself with a file that was mended: it goes on as ours', { store });
        this.#forgotten.add(store);
      } else if (this.#notes !== undefined) this.#lost(store, 'it does not know any more whose it is');
      return;
    }
    if (installation !== this.#instance)
      throw this.#refused([store], 'store.foreign', new CodedError('store.foreign', { store: name, place, found: installation, instance: this.#instance }));
    const [lost] = this.#absent;
    if (lost !== undefined) {
      // So that what this start has made in its place is not taken for it by the next one.
      this.#notes ??= { instance: this.#instance, accepted: [] };
      const isMade = existsSync(join(this.#dataDir, STORES[lost.store].mark));
      this.#lost(lost.store, isMade ? `${lost.reason} (what is there now is new and empty)` : lost.reason);
    }
    if (missing.length > 0)
      throw this.#refused([store], 'store.incomplete', new CodedError('store.incomplete', { store: name, place, tables: missing.join(', ') }));
  }

  /** Whether this process keeps all stores itself. */
  get isAlone(): boolean {
    return STORE_NAMES.every((store) => this.#servers[store] === undefined);
  }

  #placeOf(store: StoreName): string {
    return this.#servers[store] ?? join(this.#dataDir, store);
  }

  /** Whether it is the older copy for which the last start was refused, and cannot go on, as was accepted. */
  isGivenUp(store: StoreName, { generation }: StoreIdentity): boolean {
    if (STORES[store].older !== undefined || !this.#isAccepted(store)) return false;
    return this.#notes?.refused?.setBack?.some((one) => one.store === store && one.own === generation.own) === true;
  }

  /** Of a store that is given up, and closed: it is lost then. */
  putAside(store: StoreName): void {
    const place = join(this.#dataDir, store);
    this.#aside = `${place}-set-back-${new Date().toISOString().replaceAll(/[:.]/g, '')}`;
    renameSync(place, this.#aside);
    this.#log.warn('an older copy of a store was put aside, as its loss was accepted', { store, folder: this.#aside });
  }

  /** When all stores were checked, and before any is brought forward. Throws `store.set-back`. */
  checkTogether(): void {
    if (!this.isAlone) return;
    const found = this.#generations.setBack((store) => this.isAnew(store) || this.#forgotten.has(store));
    const refused = found.filter(({ store }) => !this.#isAccepted(store) || STORES[store].older === undefined);
    const [first] = refused;
    this.#older = found;
    if (first === undefined) return;
    const stores = found.map(({ store, own }) => ({ store, own: own.own }));
    // Whatever else is found, the notes must say which they were.
    this.#notes ??= { instance: this.#instance, accepted: [] };
    throw this.#refused(
      found.map(({ store }) => store),
      'store.set-back',
      new CodedError('store.set-back', this.#aboutSetBack(first)),
      stores,
    );
  }

  #aboutSetBack({ store, own, others }: SetBack): { store: string; place: string; was: string; others: string; folder: string } {
    const time = ({ own: count, at }: Generation): string => (count === 0 ? 'a time before this was noted' : new Date(at).toISOString());
    return { store: STORES[store].name, place: join(this.#dataDir, store), was: time(own), others: time(others), folder: store };
  }

  #isAccepted(store: StoreName): boolean {
    return this.#notes?.accepted.some((accepted) => accepted.store === store) === true;
  }

  /** Whether the store begins anew though others have what came through it before. */
  isAnew(store: StoreName): boolean {
    return this.#anew.has(store);
  }

  /** To be called when the stores are brought forward and what begins anew has begun. Returns what is to be told while this start lasts. */
  async settle(stores: StoresToTell): Promise<readonly Problem[]> {
    const accepted = this.#notes?.accepted ?? [];
    const isOlder = (name: StoreName): boolean => this.#older.some(({ store }) => store === name);
    for (const { store, who, at } of accepted)
      if (!this.#anew.has(store) && !isOlder(store)) this.#log.warn('the loss of a store was accepted, and it is there: it goes on', { store, who, at });
    const losses = accepted.filter(({ store }) => this.#anew.has(store) || isOlder(store));
    const problems = losses.map(({ store, who, at }): Problem => {
      const { name, cost, older = '' } = STORES[store];
      const set = this.#older.find((one) => one.store === store);
      const message =
        set === undefined
          ? `${name} was lost and has begun anew, as ${who} accepted at ${at}`
          : `${name} is an older copy, of ${this.#aboutSetBack(set).was}, and goes on without what came since, as ${who} accepted at ${at}`;
      this.#log.warn(message, { store });
      const aside = store === 'stream' && this.#aside !== undefined ? ` The older copy lies in ${this.#aside}: remove it when nobody wants it.` : '';
      return { part: name.replace('the ', ''), message, mend: `${set === undefined ? cost : older}${aside} This is told until the next start.` };
    });
    try {
      await this.#name(stores, losses);
    } catch (error) {
      // As on a disk that is full: the next start does it.
      this.#log.warn('whose the stores are could not be noted', { error });
    }
    return problems;
  }

  /**
   * All stores take on the next generation together; to be called now and then, so that a copy of one is told from its store. While it is under
   * way no copy of all of them may be made. Where some are servers of their own, which others use too, nothing is counted. Rejects with what a store says.
   */
  async advance({ stream, columns, records }: StoresToTell): Promise<void> {
    if (!this.isAlone) return;
    await this.#generations.advance(Date.now(), (store, generation) => this.#tell(store, { stream, columns, records }, generation));
  }

  async #tell(store: StoreName, { stream, columns, records }: StoresToTell, generation: Generation): Promise<void> {
    if (store === 'stream') return stream.belongTo(this.#instance, generation);
    if (store === 'records') return recordsBelongTo(records, this.#instance, generation);
    await columnsBelongTo(columns, this.#instance, generation);
    if (this.#servers.columns === undefined) await syncDefinitions(join(this.#dataDir, 'columns'), 'installation');
  }

  async #name(stores: StoresToTell, losses: StoreNotes['accepted']): Promise<void> {
    for (const { store, who, at } of losses)
      await writeAudit(stores.records, { time: BigInt(Date.now()) * 1_000_000n, who, what: 'store.accept-loss', detail: { store, accepted: at } });
    await this.advance(stores);
    if (!this.isAlone) for (const store of this.#unnamed) await this.#tell(store, stores, NO_GENERATION);
    // Last: from now on a store that does not say it is a lost one.
    const elsewhere = STORE_NAMES.filter((store) => this.#servers[store] !== undefined);
    const isNoted =
      this.#notes?.instance === this.#instance &&
      this.#notes.accepted.length === 0 &&
      this.#notes.refused === undefined &&
      this.#notes.elsewhere?.join() === elsewhere.join();
    if (!isNoted) writeStoreNotes(this.#dataDir, { instance: this.#instance, accepted: [], elsewhere });
  }

  #lost(store: StoreName, reason: string): void {
    if (this.#isAccepted(store)) {
      this.#anew.add(store);
      this.#generations.note(store, NO_GENERATION);
      return;
    }
    const { name } = STORES[store];
    throw this.#refused([store], 'store.lost', new CodedError('store.lost', { store: name, place: this.#placeOf(store), reason, folder: store }));
  }

  /** Kept for whoever asks why nothing runs. */
  #refused(stores: readonly StoreName[], code: ErrorCode, error: CodedError, setBack?: NonNullable<StoreNotes['refused']>['setBack']): CodedError {
    const { mend } = ERRORS[code];
    if (this.#notes !== undefined)
      try {
        writeStoreNotes(this.#dataDir, {
          ...this.#notes,
          refused: { at: new Date().toISOString(), message: error.message, mend, stores: [...stores], ...(setBack === undefined ? {} : { setBack }) },
        });
      } catch (failed) {
        this.#log.debug('why the start was refused could not be noted', { error: failed });
      }
    return error;
  }
}
