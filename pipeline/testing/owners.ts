// A worker of one partition, given to one owner after another over a store that fails as its contract allows, in a time that is ours.
// For the tests of the insert and progress protocol. No part of the product.
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { CodedError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import type { Message, SavedProgress, StoredMessage } from '../../engines/stream/port.ts';
import { ipcOf } from '../../ingest/testing/frames.ts';
import { Inventory } from '../inventory.ts';
import { decodeProgress, encodeProgress, NO_PROGRESS } from '../progress.ts';
import { RoundGate } from '../round-gate.ts';
import type { ColumnSinkOptions } from '../sinks/samples.ts';
import { tableSink } from '../sinks/table.ts';
import { DAY_MS } from '../stages/days.ts';
import { hostRows } from '../stages/host-rows.ts';
import { StoreClock } from '../standing.ts';
import { type Route, TOPOLOGY } from '../topology.ts';
import { PartitionWorker } from '../worker.ts';
import type { FaultyStore } from './faulty-store.ts';

export const BASE = 1_795_000_000_000;
export const AT = { topic: 'im.processes', partition: 0 };

/** To be called once, outside of tests. */
export const withOurTime = (): void => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
};

export interface Sent {
  /** Default: the only one. */
  readonly sender?: string;
  readonly seq: number;
  readonly rows: readonly { readonly pid: number; readonly time: number }[];
}

export const storedOf = ({ sender = 'agent', seq, rows }: Sent, place: number): StoredMessage => ({
  ...AT,
  offset: BigInt(place) * 3n,
  key: sender,
  headers: {
    schema: 'processes',
    version: '1',
    sender,
    boot: String(BASE),
    seq: String(seq),
    rows: String(rows.length),
    received: '1',
    print: String(crc32(JSON.stringify(rows))),
  },
  value: ipcOf('processes', {
    time: rows.map(({ time }) => BigInt(time)),
    host: rows.map(() => 'h'),
    pid: rows.map(({ pid }) => pid),
    start: rows.map(() => 0n),
  }),
});

export interface Owner {
  /** Messages in each delivery, then the owner vanishes after so many saves. */
  readonly deliveries: readonly number[];
  readonly saves: number;
  /** From one delivery to the next, and to its end. */
  readonly patienceMs: number;
  /** From its beginning on; default: as long as it likes. */
  readonly ownedMs?: number;
  /** By how much its clock is ahead; default: not at all. */
  readonly aheadMs?: number;
  /** Is of a version that does not know this message. */
  readonly unknown?: number;
}

/** The clock goes on until the work is done. */
const inTime = async <T>(work: Promise<T>): Promise<T> => {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  done.catch(() => undefined);
  while (!over) await vi.advanceTimersByTimeAsync(1000);
  return done;
};

export const route: Route = { ...(TOPOLOGY.find(({ topic }) => topic === AT.topic) as Route), roundRows: 6 };

/** Delivers the log to one owner after another, each beginning where the saved progress says; returns the letters. */
export const run = async (
  log: readonly StoredMessage[],
  store: FaultyStore,
  owners: readonly Owner[],
  switches: {
    readonly readBack?: boolean;
    readonly fence?: boolean;
    readonly seqCheck?: boolean;
    readonly roundRows?: number;
    readonly watch?: (worker: PartitionWorker) => void;
  } = {},
) => {
  const { readBack = true, fence = true, seqCheck = true } = switches;
  const letters: Message[] = [];
  let saved: SavedProgress = { progress: encodeProgress(NO_PROGRESS), checkpoint: undefined };
  let learned = 0;
  const telemetry = new TelemetryRegistry();
  const inventory = new Inventory({ query: () => Promise.resolve([]) }, silentLogger);
  const columns = store as unknown as ColumnStore;
  const clock = new StoreClock(columns);
  const options: ColumnSinkOptions = { columns, clock, inventory, telemetry, log: silentLogger, maxExecutionMs: 1000, readBack, fence, now: () => BASE };
  const end = (log.at(-1)?.offset ?? -1n) + 1n;
  const last: Owner = { deliveries: Array.from({ length: log.length }, () => 2), saves: Number.POSITIVE_INFINITY, patienceMs: 30_000 };
  for (const owner of [...owners, last]) {
    let saves = owner.saves;
    const ends = Date.now() + (owner.ownedMs ?? Number.POSITIVE_INFINITY);
    const abort = new AbortController();
    const failures: Error[] = [];
    const worker = new PartitionWorker({
      gate: new RoundGate(),
      route: { ...route, roundRows: switches.roundRows ?? route.roundRows },
      at: AT,
      sink: tableSink('processes', hostRows('processes'), options),
      stream: {
        produce: (_, messages) => {
          letters.push(...messages);
          return Promise.resolve();
        },
        shared: () => Promise.resolve(undefined),
        partitions: () => Promise.resolve([{ ...AT, earliest: 0n, next: end, bytes: 0 }]),
      },
      telemetry,
      log: silentLogger,
      save: (progress) => {
        // The contract of the port.
        if (progress.length > 256 << 10) return Promise.reject(new RangeError(`progress of ${progress.length} bytes`));
        if (saves-- <= 0) {
          abort.abort();
          return Promise.reject(new CodedError('stream.fenced', { partition: 'im.processes/0' }));
        }
        saved = { ...saved, progress: progress.slice() };
        return Promise.resolve();
      },
      saveCheckpoint: (value, from) => {
        if (saves-- <= 0) {
          abort.abort();
          return Promise.reject(new CodedError('stream.fenced', { partition: 'im.processes/0' }));
        }
        saved = { ...saved, checkpoint: { value: value.slice(), from } };
        return Promise.resolve();
      },
      owned: () => (abort.signal.aborted ? 0 : Math.max(0, ends - Date.now())),
      checkpointRounds: 3,
      pause: () => undefined,
      resume: () => undefined,
      failed: (error) => failures.push(error),
      now: () => BASE + (owner.aheadMs ?? 0),
      readBack,
      seqCheck,
    });
    const assigned = await inTime(worker.assigned(saved)).catch((error: unknown) => {
      // It vanished before it had begun.
      if (!abort.signal.aborted) throw error;
      return undefined;
    });
    if (assigned === undefined) {
      await worker.end();
      continue;
    }
    const from = assigned;
    const { progress } = decodeProgress(saved.progress);
    learned += log.filter(({ offset }) => offset >= from && offset < (progress.pending?.from ?? progress.next)).length;
    const rest = log
      .map((message, i) => (i === owner.unknown ? { ...message, headers: { ...message.headers, version: '99' } } : message))
      .filter(({ offset }) => offset >= from);
    for (const count of owner.deliveries) {
      const messages = rest.splice(0, count);
      if (messages.length === 0 || abort.signal.aborted) break;
      await inTime(worker.deliver({ ...AT, messages, signal: abort.signal }));
      await vi.advanceTimersByTimeAsync(owner.patienceMs);
      switches.watch?.(worker);
    }
    while (owner === last && worker.next < end && failures.length === 0) await vi.advanceTimersByTimeAsync(1000);
    await worker.end();
    expect(failures).toEqual([]);
  }
  store.settle();
  return { letters, telemetry, learned };
};

/** Of two days. */
export const two = [
  { seq: 1, rows: [{ pid: 1, time: BASE }] },
  { seq: 2, rows: [{ pid: 2, time: BASE + DAY_MS }] },
];
