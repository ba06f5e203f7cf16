// The way of a series over the limit to the end: real door, stream, pipeline and stores, asked by IQL. Through a frame in parts, a repeat and a
// door that starts again in the middle, the query sees the sum at every time.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { type Running, runPipeline } from '../pipeline/testing/running.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { type Door, openDoor } from './door.ts';
import { INTAKE_LIMITS } from './limits.ts';
import { type Definition, frameOf, samplesPart, seriesPart } from './testing/frames.ts';

let running: Running;
beforeAll(async () => {
  running = await runPipeline();
});
afterAll(() => running?.stop());

const openSmall = (): Door =>
  openDoor({ stream: running.stores.stream, telemetry: running.telemetry, log: silentLogger, limits: { ...INTAKE_LIMITS, seriesPerSender: 2 } });

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
  await running.settled();
  await send([sample(4, 1, 16)], 3);
  await running.settled();
  door = openSmall();
  await send([seriesPart(series), ...[0, 1, 2, 3, 4].map((i) => sample(i, 2, 2 ** i))]);
  await running.settled();
  const ask = (text: string) => running.ask(text, minute, minute + 60_000);
  const overflow = await ask('from metrics.shop.requests | where otel.metric.overflow == "true" | sort time | select value, host');
  expect(overflow).toMatchObject({ value: [28, 28, 28], host: ['web-1', 'web-1', 'web-1'] });
  // All together nothing is missing of what was sent.
  expect(await ask('from metrics.shop.requests | summarize total = sum(value)')).toEqual({ total: [31 + 28 + 31] });
  expect(running.telemetry.value('inframirror_pipeline_unknown_series_samples_total')).toBe(0);
});
