// Keeps in the record store whose each series is, so that a server that starts while the column store is away takes what agents send of series
// that they defined before. What a row says is so for ever, as the id is made of the labels: rows that are old, come from a backup or from
// another server are never wrong, only fewer. What is in none of them the column store is asked for.
import { randomUUID } from 'node:crypto';
import { hasCode } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { nanosFromMillis } from '../core/time.ts';
import type { Records } from '../engines/records/port.ts';
import type { SeriesTables } from './series-tables.ts';

export interface KeptSeriesHostsOptions {
  readonly records: Pick<Records, 'query'>;
  readonly series: Pick<SeriesTables, 'hosts' | 'senders' | 'byHost'>;
  readonly log: Logger;
  /** The server's clock, ms. */
  readonly now?: () => number;
}

type ByHost = ReadonlyMap<string, readonly bigint[]>;

interface Piece {
  readonly hosts: string;
  readonly ids: Uint8Array;
}

const FLUSH_MS = 2000;
/** All series of all senders are written so long after a start, and again and again. */
const FIRST_MS = 600_000;
const ALL_MS = 6 * 3_600_000;
/** The last of what was written as a whole in such a time stays. With the time to the next less than the day that each of them tells of. */
const SLOT_NS = 3n * 6n * 3_600_000_000_000n;
/** What nobody has sent of for so long. */
const KEPT_NS = 8n * 86_400_000_000_000n;
/** Read at a start: half of the series that fit, the newest first. */
const MOST_READ = 2_000_000;
/** Bytes of hosts and ids of all rows that a start reads; what is beyond goes. */
const MOST_BYTES = 128 << 20;
/** Bytes of hosts and ids of one row, and of one answer. */
const AT_ONCE = 1 << 20;
/** A row that is larger, of a version before, is not read. */
const MOST_ROW = 16 << 20;

const SIZE = '(octet_length(ids)::int8 + octet_length(hosts))';
/** The newest first, but such as are hardly more than texts of hosts last: whoever sends those must not push out the others'. */
const ORDER = 'octet_length(hosts) > 8 * octet_length(ids), noted DESC, id DESC';
const SIZES = `SELECT id, ${SIZE} AS size FROM series_hosts WHERE ${SIZE} <= $1::int8 ORDER BY ${ORDER} LIMIT 500000`;
const READ = 'SELECT hosts, ids FROM series_hosts WHERE id = ANY($1::int8[])';
const WRITE = 'INSERT INTO series_hosts (writer, noted, hosts, ids) VALUES ($1, $2, $3, $4)';
const FORGET = `DELETE FROM series_hosts WHERE noted < $1 OR (writer = $2 AND noted >= $3 AND noted < $4)
  OR id IN (SELECT id FROM (SELECT id, sum(${SIZE}) OVER (ORDER BY ${ORDER}) AS upto FROM series_hosts) AS r WHERE upto > $5::int8)`;

/** Of at most `AT_ONCE` bytes each. */
const piecesOf = function* (all: Iterable<ByHost>): Generator<Piece> {
  let counts: string[] = [];
  let ids: bigint[] = [];
  let used = 2;
  const taken = (): Piece => {
    const bytes = Buffer.alloc(ids.length * 8);
    ids.forEach((id, i) => {
      bytes.writeBigUInt64LE(id, i * 8);
    });
    const hosts = `[${counts.join(',')}]`;
    [counts, ids, used] = [[], [], 2];
    return { hosts, ids: bytes };
  };
  for (const byHost of all)
    for (const [host, own] of byHost) {
      const text = JSON.stringify(host);
      // Brackets, commas, a number.
      const size = Buffer.byteLength(text) + 16;
      for (let from = 0; from < own.length; ) {
        if (used + size + 8 > AT_ONCE) yield taken();
        const some = own.slice(from, from + Math.floor((AT_ONCE - used - size) / 8));
        counts.push(`[${text},${some.length}]`);
        for (const id of some) ids.push(id);
        used += size + some.length * 8;
        from += some.length;
      }
    }
  if (ids.length > 0) yield taken();
};

export class KeptSeriesHosts {
  readonly #options: KeptSeriesHostsOptions;
  readonly #now: () => number;
  /** Of this start: only its own rows are put together. */
  readonly #writer = randomUUID();
  /** Taken, and not written yet. */
  #unwritten: Piece[] = [];
  /** When all was written last, ns. */
  #lastAll = 0n;
  #nextAll = 0;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: KeptSeriesHostsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Rejects where the record store does not answer. */
  async start(): Promise<void> {
    await this.#read();
    this.#nextAll = this.#now() + FIRST_MS;
    this.#timer = setInterval(() => void this.#tick(), FLUSH_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
    await this.#tick();
  }

  /** Never rejects: what could not be written is written with the next. */
  #tick(): Promise<void> {
    this.#working ??= this.#write()
      .catch((error: unknown) => this.#options.log.warn('whose series these are could not be kept; it is tried again', { error }))
      .finally(() => {
        this.#working = undefined;
      });
    return this.#working;
  }

  async #write(): Promise<void> {
    await this.flush();
    if (this.#now() < this.#nextAll) return;
    this.#nextAll = this.#now() + FIRST_MS;
    await this.writeAll();
    this.#nextAll = this.#now() + ALL_MS;
  }

  /** What was defined since the last time. */
  async flush(): Promise<void> {
    if (this.#unwritten.length === 0) this.#unwritten = [...piecesOf([this.#options.series.hosts.takeFresh()])];
    for (let piece = this.#unwritten[0]; piece !== undefined; piece = this.#unwritten[0]) {
      await this.#put(piece, this.#nanos());
      if (this.#unwritten[0] === piece) this.#unwritten.shift();
    }
  }

  /**
   * All that each sender has sent within the day, in place of what this server wrote of it piece by piece. What other starts wrote stays until it is
   * old: this one may not have heard of it yet, or another server may hear of it.
   */
  async writeAll(): Promise<void> {
    const { records } = this.#options;
    const begun = this.#nanos();
    for (const piece of piecesOf(this.#all())) await this.#put(piece, begun);
    const replaced = begun / SLOT_NS === this.#lastAll / SLOT_NS ? this.#lastAll : this.#lastAll + 1n;
    await records.query(FORGET, [begun - KEPT_NS, this.#writer, replaced, begun, MOST_BYTES]);
    this.#lastAll = begun;
  }

  *#all(): Generator<ByHost> {
    const { series } = this.#options;
    for (const sender of series.senders) yield series.byHost(sender) ?? new Map();
  }

  /** What the store will never take holds up nothing else: it is asked of the column store. */
  async #put({ hosts, ids }: Piece, noted: bigint): Promise<void> {
    try {
      await this.#options.records.query(WRITE, [this.#writer, noted, hosts, ids]);
    } catch (error) {
      if (!hasCode(error, 'records.refused-rows')) throw error;
      this.#options.log.warn('the record store refuses to keep whose some series are', { series: ids.length / 8, error });
    }
  }

  async #read(): Promise<void> {
    const { records, log } = this.#options;
    let series = 0;
    let next: bigint[] = [];
    let bytes = 0;
    let total = 0;
    const read = async (): Promise<void> => {
      for (const { hosts, ids } of await records.query(READ, [next])) series += this.#restore(hosts as string, ids as Uint8Array);
      [next, bytes] = [[], 0];
    };
    for (const row of await records.query(SIZES, [MOST_ROW])) {
      const size = Number(row.size);
      total += size;
      if (total > MOST_BYTES) break;
      if (bytes + size > AT_ONCE && next.length > 0) await read();
      if (series >= MOST_READ) break;
      next.push(row.id as bigint);
      bytes += size;
    }
    await read();
    log.debug('it is known whose series are', { series });
  }

  /** Returns how many were not known. */
  #restore(hosts: string, ids: Uint8Array): number {
    const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
    let at = 0;
    let count = 0;
    for (const [host, own] of JSON.parse(hosts) as readonly (readonly [string, number])[])
      for (let i = 0; i < own; i++, at += 8) if (this.#options.series.hosts.restore(view.getBigUint64(at, true), host)) count++;
    return count;
  }

  #nanos(): bigint {
    return nanosFromMillis(this.#now());
  }
}
