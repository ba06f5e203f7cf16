// Makes frames of what the parts of the agent gather and puts them into the spool, numbered in order.
// A frame that the disk refuses is counted and gone, except for log lines, whose reader keeps them.
import { constants, zstdCompressSync } from 'node:zlib';
import type { Batch } from '../core/batch/batch.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { encodeFrame, type OwnFramePart } from '../schemas/frame.ts';
import { SIGNAL_VERSION, type SignalSchema } from '../schemas/tables.ts';
import type { Position } from './logs/position.ts';
import type { Spool } from './spool/spool.ts';

export interface OutboxPart {
  readonly schema: SignalSchema;
  readonly batch: Batch;
  /** Times of the earliest and the latest row, ns. */
  readonly from?: bigint;
  readonly to?: bigint;
}

export interface OutboxOptions {
  /** Asked for each frame. */
  readonly identity: () => { readonly agent: string; readonly boot: bigint };
  readonly host: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** Level 1: a third of the CPU of the default for a tenth more bytes. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export class Outbox {
  readonly #spool: Spool;
  readonly #options: OutboxOptions;
  readonly #added: () => void;
  #boot: bigint | undefined;
  #seq = 1;

  /** `added` is called for each frame that is in the spool. */
  constructor(spool: Spool, options: OutboxOptions, added: () => void) {
    this.#spool = spool;
    this.#options = options;
    this.#added = added;
  }

  /** Seq of the first part of the next frame. */
  get nextSeq(): number {
    return this.#seq;
  }

  /** Throws when the spool takes no more; then nothing has changed. What has positions waits in its files where the disk is full. */
  put(parts: readonly OutboxPart[], positions: readonly Position[] = []): void {
    const own = parts.map(({ schema, batch, from, to }): OwnFramePart => {
      const ipc = encodeStream([batch]);
      return {
        schema,
        version: SIGNAL_VERSION,
        rows: batch.length,
        ...(from === undefined || to === undefined ? {} : { from, to }),
        ipc: zstdCompressSync(ipc, ZSTD),
        encoding: 'zstd',
        size: ipc.length,
      };
    });
    const { identity, host, labels } = this.#options;
    const { agent, boot } = identity();
    // A new run counts anew.
    if (boot !== this.#boot) this.#seq = 1;
    this.#boot = boot;
    const frame = encodeFrame({ agent, host, boot, seq: this.#seq, sent: new Date().toISOString(), labels }, own);
    const rows = parts.reduce((sum, part) => sum + part.batch.length, 0);
    this.#spool.append({ boot: boot.toString(), seq: this.#seq, parts: parts.length, rows, made: Date.now() }, frame, positions, positions.length === 0);
    this.#seq += parts.length;
    this.#added();
  }
}
