// Keeps in the record store whose each series is, so that a server that starts while the column store is away takes what agents send of series
// that they defined before. What a row says is so for ever, as the id is made of the labels: rows that are old, come from a backup or from
// another server are never wrong, only fewer. What is in none of them the column store is asked for.
import { randomUUID } from 'node:crypto';
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

const FLUSH_MS = 2000;
/** All series of each sender are written so long after a start, and again and again. */
const FIRST_MS = 600_000;
const ALL_MS = 6 * 3_600_000;
/** What nobody has sent of for so long. */
const KEPT_NS = 8n * 86_400_000_000_000n;
/** Read at a start: half of what fits, the newest first. */
const MOST_READ = 2_000_000;
/** Bytes of ids of one statement. */
const AT_ONCE = 1 << 20;

const SIZES = 'SELECT id, length(ids)::int4 AS size FROM series_hosts ORDER BY noted DESC';
const READ = 'SELECT hosts, ids FROM series_hosts WHERE id = ANY($1::int8[])';
const WRITE = `INSERT INTO series_hosts (sender, writer, noted, hosts, ids)
SELECT n.sender, $1, $2, n.hosts, n.ids FROM unnest($3::text[], $4::text[], $5::bytea[]) AS n (sender, hosts, ids)
ON CONFLICT (sender) DO UPDATE SET writer = excluded.writer, noted = excluded.noted, hosts = excluded.hosts, ids = excluded.ids`;
const FORGET = 'DELETE FROM series_hosts WHERE noted < $1 OR (sender IS NULL AND writer = $2 AND noted < $3)';

const packed = (byHost: ByHost): { readonly hosts: string; readonly ids: Uint8Array } => {
  const counts: (readonly [string, number])[] = [];
  const ids: bigint[] = [];
  for (const [host, own] of byHost) {
    counts.push([host, own.length]);
    for (const id of own) ids.push(id);
  }
  const bytes = Buffer.alloc(ids.length * 8);
  ids.forEach((id, i) => {
    bytes.writeBigUInt64LE(id, i * 8);
  });
  return { hosts: JSON.stringify(counts), ids: bytes };
};

export class KeptSeriesHosts {
  readonly #options: KeptSeriesHostsOptions;
  readonly #now: () => number;
  /** Of this start: only its own rows are put together. */
  readonly #writer = randomUUID();
  /** Taken, and not written yet. */
  #unwritten: ByHost = new Map();
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
    await this.writeAll();
    this.#nextAll = this.#now() + ALL_MS;
  }

  /** What was defined since the last time. */
  async flush(): Promise<void> {
    if (this.#unwritten.size === 0) this.#unwritten = this.#options.series.hosts.takeFresh();
    if (this.#unwritten.size === 0) return;
    await this.#put([{ sender: null, ...packed(this.#unwritten) }]);
    this.#unwritten = new Map();
  }

  /** All that each sender has sent within the day, in place of what this server wrote of it piece by piece. */
  async writeAll(): Promise<void> {
    const { series, records } = this.#options;
    const begun = this.#nanos();
    let rows: { sender: string; hosts: string; ids: Uint8Array }[] = [];
    let bytes = 0;
    for (const sender of series.senders) {
      const byHost = series.byHost(sender);
      if (byHost === undefined || byHost.size === 0) continue;
      const row = { sender, ...packed(byHost) };
      rows.push(row);
      bytes += row.ids.length + row.hosts.length;
      if (bytes < AT_ONCE) continue;
      await this.#put(rows);
      [rows, bytes] = [[], 0];
    }
    await this.#put(rows);
    await records.query(FORGET, [begun - KEPT_NS, this.#writer, begun]);
  }

  async #put(rows: readonly { readonly sender: string | null; readonly hosts: string; readonly ids: Uint8Array }[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#options.records.query(WRITE, [
      this.#writer,
      this.#nanos(),
      rows.map(({ sender }) => sender),
      rows.map(({ hosts }) => hosts),
      rows.map(({ ids }) => ids),
    ]);
  }

  async #read(): Promise<void> {
    const { records, log } = this.#options;
    let count = 0;
    let next: bigint[] = [];
    let bytes = 0;
    const read = async (): Promise<void> => {
      for (const { hosts, ids } of await records.query(READ, [next])) this.#restore(hosts as string, ids as Uint8Array);
      [next, bytes] = [[], 0];
    };
    for (const { id, size } of await records.query(SIZES)) {
      if (count >= MOST_READ) break;
      count += (size as number) / 8;
      bytes += size as number;
      next.push(id as bigint);
      if (bytes >= AT_ONCE) await read();
    }
    await read();
    log.debug('it is known whose series are', { series: count });
  }

  #restore(hosts: string, ids: Uint8Array): void {
    const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
    let at = 0;
    for (const [host, count] of JSON.parse(hosts) as readonly (readonly [string, number])[])
      for (let i = 0; i < count; i++, at += 8) this.#options.series.hosts.restore(view.getBigUint64(at, true), host);
  }

  #nanos(): bigint {
    return nanosFromMillis(this.#now());
  }
}
