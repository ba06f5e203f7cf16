// The agent of one host (read first): puts its parts together, runs each in its time, and says how it is. It needs no root, has no native add-on and
// executes nothing but `journalctl`. What it gathers is in `reading.ts`, how that goes to the server in `sending.ts`, as whom in `joining.ts`.
import { hostname } from 'node:os';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { makeFolder } from '../core/node/make-folder.ts';
import { type FolderLock, holderOf, lockFolder } from '../engines/folder-lock.ts';
import { bounded } from './bounded.ts';
import type { AgentConfig } from './config.ts';
import { HostFiles } from './host-files.ts';
import { type FoundIdentity, type Identity, readIdentity } from './identity.ts';
import { Joining } from './joining.ts';
import type { LogsStatus } from './logs/logs.ts';
import { machineOf, machinePrint } from './machine.ts';
import { Reading } from './reading.ts';
import { every, type Repeated } from './repeat.ts';
import { Sending, type SendingStatus } from './sending.ts';
import { Spool } from './spool/spool.ts';
import { AgentState } from './state.ts';

export interface AgentDependencies {
  readonly log: Logger;
  /** Of the product, told in the inventory. */
  readonly version: string;
}

export interface AgentStatus extends LogsStatus, SendingStatus {
  readonly id: string;
  readonly host: string;
  readonly boot: bigint;
  readonly server: string;
  /** Times the server had a later run of this agent, as when its folder was copied. */
  readonly conflicts: number;
  /** Runs that failed, by collector. */
  readonly failedCollectors: ReadonlyMap<string, number>;
  /** What is not collected, most often for want of root. */
  readonly leftOut: readonly string[];
}

export interface Agent {
  status(): AgentStatus;
  /** Resolves when all that was gathered so far is acknowledged or the time is over. */
  drain(patienceMs: number): Promise<void>;
  /** Tells its stop, tries for a moment to send what waits, and ends all; the rest stays in the spool. */
  stop(): Promise<void>;
}

/** Characters of the system's own name, where none is configured. */
const MOST_HOST = 253;
const LOCK_PATIENCE_MS = 5000;
const STOP_PATIENCE_MS = 1500;
/** Ratios need two readings: the second comes so soon after the first, where the interval is much longer. */
const EARLY_MS = 1000;

/** The name it joined as, else the one it is given, else the system's. Throws `agent.config`. */
const hostOf = ({ host }: AgentConfig, identity: Identity | undefined): string => {
  if (identity === undefined) return host ?? (bounded(hostname().replaceAll(/\p{Cc}/gu, ''), MOST_HOST) || 'localhost');
  if (host !== undefined && host !== identity.host)
    throw new CodedError('agent.config', { key: 'host', reason: `it is ${JSON.stringify(host)}, and the agent of this folder joined as ${identity.host}` });
  return identity.host;
};

/** Resolves when the agent runs, whether or not the server answers. Throws `agent.folder`, `agent.running`, `agent.platform`. */
export const startAgent = async (config: AgentConfig, deps: AgentDependencies): Promise<Agent> => {
  if (process.platform !== 'linux') throw new CodedError('agent.platform', { platform: process.platform });
  const agent = new RunningAgent(config, deps);
  await agent.start();
  return agent;
};

class RunningAgent implements Agent {
  readonly #config: AgentConfig;
  readonly #version: string;
  readonly #log: Logger;
  readonly #host: string;
  readonly #machine: string;
  readonly #identity: FoundIdentity;
  readonly #files: HostFiles;
  readonly #repeated: Repeated[] = [];
  readonly #stopping = new AbortController();
  #state!: AgentState;
  #spool!: Spool;
  #joining!: Joining;
  #sending!: Sending;
  #reading!: Reading;
  #lock: FolderLock | undefined;
  #early: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(config: AgentConfig, { log, version }: AgentDependencies) {
    this.#config = config;
    this.#version = version;
    this.#log = log.with({ role: 'agent' });
    this.#files = new HostFiles(config.root);
    this.#machine = machineOf(this.#files);
    this.#identity = readIdentity(config.folder, machinePrint(this.#machine));
    this.#host = hostOf(config, this.#identity.identity);
  }

  async start(): Promise<void> {
    const now = Date.now();
    await this.#openFolder(now);
    this.#makeParts();
    try {
      await this.#joining.join();
    } catch (error) {
      this.#spool.close();
      this.#lock?.release();
      throw error;
    }
    this.#sending.start();
    const reading = this.#reading;
    await reading.first(now);
    const { metricsMs, processesMs, logsMs, glanceMs, discoverMs, inventoryMs } = this.#config;
    this.#repeat('metrics', metricsMs, () => reading.collect());
    this.#repeat('processes', processesMs, () => reading.sampleProcesses());
    this.#repeat('logs', logsMs, () => reading.logs.read());
    this.#repeat('folders of logs', glanceMs, () => reading.logs.glance(Date.now()));
    this.#repeat('log files', discoverMs, () => reading.logs.discover(Date.now()));
    this.#repeat('inventory', inventoryMs, () => reading.tellInventory(Date.now()));
    if (metricsMs >= 5 * EARLY_MS) this.#early = setTimeout(() => reading.collect(), EARLY_MS);
    this.#log.info('the agent runs', { host: this.#host, server: this.#config.server, waiting: this.#spool.stats.frames });
  }

  async #openFolder(now: number): Promise<void> {
    const { folder, spoolBytes, segmentBytes, fsync } = this.#config;
    const refused = (error: unknown): CodedError => new CodedError('agent.folder', { folder, reason: (error as Error).message }, { cause: error });
    try {
      makeFolder(folder);
    } catch (error) {
      throw refused(error);
    }
    this.#lock = await this.#locked(refused);
    try {
      this.#state = new AgentState(folder, now, this.#machine);
      this.#spool = new Spool({ folder: `${folder}/spool`, limitBytes: spoolBytes, segmentBytes, fsync });
    } catch (error) {
      this.#lock?.release();
      throw refused(error);
    }
  }

  /** Waits for one that is just ending. */
  async #locked(refused: (error: unknown) => CodedError): Promise<FolderLock> {
    const { folder } = this.#config;
    const lock = await lockFolder(folder, LOCK_PATIENCE_MS).catch((error: unknown) => {
      throw refused(error);
    });
    if (lock === undefined) throw new CodedError('agent.running', { folder, holder: holderOf(folder) });
    return lock;
  }

  #makeParts(): void {
    const shared = { config: this.#config, host: this.#host, state: this.#state, spool: this.#spool, log: this.#log };
    const redefine = (): void => this.#reading.redefine();
    const joining = new Joining({ ...shared, machine: machinePrint(this.#machine), found: this.#identity, stopping: this.#stopping.signal, redefine });
    this.#joining = joining;
    this.#sending = new Sending({
      ...shared,
      way: joining.way,
      stopping: this.#stopping,
      identity: () => ({ agent: this.#state.id, boot: this.#state.boot }),
      renumbered: () => this.#state.stored.renumbered,
      shutOut: (...told) => joining.renumber(...told),
      redefine,
    });
    this.#reading = new Reading({ ...shared, version: this.#version, files: this.#files, sending: this.#sending, own: () => this.status() });
  }

  status(): AgentStatus {
    return {
      id: this.#state.id,
      host: this.#host,
      boot: this.#state.boot,
      server: this.#config.server,
      conflicts: this.#joining.conflicts,
      ...this.#sending.status,
      ...this.#reading.logs.status,
      failedCollectors: this.#reading.failedCollectors,
      leftOut: this.#reading.leftOut,
    };
  }

  drain(patienceMs: number): Promise<void> {
    return this.#sending.drain(patienceMs);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#early);
    for (const repeated of this.#repeated) await repeated.stop();
    await this.#reading.logs.stop();
    this.#reading.tellStop(Date.now());
    await this.#sending.drain(STOP_PATIENCE_MS);
    await this.#sending.stop();
    this.#reading.logs.close();
    this.#spool.close();
    this.#lock?.release();
    this.#log.info('the agent stopped', { waiting: this.#spool.stats.frames });
  }

  #repeat(name: string, everyMs: number, run: () => unknown): void {
    this.#repeated.push(every(everyMs, run, (error) => this.#log.error(`${name} failed`, { error })));
  }
}
