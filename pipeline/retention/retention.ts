// Removes what is older than it is to be kept, in every table: whole days of the column store, rows of the record store, and what only
// served them. Before anything goes it is written down up to when, so that no question misses it unseen. Where the disk is nearly full it
// removes the oldest day of the largest table and tells everybody. It is a task of the keeper: only one process does it.

import { heldUntil, lookedAt } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { Records } from '../../engines/records/port.ts';
import type { SearchDays } from '../../engines/search/port.ts';
import { PLATFORM_EVENTS } from '../../schemas/event-kinds.ts';
import type { Retention as Kept } from '../../schemas/retention.ts';
import type { KeeperTask } from '../keeper.ts';
import { pause, Stopped } from '../retry.ts';
import { DAY_MS } from '../stages/days.ts';
import { bytesOnTheWay, dropDay, firstToGo, RAW_TABLES, SERIES_TABLES, type StoredDay, storedDays, TIMED_TABLES } from './days.ts';
import { type Emergency, type RetentionLedger, readLedger, writeLedger } from './ledger.ts';
import { removeDefinitions, removeGone, removeMarks, removeRows, removeSenders } from './rows.ts';

export interface RetentionOptions {
  readonly columns: Pick<ColumnStore, 'query' | 'command'>;
  readonly records: Pick<Records, 'query' | 'transaction'>;
  /** Where the search store keeps documents of its own. */
  readonly documents?: SearchDays;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** ms. */
  readonly now: () => number;
  /** In force whenever it is read. */
  readonly kept: Kept;
  /** Bytes of the column store's disk that are missing to the room that is to stay free; 0: there is room, or nothing is removed for it. */
  readonly missingRoom: () => number;
  /**
   * Whether the disk has the room that is to stay free: only then are rows removed one by one, as the store writes before it frees. A day that goes
   * whole needs none.
   */
  readonly hasRoom: () => boolean;
  /** Told when nothing is left that may be removed for room, and when that is over. */
  readonly stuck?: (isStuck: boolean) => void;
  /** Calls `work`, which removes rows of the table from one moment up to another (ms): who holds in memory what was made of them is told. */
  readonly removing?: (table: string, from: number, to: number, work: () => Promise<void>) => Promise<void>;
  /** Between two looks. Default 15 s for the disk, and a minute for what is old. */
  readonly everyMs?: number;
  /** Between the writing down and the going, in which all processes read of it. Default 20 s. */
  readonly noticeMs?: number;
}

const EVERY_MS = 15_000;
/** More than `LEDGER_READ_MS`. */
const NOTICE_MS = 20_000;
const OLD_MS = 60_000;
/** Before today; one more than partitions tell of. */
const SENDERS_DAYS = 3;
/** However short data is kept: for so long people look for a machine that fell silent, and the door says that an agent was revoked. */
const GONE_DAYS = 31;

const dayText = (day: number): string => new Date(day).toISOString().slice(0, 10);

export class Retention implements KeeperTask {
  readonly #options: RetentionOptions;
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #ledger: RetentionLedger | undefined;
  /** Up to when what only a look at all of a table finds was removed, so that they are not looked for each minute. */
  #swept: string | undefined;
  /** Days that went for want of room and of which the record store does not know yet. */
  readonly #untold: (Emergency & { readonly to: number; readonly bytes: number })[] = [];
  #isStuck = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** May be called again after `stop`. */
  start(): void {
    this.#abort = new AbortController();
    // Another process may have kept meanwhile.
    this.#ledger = undefined;
    this.#running = this.#watch();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#abort;
    const { everyMs = EVERY_MS, log } = this.#options;
    let last = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      try {
        await this.relieve(signal);
        if (performance.now() - last >= OLD_MS) {
          await this.run();
          last = performance.now();
        }
      } catch (error) {
        if (!signal.aborted) log.warn('what is old could not be removed and is tried again', { error });
      }
      await pause(everyMs, signal).catch((error: unknown) => {
        if (!(error instanceof Stopped)) throw error;
      });
    }
  }

  /** Removes what is too old; rejects when a store does not answer, and may then be called again. */
  async run(): Promise<void> {
    const { columns, records, now, kept, log, noticeMs = NOTICE_MS } = this.#options;
    const { signal } = this.#abort;
    const tables = await this.#withDocuments(await storedDays(columns, signal), signal);
    const ledger = await this.#read();
    const newest = [...tables.values()].flatMap((days) => days.map(({ day }) => day)).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    // Asked once: what it says later it may have jumped to meanwhile.
    const at = now();
    const clock = lookedAt(ledger.clock, at, Number.isFinite(newest) ? newest : undefined);
    const held = heldUntil(clock);
    if (held !== undefined && ledger.clock?.jumped !== clock.jumped)
      log.warn('the clock is days ahead of where it was: nothing is removed as old until it has stood so for a day', {
        was: ledger.clock === undefined ? 'not known' : new Date(ledger.clock.at).toISOString(),
        is: new Date(clock.at).toISOString(),
        until: new Date(held).toISOString(),
      });
    const gone: Record<string, number> = { ...ledger.gone };
    const until = (kind: keyof Kept): number => Math.floor((at - kept[kind]) / DAY_MS) * DAY_MS;
    const old: StoredDay[] = [];
    if (held === undefined) {
      for (const [table, kind] of Object.entries(TIMED_TABLES))
        for (const day of tables.get(table) ?? []) {
          if (day.to > until(kind)) continue;
          old.push(day);
          gone[table] = Math.max(gone[table] ?? 0, day.to);
        }
      for (const kind of ['events', 'audit'] as const) if (await this.#hasOlder(kind, until(kind))) gone[kind] = Math.max(gone[kind] ?? 0, until(kind));
    }
    await this.#write({ ...ledger, gone, clock });
    if (old.length > 0) await pause(noticeMs, signal);
    for (const day of old) {
      await this.#drop(day, signal);
      this.#count(day);
      log.info('a day was removed: it is older than it is kept', { table: day.table, day: dayText(day.day), rows: day.rows, bytes: day.bytes });
    }
    if (held !== undefined || !this.#options.hasRoom()) return;
    await removeRows(records, { events: until('events'), audit: until('audit'), history: this.#oldestKept(at), sessions: at }, signal);
    const goneFrom = (tables: readonly string[]): number =>
      Math.min(...tables.map((table) => Math.max(gone[table] ?? 0, until(TIMED_TABLES[table] as keyof Kept))));
    const daysAgo = (days: number): number => (Math.floor(at / DAY_MS) - days) * DAY_MS;
    await this.#sweep({
      series: goneFrom(SERIES_TABLES),
      raw: goneFrom(RAW_TABLES),
      senders: daysAgo(SENDERS_DAYS),
      hosts: Math.min(this.#oldestKept(at), daysAgo(GONE_DAYS)),
      events: until('events'),
      revoked: Math.min(until('audit'), daysAgo(GONE_DAYS)),
    });
  }

  #drop(day: StoredDay, signal: AbortSignal): Promise<void> {
    const { columns, documents, removing = (_table, _from, _to, work) => work() } = this.#options;
    return removing(day.table, day.day, day.to, async () => {
      if (day.ofSearch) await documents?.drop(day.day, signal);
      else await dropDay(columns, day, signal);
    });
  }

  /** Behind days of log lines in the column store, from before the search store had its own. One that does not answer holds up nothing else. */
  async #withDocuments(tables: ReadonlyMap<string, readonly StoredDay[]>, signal: AbortSignal): Promise<ReadonlyMap<string, readonly StoredDay[]>> {
    const { documents, log } = this.#options;
    if (documents === undefined) return tables;
    try {
      const days = await documents.days(signal);
      const own = days.map(
        ({ day, bytes, rows }): StoredDay => ({ table: 'logs', day, to: day + DAY_MS, first: day, partitions: [], ofSearch: true, bytes, rows }),
      );
      return new Map([...tables, ['logs', [...(tables.get('logs') ?? []), ...own]]]);
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn('the search store does not tell which days it has: none of them is removed', { error });
      return tables;
    }
  }

  /** Before it no kind keeps anything, ms. */
  #oldestKept(at: number): number {
    const { kept } = this.#options;
    const { samples, rollups_5m, rollups_1h, processes, jvm, logs, events, audit } = kept;
    return Math.floor((at - Math.max(samples, rollups_5m, rollups_1h, processes, jvm, logs, events, audit)) / DAY_MS) * DAY_MS;
  }

  /**
   * ms, each. `series`, `raw`: before these nothing is there of any series, and nothing of one as it came; before `senders` nobody asks any more who
   * sent what; the others as `removeGone` has them.
   */
  async #sweep(until: Readonly<Record<'series' | 'raw' | 'senders' | 'hosts' | 'events' | 'revoked', number>>): Promise<void> {
    const { columns, records } = this.#options;
    const { signal } = this.#abort;
    const swept = JSON.stringify(until);
    if (this.#swept === swept) return;
    const deletion = { columns, signal, hasRoom: this.#options.hasRoom };
    await removeDefinitions(until.series, deletion);
    await removeMarks(until.raw, deletion);
    await removeSenders(columns, until.senders, signal);
    await removeGone(records, until, signal);
    this.#swept = swept;
  }

  async #hasOlder(table: 'events' | 'audit', until: number): Promise<boolean> {
    const rows = await this.#options.records.query(`SELECT 1 AS found FROM ${table} WHERE time < $1 LIMIT 1`, [BigInt(until) * 1_000_000n]);
    return rows.length > 0;
  }

  /**
   * Removes days until there is room on the disk, or will be: the store gives back what went some minutes later. Also between two terms, so
   * `signal` is the caller's.
   */
  async relieve(signal: AbortSignal): Promise<void> {
    const { columns, log, now, missingRoom } = this.#options;
    await this.#tell();
    for (let room = missingRoom(); room > 0 && !signal.aborted; room = missingRoom()) {
      const missing = room - (await bytesOnTheWay(columns, signal));
      if (missing <= 0) return;
      const day = firstToGo(await storedDays(columns, signal), now());
      if (day === undefined) {
        if (!this.#isStuck) log.error('the disk is nearly full and nothing is left that may be removed', { missing });
        this.#stick(true);
        return;
      }
      await this.#remember(day);
      await this.#drop(day, signal);
      this.#stick(false);
      this.#count(day);
      log.error('the disk is nearly full: the oldest day of the largest table was removed', {
        table: day.table,
        day: dayText(day.day),
        rows: day.rows,
        bytes: day.bytes,
      });
      this.#options.telemetry.add('inframirror_retention_emergency_days_total', { table: day.table });
      this.#untold.push({ table: day.table, day: day.day, to: day.to, at: now(), bytes: day.bytes });
      await this.#tell();
    }
    if (missingRoom() === 0) this.#stick(false);
  }

  #stick(isStuck: boolean): void {
    this.#isStuck = isStuck;
    this.#options.stuck?.(isStuck);
  }

  /** On a full disk the record store may not write: then it is told later. */
  async #remember(day: StoredDay): Promise<void> {
    try {
      const ledger = await this.#read();
      await this.#write({ ...ledger, gone: { ...ledger.gone, [day.table]: Math.max(ledger.gone[day.table] ?? 0, day.to) } });
    } catch (error) {
      this.#options.log.debug('it could not be written down yet that a day goes', { error });
    }
  }

  /** An event and a line of the audit for each day that went, all or none. */
  async #tell(): Promise<void> {
    const told = [...this.#untold];
    if (told.length === 0) return;
    const { records, log } = this.#options;
    try {
      const ledger = await this.#read();
      const gone: Record<string, number> = { ...ledger.gone };
      for (const { table, to } of told) gone[table] = Math.max(gone[table] ?? 0, to);
      await records.transaction(async (queries) => {
        for (const { table, day, at, bytes } of told) {
          const detail = { table, day: dayText(day), bytes };
          const title = `The disk was nearly full: ${table} of ${dayText(day)} were removed`;
          const time = BigInt(at) * 1_000_000n;
          await queries.query(
            `INSERT INTO events (time, kind, title, attributes, sender, boot, seq, "row") VALUES ($1, '${PLATFORM_EVENTS.emergency}', $2, $3, 'inframirror', $4, 0, $5) ON CONFLICT DO NOTHING`,
            [time, title, { table, day: dayText(day), bytes: String(bytes) }, String(at), BigInt(Math.floor(day / DAY_MS))],
          );
          await queries.query("INSERT INTO audit (time, who, what, detail) VALUES ($1, 'inframirror', 'retention.emergency', $2)", [time, detail]);
        }
      });
      this.#untold.splice(0, told.length);
      const { table, day, at } = told.at(-1) as Emergency;
      await this.#write({ ...ledger, gone, emergency: { table, day, at } });
    } catch (error) {
      log.debug('it could not be told yet that days went', { error });
    }
  }

  #count({ table, rows }: StoredDay): void {
    const { telemetry } = this.#options;
    telemetry.add('inframirror_retention_removed_rows_total', { table }, rows);
    telemetry.add('inframirror_retention_removed_days_total', { table });
  }

  async #read(): Promise<RetentionLedger> {
    this.#ledger ??= await readLedger(this.#options.records);
    return this.#ledger;
  }

  async #write(ledger: RetentionLedger): Promise<void> {
    await writeLedger(this.#options.records, ledger);
    this.#ledger = ledger;
  }

  /** Ends what it does in the stores. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}
