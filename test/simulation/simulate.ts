// Weeks of the data path in minutes: the real door, stream, pipeline, stores, rollups and retention on a clock that this moves on. Each week,
// or after so many days, all of it is closed and opened again and measured: files, parts, memory, disk and the time of the start must be level once everything that is
// kept for a time has been there for that time. The keeper's tasks look at it as often as there is something to be found. The column store is
// asked for the simulated clock too; that of PostgreSQL is its own, and nothing here depends on it.
import { readFileSync, statSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Value, valueAt } from '../../core/batch/batch.ts';
import { createLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { type Door, openDoor } from '../../ingest/door.ts';
import { INTAKE_LIMITS, intakeAges } from '../../ingest/limits.ts';
import { Retention } from '../../pipeline/retention/retention.ts';
import { Rollups } from '../../pipeline/rollups/rollups.ts';
import { type Pipeline, startPipeline } from '../../pipeline/start.ts';
import { openStores, type Stores } from '../../pipeline/testing/stores.ts';
import type { Retention as Kept } from '../../schemas/retention.ts';
import { type Load, SimulatedAgent } from './agents.ts';

/** What goes wrong on the way of a day would else be seen by its end alone. */
const LOG = createLogger({ level: 'error', format: 'text', write: (line) => void process.stderr.write(line) });

export interface Simulation extends Load {
  readonly dir: string;
  readonly days: number;
  /** Days between two measurements. */
  readonly every: number;
  /**
   * The last day of all is the one before the latest one of this number in its month: some tables lose whole months, so that what they hold
   * depends on the day, and one run would not measure what another does.
   */
  readonly before: number;
  readonly agents: number;
  /** Hours of a day in which there are readings, evenly; those of each agent in each, 10 s apart from its start on; and those of one frame. */
  readonly hours: number;
  readonly readings: number;
  readonly together: number;
  readonly kept: Kept;
  readonly seed: number;
}

export interface Measured {
  readonly day: number;
  /** By the simulated clock. */
  readonly endMs: number;
  /** On the disk, all stores; of them those of the column store. */
  readonly files: number;
  readonly columnFiles: number;
  readonly mib: number;
  readonly streamMib: number;
  readonly parts: number;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Of this process and of the column store's. */
  readonly ownMib: number;
  readonly columnsMib: number;
  readonly startMs: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const READING_MS = 10_000;
const MIB = 2 ** 20;
/** Merges, and parts that they have replaced. */
const BUSY = 'SELECT (SELECT count() FROM system.merges) + (SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active)';
/** What merges have replaced stays for 480 s, whatever the clock that is moved on says; weeks that take seconds would be measured by it. */
const AT_ONCE = 'old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0';
/** Messages that may wait before the clock goes on. */
const MOST_LAG = 500n;

/** Tables whose parts may hold rows of one key several times until they are merged: how many is chance. */
const REPLACING = ['series', 'series_days', 'series_senders', 'marks', 'rollups_5m', 'rollups_1h', 'rollup_hours'];

/** The latest day of that number in its month that has begun, ms. */
const latest = (day: number): number => {
  const today = new Date();
  return Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - (today.getUTCDate() >= day ? 0 : 1), day);
};

/** 32 bits of it at a time are enough here. */
const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

interface Space {
  files: number;
  bytes: number;
}

const spaceOf = async (folder: string, space: Space = { files: 0, bytes: 0 }): Promise<Space> => {
  const found = await opendir(folder).catch(() => undefined);
  if (found === undefined) return space;
  for await (const entry of found) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await spaceOf(path, space);
    else {
      const stat = statSync(path, { throwIfNoEntry: false });
      space.files++;
      space.bytes += (stat?.blocks ?? 0) * 512;
    }
  }
  return space;
};

const residentMib = (pid: number | undefined): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** The store by the simulated clock. What says until when an insert may begin it judges by its own: the store is on this machine. */
const onClock = (columns: ColumnStore, now: () => number): ColumnStore => ({
  migrate: () => columns.migrate(),
  query: (sql, options) => columns.query(sql, options),
  command: (sql, options) => columns.command(sql, options),
  insert: (table, batch, { deadline, ...options }) =>
    columns.insert(table, batch, deadline === undefined ? options : { ...options, deadline: deadline - now() + Date.now() }),
  kill: (queryIds) => columns.kill(queryIds),
  now: () => Promise.resolve(now()),
  ping: () => columns.ping(),
  close: () => columns.close(),
});

const numbers = async (stores: Stores, sql: string): Promise<readonly (readonly Value[])[]> =>
  (await stores.columns.query(sql)).batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => batch.columns.map((c) => valueAt(c, row))));

class Simulator {
  readonly #options: Simulation;
  readonly #agents: readonly SimulatedAgent[];
  #now: number;
  #stores: Stores | undefined;
  #pipeline: Pipeline | undefined;
  #door: Door | undefined;
  #retention: Retention | undefined;
  #rollups: Rollups | undefined;

  constructor(options: Simulation) {
    this.#options = options;
    this.#now = latest(options.before) - options.days * DAY_MS;
    const random = randomOf(options.seed);
    this.#agents = Array.from({ length: options.agents }, (_, n) => new SimulatedAgent(n, options, random));
  }

  async open(): Promise<number> {
    const { dir, kept } = this.#options;
    const begun = performance.now();
    const now = (): number => this.#now;
    const telemetry = new TelemetryRegistry();
    const stores = await openStores(dir, LOG, now);
    this.#stores = stores;
    const columns = onClock(stores.columns, now);
    const pipeline = await startPipeline({
      ...stores,
      columns,
      telemetry,
      logger: LOG,
      now,
      clock: { now: () => columns.now(), forget: () => undefined },
      roundMs: 0,
    });
    this.#pipeline = pipeline;
    this.#door = openDoor({
      stream: stores.stream,
      telemetry,
      log: LOG,
      now,
      limits: { ...INTAKE_LIMITS, ageMs: intakeAges(kept) },
      known: (sender) => pipeline.lastOf(sender),
      isKnownWhole: (topic) => pipeline.isCaughtUp(topic),
    });
    const own = { columns, records: stores.records, telemetry, log: LOG };
    this.#retention = new Retention({ ...own, now, kept, missingRoom: () => 0, hasRoom: () => true, noticeMs: 0 });
    this.#rollups = new Rollups({ ...own, gate: pipeline.shared.keeperGate, pauseMs: 0 });
    await this.#settled(0n);
    const startMs = performance.now() - begun;
    const tables = await numbers(stores, "SELECT toString(name) FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'");
    for (const [table] of tables) await stores.columns.command(`ALTER TABLE \`${String(table)}\` MODIFY SETTING ${AT_ONCE}`);
    return startMs;
  }

  async close(): Promise<void> {
    await this.#rollups?.stop();
    await this.#pipeline?.stop();
    await this.#stores?.close();
    this.#stores = undefined;
    this.#pipeline = undefined;
  }

  async #settled(most: bigint): Promise<void> {
    for (;;) {
      const { partitions } = await (this.#pipeline as Pipeline).status();
      if (partitions.reduce((sum, { lag }) => sum + lag, 0n) <= most) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async day(): Promise<void> {
    const { hours, readings, together } = this.#options;
    const begun = this.#now;
    for (let hour = 0; hour < hours; hour++) {
      const start = begun + Math.floor((hour * 24) / hours) * HOUR_MS;
      await this.#rollUp(start);
      for (let at = 0; at < readings; at += together) {
        const some = Array.from({ length: Math.min(together, readings - at) }, (_, n) => start + (at + n) * READING_MS);
        this.#now = some.at(-1) as number;
        const isLast = hour === hours - 1 && at + together >= readings;
        await Promise.all(this.#agents.map((agent) => this.#send(agent.frame(some, isLast))));
        await this.#settled(MOST_LAG);
      }
    }
    await this.#rollUp(begun + DAY_MS);
    await (this.#retention as Retention).run();
  }

  /** What is due then. */
  async #rollUp(at: number): Promise<void> {
    await this.#settled(0n);
    this.#now = at;
    await (this.#rollups as Rollups).run();
  }

  async #send(body: Uint8Array | undefined): Promise<void> {
    if (body === undefined) return;
    const answer = await (this.#door as Door).receiveFrames({ headers: { 'content-length': String(body.length) }, body, rights: { post: true } });
    if (answer.status !== 200) throw new Error(`the door says ${answer.status}: ${answer.body}`);
  }

  async measure(day: number): Promise<Measured> {
    for (let calm = 0; calm < 4; calm++) {
      const [row] = await numbers(this.#stores as Stores, BUSY);
      if (row?.[0] !== 0n) calm = -1;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const [all, stream, columns] = await Promise.all(['', 'stream', 'columns'].map((name) => spaceOf(join(this.#options.dir, name))));
    await this.close();
    const startMs = await this.open();
    const stores = this.#stores as Stores;
    const tables = await numbers(
      stores,
      'SELECT toString(table), toUInt64(count()), toUInt64(sum(rows)) FROM system.parts WHERE database = currentDatabase() AND active GROUP BY table ORDER BY table',
    );
    const merged = await Promise.all(REPLACING.map((name) => numbers(stores, `SELECT '${name}', 0, count() FROM ${name} FINAL`)));
    const records = await Promise.all(
      ['events', 'audit', 'hosts_history'].map(
        async (table) => [table, Number((await stores.records.query(`SELECT count(*) AS n FROM ${table}`))[0]?.n)] as const,
      ),
    );
    return {
      day,
      endMs: this.#now,
      files: all?.files ?? 0,
      columnFiles: columns?.files ?? 0,
      mib: (all?.bytes ?? 0) / MIB,
      streamMib: (stream?.bytes ?? 0) / MIB,
      parts: tables.reduce((sum, [, parts]) => sum + Number(parts), 0),
      rows: Object.fromEntries([...[...tables, ...merged.flat()].map(([name, , rows]) => [String(name), Number(rows)] as const), ...records]),
      ownMib: residentMib(process.pid),
      columnsMib: residentMib(stores.columnsPid),
      startMs,
    };
  }
}

/** Tells of each measurement when it is made; the last day has one too. */
export const simulate = async (options: Simulation, told: (measured: Measured) => void): Promise<readonly Measured[]> => {
  const simulator = new Simulator(options);
  const all: Measured[] = [];
  try {
    await simulator.open();
    for (let day = 1; day <= options.days; day++) {
      await simulator.day();
      if (day % options.every !== 0 && day !== options.days) continue;
      const measured = await simulator.measure(day);
      all.push(measured);
      told(measured);
    }
  } finally {
    await simulator.close();
  }
  return all;
};
