// Lines that are read again after a set-back of the machine, held against a model of what was ever written: random lives of a disk, an agent
// and its frames, over the sink of log lines and the real column store. Without the places the same lives double lines.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Batch, columnOf, valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { CodedError } from '../core/errors.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { openTemporaryStore, type TemporaryStore } from '../engines/columns/testing/temporary-store.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { sized } from '../test/support/long.ts';
import { InsertNumbers } from './insert-number.ts';
import type { Inventory } from './inventory.ts';
import type { Decoded } from './message.ts';
import type { PendingInsert } from './progress.ts';
import type { PartitionSink, RoundContext, Sink } from './sink.ts';
import { logsSink } from './sinks/logs.ts';
import type { ColumnSinkOptions } from './sinks/samples.ts';
import { tableSink } from './sinks/table.ts';
import { logLines } from './stages/log-lines.ts';
import { StoreClock } from './standing.ts';

const telemetry = new TelemetryRegistry();
const now = Date.now();
let store: TemporaryStore;
let columns: ColumnStore;
let options: ColumnSinkOptions;
let inserts = 1n;

beforeAll(async () => {
  store = await openTemporaryStore();
  columns = store.columns;
  const inventory = { of: () => [] } as unknown as Inventory;
  options = {
    columns,
    clock: new StoreClock(columns),
    inventory,
    telemetry,
    log: silentLogger,
    maxExecutionMs: 60_000,
    readBack: true,
    fence: true,
    now: Date.now,
  };
});
afterAll(() => store?.close());

interface Line {
  readonly text: string;
  readonly file: bigint | null;
  readonly position: bigint | null;
}

/** `whole`: what no message part of a line is. */
const batchOfLines = (lines: readonly Line[]): Batch =>
  batchOf(
    SIGNAL_FIELDS.logs.map(({ name, type }) => {
      const values = lines.map(({ text, file, position }) => {
        switch (name) {
          case 'time':
            return BigInt(now) * 1_000_000n;
          case 'body':
            return text.slice(text.length >> 1);
          case 'raw':
            return text;
          case 'file':
            return file;
          case 'position':
            return position;
          case 'attributes':
          case 'numbers':
            return new Map();
          default:
            return null;
        }
      });
      return [name, columnFrom(type, values as never)] as const;
    }),
  );

let offset = 0n;
const messageOf = (sender: string, lines: readonly Line[]): Decoded => {
  offset++;
  const stored = { topic: 'im.logs', partition: 0, offset, key: sender, headers: {}, value: new Uint8Array(0) };
  return { stored, schema: 'logs', sender, boot: 1n, seq: offset, received: 0n, latest: undefined, batch: batchOfLines(lines) };
};

const health = { failed: (error: Error) => expect(error).toBeUndefined(), parked: (error: Error) => expect(error).toBeUndefined(), recovered: () => undefined };
const contextOf = (more: Partial<RoundContext> = {}): RoundContext => ({
  signal: new AbortController().signal,
  health,
  numbers: new InsertNumbers(0, inserts++ * 1000n),
  interrupted: undefined,
  until: () => 0n,
  owned: () => Number.POSITIVE_INFINITY,
  plan: () => Promise.resolve(),
  ...more,
});
const open = (sink: Sink): PartitionSink => sink.open({ topic: 'im.logs', partition: 0 });

const stored = async (sender: string): Promise<readonly string[]> => {
  const { batches } = await columns.query('SELECT ifNull(raw, concat(head, body, tail)) AS line FROM logs WHERE sender = {sender:String}', {
    params: { sender },
  });
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, 'line'), row) as string)).sort();
};

/** One life after the other of a machine with two files; what an image of it keeps is what an agent's spool and its disk keep. */
const live = async (sender: string, seed: number, make: () => Sink): Promise<readonly string[]> => {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  interface Disk {
    readonly files: readonly Line[][];
    readonly read: readonly number[];
  }
  const copy = ({ files, read }: Disk): Disk => ({ files: files.map((file) => [...file]), read: [...read] });
  let disk: Disk = { files: [[], []], read: [0, 0] };
  let image = copy(disk);
  const written = new Set<string>();
  let part = open(make());
  let waiting: Decoded[] = [];
  const flush = async (): Promise<void> => {
    if (waiting.length > 0) await part.write(waiting, contextOf());
    waiting = [];
  };
  for (let step = 0, name = 0; step < 60; step++) {
    const what = random(12);
    if (what < 4) {
      const of = random(2);
      const file = disk.files[of] as Line[];
      for (let i = random(6); i >= 0; i--) {
        const before = file.at(-1);
        const text = `${sender} line ${name++}`;
        written.add(text);
        file.push({ text, file: BigInt(of) + 2n ** 63n, position: before === undefined ? 0n : (before.position as bigint) + BigInt(before.text.length) + 1n });
      }
    } else if (what < 9) {
      const lines: Line[] = [];
      const read = disk.files.map((file, of) => {
        const to = Math.min(file.length, (disk.read[of] as number) + random(8));
        lines.push(...file.slice(disk.read[of], to));
        return to;
      });
      disk = { ...disk, read };
      if (lines.length > 0) waiting.push(messageOf(sender, lines));
      if (random(2) === 0) await flush();
    } else if (what === 9) image = copy(disk);
    else if (what === 10) {
      // What was written in a life that nobody read of is gone with it.
      for (const [of, file] of disk.files.entries()) for (const { text } of file.slice(disk.read[of])) written.delete(text);
      disk = copy(image);
      for (const [of, file] of disk.files.entries()) for (const { text } of file.slice(disk.read[of])) written.add(text);
    } else {
      // Another worker has the partition.
      await flush();
      part = open(make());
    }
  }
  const lines = disk.files.flatMap((file, of) => file.slice(disk.read[of]));
  if (lines.length > 0) waiting.push(messageOf(sender, lines));
  await flush();
  return [...written].sort();
};

test('whatever is set back and read again, each line that was written stands once', async () => {
  const seed = Date.now() % 1_000_000;
  for (let run = 0; run < sized(3, 20); run++) {
    const sender = `random-${seed + run}`;
    expect(await live(sender, seed + run, () => logsSink(options)), `seed ${seed + run}`).toEqual(await stored(sender));
  }
  expect(telemetry.value('inframirror_pipeline_repeated_lines_total', {})).toBeGreaterThan(0);
});

test('control: without the places of lines they stand twice', async () => {
  let doubled = 0;
  for (let run = 0; run < 6; run++) {
    const sender = `control-${run}`;
    const written = await live(sender, run, () => tableSink('logs', logLines, options));
    const found = await stored(sender);
    expect([...new Set(found)]).toEqual(written);
    doubled += found.length - written.length;
  }
  expect(doubled).toBeGreaterThan(0);
});

const at = (text: string, position: number, file = 7n): Line => ({ text, file, position: BigInt(position) });

test('a round that is written once more does not take its own lines for older ones', async () => {
  const sender = 'again';
  const messages = [messageOf(sender, [at('one', 0), at('two', 4)]), messageOf(sender, [at('two', 4), at('three', 8)])];
  let planned: readonly PendingInsert[] = [];
  const plan = async (pending: readonly PendingInsert[]): Promise<void> => {
    planned = pending;
  };
  await open(logsSink(options)).write(messages, contextOf({ plan }));
  expect(await stored(sender)).toEqual(['one', 'three', 'two']);
  for (const stands of [true, false]) {
    if (!stands) await columns.command("ALTER TABLE logs DELETE WHERE sender = 'again' SETTINGS mutations_sync = 2");
    const standing = new Set(stands ? planned.map(({ number }) => number) : []);
    await open(logsSink(options)).write(messages, contextOf({ interrupted: { inserts: planned, standing } }));
    expect(await stored(sender)).toEqual(['one', 'three', 'two']);
  }
});

test('the same words at another place, in another file or of another sender are lines of their own, and so are those without a place', async () => {
  const part = open(logsSink(options));
  for (let i = 0; i < 2; i++) {
    await part.write([messageOf('words', [at('same', 0), at('same', 5), at('same', 0, 8n)]), messageOf('words-2', [at('same', 0)])], contextOf());
    await part.write([messageOf('placeless', [{ text: 'same', file: null, position: null }])], contextOf());
  }
  expect([await stored('words'), await stored('words-2'), await stored('placeless')]).toEqual([['same', 'same', 'same'], ['same'], ['same', 'same']]);
});

test('other words at a place that was sent are kept', async () => {
  const part = open(logsSink(options));
  await part.write([messageOf('other', [at('first life', 0), at('and on', 11)])], contextOf());
  await part.write([messageOf('other', [at('secondlife', 0), at('and on', 11)])], contextOf());
  expect(await stored('other')).toEqual(['and on', 'first life', 'secondlife']);
});

test('a line that is read again under other masks stands once, as it came first', async () => {
  const sender = 'masks';
  const lines = (ticket: string, user: string): Line[] => [at(`1 ticket=${ticket} ok`, 0), at(`2 user=${user}`, 20), at(`3 "user":${user},`, 40)];
  const first = lines('abc', '***');
  await open(logsSink(options)).write([messageOf(sender, first)], contextOf());
  const part = open(logsSink(options));
  await part.write([messageOf(sender, lines('***', '"***"')), messageOf(sender, lines('***', '12345'))], contextOf());
  expect(await stored(sender)).toEqual(first.map(({ text }) => text));
});

/** Counts what the store is asked for by the places of lines; `fails` with the code of a limit. */
const watched = (fails: (sql: string) => boolean = () => false) => {
  const asked: string[] = [];
  const query = (sql: string, more: Parameters<ColumnStore['query']>[1]): ReturnType<ColumnStore['query']> => {
    if (/position/.test(sql)) asked.push(sql);
    return fails(sql) ? Promise.reject(new CodedError('columns.limit', { limit: 'max_memory_usage', reason: 'test' })) : columns.query(sql, more);
  };
  const rest = { insert: columns.insert.bind(columns), kill: columns.kill.bind(columns), now: columns.now.bind(columns) };
  const sink = logsSink({ ...options, columns: Object.assign(Object.create(columns) as ColumnStore, rest, { query }) });
  return { asked, part: open(sink) };
};

test('a sender whose every line is another file’s, always at its beginning, costs a few questions a round', async () => {
  const { asked, part } = watched();
  const linesOf = (text: string): Line[] => Array.from({ length: 1000 }, (_, file) => at(text, 0, BigInt(file)));
  await part.write(
    ['one', 'two', 'one', 'three', 'two', 'one'].map((text) => messageOf('wide', linesOf(text))),
    contextOf(),
  );
  await part.write([messageOf('wide', linesOf('three')), messageOf('wide', linesOf('four'))], contextOf());
  expect(asked.length).toBeLessThan(10);
  const stands = await stored('wide');
  expect([stands.length, stands.filter((text) => text === 'three').length]).toEqual([4000, 1000]);
});

test('of more files than an agent follows lines are taken as they are and counted', async () => {
  const part = open(logsSink(options));
  const many = (text: string): Decoded[] =>
    Array.from({ length: 6 }, (_, i) =>
      messageOf(
        'greedy',
        Array.from({ length: 1000 }, (_line, file) => at(text, 0, BigInt(i * 1000 + file))),
      ),
    );
  const before = telemetry.value('inframirror_pipeline_unchecked_lines_total', {}) ?? 0;
  await part.write([...many('one'), ...many('one')], contextOf());
  expect(telemetry.value('inframirror_pipeline_unchecked_lines_total', {})).toBe(before + 6000 - 1024);
  expect(await stored('greedy')).toHaveLength(12_000 - 1024);
});

test('a store that goes over its limits with these questions holds up no line', async () => {
  for (const fails of [/max\(position\)/, /LIMIT/]) {
    const sender = `limit-${fails.source}`;
    const { part } = watched((sql) => fails.test(sql));
    for (const text of ['one', 'two']) await part.write([messageOf(sender, [at(text, 0)])], { ...contextOf(), health: { ...health, failed: () => undefined } });
    expect(await stored(sender)).toEqual(['one', 'two']);
  }
});

test('places that no file has are lines as they are', async () => {
  const part = open(logsSink(options));
  for (let i = 0; i < 2; i++) await part.write([messageOf('far', [{ text: 'far', file: 7n, position: 2n ** 64n - 1n }, at('near', 0)])], contextOf());
  expect(await stored('far')).toEqual(['far', 'far', 'near']);
});
