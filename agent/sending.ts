// What becomes of what was gathered: it goes into frames, into the spool and to the server, in order; what is lost on the way is counted by its
// reason. It gathers nothing, and decides under which identity a frame goes as little as what is in it.
import type { Logger } from '../core/logger.ts';
import type { AgentConfig } from './config.ts';
import { type DropCounts, DroppedFrames } from './dropped.ts';
import type { Position } from './logs/position.ts';
import { Outbox, type OutboxPart } from './outbox.ts';
import type { Renumbered } from './renumber.ts';
import { Sender, type SenderEvents, type SenderStatus, type SenderWay } from './send.ts';
import type { FrameMeta, Spool } from './spool/spool.ts';

export interface SendingOptions {
  readonly config: AgentConfig;
  readonly host: string;
  readonly spool: Spool;
  readonly way: SenderWay;
  readonly log: Logger;
  readonly stopping: AbortController;
  /** As they are now. */
  readonly identity: () => { readonly agent: string; readonly boot: bigint };
  readonly renumbered: () => Renumbered | undefined;
  /** The server shuts out what waits; from the number `next` on runs are free. */
  readonly shutOut: NonNullable<SenderEvents['shutOut']>;
  /** The definitions of all series are to go again with the next samples. */
  readonly redefine: () => void;
}

export interface SendingStatus extends Omit<SenderStatus, 'refusedFrames' | 'oldestMade'> {
  /** Age of the frame that waits longest, s; 0 when none waits. */
  readonly oldestWaiting: number;
  readonly spoolBytes: number;
  /** Frames that wait. */
  readonly spoolFrames: number;
  /** Bytes of those. */
  readonly spoolWaiting: number;
  /** Frames that never reached the server, by reason, over all runs of the agent. */
  readonly droppedFrames: ReadonlyMap<string, number>;
}

export class Sending {
  readonly #options: SendingOptions;
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #dropped: DroppedFrames;
  /** Frames that the spool refused. */
  #lost = 0;
  #droppedSeen = 0;
  /** Frames of metrics from this seq on have the definitions that the server asked for last. */
  #definedAgain = 0;

  constructor(options: SendingOptions) {
    const { config, host, spool, way, log, stopping, identity, renumbered, shutOut, redefine } = options;
    this.#options = options;
    this.#dropped = new DroppedFrames(config.folder);
    const events = {
      acknowledged: (meta: FrameMeta, wantsDefinitions: boolean) => {
        if (wantsDefinitions) this.#defineAgain(meta);
      },
      refused: redefine,
      shutOut,
      renumbered,
    };
    this.#sender = new Sender(spool, config, way, events, log, stopping);
    this.#outbox = new Outbox(spool, { identity, host, labels: config.labels }, () => this.#sender.notify());
  }

  get status(): SendingStatus {
    const { refusedFrames: _, oldestMade, ...sent } = this.#sender.status;
    const { bytes, frames, waitingBytes } = this.#options.spool.stats;
    const dropped = this.#countDropped();
    return {
      ...sent,
      oldestWaiting: frames === 0 || oldestMade === undefined ? 0 : Math.max(0, Date.now() - oldestMade) / 1000,
      spoolBytes: bytes,
      spoolFrames: frames,
      spoolWaiting: waitingBytes,
      droppedFrames: new Map(Object.entries(dropped).filter(([reason, count]) => count > 0 || reason !== 'spool refused')),
    };
  }

  /** Counted over a restart from here on. */
  #countDropped(): DropCounts {
    const run = { 'spool full': this.#options.spool.stats.droppedFrames, refused: this.#sender.status.refusedFrames, 'spool refused': this.#lost };
    this.#dropped.keep(run);
    return this.#dropped.total(run);
  }

  /** Frames went that may have had definitions in them. */
  lostSome(): boolean {
    const { droppedFrames, damaged } = this.#options.spool.stats;
    const isMore = droppedFrames + damaged > this.#droppedSeen;
    this.#droppedSeen = droppedFrames + damaged;
    return isMore;
  }

  start(): void {
    this.#sender.start();
  }

  /** False when the spool refused it, which is counted; nothing is no frame. */
  put(parts: readonly OutboxPart[]): boolean {
    if (parts.length === 0) return true;
    try {
      this.#outbox.put(parts);
      return true;
    } catch (error) {
      if (this.#lost++ === 0) this.#options.log.error('the spool takes no more frames', { error });
      return false;
    } finally {
      this.#countDropped();
    }
  }

  /** With how far their files were read; throws when the spool refuses it: their reader keeps them. */
  putLines(part: OutboxPart, positions: readonly Position[]): void {
    this.#outbox.put([part], positions);
    this.#countDropped();
  }

  drain(patienceMs: number): Promise<void> {
    return this.#sender.drain(patienceMs);
  }

  stop(): Promise<void> {
    return this.#sender.stop();
  }

  /** Frames that waited when it was asked first, and those of an earlier run, ask for the same. */
  #defineAgain({ boot, seq }: FrameMeta): void {
    const { identity, redefine, log } = this.#options;
    if (boot !== identity().boot.toString() || seq < this.#definedAgain) return;
    redefine();
    this.#definedAgain = this.#outbox.nextSeq;
    log.info('the server asks for the definitions of the series; they go with the next samples');
  }
}
