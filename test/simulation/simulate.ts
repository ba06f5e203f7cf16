// Weeks of the data path in minutes: the real door, stream, pipeline, stores and retention on a clock that this moves on. Each week all of
// it is closed and opened again and measured: files, parts, memory, disk and the time of the start must be level once everything that is
// kept for a time has been there for that time. ClickHouse and PostgreSQL have clocks of their own, which nothing here depends on.
import { readFileSync, statSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Value, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { type Door, openDoor } from '../../ingest/door.ts';
import { INTAKE_LIMITS, intakeAges } from '../../ingest/limits.ts';
import { Retention } from '../../pipeline/retention/retention.ts';
import { type Pipeline, startPipeline } from '../../pipeline/start.ts';
import { openStores, type Stores } from '../../pipeline/testing/stores.ts';
import type { Retention as Kept } from '../../schemas/retention.ts';
import { type Load, SimulatedAgent } from './agents.ts';

export interface Simulation extends Load {
  readonly dir: string;
  readonly days: number;
  readonly agents: number;
  /** Readings of each agent a day, and those of one frame. */
  readonly readings: number;
  readonly together: number;
  readonly kept: Kept;
  readonly seed: number;
}

export interface Week {
  readonly day: number;
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
const MIB = 2 ** 20;
/** Merges, and parts that they have replaced. */
const BUSY = 'SELECT (SELECT count() FROM system.merges) + (SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active)';
/** What merges have replaced stays for 480 s, whatever the clock that is moved on says; weeks that take seconds would be measured by it. */
const AT_ONCE = 'old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0';
/** Messages that may wait before the clock goes on. */
const MOST_LAG = 500n;

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

  constructor(options: Simulation) {
    this.#options = options;
    // It ends today: what a store's own clock says of its times is not absurd then.
    this.#now = Math.floor(Date.now() / DAY_MS) * DAY_MS - options.days * DAY_MS;
    const random = randomOf(options.seed);
    this.#agents = Array.from({ length: options.agents }, (_, n) => new SimulatedAgent(n, options, random));
  }

  async open(): Promise<number> {
    const { dir, kept } = this.#options;
    const begun = performance.now();
    const now = (): number => this.#now;
    const telemetry = new TelemetryRegistry();
    const stores = await openStores(dir, silentLogger, now);
    this.#stores = stores;
    this.#pipeline = await startPipeline({ ...stores, telemetry, logger: silentLogger, now });
    const pipeline = this.#pipeline;
    this.#door = openDoor({
      stream: stores.stream,
      telemetry,
      log: silentLogger,
      now,
      limits: { ...INTAKE_LIMITS, ageMs: intakeAges(kept) },
      known: (sender) => pipeline.lastOf(sender),
      isKnownWhole: () => pipeline.isCaughtUp(),
    });
    this.#retention = new Retention({ ...stores, telemetry, log: silentLogger, now, kept, missingRoom: () => 0, noticeMs: 0 });
    await this.#settled(0n);
    const startMs = performance.now() - begun;
    const tables = await numbers(stores, "SELECT toString(name) FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'");
    for (const [table] of tables) await stores.columns.command(`ALTER TABLE \`${String(table)}\` MODIFY SETTING ${AT_ONCE}`);
    return startMs;
  }

  async close(): Promise<void> {
    await this.#pipeline?.stop();
    await this.#stores?.close();
    this.#stores = undefined;
    this.#pipeline = undefined;
  }

  async #settled(most: bigint): Promise<void> {
    for (;;) {
      const { partitions } = await (this.#pipeline as Pipeline).status();
      if (partitions.reduce((sum, { lag }) => sum + lag, 0n) <= most) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async day(): Promise<void> {
    const { readings, together } = this.#options;
    const begun = this.#now;
    const times = Array.from({ length: readings }, (_, reading) => begun + Math.floor((reading * DAY_MS) / readings));
    for (let at = 0; at < readings; at += together) {
      const some = times.slice(at, at + together);
      this.#now = some.at(-1) as number;
      await Promise.all(this.#agents.map((agent) => this.#send(agent.frame(some))));
      await this.#settled(MOST_LAG);
    }
    this.#now = begun + DAY_MS;
    await this.#settled(0n);
    await (this.#retention as Retention).run();
  }

  async #send(body: Uint8Array): Promise<void> {
    const answer = await (this.#door as Door).receiveFrames({ headers: { 'content-length': String(body.length) }, body, rights: { post: true } });
    if (answer.status !== 200) throw new Error(`the door says ${answer.status}: ${answer.body}`);
  }

  async week(day: number): Promise<Week> {
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
    // How many rows of one key stand beside each other until they are merged is chance.
    const merged = await Promise.all(['series', 'series_days', 'marks'].map((name) => numbers(stores, `SELECT '${name}', 0, count() FROM ${name} FINAL`)));
    const records = await Promise.all(
      ['events', 'audit', 'hosts_history'].map(
        async (table) => [table, Number((await stores.records.query(`SELECT count(*) AS n FROM ${table}`))[0]?.n)] as const,
      ),
    );
    return {
      day,
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

/** Tells of each week when it is over. */
export const simulate = async (options: Simulation, told: (week: Week) => void): Promise<readonly Week[]> => {
  const simulator = new Simulator(options);
  const weeks: Week[] = [];
  try {
    await simulator.open();
    for (let day = 1; day <= options.days; day++) {
      await simulator.day();
      if (day % 7 !== 0 && day !== options.days) continue;
      const week = await simulator.week(day);
      weeks.push(week);
      told(week);
    }
  } finally {
    await simulator.close();
  }
  return weeks;
};
