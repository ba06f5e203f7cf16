// The way of a series over the limit to the end: real door, stream, pipeline and stores, asked by IQL. Through a frame in parts, a repeat and a
// door that starts again in the middle, the query sees the sum at every time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { type Pipeline, startPipeline } from '../pipeline/start.ts';
import { openStores, type Stores } from '../pipeline/testing/stores.ts';
import { LearnedCatalogue } from '../query/run/learned-catalogue.ts';
import { QueryService } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { type Door, openDoor } from './door.ts';
import { INTAKE_LIMITS } from './limits.ts';
import { type Definition, frameOf, samplesPart, seriesPart } from './testing/frames.ts';

const dir = mkdtempSync(join(tmpdir(), 'overflow-'));
const telemetry = new TelemetryRegistry();
let stores: Stores;
let pipeline: Pipeline;

beforeAll(async () => {
  stores = await openStores(dir, silentLogger);
  pipeline = await startPipeline({ ...stores, telemetry, logger: silentLogger });
});
afterAll(async () => {
  await pipeline?.stop();
  await stores?.close();
  rmSync(dir, { recursive: true, force: true });
});

const openSmall = (): Door => openDoor({ stream: stores.stream, telemetry, log: silentLogger, limits: { ...INTAKE_LIMITS, seriesPerSender: 2 } });

const settled = async (): Promise<void> => {
  for (;;) {
    const { partitions } = await pipeline.status();
    if (partitions.every(({ lag }) => lag === 0n)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test('a query sees the sum over the series that are over the limit', async () => {
  const minute = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;
  const series = Array.from(
    { length: 5 },
    (_, i): Definition => [
      'shop.requests',
      [
        ['host', 'web-1'],
        ['path', `/${i}`],
      ],
    ],
  );
  let door = openSmall();
  let seq = 1;
  const send = async (parts: readonly OwnFramePart[], times = 1): Promise<void> => {
    const body = frameOf(parts, { agent: 'web-1', seq });
    for (let i = 0; i < times; i++) expect(await door.receiveFrames({ headers: {}, body, rights: { post: true } })).toMatchObject({ status: 200 });
    seq += parts.length;
  };
  const sample = (i: number, tick: number, value: number): OwnFramePart => samplesPart(series[i] as Definition, [[minute + tick * 10_000, value]]);
  // Over the limit are the last three.
  await send([seriesPart(series), ...[0, 1, 2, 3, 4].map((i) => sample(i, 0, 2 ** i))]);
  await send([sample(2, 1, 4), sample(3, 1, 8)], 2);
  await settled();
  await send([sample(4, 1, 16)], 3);
  await settled();
  door = openSmall();
  await send([seriesPart(series), ...[0, 1, 2, 3, 4].map((i) => sample(i, 2, 2 ** i))]);
  await settled();
  const catalogue = new LearnedCatalogue(DATASETS, stores.columns, stores.search);
  await catalogue.refresh();
  const queries = new QueryService({ ports: stores, catalogue, completeUpTo: (table) => pipeline.completeUpTo(table) });
  const ask = async (text: string) => {
    const range = { from: BigInt(minute) * 1_000_000n, to: BigInt(minute + 60_000) * 1_000_000n };
    const { columns, diagnostics } = await queries.query(text, range);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    return Object.fromEntries(columns.map(({ name, values }) => [name, values]));
  };
  const overflow = await ask('from metrics.shop.requests | where otel.metric.overflow == "true" | sort time | select value, host');
  expect(overflow).toMatchObject({ value: [28, 28, 28], host: ['web-1', 'web-1', 'web-1'] });
  // All together nothing is missing of what was sent.
  expect(await ask('from metrics.shop.requests | summarize total = sum(value)')).toEqual({ total: [31 + 28 + 31] });
  expect(telemetry.value('inframirror_pipeline_unknown_series_samples_total')).toBe(0);
});
