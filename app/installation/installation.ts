// Holds the stores of a data folder against each other at the start: each says whose it is, so that one that was lost, emptied or taken from
// elsewhere is told in words instead of beginning anew without one. It begins a store anew only where an operator has accepted its loss, and
// puts that into the audit. A folder of an earlier version, or one whose first start was killed, takes the names on by itself.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError, ERRORS, type ErrorCode } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { columnsBelongTo } from '../../engines/columns/clickhouse/installation.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { recordsBelongTo } from '../../engines/records/installation.ts';
import type { Records } from '../../engines/records/port.ts';
import type { EmbeddedStream } from '../../engines/stream/lmdb/lmdb-stream.ts';
import type { Problem } from '../../graphql/service.ts';
import { readStoreNotes, STORE_NAMES, type StoreName, type StoreNotes, writeStoreNotes } from './notes.ts';

interface About {
  readonly name: string;
  /** Below the data folder: what a store that was made has at least. */
  readonly mark: string;
  /** What is gone with it. */
  readonly cost: string;
}

export const STORES: Readonly<Record<StoreName, About>> = {
  stream: {
    name: 'the stream',
    mark: 'stream/data.mdb',
    cost: 'What was accepted and not stored yet is gone. What agents send again counts once where it is samples; readings of processes, and log lines without a place in a file, may stand twice then.',
  },
  columns: {
    name: 'the column store',
    mark: 'columns/db',
    cost: 'All samples, log lines and processes that were stored are gone, and all that was worked out of them. Hosts, agents, events and saved queries stay.',
  },
  records: {
    name: 'the record store',
    mark: 'records/pg',
    cost: 'Hosts, events, saved queries, the audit and the keys of agents are gone. Hosts come back with the next inventory; agents that have joined must join anew: `inframirror agent token --host NAME`.',
  },
};

/** What a store says of itself. */
export interface StoreFound {
  readonly installation: string | undefined;
  /** Of the tables that it had. */
  readonly missing?: readonly string[];
}

export interface StoresToTell {
  readonly stream: Pick<EmbeddedStream, 'installation' | 'belongTo'>;
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

  constructor(dataDir: string, instance: string, log: Logger) {
    this.#dataDir = dataDir;
    this.#instance = instance;
    this.#log = log;
    this.#notes = readStoreNotes(dataDir);
  }

  /** To be called before any store is opened, as that makes it: a folder that is brought back must not come upon another. Throws `store.lost`. */
  mustBeThere(): void {
    const absent = STORE_NAMES.flatMap((store) => {
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
  check(store: StoreName, { installation, missing = [] }: StoreFound): void {
    const [name, place] = [STORES[store].name, join(this.#dataDir, store)];
    if (installation === undefined) {
      if (this.#notes !== undefined) this.#lost(store, 'it does not know any more whose it is');
      return;
    }
    if (installation !== this.#instance)
      throw this.#refused('store.foreign', new CodedError('store.foreign', { store: name, place, found: installation, instance: this.#instance }));
    const [lost] = this.#absent;
    if (lost !== undefined) {
      // So that what this start has made in its place is not taken for it by the next one.
      this.#notes ??= { instance: this.#instance, accepted: [] };
      const isMade = existsSync(join(this.#dataDir, STORES[lost.store].mark));
      this.#lost(lost.store, isMade ? `${lost.reason} (what is there now is new and empty)` : lost.reason);
    }
    if (missing.length > 0) throw this.#refused('store.incomplete', new CodedError('store.incomplete', { store: name, place, tables: missing.join(', ') }));
  }

  /** Whether the store begins anew though others have what came through it before. */
  isAnew(store: StoreName): boolean {
    return this.#anew.has(store);
  }

  /** To be called when the stores are brought forward and what begins anew has begun. Returns what is to be told while this start lasts. */
  async settle(stores: StoresToTell): Promise<readonly Problem[]> {
    const accepted = this.#notes?.accepted ?? [];
    for (const { store, who, at } of accepted)
      if (!this.#anew.has(store)) this.#log.warn('the loss of a store was accepted, and it is there: it goes on', { store, who, at });
    const losses = accepted.filter(({ store }) => this.#anew.has(store));
    const problems = losses.map(({ store, who, at }): Problem => {
      const { name, cost } = STORES[store];
      const message = `${name} was lost and has begun anew, as ${who} accepted at ${at}`;
      this.#log.warn(message, { store });
      return { part: name.replace('the ', ''), message, mend: `${cost} This is told until the next start.` };
    });
    try {
      await this.#name(stores, losses);
    } catch (error) {
      // As on a disk that is full: the next start does it.
      this.#log.warn('whose the stores are could not be noted', { error });
    }
    return problems;
  }

  async #name({ stream, columns, records }: StoresToTell, losses: StoreNotes['accepted']): Promise<void> {
    for (const { store, who, at } of losses)
      await records.query('INSERT INTO audit (time, who, what, detail) VALUES ($1, $2, $3, $4)', [
        BigInt(Date.now()) * 1_000_000n,
        who,
        'store.accept-loss',
        { store, accepted: at },
      ]);
    if (stream.installation() !== this.#instance) await stream.belongTo(this.#instance);
    await columnsBelongTo(columns, this.#instance);
    await recordsBelongTo(records, this.#instance);
    // Last: from now on a store that does not say it is a lost one.
    const isNoted = this.#notes?.instance === this.#instance && this.#notes.accepted.length === 0 && this.#notes.refused === undefined;
    if (!isNoted) writeStoreNotes(this.#dataDir, { instance: this.#instance, accepted: [] });
  }

  #lost(store: StoreName, reason: string): void {
    if (this.#notes?.accepted.some((accepted) => accepted.store === store) === true) {
      this.#anew.add(store);
      return;
    }
    const { name } = STORES[store];
    throw this.#refused('store.lost', new CodedError('store.lost', { store: name, place: join(this.#dataDir, store), reason, folder: store }));
  }

  /** Kept for whoever asks why nothing runs. */
  #refused(code: ErrorCode, error: CodedError): CodedError {
    const { mend } = ERRORS[code];
    if (this.#notes !== undefined)
      try {
        writeStoreNotes(this.#dataDir, { ...this.#notes, refused: { at: new Date().toISOString(), message: error.message, mend } });
      } catch (failed) {
        this.#log.debug('why the start was refused could not be noted', { error: failed });
      }
    return error;
  }
}
