// The agent of one host: starts its parts, runs each in its time, and says how it is. It needs no root, has no native add-on and executes nothing but `journalctl`.
// What it cannot look at is left out, named once in the log and shown in its status and its inventory.
import { randomUUID } from 'node:crypto';
import { mkdirSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { nanosFromMillis } from '../core/time.ts';
import { changeTitle } from '../schemas/inventory-words.ts';
import { bounded } from './bounded.ts';
import type { Collector, FilesystemSpace } from './collectors/collector.ts';
import { COLLECTORS } from './collectors/list.ts';
import { Samples } from './collectors/samples.ts';
import type { AgentConfig } from './config.ts';
import { Credentials } from './credentials.ts';
import { HostFiles } from './host-files.ts';
import { type FoundIdentity, type Identity, readIdentity } from './identity.ts';
import { eventBatch, type Inventory, inventoryBatch, inventoryChanges, inventoryTexts, readInventory } from './inventory.ts';
import { lockFolder } from './lock.ts';
import { Logs, type LogsStatus } from './logs/logs.ts';
import type { DeliverLines } from './logs/tailer.ts';
import { machineOf, machinePrint } from './machine.ts';
import { Mask } from './mask/mask.ts';
import { ownRule } from './mask/own-rule.ts';
import { Outbox, type OutboxPart } from './outbox.ts';
import { ProcessTable } from './processes/process-table.ts';
import { every, type Repeated } from './repeat.ts';
import { Sender } from './send.ts';
import { codedOf, ServerCalls } from './server-calls.ts';
import { type FrameMeta, Spool } from './spool/spool.ts';
import { AgentState } from './state.ts';
import { systemStart } from './system-start.ts';

export interface AgentDependencies {
  readonly log: Logger;
  /** Of the product, told in the inventory. */
  readonly version: string;
}

export interface AgentStatus extends LogsStatus {
  readonly id: string;
  readonly host: string;
  readonly boot: bigint;
  readonly server: string;
  readonly sentFrames: number;
  readonly sentBytes: number;
  /** Attempts that failed and are repeated. */
  readonly failures: number;
  /** Answers, among those, of something that is not InfraMirror. */
  readonly foreignAnswers: number;
  /** Times the server had a later run of this agent, as when its folder was copied. */
  readonly conflicts: number;
  /** Age of the frame that waits longest, s; 0 when none waits. */
  readonly oldestWaiting: number;
  readonly spoolBytes: number;
  /** Frames that wait. */
  readonly spoolFrames: number;
  /** Frames that never reached the server, by reason. */
  readonly droppedFrames: ReadonlyMap<string, number>;
  readonly lastError: { readonly at: number; readonly message: string } | undefined;
  /** When the server last acknowledged a frame, ms. */
  readonly lastSent: number | undefined;
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

/** While the spool is fuller than this, log lines wait in their own files. */
const PRESSED = 0.5;
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
  readonly #deps: AgentDependencies;
  readonly #log: Logger;
  readonly #host: string;
  readonly #machine: string;
  readonly #identity: FoundIdentity;
  readonly #files: HostFiles;
  readonly #leftOut = new Set<string>();
  readonly #lost = new Map<string, number>();
  readonly #repeated: Repeated[] = [];
  readonly #samples: Samples;
  readonly #mask: Mask;
  readonly #collectors: readonly Collector[];
  readonly #failedCollectors = new Map<string, number>();
  #state!: AgentState;
  #spool!: Spool;
  #sender!: Sender;
  #credentials!: Credentials;
  readonly #stopping = new AbortController();
  #outbox!: Outbox;
  #logs!: Logs;
  #processes!: ProcessTable;
  #unlock: () => Promise<void> = () => Promise.resolve();
  #early: NodeJS.Timeout | undefined;
  #inventoryTold = 0;
  #droppedSeen = 0;
  /** Times the server had a later run, or other rows, of this agent. */
  #conflicts = 0;
  /** Frames of metrics from this seq on have the definitions that the server asked for last. */
  #definedAgain = 0;
  #stopped: Promise<void> | undefined;

  constructor(config: AgentConfig, deps: AgentDependencies) {
    this.#config = config;
    this.#deps = deps;
    this.#log = deps.log.with({ role: 'agent' });
    this.#files = new HostFiles(config.root);
    this.#mask = new Mask(config.maskSecrets, config.masks.map(ownRule));
    this.#machine = machineOf(this.#files);
    this.#identity = readIdentity(config.folder, machinePrint(this.#machine));
    this.#host = hostOf(config, this.#identity.identity);
    this.#samples = new Samples(this.#host, config.metricsMs, config.repeatMs);
    const sources = { files: this.#files, space: (mountpoint: string) => this.#space(mountpoint), own: () => this.status() };
    this.#collectors = COLLECTORS.map((make) => make(this.#samples, sources));
  }

  async start(): Promise<void> {
    const { folder, spoolBytes, segmentBytes, fsync } = this.#config;
    const now = Date.now();
    const refused = (error: unknown): CodedError => new CodedError('agent.folder', { folder, reason: (error as Error).message }, { cause: error });
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw refused(error);
    }
    this.#unlock = await lockFolder(folder, LOCK_PATIENCE_MS);
    try {
      this.#state = new AgentState(folder, now, this.#machine);
      this.#spool = new Spool({ folder: `${folder}/spool`, limitBytes: spoolBytes, segmentBytes, fsync });
    } catch (error) {
      await this.#unlock();
      throw refused(error);
    }
    const events = {
      acknowledged: (meta: FrameMeta, wantsDefinitions: boolean) => {
        if (wantsDefinitions) this.#defineAgain(meta);
      },
      refused: () => this.#samples.redefine(),
      shutOut: (code: string, next: bigint) => this.#renumber(code, next),
      renumbered: () => this.#state.stored.renumbered,
    };
    const way = this.#makeWay();
    this.#credentials = way.credentials;
    this.#sender = new Sender(this.#spool, this.#config, way, events, this.#log, this.#stopping);
    if (this.#state.isCopy) this.#log.warn('the folder was another machine’s: the agent takes an id of its own', { id: this.#state.id });
    const identity = () => ({ agent: this.#state.id, boot: this.#state.boot });
    this.#outbox = new Outbox(this.#spool, { identity, host: this.#host, labels: this.#config.labels }, () => this.#sender.notify());
    this.#processes = new ProcessTable({
      files: this.#files,
      host: this.#host,
      systemStart: systemStart(this.#files, this.#state),
      mask: this.#mask,
      leftOut: (what) => this.#leaveOut(what),
    });
    this.#logs = this.#makeLogs();
    await this.#join();
    this.#sender.start();
    await this.#first(now);
    const { metricsMs, processesMs, logsMs, discoverMs, inventoryMs } = this.#config;
    this.#repeat('metrics', metricsMs, () => this.#collect());
    this.#repeat('processes', processesMs, () => this.#sampleProcesses());
    this.#repeat('logs', logsMs, () => this.#logs.read());
    this.#repeat('log files', discoverMs, () => this.#logs.discover(Date.now()));
    this.#repeat('inventory', inventoryMs, () => this.#tellInventory(Date.now()));
    if (metricsMs >= 5 * EARLY_MS) this.#early = setTimeout(() => this.#collect(), EARLY_MS);
    this.#log.info('the agent runs', { host: this.#host, server: this.#config.server, waiting: this.#spool.stats.frames });
  }

  #makeWay(): { readonly calls: ServerCalls; readonly credentials: Credentials } {
    const { server, requestMs, folder, join, tokenFile } = this.#config;
    const calls = new ServerCalls(server, requestMs, this.#stopping.signal);
    const credentials = new Credentials({
      calls,
      folder,
      host: this.#host,
      machine: machinePrint(this.#machine),
      ...this.#identity,
      boot: () => this.#state.boot,
      join,
      tokenFile,
      joined: ({ id }) => this.#adopt(id),
      log: this.#log,
    });
    return { calls, credentials };
  }

  /** A server that refuses is told at once; one that does not answer is asked again when there is something to send. */
  async #join(): Promise<void> {
    const { identity } = this.#credentials;
    // A start may have been cut short between joining and this.
    if (identity !== undefined && identity.id !== this.#state.id) this.#adopt(identity.id);
    if (identity !== undefined) return;
    const refused = await this.#credentials.joinAnew().catch((error: unknown) => {
      if (error instanceof CodedError) return error;
      this.#log.warn('the server does not answer yet; it is joined when it does', { server: this.#config.server, reason: (error as Error).message });
      return undefined;
    });
    const error = refused instanceof CodedError ? refused : refused === undefined ? undefined : codedOf(refused.refused);
    if (error === undefined) return;
    this.#spool.close();
    await this.#unlock();
    throw error;
  }

  /** What waits goes under the id that the agent has from now on. */
  #adopt(id: string): void {
    if (id === this.#state.id) return;
    try {
      this.#state.renumber(this.#state.boot + 1n, this.#spool.end, id);
    } catch (error) {
      this.#log.warn('the agent’s id cannot be kept; it is taken up again after a restart', { error });
    }
    this.#samples.redefine();
  }

  status(): AgentStatus {
    const { bytes, frames, droppedFrames } = this.#spool.stats;
    const { sentFrames, sentBytes, refusedFrames, failures, foreignAnswers, oldestMade, lastError, lastSent } = this.#sender.status;
    const dropped = new Map([['spool full', droppedFrames], ['refused', refusedFrames], ...this.#lost]);
    return {
      id: this.#state.id,
      host: this.#host,
      boot: this.#state.boot,
      server: this.#config.server,
      sentFrames,
      sentBytes,
      failures,
      foreignAnswers,
      conflicts: this.#conflicts,
      oldestWaiting: frames === 0 || oldestMade === undefined ? 0 : Math.max(0, Date.now() - oldestMade) / 1000,
      spoolBytes: bytes,
      spoolFrames: frames,
      droppedFrames: dropped,
      lastError,
      lastSent,
      ...this.#logs.status,
      failedCollectors: this.#failedCollectors,
      leftOut: [...this.#leftOut],
    };
  }

  drain(patienceMs: number): Promise<void> {
    return this.#sender.drain(patienceMs);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#early);
    for (const repeated of this.#repeated) await repeated.stop();
    await this.#logs.stop();
    this.#put([this.#event(Date.now(), 'agent.stop', `The agent on ${this.#host} stopped`, new Map())]);
    await this.#sender.drain(STOP_PATIENCE_MS);
    await this.#sender.stop();
    this.#logs.close();
    this.#spool.close();
    await this.#unlock();
    this.#log.info('the agent stopped', { waiting: this.#spool.stats.frames });
  }

  /**
   * What is known at once is told before the first interval is over: who this is first, since the rest is enriched by it,
   * but only after everything was looked at once, so that it says what is left out.
   */
  async #first(now: number): Promise<void> {
    const processes = await this.#gatherProcesses();
    const metrics = this.#gatherMetrics();
    this.#logs.start(now);
    const attributes = new Map([
      ['version', this.#deps.version],
      ['boot', this.#state.boot.toString()],
      ...(this.#leftOut.size === 0 ? [] : [['left_out', [...this.#leftOut].join('; ')] as const]),
    ]);
    this.#put([this.#event(now, 'agent.start', `The agent on ${this.#host} started`, attributes)]);
    this.#tellInventory(now);
    this.#putMetrics(metrics);
    this.#put(processes);
  }

  #collect(): void {
    this.#putMetrics(this.#gatherMetrics());
  }

  #putMetrics(parts: readonly OutboxPart[]): void {
    if (!this.#put(parts)) this.#samples.redefine();
  }

  #gatherMetrics(): readonly OutboxPart[] {
    const now = Date.now();
    const { droppedFrames, damaged } = this.#spool.stats;
    // Definitions may have been in what was lost.
    if (droppedFrames + damaged > this.#droppedSeen) this.#samples.redefine();
    this.#droppedSeen = droppedFrames + damaged;
    this.#samples.begin(now);
    for (const collector of this.#collectors) {
      try {
        collector.collect(now);
      } catch (error) {
        const failed = this.#failedCollectors.get(collector.name) ?? 0;
        this.#failedCollectors.set(collector.name, failed + 1);
        if (failed === 0) this.#log.error('a collector failed; its further failures are counted only', { collector: collector.name, error });
        this.#leaveOut(`the collector ${collector.name}, which failed`);
      }
    }
    const taken = this.#samples.take();
    if (taken === undefined) return [];
    const time = nanosFromMillis(now);
    const metrics: OutboxPart = { schema: 'metrics', batch: taken.metrics, from: time, to: time };
    return taken.definitions === undefined ? [metrics] : [{ schema: 'series', batch: taken.definitions }, metrics];
  }

  /** A second time in one run means that somebody else sends under this id. */
  #renumber(code: string, next: bigint): void {
    const isAgain = code !== 'intake.future-run' && ++this.#conflicts > 1;
    // Who has joined has an id that is his: the server finds out who else uses it.
    const asAnother = isAgain && this.#credentials.identity === undefined;
    try {
      this.#state.renumber(next, this.#spool.end, asAnother ? randomUUID() : undefined);
    } catch (error) {
      this.#log.warn('the new number of the run cannot be kept; it is asked for again after a restart', { error });
    }
    this.#samples.redefine();
    this.#log.warn('the server knows a later run of this agent: what waits is numbered anew', {
      code,
      boot: this.#state.boot,
      ...(asAnother ? { id: this.#state.id } : {}),
    });
  }

  /** Frames that waited when it was asked first, and those of an earlier run, ask for the same. */
  #defineAgain({ boot, seq }: FrameMeta): void {
    if (boot !== this.#state.boot.toString() || seq < this.#definedAgain) return;
    this.#samples.redefine();
    this.#definedAgain = this.#outbox.nextSeq;
    this.#log.info('the server asks for the definitions of the series; they go with the next samples');
  }

  async #sampleProcesses(): Promise<void> {
    this.#put(await this.#gatherProcesses());
  }

  async #gatherProcesses(): Promise<readonly OutboxPart[]> {
    const now = Date.now();
    const batch = await this.#processes.sample(now);
    const time = nanosFromMillis(now);
    return batch.length > 0 ? [{ schema: 'processes', batch, from: time, to: time }] : [];
  }

  #tellInventory(now: number): void {
    const labels =
      this.#leftOut.size === 0 ? this.#config.labels : new Map([...this.#config.labels, ['agent.left_out', [...this.#leftOut].join('; ').slice(0, 1000)]]);
    const inventory = readInventory(this.#files, this.#host, labels, this.#deps.version);
    const texts = inventoryTexts(inventory);
    const before = this.#state.stored.inventory;
    const changes = inventoryChanges(new Map(Object.entries(before ?? {})), texts);
    if (changes.size === 0 && this.#inventoryTold !== 0 && now - this.#inventoryTold < this.#config.repeatMs) return;
    const parts: OutboxPart[] = [this.#inventoryPart(inventory, now)];
    if (before === undefined) parts.push(this.#event(now, 'inventory.new', `${this.#host} reports for the first time`, texts));
    else if (changes.size > 0) parts.push(this.#event(now, 'inventory.change', changeTitle(this.#host, changes), changes));
    if (!this.#put(parts)) return;
    this.#inventoryTold = now;
    if (changes.size === 0) return;
    try {
      this.#state.keep({ inventory: Object.fromEntries(texts) });
    } catch (error) {
      this.#log.warn('the inventory cannot be kept; its changes are told again after a restart', { error });
    }
  }

  #inventoryPart(inventory: Inventory, now: number): OutboxPart {
    const time = nanosFromMillis(now);
    return { schema: 'inventory', batch: inventoryBatch(inventory, now), from: time, to: time };
  }

  #event(now: number, kind: string, title: string, attributes: ReadonlyMap<string, string>): OutboxPart {
    const time = nanosFromMillis(now);
    return { schema: 'events', batch: eventBatch(now, kind, title, this.#host, attributes), from: time, to: time };
  }

  #makeLogs(): Logs {
    const options = {
      config: this.#config,
      host: this.#host,
      files: this.#files,
      log: this.#log,
      leftOut: (what: string) => this.#leaveOut(what),
      mask: this.#mask,
      pressed: () => this.#spool.stats.bytes > this.#config.spoolBytes * PRESSED,
    };
    const deliver: DeliverLines = (batch, positions) => {
      const { batch: rows, from, to } = batch.take();
      this.#outbox.put([{ schema: 'logs', batch: rows, from, to }], positions);
    };
    return new Logs(options, deliver, this.#spool.positions.values());
  }

  /** False when the spool refused it, which is counted; nothing is no frame. */
  #put(parts: readonly OutboxPart[]): boolean {
    if (parts.length === 0) return true;
    try {
      this.#outbox.put(parts);
      return true;
    } catch (error) {
      if (!this.#lost.has('spool refused')) this.#log.error('the spool takes no more frames', { error });
      this.#lost.set('spool refused', (this.#lost.get('spool refused') ?? 0) + 1);
      return false;
    }
  }

  #space(mountpoint: string): FilesystemSpace | undefined {
    try {
      return statfsSync(this.#files.path(mountpoint));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') this.#leaveOut('filesystems that only root may look at');
      return undefined;
    }
  }

  #leaveOut(what: string): void {
    if (this.#leftOut.has(what)) return;
    this.#leftOut.add(what);
    this.#log.info('left out', { what });
  }

  #repeat(name: string, everyMs: number, run: () => void | Promise<void>): void {
    this.#repeated.push(every(everyMs, run, (error) => this.#log.error(`${name} failed`, { error })));
  }
}
