// What the server measures of itself for `/metrics`, beside what the rooms count: its process, its event loop, its stores' room. Cheap things are
// read when they are asked for; what takes a while, each half minute. It changes nothing.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { TelemetryRegistry } from '../../core/telemetry.ts';
import type { BackupNotes } from '../backup/notes.ts';
import type { DeadLetters } from '../dead-letters.ts';
import type { StoreKeeper } from '../engines.ts';
import type { PipelineProcess } from '../pipeline/pipeline-process.ts';
import type { StoreSpaces } from '../store-spaces.ts';
import { VERSION } from '../version.ts';
import { describeMeasures } from './measures.ts';

export interface OwnMeasuresOptions {
  readonly telemetry: TelemetryRegistry;
  readonly spaces: Pick<StoreSpaces, 'read'>;
  readonly keepers: Readonly<Record<string, StoreKeeper>>;
  readonly pipeline: Pick<PipelineProcess, 'pid' | 'restarts' | 'usage'>;
  readonly notes: () => BackupNotes;
  readonly letters: Pick<DeadLetters, 'waiting'>;
  readonly areSettingsTaken: () => boolean;
  /** How many Status names. */
  readonly problems: () => number;
  readonly keeps: () => boolean;
  /** ms. */
  readonly begun: number;
}

const WINDOW_MS = 30_000;
const NANOS = 1e9;
/** ms between two looks of Node's own timer, and so the delay that it tells of a loop that is never late. */
const RESOLUTION_MS = 10;

export class OwnMeasures {
  readonly #options: OwnMeasuresOptions;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #counted = new Map<string, number>();
  #pipelineCpu = 0;
  #timer: NodeJS.Timeout | undefined;
  #uncollect: (() => void) | undefined;

  constructor(options: OwnMeasuresOptions) {
    this.#options = options;
    describeMeasures(options.telemetry);
  }

  start(): void {
    const { telemetry } = this.#options;
    this.#delay.enable();
    this.#uncollect = telemetry.collect(() => this.#collect());
    this.#timer = setInterval(() => this.#look(), WINDOW_MS);
    this.#timer.unref();
    this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#uncollect?.();
    this.#delay.disable();
  }

  #look(): void {
    const { telemetry, spaces, letters } = this.#options;
    const late = (nanos: number): number => Math.max(0, (Number.isFinite(nanos) ? nanos : 0) / NANOS - RESOLUTION_MS / 1000);
    telemetry.set('inframirror_event_loop_delay_p99_seconds', {}, late(this.#delay.percentile(99)));
    telemetry.set('inframirror_event_loop_delay_max_seconds', {}, this.#delay.count === 0 ? 0 : late(this.#delay.max));
    this.#delay.reset();
    void letters.waiting().then(
      ({ count }) => telemetry.set('inframirror_dead_letters', {}, count),
      // Status says which store is down.
      () => undefined,
    );
    void spaces.read().then((stores) => {
      for (const { name, bytes, diskFree, diskSize } of stores)
        for (const [measure, value] of [
          ['inframirror_store_bytes', bytes],
          ['inframirror_disk_free_bytes', diskFree],
          ['inframirror_disk_size_bytes', diskSize],
        ] as const)
          if (value !== undefined) telemetry.set(measure, { store: name }, value);
    });
  }

  #collect(): void {
    const { telemetry, keepers, notes, begun } = this.#options;
    telemetry.set('inframirror_build_info', { version: VERSION, node: process.versions.node }, 1);
    telemetry.set('process_start_time_seconds', {}, begun / 1000);
    telemetry.set('process_resident_memory_bytes', {}, process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    this.#count('process_cpu_seconds_total', {}, (user + system) / 1e6);
    for (const [store, keeper] of Object.entries(keepers)) {
      if ('at' in keeper) continue;
      const { pid, restarts } = keeper;
      telemetry.set('inframirror_store_up', { store }, pid === undefined ? 0 : 1);
      this.#count('inframirror_store_restarts_total', { store }, restarts);
    }
    const { pid, restarts, usage } = this.#options.pipeline;
    telemetry.set('inframirror_pipeline_process_up', {}, pid === undefined ? 0 : 1);
    this.#count('inframirror_pipeline_process_restarts_total', {}, restarts);
    telemetry.set('inframirror_pipeline_process_resident_memory_bytes', {}, usage.memory);
    this.#cpuOfPipeline(usage.cpu);
    telemetry.set('inframirror_problems', {}, this.#options.problems());
    telemetry.set('inframirror_keeps', {}, this.#options.keeps() ? 1 : 0);
    telemetry.set('inframirror_settings_taken', {}, this.#options.areSettingsTaken() ? 1 : 0);
    const { last } = notes();
    if (last !== undefined) telemetry.set('inframirror_backup_timestamp_seconds', {}, Date.parse(last.point) / 1000);
  }

  /** Of each of its processes in turn. */
  #cpuOfPipeline(seconds: number): void {
    if (seconds < this.#pipelineCpu) this.#pipelineCpu = 0;
    this.#options.telemetry.add('inframirror_pipeline_process_cpu_seconds_total', {}, seconds - this.#pipelineCpu);
    this.#pipelineCpu = seconds;
  }

  /** A counter that somebody else keeps. */
  #count(name: string, labels: Readonly<Record<string, string>>, total: number): void {
    const key = `${name} ${labels.store ?? ''}`;
    this.#options.telemetry.add(name, labels, Math.max(0, total - (this.#counted.get(key) ?? 0)));
    this.#counted.set(key, total);
  }
}
