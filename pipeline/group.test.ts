// A group on a real stream whose consumer ends by itself, or is away for a while: what it says of that, for how long, and that it comes back as one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import type { Consumer, Stream } from '../engines/stream/port.ts';
import { Group } from './group.ts';
import { Inventory } from './inventory.ts';
import { beginGroup } from './places.ts';
import { encodeProgress, NO_PROGRESS } from './progress.ts';
import { RoundGate } from './round-gate.ts';
import { tableSink } from './sinks/table.ts';
import { hostRows } from './stages/host-rows.ts';
import { StoreClock } from './standing.ts';
import { FaultyStore } from './testing/faulty-store.ts';
import { inTime, pass } from './testing/in-time.ts';
import { type Route, TOPOLOGY } from './topology.ts';

const ends: (() => unknown)[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  vi.useRealTimers();
});

const route = TOPOLOGY.find(({ sink }) => sink === 'processes') as Route;

const realTimeout = setTimeout;
/** The false clock goes no faster than the real one, by which the stream's own thread works. */
const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) {
    await vi.advanceTimersByTimeAsync(5);
    await new Promise((resolve) => realTimeout(resolve, 5));
  }
};

interface Started {
  readonly group: Group;
  /** The consumer that is there ends with it. */
  readonly fail: (error: Error) => void;
  /** It has joined again since, and has its partitions. */
  readonly isBack: () => boolean;
  /** Of the stream. */
  readonly end: () => Promise<void>;
  readonly stream: Stream;
  /** Done, once, in place of what follows when the next consumer is to join. */
  readonly atNextJoin: (instead: Stream['consume']) => void;
}

const started = async ({ begins = true }: { readonly begins?: boolean } = {}): Promise<Started> => {
  const dir = mkdtempSync(join(tmpdir(), 'group-'));
  ends.push(() => rmSync(dir, { recursive: true }));
  const stream = await inTime(openLmdbStream({ dir }));
  let closed: Promise<void> | undefined;
  const end = (): Promise<void> => {
    closed ??= inTime(stream.close());
    return closed;
  };
  ends.push(end);
  await inTime(stream.ensureTopics([{ name: route.topic, partitions: 2, retentionBytes: 1 << 30, retentionMs: 1e12, groups: [route.group] }]));
  await inTime(beginGroup(stream, route));
  const columns = new FaultyStore([]) as unknown as ColumnStore;
  const failures: ((error: Error) => void)[] = [];
  let instead: Stream['consume'] | undefined;
  const consume: Stream['consume'] = (options, handlers) => {
    failures.push((error) => handlers.failed(error));
    const join = instead ?? stream.consume.bind(stream);
    instead = undefined;
    return join(options, handlers);
  };
  const { produce, partitions, shared } = stream;
  const own: Pick<Stream, 'consume' | 'produce' | 'partitions' | 'shared'> = {
    consume,
    produce: produce.bind(stream),
    partitions: partitions.bind(stream),
    shared: shared.bind(stream),
  };
  let [joined, assigned] = [begins ? 1 : 0, 0];
  const group = new Group({
    route,
    sink: tableSink('processes', hostRows('processes'), {
      columns,
      clock: new StoreClock(columns),
      inventory: new Inventory({ query: () => Promise.resolve([]) }, silentLogger),
      telemetry: noTelemetry,
      log: silentLogger,
      maxExecutionMs: 1000,
      readBack: true,
      fence: true,
      now: Date.now,
    }),
    stream: own as Stream,
    telemetry: noTelemetry,
    log: silentLogger,
    now: Date.now,
    readBack: true,
    seqCheck: true,
    gate: new RoundGate(),
    assigned: () => {
      assigned++;
    },
  });
  ends.push(() => inTime(group.stop()));
  if (begins) {
    await inTime(group.start());
    await until(() => assigned === 2);
  }
  return {
    group,
    fail: (error) => {
      [joined, assigned] = [failures.length, 0];
      failures.at(-1)?.(error);
    },
    isBack: () => failures.length > joined && assigned === 2,
    end,
    stream,
    atNextJoin: (join) => {
      [joined, assigned] = [failures.length, 0];
      instead = join;
    },
  };
};

/** What only a group that is wholly away lets happen. */
const reset = (stream: Stream): Promise<void> => stream.reset(route.group, { topic: route.topic, partition: 0 }, encodeProgress(NO_PROGRESS), 0n);

test('its trouble is over when it has lasted, also where nothing comes', async () => {
  const { group, fail, isBack } = await started();
  fail(new Error('the disk did not answer'));
  expect(group.trouble?.message).toBe('the disk did not answer');
  await until(isBack);
  expect(group.trouble?.message).toBe('the disk did not answer');
  while (group.trouble !== undefined) await pass(1000);
  expect(group.workers.size).toBe(2);
});

test('one that ends again and again is in trouble all the time', async () => {
  const { group, fail, isBack } = await started();
  for (const message of ['first', 'second', 'third']) {
    fail(new Error(message));
    expect(group.trouble?.message).toBe(message);
    await until(isBack);
    expect(group.trouble?.message).toBe(message);
  }
});

test('one that cannot come back stays in trouble, however long', async () => {
  const { group, fail, end } = await started();
  await end();
  fail(new Error('the disk did not answer'));
  await pass(300_000);
  expect(group.trouble).toBeDefined();
});

test('two who send it away at once have it away one after the other, and it comes back as one', async () => {
  const { group, stream } = await started();
  const told: string[] = [];
  const away = (name: string): Promise<void> =>
    group.away(async () => {
      told.push(`${name} begins`);
      await reset(stream);
      told.push(`${name} is done`);
    });
  await inTime(Promise.all([away('first'), away('second'), away('third')]));
  expect(told).toEqual(['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} is done`]));
  await inTime(group.stop());
  await inTime(reset(stream));
});

test('one that cannot come back after it was away is tried again, and is in trouble until then', async () => {
  const { group, isBack, atNextJoin } = await started();
  atNextJoin(() => Promise.reject(new Error('the disk did not answer')));
  await inTime(group.away(() => Promise.resolve()));
  expect(group.trouble?.message).toBe('the disk did not answer');
  await until(isBack);
});

test('a consumer that fails while it joins is not taken for one that is there', async () => {
  const { group, fail, isBack, atNextJoin } = await started();
  const stop = vi.fn(() => Promise.resolve());
  atNextJoin(async (_, handlers) => {
    handlers.failed(new Error('the second'));
    await Promise.resolve();
    return { stop } as unknown as Consumer;
  });
  fail(new Error('the first'));
  await until(isBack);
  expect(group.trouble?.message).toBe('the second');
  expect(stop).toHaveBeenCalledOnce();
});

test('one that has not begun begins with work that is done, not with work that fails', async () => {
  const { group, stream, isBack } = await started({ begins: false });
  await expect(inTime(group.away(() => Promise.reject(new Error('refused'))))).rejects.toThrow('refused');
  await inTime(reset(stream));
  await inTime(group.away(() => reset(stream)));
  await until(isBack);
});
