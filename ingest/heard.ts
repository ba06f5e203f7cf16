// Notes for each host when a frame of it was last heard, by the server's clock, and how old that frame was. A frame sent again moves nothing.
// Kept in memory, written to the record store every few seconds for those that changed, read back at the start. It decides nothing.
import type { Logger } from '../core/logger.ts';
import { LATEST_NS, nanosFromMillis, parseTime } from '../core/time.ts';
import type { Records } from '../engines/records/port.ts';

/** The header of a frame that was acknowledged. */
export interface HeardFrame {
  readonly host: string;
  readonly sender: string;
  readonly boot: bigint;
  readonly seq: bigint;
  /** ISO time at which its sender made it. */
  readonly sent: string;
}

interface Note {
  readonly sender: string;
  readonly boot: bigint;
  readonly seq: bigint;
  /** ns. */
  readonly heard: bigint;
  readonly lag: bigint;
}

const FLUSH_MS = 10_000;
const BATCH = 1000;
/** A sender may name hosts as it likes: those heard longest ago are forgotten here, their rows stay. */
const MOST_HOSTS = 100_000;

const READ = 'SELECT host, sender, boot::text AS boot, seq::text AS seq, heard, lag FROM hosts_heard WHERE heard IS NOT NULL ORDER BY heard LIMIT $1';
/** Only hosts of the inventory; the others are written when it has come. */
const WRITE = `INSERT INTO hosts_heard (host, sender, boot, seq, heard, lag)
SELECT n.* FROM unnest($1::text[], $2::text[], $3::numeric[], $4::numeric[], $5::int8[], $6::int8[]) AS n (host, sender, boot, seq, heard, lag)
WHERE EXISTS (SELECT 1 FROM hosts WHERE hosts.host = n.host)
ON CONFLICT (host) DO UPDATE SET sender = excluded.sender, boot = excluded.boot, seq = excluded.seq, heard = excluded.heard, lag = excluded.lag
RETURNING host`;

/** A sender's clock may say any year: what no store could keep is not known. */
const lagOf = (heard: bigint, sent: bigint | undefined): bigint => (sent === undefined || sent > LATEST_NS ? 0n : heard - sent);

export class Heard {
  readonly #records: Pick<Records, 'query'>;
  readonly #log: Logger;
  readonly #notes = new Map<string, Note>();
  readonly #changed = new Set<string>();
  #known = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(records: Pick<Records, 'query'>, log: Logger) {
    this.#records = records;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.flush();
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.flush();
  }

  /** `at`: ms by the server's clock. */
  note({ host, sender, boot, seq, sent }: HeardFrame, at: number): void {
    const before = this.#notes.get(host);
    if (before !== undefined && before.sender === sender && (boot < before.boot || (boot === before.boot && seq <= before.seq))) return;
    const heard = nanosFromMillis(at);
    this.#put(host, { sender, boot, seq, heard, lag: lagOf(heard, parseTime(sent)) });
    this.#changed.add(host);
  }

  /** Never rejects: what could not be written is written with the next. */
  flush(): Promise<void> {
    this.#writing ??= this.#write()
      .catch((error: unknown) => this.#log.warn('when hosts were last heard could not be kept; it is tried again', { error }))
      .finally(() => {
        this.#writing = undefined;
      });
    return this.#writing;
  }

  /** Behind those heard before it, so that the map is in the order in which hosts were heard. */
  #put(host: string, note: Note): void {
    this.#notes.delete(host);
    this.#notes.set(host, note);
    if (this.#notes.size <= MOST_HOSTS) return;
    const [oldest] = this.#notes.keys();
    this.#notes.delete(oldest as string);
    this.#changed.delete(oldest as string);
  }

  async #write(): Promise<void> {
    if (!this.#known) await this.#read();
    const hosts = [...this.#changed];
    for (let from = 0; from < hosts.length; from += BATCH) {
      const names = hosts.slice(from, from + BATCH);
      const notes = names.map((host) => this.#notes.get(host) as Note);
      const written = await this.#records.query(WRITE, [
        names,
        notes.map(({ sender }) => sender),
        notes.map(({ boot }) => String(boot)),
        notes.map(({ seq }) => String(seq)),
        notes.map(({ heard }) => heard),
        notes.map(({ lag }) => lag),
      ]);
      const sent = new Map(names.map((host, i) => [host, notes[i]]));
      for (const row of written) {
        const host = row.host as string;
        // Heard again meanwhile: it is written again.
        if (this.#notes.get(host) === sent.get(host)) this.#changed.delete(host);
      }
    }
  }

  async #read(): Promise<void> {
    const rows = await this.#records.query(READ, [MOST_HOSTS]);
    const heardMeanwhile = [...this.#notes];
    this.#notes.clear();
    for (const row of rows)
      this.#put(row.host as string, {
        sender: row.sender as string,
        boot: BigInt(row.boot as string),
        seq: BigInt(row.seq as string),
        heard: row.heard as bigint,
        lag: row.lag as bigint,
      });
    for (const [host, note] of heardMeanwhile) this.#put(host, note);
    this.#known = true;
  }
}
