// Log lines from decoded frames to merged rows, by the pipeline's own sink: processor time of both processes until no merge is left, and bytes
// on disk. Rounds as the topology has them against small ones; and, in forms that programs write, a line whose message and whole line are
// both kept against the line as its message alone. The store's processor time is from /proc, so this runs on Linux only.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEntry } from '../agent/logs/formats/list.ts';
import { newLine } from '../agent/logs/formats/parsed-line.ts';
import { type Batch, type Value, valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { createLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { InsertNumbers } from '../pipeline/insert-number.ts';
import type { Inventory } from '../pipeline/inventory.ts';
import type { Decoded } from '../pipeline/message.ts';
import { logsSink } from '../pipeline/sinks/logs.ts';
import { StoreClock } from '../pipeline/standing.ts';
import { type Route, TOPOLOGY } from '../pipeline/topology.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { type Figure, short } from './figure.ts';

/** Lines of a frame, as agents send them, and how many of them. */
const FRAME = 500;
const FRAMES = { rounds: 800, forms: 200 };
const SENDERS = 50;
const SMALL_ROUND = 20_000;
const ROUND = (TOPOLOGY.find(({ sink }) => sink === 'logs') as Route).roundRows;
/** How long no part may have come or gone: then the store has nothing more to merge. */
const REST_MS = 4000;
const FROM = Date.UTC(2026, 10, 21);
const TICKS_PER_SECOND = 100;

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

type Form = (row: number, random: () => number) => string;

const WORDS = 'order payment cart user session cache index upstream refused accepted retry slow done found missing closed'.split(' ');
const LEVELS = ['INFO', 'INFO', 'INFO', 'DEBUG', 'WARN', 'ERROR'];
const one = (list: readonly string[], random: () => number): string => list[Math.floor(random() * list.length)] as string;
const message = (random: () => number): string =>
  `${Array.from({ length: 6 }, () => one(WORDS, random)).join(' ')} ${Math.floor(random() * 1e6)} in ${Math.floor(random() * 900)} ms`;
const stamp = (row: number): string => new Date(FROM + row * 20).toISOString();

const FORMS: Readonly<Record<string, Form>> = {
  JSON: (row, random) =>
    JSON.stringify({
      time: stamp(row),
      level: one(LEVELS, random).toLowerCase(),
      msg: message(random),
      path: `/api/${one(WORDS, random)}`,
      status: 200 + Math.floor(random() * 3) * 100,
      request_id: Math.floor(random() * 1e12).toString(16),
    }),
  logback: (row, random) =>
    `${stamp(row)} [http-${Math.floor(random() * 32)}] ${one(LEVELS, random).padEnd(5)} com.example.shop.${one(WORDS, random)} - ${message(random)}`,
  plain: (_, random) => message(random),
};

/** Rows as the agent makes them, of one file a sender; `both`: beside the message the whole line, else the line as the message. */
const rowsOf = (lines: readonly string[], frame: number, both: boolean): Batch => {
  const found = newLine();
  let position = BigInt(Math.floor(frame / SENDERS)) * 1_000_000n;
  const columns: Record<string, Value[]> = Object.fromEntries(SIGNAL_FIELDS.logs.map((f) => [f.name, []]));
  for (const [i, line] of lines.entries()) {
    parseEntry(line, found, FROM, (_, error) => {
      throw error;
    });
    const body = both ? (found.message ?? line) : line;
    const row: Readonly<Record<string, Value>> = {
      time: found.time ?? BigInt(FROM + i * 20) * 1_000_000n,
      severity: found.severity ?? null,
      body,
      raw: body === line ? null : line,
      host: 'web-1',
      source: '/var/log/shop.log',
      attributes: new Map(found.attributes) as Value,
      numbers: new Map(found.numbers) as Value,
      file: (BigInt(frame % SENDERS) * 0x9e37_79b9_7f4a_7c15n) % 2n ** 64n,
      position,
    };
    position += BigInt(line.length + 1);
    for (const [name, values] of Object.entries(columns)) values.push(row[name] ?? null);
  }
  return batchOf(SIGNAL_FIELDS.logs.map(({ name, type }) => [name, columnFrom(type, columns[name] as readonly Value[])] as const));
};

const childSeconds = ({ pid }: EmbeddedColumns): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

interface Cost {
  /** Bytes on disk a line, indexes with it. */
  readonly bytes: number;
  /** Of them: what finds words, the attributes and numbers, what tells a line from others. */
  readonly index: number;
  readonly attributes: number;
  readonly ids: number;
  /** Lines a second of processor, the store's and ours. */
  readonly rate: number;
}

const health = { failed: (error: Error) => log.error('an insert failed', { error }), parked: () => undefined, recovered: () => undefined };

const partsOf = async (columns: ColumnStore): Promise<string> => {
  const { batches } = await columns.query(
    "SELECT toString((groupArray(name), (SELECT count() FROM system.merges))) AS parts FROM (SELECT name FROM system.parts WHERE active AND table = 'logs' ORDER BY name)",
  );
  return String(valueAt((batches[0] as Batch).columns[0] as Batch['columns'][number], 0));
};

/** Resolves when nothing has been merged for a while. */
const rested = async (columns: ColumnStore): Promise<void> => {
  for (let [before, since] = ['', performance.now()]; performance.now() - since < REST_MS; ) {
    const now = await partsOf(columns);
    if (now !== before) [before, since] = [now, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
};

const costOf = async (engine: EmbeddedColumns, columns: ColumnStore, frames: readonly Batch[], round: number): Promise<Cost> => {
  await columns.command('TRUNCATE TABLE logs');
  const inventory = { of: () => [] } as unknown as Inventory;
  const options = {
    columns,
    clock: new StoreClock(columns),
    inventory,
    telemetry: noTelemetry,
    log,
    maxExecutionMs: 60_000,
    readBack: true,
    fence: true,
    now: Date.now,
  };
  const sink = logsSink(options).open({ topic: 'im.logs', partition: 0 });
  const context = {
    signal: new AbortController().signal,
    health,
    numbers: new InsertNumbers(0, 0n),
    interrupted: undefined,
    until: () => 0n,
    owned: () => Number.POSITIVE_INFINITY,
    plan: () => Promise.resolve(),
  };
  const [store, ours] = [childSeconds(engine), process.cpuUsage()];
  for (let at = 0; at < frames.length; at += round / FRAME) {
    const messages = frames.slice(at, at + round / FRAME).map((batch, i): Decoded => {
      const offset = BigInt(at + i);
      const stored = { topic: 'im.logs', partition: 0, offset, key: 'a', headers: {}, value: new Uint8Array(0) };
      return { stored, schema: 'logs', sender: `agent-${offset % BigInt(SENDERS)}`, boot: 1n, seq: offset, received: 0n, latest: undefined, batch };
    });
    await sink.write(messages, context);
  }
  await rested(columns);
  const { user, system } = process.cpuUsage(ours);
  const seconds = childSeconds(engine) - store + (user + system) / 1e6;
  const bytesOf = async (sql: string): Promise<number> => {
    const { batches } = await columns.query(`SELECT toFloat64(sum(b)) AS b FROM (${sql})`);
    return Number(valueAt((batches[0] as Batch).columns[0] as Batch['columns'][number], 0)) / (FRAME * frames.length);
  };
  const ofIndex = (name: string): string =>
    `SELECT data_compressed_bytes + marks_bytes AS b FROM system.data_skipping_indices WHERE table = 'logs' AND name = '${name}'`;
  const ofColumns = (names: string): string =>
    `SELECT column_data_compressed_bytes + column_marks_bytes AS b FROM system.parts_columns WHERE active AND table = 'logs' AND column IN (${names})`;
  return {
    bytes: await bytesOf("SELECT bytes_on_disk AS b FROM system.parts WHERE active AND table = 'logs'"),
    index: (await bytesOf(ofIndex('word_index'))) + (await bytesOf(ofColumns("'pattern'"))),
    attributes: await bytesOf(ofColumns("'attributes', 'numbers'")),
    ids: (await bytesOf(ofColumns("'sender', 'file', 'position', 'insert'"))) + (await bytesOf(ofIndex('file_index'))),
    rate: (FRAME * frames.length) / seconds,
  };
};

const linesOf = (form: Form, frames: number): readonly (readonly string[])[] => {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: frames }, (_, frame) => Array.from({ length: FRAME }, (_, i) => form(frame * FRAME + i, random)));
};

export const run = async (): Promise<readonly Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-bench-logs-'));
  const engine = await startEmbeddedColumns({ dataDir, log });
  const columns = openClickHouse(engine);
  try {
    await columns.migrate();
    const figures: Figure[] = [];
    const rounds = linesOf(FORMS.JSON as Form, FRAMES.rounds).map((frame, i) => rowsOf(frame, i, true));
    await costOf(engine, columns, rounds.slice(0, SMALL_ROUND / FRAME), SMALL_ROUND);
    const [small, large] = [await costOf(engine, columns, rounds, SMALL_ROUND), await costOf(engine, columns, rounds, ROUND)];
    figures.push({
      what: `JSON lines in rounds of ${short(ROUND)}, merged`,
      value: `${short(large.rate)} lines/CPU-s, ${short(large.bytes)} bytes`,
      against: `${short(small.rate)} lines/CPU-s, ${short(small.bytes)} bytes (rounds of ${short(SMALL_ROUND)})`,
      ratio: large.rate / small.rate,
    });
    figures.push({
      what: 'of it what finds words',
      value: `${short(large.index)} bytes a line`,
      against: `${short(large.attributes)} attributes and numbers, ${short(large.ids)} what tells a line from others, ${short(large.bytes)} in all`,
      ratio: large.index / large.bytes,
    });
    for (const [name, form] of Object.entries(FORMS)) {
      const lines = linesOf(form, FRAMES.forms);
      const length = lines.flat().reduce((sum, line) => sum + line.length, 0) / (FRAME * lines.length);
      const [alone, both] = [
        await costOf(
          engine,
          columns,
          lines.map((frame, i) => rowsOf(frame, i, false)),
          ROUND,
        ),
        await costOf(
          engine,
          columns,
          lines.map((frame, i) => rowsOf(frame, i, true)),
          ROUND,
        ),
      ];
      figures.push(
        {
          what: `${name} line of ${short(length)} bytes, on disk`,
          value: `${short(both.bytes)} bytes`,
          against: `${short(alone.bytes)} bytes (the line as the message alone)`,
          ratio: both.bytes / alone.bytes,
        },
        {
          what: `${name} lines, insert and merges`,
          value: `${short(both.rate)} lines/CPU-s`,
          against: `${short(alone.rate)} lines/CPU-s (the line as the message alone)`,
          ratio: both.rate / alone.rate,
        },
      );
    }
    return figures;
  } finally {
    await columns.close();
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};
