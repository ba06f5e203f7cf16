// Log lines in the store: bytes on disk and processor time of the insert of a line whose message and whole line are both kept, against the
// same line kept as its message alone, in forms that programs write. Processor time is the child's, from /proc, so this runs on Linux only.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEntry } from '../agent/logs/formats/list.ts';
import { newLine } from '../agent/logs/formats/parsed-line.ts';
import { type Batch, type Value, valueAt } from '../core/batch/batch.ts';
import { batchOf, columnFrom } from '../core/batch/build.ts';
import { createLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { Columns } from '../engines/columns/port.ts';
import { documents } from '../pipeline/stages/documents.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { type Figure, short } from './figure.ts';

const ROWS = 20_000;
const BLOCKS = 2;
/** The best of so many: the first insert of a store costs more than any after it. */
const ROUNDS = 2;
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

/** Rows as the agent makes them; `both`: beside the message the whole line, else the line as the message. */
const rowsOf = (lines: readonly string[], both: boolean): Batch => {
  const found = newLine();
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
    };
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
  /** Lines a second of processor, the store's and ours. */
  readonly rate: number;
}

const costOf = async (engine: EmbeddedColumns, columns: Columns, blocks: readonly Batch[]): Promise<Cost> => {
  await columns.command('TRUNCATE TABLE logs');
  const [store, ours] = [childSeconds(engine), process.cpuUsage()];
  for (const [i, batch] of blocks.entries()) {
    const message = { topic: '', partition: 0, offset: 0n, key: 'a', headers: {}, value: new Uint8Array(0) };
    const decoded = { stored: message, schema: 'logs', sender: 'a', boot: 1n, seq: BigInt(i), received: 0n, latest: undefined, batch } as const;
    await columns.insert('logs', documents(decoded, BigInt(i + 1), { of: () => [] }), { queryId: `logs-${i}` });
  }
  await columns.command('OPTIMIZE TABLE logs FINAL', { settings: { max_execution_time: 0 } });
  const { user, system } = process.cpuUsage(ours);
  const seconds = childSeconds(engine) - store + (user + system) / 1e6;
  const { batches } = await columns.query("SELECT sum(bytes_on_disk) / sum(rows) AS b FROM system.parts WHERE active AND table = 'logs'");
  const bytes = Number(valueAt((batches[0] as Batch).columns[0] as Batch['columns'][number], 0));
  return { bytes, rate: (ROWS * blocks.length) / seconds };
};

export const run = async (): Promise<readonly Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-bench-logs-'));
  const engine = await startEmbeddedColumns({ dataDir, log });
  const columns = openClickHouse(engine);
  try {
    await columns.migrate();
    const figures: Figure[] = [];
    for (const [name, form] of Object.entries(FORMS)) {
      let state = 1;
      const random = (): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
      };
      const lines = Array.from({ length: BLOCKS }, (_, block) => Array.from({ length: ROWS }, (_, i) => form(block * ROWS + i, random)));
      const length = lines.flat().reduce((sum, line) => sum + line.length, 0) / (ROWS * BLOCKS);
      const batches = [false, true].map((both) => lines.map((block) => rowsOf(block, both)));
      const costs: Cost[][] = [[], []];
      for (let round = 0; round < ROUNDS; round++) for (const [i, made] of batches.entries()) costs[i]?.push(await costOf(engine, columns, made));
      const [alone, both] = costs.map((of) => of.reduce((best, cost) => (cost.rate > best.rate ? cost : best))) as [Cost, Cost];
      figures.push(
        {
          what: `${name} line of ${short(length)} bytes, on disk`,
          value: `${short(both.bytes)} bytes`,
          against: `${short(alone.bytes)} bytes (the line as the message alone)`,
          ratio: both.bytes / alone.bytes,
        },
        {
          what: `${name} lines, insert and merge`,
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
