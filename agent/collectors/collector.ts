// The contract of a collector, and what one is given. See `docs/adding-a-collector.md`.
import type { HostFiles } from '../host-files.ts';
import type { LogFailure } from '../logs/failures.ts';
import type { Instruments } from './samples.ts';

/** Space of a mounted filesystem, in its blocks; what `statfs` of the system says. */
export interface FilesystemSpace {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** What the agent knows of itself. */
export interface OwnFigures {
  readonly sentFrames: number;
  readonly sentBytes: number;
  readonly failures: number;
  readonly foreignAnswers: number;
  readonly conflicts: number;
  /** s. */
  readonly oldestWaiting: number;
  readonly spoolBytes: number;
  readonly spoolFrames: number;
  /** Bytes of those. */
  readonly spoolWaiting: number;
  /** By reason. */
  readonly droppedFrames: ReadonlyMap<string, number>;
  readonly logLines: number;
  readonly logLinesSkipped: number;
  readonly logBytesCut: number;
  readonly logBytesOfHoles: number;
  readonly logBytesLost: number;
  readonly logBytesBehind: number;
  readonly logFiles: number;
  /** A reader of lines or of a file that failed. */
  readonly logFailures: readonly LogFailure[];
  /** Runs that failed, by collector. */
  readonly failedCollectors: ReadonlyMap<string, number>;
}

export interface CollectorSources {
  readonly files: HostFiles;
  /** Undefined where the filesystem cannot be asked. */
  readonly space: (mountpoint: string) => FilesystemSpace | undefined;
  readonly own: () => OwnFigures;
}

/**
 * One subject of the host, read again and again.
 * - `collect` must set each of its instruments for what it finds now and leave out what is not there: a device that is gone
 *   gets no sample, never a zero.
 * - It must name metrics, units and labels after OpenTelemetry's semantic conventions; a label whose name there repeats the
 *   metric's own namespace stands without it (`device`, not `system.device`). `host` is put on by the instruments.
 * - Counters must be what the system counted since it began, never differences; ratios it works out itself must be rounded
 *   to four decimals with `ratio`, because the digits behind them cost five times the disk.
 * - It must not throw for a file that is missing, forbidden or of an unknown form, must not wait, and must not keep the file open.
 * - Labels must come from what the host has few of (devices, states), never from what grows (process ids, addresses).
 */
export interface Collector {
  readonly name: string;
  /** `now` is the time of the samples in ms; a ratio over time is of the span since the last call. */
  collect(now: number): void;
}

export type MakeCollector = (instruments: Instruments, sources: CollectorSources) => Collector;

/** Four decimals; undefined for a whole of nothing. */
export const ratio = (part: number, whole: number): number | undefined => (whole > 0 ? Math.round((part / whole) * 10_000) / 10_000 : undefined);
