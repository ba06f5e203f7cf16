// Frames through the door into a pipeline that works on real stores in a folder of their own, for the tests of one file; it is stopped and
// started as they like. No part of the product.
import { afterAll, beforeAll, expect } from 'vitest';
import { type Value, valueAt } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { openDoor } from '../../ingest/door.ts';
import { frameOf, partOf } from '../../ingest/testing/frames.ts';
import type { OwnFramePart } from '../../schemas/frame.ts';
import type { Keeper } from '../keeper.ts';
import { type Pipeline, type PipelineOptions, startPipeline } from '../start.ts';
import { startKeeper } from '../start-keeper.ts';
import { holdStores } from './held-stores.ts';
import type { Stores } from './stores.ts';

/** The value of a sample. */
export const VALUE = 'if(exponent <= 6, mantissa / exp10(exponent), float)';
/** The beginning of this one, ms. */
export const minute = Math.floor(Date.now() / 60_000) * 60_000;

export const inventoryPart = (host: string, labels: Readonly<Record<string, string>>, ms: number): OwnFramePart =>
  partOf('inventory', {
    time: [BigInt(ms) * 1_000_000n],
    host: [host],
    os: ['Linux'],
    cores: [4],
    memory: [8n << 30n],
    addresses: [['10.0.0.1', '::1']],
    labels: [new Map(Object.entries(labels))],
  });

/** To be called once, outside of tests: all of the file have one pipeline, which runs when the first begins. */
export const framesToRows = () => {
  const telemetry = new TelemetryRegistry();
  let stores: Stores;
  let pipeline: Pipeline;
  let keeper: Keeper;
  /** One seq after the other, over all senders. */
  let seq = 1;

  const start = async (more: Partial<PipelineOptions> = {}): Promise<void> => {
    pipeline = await startPipeline({ ...stores, telemetry, logger: silentLogger, ...more });
    keeper = startKeeper({ ...stores, telemetry, logger: silentLogger, shared: pipeline.shared });
  };
  const stop = async (): Promise<void> => {
    await keeper?.stop();
    await pipeline?.stop();
  };
  holdStores('rows', (opened) => {
    stores = opened;
  });
  beforeAll(() => start(), 120_000);
  afterAll(stop, 60_000);

  /** `at`: its seq; default: the next one. Resolves to the frame when the door has taken it. */
  const send = async (sender: string, parts: readonly OwnFramePart[], at = seq): Promise<Uint8Array> => {
    const door = openDoor({ stream: stores.stream, telemetry, log: silentLogger });
    seq = Math.max(seq, at + parts.length);
    const body = frameOf(parts, { agent: sender, host: sender, seq: at });
    const answer = await door.receiveFrames({ headers: {}, body, rights: { post: true } });
    expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
    return body;
  };
  /** Until everything that came is in its store. */
  const settled = async (): Promise<void> => {
    while ((await pipeline.status()).partitions.some(({ lag }) => lag !== 0n)) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const rowsOf = async (sql: string): Promise<readonly (readonly Value[])[]> =>
    (await stores.columns.query(sql)).batches.flatMap((batch) =>
      Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => valueAt(column, row))),
    );
  return {
    telemetry,
    start,
    stop,
    send,
    settled,
    rowsOf,
    get stores() {
      return stores;
    },
    get pipeline() {
      return pipeline;
    },
    get nextSeq() {
      return seq;
    },
  };
};
