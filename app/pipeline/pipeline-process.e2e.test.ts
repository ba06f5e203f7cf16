// The pipeline's process as the server has it, over real stores: what is asked of it while it is away, and that none begins while rounds are held.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { Stream } from '../../engines/stream/port.ts';
import { codeOf } from '../../engines/stream/testing/logs.ts';
import { Configuration } from '../config/configuration.ts';
import { openStream, startEngines } from '../engines.ts';
import { NO_SERVERS } from '../servers.ts';
import { PipelineProcess } from './pipeline-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'pipeline-'));
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
const lines: string[] = [];
const log = createLogger({ level: 'debug', format: 'text', write: (line) => lines.push(line) });
const { settings } = new Configuration({ options: new Map(), environment: {}, file: undefined });
let [pipeline, doubted] = [undefined as unknown as PipelineProcess, 0];
let stream: Stream;

beforeAll(async () => {
  const installation = { check: () => undefined, checkTogether: () => undefined, isGivenUp: () => false, putAside: () => undefined };
  const telemetry = new TelemetryRegistry();
  const stores = { dataDir: folder, servers: NO_SERVERS, log, telemetry };
  const opened = await openStream({ ...stores, maxBytes: 1 << 30 }, installation);
  stream = opened.stream;
  ends.push(() => stream.close());
  const engines = await startEngines(stores, installation);
  ends.push(() => engines.stop());
  pipeline = new PipelineProcess({
    telemetry,
    log,
    settings: () => settings,
    cache: join(folder, 'compiled'),
    begins: () => engines.told.begins(),
    removing: (write, rows) => engines.told.removing(write, rows),
    ended: () => {
      doubted++;
    },
  });
  ends.push(() => pipeline.stop());
  await pipeline.start({ works: true, dataDir: folder, stream: opened.address, ...engines.addresses, isStreamAnew: false });
  pipeline.keep();
}, 120_000);
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const until = async (what: string, isSo: () => boolean): Promise<void> => {
  for (const begun = performance.now(); !isSo(); await delay(20)) if (performance.now() - begun > 60_000) throw new Error(`waited in vain: ${what}`);
};

test('it tells of itself, and its log is written here, errors as errors', async () => {
  await until('it keeps', () => pipeline.keeps);
  expect((await pipeline.holder())?.who).toMatch(/^pipeline process \d+ on /);
  expect((await pipeline.status()).partitions.length).toBeGreaterThan(4);
  await until('it has caught up', () => pipeline.isCaughtUp());
  expect(pipeline.isCaughtUp('im.metrics')).toBe(true);
  expect(await pipeline.lastOf('nobody')).toBeUndefined();
  expect(await codeOf(pipeline.planReplay('im.nothing', 'earliest'))).toBe('pipeline.no-topic');
  expect(pipeline.usage.memory).toBeGreaterThan(1 << 20);
  expect(lines.filter((line) => line.includes('this process keeps'))).toHaveLength(1);
});

test('while rounds are held none begins in place of one that was killed; what is asked meanwhile is refused', async () => {
  const open = await pipeline.holdRounds(10_000);
  expect(await codeOf(pipeline.holdRounds(10_000))).toBe('pipeline.busy');
  const killed = pipeline.pid as number;
  process.kill(killed, 'SIGKILL');
  await until('it is gone', () => pipeline.pid === undefined);
  expect(doubted).toBe(1);
  const asked = [pipeline.lastOf('nobody'), pipeline.planReplay('im.metrics', 'earliest'), pipeline.holdRounds(3000), pipeline.status()].map(codeOf);
  expect(await Promise.all(asked)).toEqual(['intake.busy', 'pipeline.busy', 'pipeline.busy', 'Error: its process ended with SIGKILL and is started again']);
  expect([pipeline.pid, pipeline.keeps, pipeline.restarts, pipeline.lastEnd]).toEqual([undefined, false, 1, 'SIGKILL']);
  // Nobody reads the stream meanwhile.
  expect((await stream.state()).groups.some(({ isJoined }) => isJoined)).toBe(false);
  open();
  await until('the next one runs', () => pipeline.pid !== undefined);
  expect(pipeline.pid).not.toBe(killed);
  await until('it keeps too', () => pipeline.keeps);
  (await pipeline.holdRounds(10_000))();
  expect((await stream.state()).groups.filter(({ isJoined }) => isJoined).length).toBeGreaterThan(3);
}, 120_000);
