// What the agent gathers of its host: metrics, processes, JVMs, log lines, who the host is and what happened to the agent itself. It hands all of it on
// in parts of frames, remembers what it cannot look at, and sends nothing.
import { statfsSync } from 'node:fs';
import type { Logger } from '../core/logger.ts';
import { nanosFromMillis } from '../core/time.ts';
import { changeTitle } from '../schemas/inventory-words.ts';
import type { Collector, FilesystemSpace, OwnFigures } from './collectors/collector.ts';
import { COLLECTORS } from './collectors/list.ts';
import { Samples } from './collectors/samples.ts';
import type { AgentConfig } from './config.ts';
import { DiskRoom } from './disk-room.ts';
import type { HostFiles } from './host-files.ts';
import { eventBatch, type Inventory, inventoryBatch, inventoryChanges, inventoryTexts, readInventory } from './inventory.ts';
import { JvmTable } from './jvm/jvm-table.ts';
import { Logs } from './logs/logs.ts';
import type { DeliverLines } from './logs/tailer.ts';
import { Mask } from './mask/mask.ts';
import { OwnRule } from './mask/own-rule.ts';
import type { OutboxPart } from './outbox.ts';
import { ProcessTable } from './processes/process-table.ts';
import type { Sending } from './sending.ts';
import type { Spool } from './spool/spool.ts';
import type { AgentState } from './state.ts';
import { systemStart } from './system-start.ts';

export interface ReadingOptions {
  readonly config: AgentConfig;
  readonly host: string;
  /** Of the product, told in the inventory. */
  readonly version: string;
  readonly files: HostFiles;
  readonly state: AgentState;
  readonly spool: Spool;
  /** Where all goes. */
  readonly sending: Pick<Sending, 'put' | 'putLines' | 'lostSome'>;
  /** What the agent says of itself. */
  readonly own: () => OwnFigures;
  readonly log: Logger;
}

/** While the spool is fuller than this, log lines wait in their own files. */
const PRESSED = 0.5;
/** Characters of what is left out, as a label of the inventory. */
const MOST_LEFT_OUT = 1000;

export class Reading {
  readonly #options: ReadingOptions;
  readonly #leftOut = new Set<string>();
  readonly #samples: Samples;
  readonly #collectors: readonly Collector[];
  readonly failedCollectors = new Map<string, number>();
  readonly logs: Logs;
  readonly #processes: ProcessTable;
  readonly #jvms: JvmTable;
  readonly #room: DiskRoom;
  #inventoryTold = 0;

  constructor(options: ReadingOptions) {
    const { config, host, files, state, own } = options;
    this.#options = options;
    this.#room = new DiskRoom(config.folder);
    this.#samples = new Samples(host, config.metricsMs, config.repeatMs);
    const sources = { files, space: (mountpoint: string) => this.#space(mountpoint), own };
    this.#collectors = COLLECTORS.map((make) => make(this.#samples, sources));
    const mask = new Mask(
      config.maskSecrets,
      config.masks.map((pattern) => new OwnRule(pattern)),
    );
    const leftOut = (what: string): void => this.#leaveOut(what);
    this.#processes = new ProcessTable({ files, host, systemStart: systemStart(files, state), mask, leftOut });
    this.#jvms = new JvmTable({ files, host, mask, leftOut });
    this.logs = this.#makeLogs(mask);
  }

  /** What is not collected, most often for want of root. */
  get leftOut(): readonly string[] {
    const waiting = this.#room.isShort(performance.now())
      ? ['log lines for now, which wait in their files: the disk of the agent’s folder is nearly full']
      : [];
    const { droppedFrames } = this.#options.spool.stats;
    const dropped = droppedFrames > 0 ? ['what the spool had no room for (inframirror.agent.frames.dropped counts it)'] : [];
    return [...this.#leftOut, ...waiting, ...dropped];
  }

  /** The definitions of all series go again with the next samples. */
  redefine(): void {
    this.#samples.redefine();
  }

  /**
   * What is known at once is told before the first interval is over: who this is first, since the rest is enriched by it,
   * but only after everything was looked at once, so that it says what is left out.
   */
  async first(now: number): Promise<void> {
    const { host, version, state, sending } = this.#options;
    const processes = await this.#gatherProcesses();
    const metrics = this.#gatherMetrics();
    this.logs.start(now);
    const attributes = new Map([
      ['version', version],
      ['boot', state.boot.toString()],
      ...(this.leftOut.length === 0 ? [] : [['left_out', this.leftOut.join('; ')] as const]),
    ]);
    sending.put([this.#event(now, 'agent.start', `The agent on ${host} started`, attributes)]);
    this.tellInventory(now);
    this.#putMetrics(metrics);
    sending.put(processes);
  }

  tellStop(now: number): void {
    const { host, sending } = this.#options;
    sending.put([this.#event(now, 'agent.stop', `The agent on ${host} stopped`, new Map())]);
  }

  collect(): void {
    this.#putMetrics(this.#gatherMetrics());
  }

  async sampleProcesses(): Promise<void> {
    this.#options.sending.put(await this.#gatherProcesses());
  }

  tellInventory(now: number): void {
    const { config, host, version, files, state, sending, log } = this.#options;
    const left = this.leftOut.join('; ').slice(0, MOST_LEFT_OUT);
    const labels = left === '' ? config.labels : new Map([...config.labels, ['agent.left_out', left]]);
    const inventory = readInventory(files, host, labels, version);
    const texts = inventoryTexts(inventory);
    const before = state.stored.inventory;
    const changes = inventoryChanges(new Map(Object.entries(before ?? {})), texts);
    if (changes.size === 0 && this.#inventoryTold !== 0 && now - this.#inventoryTold < config.repeatMs) return;
    const parts: OutboxPart[] = [this.#inventoryPart(inventory, now)];
    if (before === undefined) parts.push(this.#event(now, 'inventory.new', `${host} reports for the first time`, texts));
    else if (changes.size > 0) parts.push(this.#event(now, 'inventory.change', changeTitle(host, changes), changes));
    if (!sending.put(parts)) return;
    this.#inventoryTold = now;
    if (changes.size === 0) return;
    try {
      state.keep({ inventory: Object.fromEntries(texts) });
    } catch (error) {
      log.warn('the inventory cannot be kept; its changes are told again after a restart', { error });
    }
  }

  #putMetrics(parts: readonly OutboxPart[]): void {
    if (!this.#options.sending.put(parts)) this.#samples.redefine();
  }

  #gatherMetrics(): readonly OutboxPart[] {
    const now = Date.now();
    // Definitions may have been in what was lost.
    if (this.#options.sending.lostSome()) this.#samples.redefine();
    this.#samples.begin(now);
    for (const collector of this.#collectors) {
      try {
        collector.collect(now);
      } catch (error) {
        this.#failed(collector.name, error);
      }
    }
    const taken = this.#samples.take();
    if (taken === undefined) return [];
    const time = nanosFromMillis(now);
    const metrics: OutboxPart = { schema: 'metrics', batch: taken.metrics, from: time, to: time };
    return taken.definitions === undefined ? [metrics] : [{ schema: 'series', batch: taken.definitions }, metrics];
  }

  async #gatherProcesses(): Promise<readonly OutboxPart[]> {
    const now = Date.now();
    const batch = await this.#processes.sample(now);
    const time = nanosFromMillis(now);
    const parts: OutboxPart[] = [{ schema: 'processes', batch, from: time, to: time }];
    try {
      parts.push({ schema: 'jvm', batch: await this.#jvms.sample(now, this.#processes.seen()), from: time, to: time });
    } catch (error) {
      this.#failed('jvm', error);
    }
    return parts.filter((part) => part.batch.length > 0);
  }

  #failed(collector: string, error: unknown): void {
    const failed = this.failedCollectors.get(collector) ?? 0;
    this.failedCollectors.set(collector, failed + 1);
    if (failed === 0) this.#options.log.error('a collector failed; its further failures are counted only', { collector, error });
    this.#leaveOut(`the collector ${collector}, which failed`);
  }

  #inventoryPart(inventory: Inventory, now: number): OutboxPart {
    const time = nanosFromMillis(now);
    return { schema: 'inventory', batch: inventoryBatch(inventory, now), from: time, to: time };
  }

  #event(now: number, kind: string, title: string, attributes: ReadonlyMap<string, string>): OutboxPart {
    const time = nanosFromMillis(now);
    return { schema: 'events', batch: eventBatch(now, kind, title, this.#options.host, attributes), from: time, to: time };
  }

  #makeLogs(mask: Mask): Logs {
    const { config, host, files, state, spool, sending, log } = this.#options;
    const deliver: DeliverLines = (lines, positions) => {
      const { batch, from, to } = lines.take();
      try {
        sending.putLines({ schema: 'logs', batch, from, to }, positions);
      } catch (error) {
        this.#room.refused(performance.now());
        throw error;
      }
      try {
        state.settle();
      } catch (error) {
        log.debug('where the folder is cannot be kept; it is looked at again', { error });
      }
    };
    const pressed = (): boolean => spool.stats.bytes > config.spoolBytes * PRESSED || this.#room.isShort(performance.now());
    const leftOut = (what: string): void => this.#leaveOut(what);
    return new Logs({ config, host, files, log, leftOut, mask, isPutBack: state.isPutBack, pressed }, deliver, spool.positions.values());
  }

  #space(mountpoint: string): FilesystemSpace | undefined {
    try {
      return statfsSync(this.#options.files.path(mountpoint));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') this.#leaveOut('filesystems that only root may look at');
      return undefined;
    }
  }

  #leaveOut(what: string): void {
    if (this.#leftOut.has(what)) return;
    this.#leftOut.add(what);
    this.#options.log.info('left out', { what });
  }
}
