// How log lines could rest: candidates for what finds them by their words, each a copy of the table `logs` filled with the same blocks as a
// worker writes them, until merges rest. Prints processor time of the store, bytes, and what questions cost.
// Read it with `docs/decisions/line-ids.md`; lines by `INFRAMIRROR_BENCH_LINES`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFailures } from '../agent/logs/failures.ts';
import { LogBatch } from '../agent/logs/log-batch.ts';
import { Mask, newMaskState } from '../agent/mask/mask.ts';
import { type Batch, columnOf, valueAt } from '../core/batch/batch.ts';
import { concatBatches } from '../core/batch/concat.ts';
import { decodeStream } from '../core/ipc/read.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { createLogger, silentLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { takeRows } from '../pipeline/block.ts';
import type { Inventory } from '../pipeline/inventory.ts';
import { logLines } from '../pipeline/stages/log-lines.ts';
import { costOf, type Figure, short } from './figure.ts';
import { LineLoad } from './load-lines.ts';

const LINES = Number(process.env.INFRAMIRROR_BENCH_LINES ?? 1_000_000);
const BLOCK = 100_000;
const FRAME = 2500;

interface Candidate {
  readonly name: string;
  readonly alters: readonly string[];
  /** Condition for a word that stands once, for a common one; undefined: as the emitter writes it now. */
  readonly rare?: string;
  readonly common?: string;
}

const DROP = 'ALTER TABLE tried DROP INDEX word_index';
const RARE = process.env.INFRAMIRROR_BENCH_RARE ?? 'zq81x77';
/** Words as they are cut in the table: `words` and `line_tokens` there stand for these. */
const LINE = "if(isNull(raw), concat(head, ifNull(body, ''), tail), concat(raw, ' ', ifNull(body, '')))";
const LOWER = `if(isValidASCII(${LINE}), lower(${LINE}), replaceRegexpAll(lowerUTF8(${LINE}), '[^\\\\x00-\\\\x7F\\\\p{L}\\\\p{N}]+', ' '))`;
const LETTERS = `replaceRegexpAll(${LOWER}, '[a-z]*[0-9][a-z0-9]*', ' ')`;
const IN_PATTERN = "position(pattern, ' timed ') > 0";

const CANDIDATES: readonly Candidate[] = [
  { name: 'patterns, and a bloom filter of all words', alters: [] },
  {
    name: 'the same, message and head as ZSTD(3)',
    alters: ['body Nullable(String)', 'head String'].map((c) => `ALTER TABLE tried MODIFY COLUMN ${c} CODEC(ZSTD(3))`),
  },
  { name: 'patterns alone', alters: [DROP], rare: `hasAllTokens(words, ['${RARE}'])` },
  { name: 'a bloom filter alone', alters: ['ALTER TABLE tried DROP COLUMN pattern'], common: "hasAllTokens(words, ['timed'])" },
  {
    name: 'nothing',
    alters: [DROP, 'ALTER TABLE tried DROP COLUMN pattern'],
    rare: `hasAllTokens(words, ['${RARE}'])`,
    common: "hasAllTokens(words, ['timed'])",
  },
  {
    name: 'a text index of all words',
    alters: [DROP, 'ALTER TABLE tried DROP COLUMN pattern', `ALTER TABLE tried ADD INDEX i (${LOWER}) TYPE text(tokenizer = splitByNonAlpha)`],
    rare: `hasAllTokens(${LOWER}, ['${RARE}'])`,
    common: `hasAllTokens(${LOWER}, ['timed'])`,
  },
  {
    name: 'a text index of words of letters, and a bloom filter',
    alters: ['ALTER TABLE tried DROP COLUMN pattern', `ALTER TABLE tried ADD INDEX i (${LETTERS}) TYPE text(tokenizer = splitByNonAlpha)`],
    common: `hasAllTokens(${LETTERS}, ['timed'])`,
  },
];

const log = createLogger({ level: 'error', format: 'text', write: (line) => process.stderr.write(line) });

const blocks = (): readonly Batch[] => {
  const load = new LineLoad();
  const now = Date.now();
  const host = new LogBatch('web-1', new LogFailures(silentLogger, () => undefined), new Mask(true, []));
  const source = { path: '/var/log/lines.log', origin: undefined, last: { time: undefined, severity: undefined, service: undefined }, secrets: newMaskState() };
  const [nowNs, oldest, newest] = [now, now - 86_400_000 * 30, now + 60_000].map((ms) => BigInt(ms) * 1_000_000n) as [bigint, bigint, bigint];
  const bounds = { fallbackMs: now, now: nowNs, oldest, newest, skipOld: false };
  const inventory = { of: () => ['eu', 'eu-1', undefined, 'web', 'team'] } as unknown as Pick<Inventory, 'of'>;
  const out: Batch[] = [];
  let frames: Batch[] = [];
  let position = 0;
  for (let i = 0; i < LINES; i++) {
    const text = load.line(i, LINES, now - 60_000);
    const entry = {
      bytes: Buffer.from(''),
      text,
      place: undefined,
      clean: false,
      more: false,
      part: 1,
      trace: false,
      time: undefined,
      stream: undefined,
      carried: false,
      start: 0,
    };
    host.add(source, entry, bounds, { file: { low: 7, high: 9 }, position });
    position += text.length + 1;
    if (host.rows < FRAME && i + 1 < LINES) continue;
    const { batch } = host.take();
    // As it comes to the pipeline: the buffers of the agent serve its next frame too.
    const [sent] = decodeStream(encodeStream([batch])) as [Batch];
    const stored = { topic: 'im.logs', partition: 0, offset: BigInt(i), key: 'a', headers: {}, value: new Uint8Array(0) };
    frames.push(logLines({ stored, schema: 'logs', sender: 'agent-1', boot: 1n, seq: BigInt(i), received: 0n, latest: undefined, batch: sent }, inventory));
    if ((frames.length * FRAME) % BLOCK === 0 || i + 1 === LINES) {
      const whole = concatBatches(frames);
      out.push(takeRows(whole, [{ from: 0, to: whole.length }], BigInt(out.length + 1)));
      frames = [];
    }
  }
  return out;
};

const without = ({ length, fields, columns }: Batch, name: string): Batch => ({
  length,
  fields: fields.filter((field) => field.name !== name),
  columns: columns.filter((_, i) => fields[i]?.name !== name),
});

const one = async (columns: ColumnStore, sql: string): Promise<number> => {
  const { batches } = await columns.query(sql);
  const batch = batches[0];
  return batch === undefined || batch.length === 0 ? 0 : Number(valueAt(columnOf(batch, 'v'), 0));
};

const untilMerged = async (columns: ColumnStore): Promise<void> => {
  for (let calm = 0, before = -1; calm < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const parts = await one(columns, "SELECT toFloat64(sum(level * 1000 + 1)) AS v FROM system.parts WHERE active AND table = 'tried'");
    const merges = await one(columns, 'SELECT toFloat64(count()) AS v FROM system.merges');
    calm = merges === 0 && parts === before ? calm + 1 : 0;
    before = parts;
  }
};

const tried = async (candidate: Candidate, lines: readonly Batch[]): Promise<readonly Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'inframirror-bench-line-tables-'));
  const engine = await startEmbeddedColumns({ dataDir, log });
  const columns = openClickHouse(engine);
  const cpu = (): number => costOf(engine.pid as number).cpu;
  try {
    await columns.migrate();
    await columns.command('CREATE TABLE tried AS logs');
    for (const sql of candidate.alters) await columns.command(sql);
    const began = cpu();
    const hasPattern = !candidate.alters.some((sql) => sql.endsWith('DROP COLUMN pattern'));
    for (const [i, batch] of lines.entries()) await columns.insert('tried', hasPattern ? batch : without(batch, 'pattern'), { queryId: `tried-${i}` });
    const inserted = cpu() - began;
    await untilMerged(columns);
    const seconds = cpu() - began;
    const bytes = (await one(columns, "SELECT toFloat64(sum(bytes_on_disk)) AS v FROM system.parts WHERE active AND table = 'tried'")) / LINES;
    const { batches } = await columns.query(`SELECT name, toFloat64(sum(b)) AS bytes FROM (
      SELECT column AS name, column_data_compressed_bytes + column_marks_bytes AS b FROM system.parts_columns WHERE active AND table = 'tried'
      UNION ALL SELECT concat('index ', name) AS name, data_compressed_bytes + marks_bytes AS b FROM system.data_skipping_indices WHERE table = 'tried') GROUP BY name ORDER BY bytes DESC`);
    const parts = batches.flatMap((batch) =>
      Array.from(
        { length: batch.length },
        (_, row) => [String(valueAt(columnOf(batch, 'name'), row)), Number(valueAt(columnOf(batch, 'bytes'), row)) / LINES] as const,
      ),
    );
    const asked: string[] = [];
    for (const condition of [candidate.rare ?? `hasAllTokens(words, ['${RARE}']) AND hasAll(line_tokens, ['${RARE}'])`, candidate.common ?? IN_PATTERN]) {
      const sql = `SELECT toFloat64(count()) AS v FROM tried WHERE ${condition}`;
      // Without what the store remembers of blocks that a condition found nothing in.
      const anew = `${sql} SETTINGS use_query_condition_cache = 0`;
      const found = await one(columns, anew);
      const [before, at] = [cpu(), performance.now()];
      for (let i = 0; i < 5; i++) await one(columns, anew);
      asked.push(`${found}: ${short((performance.now() - at) / 5)} ms, ${short(((cpu() - before) / 5) * 1000)} CPU-ms`);
    }
    return [
      {
        what: candidate.name,
        value: `${short((seconds / LINES) * 1e6)} µs (${short((inserted / LINES) * 1e6)} insert), ${short(bytes)} B`,
        against: parts
          .filter(([, size]) => size >= 0.1)
          .map(([name, size]) => `${name} ${short(size)}`)
          .join(', '),
        ratio: undefined,
      },
      { what: '  a word that stands once; a common one', value: asked.join('; '), against: '', ratio: undefined },
    ];
  } finally {
    await columns.close();
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

export const run = async (): Promise<readonly Figure[]> => {
  const lines = blocks();
  const figures: Figure[] = [];
  for (const candidate of CANDIDATES) {
    const found = await tried(candidate, lines).catch((error: unknown): Figure[] => [
      { what: candidate.name, value: 'failed', against: String((error as Error).message).slice(0, 300), ratio: undefined },
    ]);
    for (const { what, value, against } of found) console.error(what, '|', value, '|', against);
    figures.push(...found);
  }
  return figures;
};
