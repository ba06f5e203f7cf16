// A host that moves, over the real stream, pipeline and stores, asked by IQL: what it sent before keeps its old place.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { openDoor } from '../ingest/door.ts';
import { type Definition, frameOf, partOf, samplesPart, seriesPart } from '../ingest/testing/frames.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { type Running, runPipeline } from './testing/running.ts';

let running: Running;
beforeAll(async () => {
  running = await runPipeline();
});
afterAll(() => running?.stop());

const inventory = (datacenter: string): OwnFramePart =>
  partOf('inventory', { time: [BigInt(Date.now()) * 1_000_000n], host: ['web-1'], labels: [new Map([['datacenter', datacenter]])] });

test('samples, filters and buckets heed where the host was', async () => {
  const { stores, telemetry, settled } = running;
  const door = openDoor({ stream: stores.stream, telemetry, log: silentLogger });
  const load: Definition = ['system.load', [['host', 'web-1']]];
  let seq = 1;
  const send = async (...parts: readonly OwnFramePart[]): Promise<void> => {
    const body = frameOf(parts, { agent: 'web-1', seq });
    expect(await door.receiveFrames({ headers: {}, body, rights: { post: true } })).toMatchObject({ status: 200 });
    seq += parts.length;
    await settled();
  };
  const places = async (): Promise<readonly unknown[]> => {
    const { batches } = await stores.columns.query("SELECT toInt64(count()) FROM series WHERE name = 'system.load'");
    return batches.flatMap(({ columns: [count] }) => (count?.layout === 'fixed' ? [...count.values] : []));
  };
  await send(inventory('fra1'));
  const begun = Date.now();
  await send(seriesPart([load]), samplesPart(load, [[begun - 2000, 1]]), samplesPart(load, [[begun - 1000, 2]]));
  await send(inventory('ams1'));
  // The series is told of the move beside the stream.
  while ((await places())[0] !== 2n) await new Promise((resolve) => setTimeout(resolve, 20));
  const moved = Date.now() + 1;
  await send(samplesPart(load, [[moved, 4]]), samplesPart(load, [[moved + 1000, 8]]));

  const ask = (text: string) => running.ask(text, begun - 60_000, moved + 60_000);
  const from = 'from metrics.system.load';
  expect(await ask(`${from} | sort time | select value, datacenter`)).toEqual({ value: [1, 2, 4, 8], datacenter: ['fra1', 'fra1', 'ams1', 'ams1'] });
  expect(await ask(`${from} | where datacenter == "fra1" | sort time | select value`)).toEqual({ value: [1, 2] });
  expect(await ask(`${from} | where datacenter == "ams1" | every all max | select value, datacenter`)).toEqual({ value: [8], datacenter: ['ams1'] });
  expect(await ask(`${from} | every all sum | select value, datacenter`)).toEqual({ value: [15], datacenter: ['ams1'] });
});
