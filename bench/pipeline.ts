// The pipeline: samples per second of processor from the stream into the column store, all processes counted, against bare inserts of the
// same blocks in the same run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Batch, columnOf, type FixedColumn } from '../core/batch/batch.ts';
import { concatBatches } from '../core/batch/concat.ts';
import { encodeStream } from '../core/ipc/write.ts';
import { silentLogger } from '../core/logger.ts';
import { noTelemetry } from '../core/telemetry.ts';
import { SeriesIndex } from '../pipeline/series-index.ts';
import { sampleBlock } from '../pipeline/stages/samples.ts';
import { startPipeline } from '../pipeline/start.ts';
import { openStores, type Stores } from '../pipeline/testing/stores.ts';
import { SIGNAL_FIELDS } from '../schemas/tables.ts';
import { type Figure, short } from './figure.ts';

const AGENTS = 20;
const SERIES = 1000;
const FRAMES = 50;
const ROUND = 50_000;
const STEP_MS = 10_000;
const TICKS_PER_SECOND = 100;

/** Seconds of processor of another process; undefined where the system does not tell (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
const secondsOf = (pid: number | undefined): number | undefined => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
};

const measured = async (stores: Stores, work: () => Promise<void>): Promise<{ readonly ours: number; readonly store: number }> => {
  const before = { ours: process.cpuUsage(), store: secondsOf(stores.columnsPid) };
  await work();
  const { user, system } = process.cpuUsage(before.ours);
  return { ours: (user + system) / 1e6, store: (secondsOf(stores.columnsPid) ?? 0) - (before.store ?? 0) };
};

/** One scrape of an agent: a one-decimal random walk for each of its series. */
const frame = (agent: number, at: number, first: number, walk: Float64Array): Batch => {
  const metric = new Uint32Array(SERIES);
  const id = new BigUint64Array(SERIES);
  const value = new Float64Array(SERIES);
  const time = new BigInt64Array(SERIES).fill(BigInt(first + at * STEP_MS));
  for (let i = 0; i < SERIES; i++) {
    metric[i] = i % 50;
    id[i] = (BigInt(agent * SERIES + i) * 0x9e3779b97f4a7c15n) & 0xffff_ffff_ffff_ffffn;
    walk[i] = (walk[i] as number) + Math.round((Math.random() - 0.5) * 10);
    value[i] = (walk[i] as number) / 10;
  }
  const arrays = [metric, id, time, value];
  return {
    length: SERIES,
    fields: SIGNAL_FIELDS.metrics,
    columns: SIGNAL_FIELDS.metrics.map(
      ({ type }, i): FixedColumn => ({ layout: 'fixed', type, length: SERIES, validity: undefined, values: arrays[i] as FixedColumn['values'] }),
    ),
  };
};

const untilWritten = async (stores: Stores, samples: number): Promise<void> => {
  for (;;) {
    const { batches } = await stores.columns.query('SELECT count() AS n FROM samples');
    if (Number((columnOf(batches[0] as Batch, 'n') as FixedColumn).values[0]) >= samples) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

export const run = async (): Promise<readonly Figure[]> => {
  const dir = mkdtempSync(join(tmpdir(), 'bench-pipeline-'));
  const stores = await openStores(dir, silentLogger);
  try {
    await stores.stream.ensureTopics([{ name: 'im.metrics', partitions: 1, retentionBytes: 2 ** 40, retentionMs: 86_400_000 }]);
    // Of yesterday, all in one day, and before any later one: nothing is late.
    const first = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 86_400_000;
    const frames: Batch[] = [];
    const walks = Array.from({ length: AGENTS }, () => new Float64Array(SERIES).fill(500));
    for (let at = 0; at < FRAMES; at++) for (let agent = 0; agent < AGENTS; agent++) frames.push(frame(agent, at, first, walks[agent] as Float64Array));
    const samples = frames.length * SERIES;
    for (const [i, batch] of frames.entries())
      await stores.stream.produce('im.metrics', [
        {
          key: `agent-${i % AGENTS}`,
          headers: { schema: 'metrics', version: '1', sender: `agent-${i % AGENTS}`, boot: '1', seq: String(i), rows: String(SERIES), received: '1' },
          value: encodeStream([batch]),
        },
      ]);

    const whole = await measured(stores, async () => {
      const pipeline = await startPipeline({ ...stores, telemetry: noTelemetry, logger: silentLogger });
      await untilWritten(stores, samples);
      await pipeline.stop();
    });
    const blocks: Batch[] = [];
    const index = new SeriesIndex();
    const perRound = ROUND / SERIES;
    for (let at = 0; at < frames.length; at += perRound) blocks.push(sampleBlock(concatBatches(frames.slice(at, at + perRound)), index).batch);
    const bare = await measured(stores, async () => {
      for (const [i, block] of blocks.entries()) {
        const insert: FixedColumn = {
          layout: 'fixed',
          type: { kind: 'int', bits: 64, signed: false },
          length: block.length,
          validity: undefined,
          values: new BigUint64Array(block.length).fill(BigInt(i)),
        };
        await stores.columns.insert(
          'samples',
          { length: block.length, fields: [...block.fields, { name: 'insert', type: insert.type }], columns: [...block.columns, insert] },
          { queryId: `bench-${i}` },
        );
      }
    });
    const rate = ({ ours, store }: { readonly ours: number; readonly store: number }): number => samples / (ours + store);
    return [
      {
        what: 'pipeline, stream to store, samples',
        value: `${short(rate(whole))} per CPU-s (${short(samples / whole.ours)} here)`,
        against: `${short(rate(bare))} per CPU-s (${short(samples / bare.ours)} here; bare inserts of the same blocks)`,
        ratio: rate(whole) / rate(bare),
      },
    ];
  } finally {
    await stores.close();
    rmSync(dir, { recursive: true, force: true });
  }
};
