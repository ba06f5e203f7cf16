// One series from several senders, through the real door, stream, pipeline and stores: each time counts once from the first moment, whichever
// partitions they come by, whoever was first, and after a start; and once only one of them is left, hours are read as those of any other series.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { partitionOf } from '../engines/stream/partition.ts';
import { type Door, openDoor } from '../ingest/door.ts';
import { type Definition, frameOf, samplesPart, seriesPart } from '../ingest/testing/frames.ts';
import { LearnedCatalogue } from '../query/ask/learned-catalogue.ts';
import { unlimited } from '../query/caller.ts';
import { QueryService } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { rowsOf } from './rollups/ledger.ts';
import { type Pipeline, startPipeline } from './start.ts';
import { openStores, type Stores } from './testing/stores.ts';

const HOUR = 3_600_000;
const dir = mkdtempSync(join(tmpdir(), 'inframirror-shared-'));
const telemetry = new TelemetryRegistry();
let stores: Stores;
let pipeline: Pipeline;
let door: Door;
let seq = 0;

const start = async (): Promise<void> => {
  pipeline = await startPipeline({ ...stores, telemetry, logger: silentLogger });
  door = openDoor({ stream: stores.stream, telemetry, log: silentLogger });
};
beforeAll(async () => {
  stores = await openStores(dir, silentLogger);
  await start();
  await stores.columns.command('SYSTEM STOP MERGES samples');
}, 120_000);
afterAll(async () => {
  await pipeline?.stop();
  await stores?.close();
  rmSync(dir, { recursive: true, force: true });
});

const settled = async (): Promise<void> => {
  while ((await pipeline.status()).partitions.some(({ lag }) => lag !== 0n)) await new Promise((resolve) => setTimeout(resolve, 50));
};

/** Each message in the store before the next one comes. */
const send = async (sender: string, definition: Definition, rows: readonly (readonly [time: number, value: number])[]): Promise<void> => {
  const body = frameOf([seriesPart([definition]), samplesPart(definition, rows)], { agent: sender, host: sender, seq: ++seq });
  seq++;
  expect(await door.receiveFrames({ headers: {}, body, rights: { post: true } })).toMatchObject({ status: 200 });
  await settled();
};

/** Names of senders, by partition, which nobody has had yet. */
let named = 0;
const senderOf = async (partition: number): Promise<string> => {
  const partitions = (await stores.stream.partitions('im.metrics')).length;
  for (;;) {
    const name = `sender-${named++}`;
    if (partitionOf(name, partitions) === partition) return name;
  }
};

const ask = async (text: string, from: number, to: number): Promise<Readonly<Record<string, readonly unknown[]>>> => {
  const catalogue = new LearnedCatalogue(DATASETS, stores.columns, stores.search);
  await catalogue.refresh();
  const queries = new QueryService({ ports: stores, catalogue, completeUpTo: () => undefined }).for(unlimited('test'));
  const { columns, diagnostics } = await queries.query(text, { from: BigInt(from) * 1_000_000n, to: BigInt(to) * 1_000_000n });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return Object.fromEntries(columns.map(({ name, values }) => [name, values]));
};

/** Hours (by number) of the metric that are read with FINAL. */
const doubles = async (name: string): Promise<readonly number[]> => {
  const sql = `SELECT DISTINCT toUnixTimestamp64Milli(hour) AS hour FROM marks WHERE kind = 'double' AND metric IN (SELECT metric FROM series WHERE name = '${name}') ORDER BY hour`;
  return (await rowsOf(stores.columns, sql)).map(({ hour }) => Number(hour) / HOUR);
};

/** The hour before this one: it ends before the test does. */
const hour = Math.floor(Date.now() / HOUR) * HOUR - HOUR;

test.each([
  ['by two partitions', [0, 1]],
  ['by one partition', [0, 0]],
])('two senders of one series %s: each time counts once, the later received value stands', { timeout: 120_000 }, async (which, partitions) => {
  const [a, b] = [await senderOf(partitions[0] as number), await senderOf(partitions[1] as number)];
  const name = `shared.${which.replaceAll(' ', '_')}`;
  const shared: Definition = [name, [['cluster', 'a']]];
  const at = (seconds: number): number => hour + seconds * 1000;
  const values = async () => (await ask(`from metrics.${name} | sort time | select value`, hour, hour + HOUR)).value;
  await send(a, shared, [
    [at(10), 1],
    [at(20), 2],
  ]);
  expect(await doubles(name)).toEqual([]);
  // The same, other values, and times in between.
  await send(b, shared, [
    [at(10), 1],
    [at(15), 3],
    [at(20), 4],
    [at(25), 5],
  ]);
  expect(await values()).toEqual([1, 3, 4, 5]);
  await send(a, shared, [
    [at(25), 6],
    [at(30), 7],
  ]);
  expect(await values()).toEqual([1, 3, 4, 6, 7]);
  expect(await ask(`from metrics.${name} | every all count`, hour, hour + HOUR)).toMatchObject({ count: [5] });
  expect(await doubles(name)).toEqual([hour / HOUR]);
});

test.each([
  ['by two partitions', [0, 1, 1]],
  ['by one partition', [0, 0, 0]],
])('after a start %s who sent before it is known still', { timeout: 120_000 }, async (which, partitions) => {
  const [a, b, c] = [await senderOf(partitions[0] as number), await senderOf(partitions[1] as number), await senderOf(partitions[2] as number)];
  const name = `started.${which.replaceAll(' ', '_')}`;
  const [one, two]: readonly Definition[] = [
    [`${name}.one`, [['cluster', 'a']]],
    [`${name}.two`, [['cluster', 'a']]],
  ];
  await send(a, one as Definition, [[hour + 10_000, 1]]);
  // A second one lags behind the first, and goes on after the start where the first was.
  await send(a, two as Definition, [[hour + 10_000, 1]]);
  await send(b, two as Definition, [[hour + 20_000, 2]]);
  await pipeline.stop();
  await start();
  await send(c, one as Definition, [[hour + 10_000, 3]]);
  await send(a, two as Definition, [[hour + 20_000, 4]]);
  for (const [definition, value] of [
    [one, [3]],
    [two, [1, 4]],
  ] as const)
    expect((await ask(`from metrics.${definition?.[0]} | sort time | select value`, hour, hour + HOUR)).value).toEqual(value);
});

test('a sender that takes the place of another costs the hour of the change and none after it', { timeout: 120_000 }, async () => {
  const [a, b] = [await senderOf(0), await senderOf(1)];
  const moved: Definition = ['moved.metric', [['host', 'h']]];
  const before = hour - 3 * HOUR;
  for (const [sender, from, to] of [
    [a, 0, 1.5],
    [b, 1.5, 3],
  ] as const)
    for (let at = from; at < to; at += 0.25) await send(sender, moved, [[before + at * HOUR + 1000, at]]);
  expect(await doubles('moved.metric')).toEqual([(before + HOUR) / HOUR]);
  expect((await ask('from metrics.moved.metric | every all count', before, hour)).count).toEqual([12]);
});

test('what two tell at one moment at least one of them hears', { timeout: 120_000 }, async () => {
  const names = Array.from({ length: 6 }, (_, i) => `race.${i}`);
  const definitions = names.map((name): Definition => [name, [['cluster', 'a']]]);
  const senders = [await senderOf(0), await senderOf(1)];
  for (const definition of definitions) {
    seq += 2;
    const bodies = senders.map((agent, i) =>
      frameOf([seriesPart([definition]), samplesPart(definition, [[hour + 1000, i]])], { agent, host: agent, seq: seq + 1 }),
    );
    await Promise.all(bodies.map((body) => door.receiveFrames({ headers: {}, body, rights: { post: true } })));
  }
  await settled();
  for (const name of names) expect((await ask(`from metrics.${name} | every all count`, hour, hour + HOUR)).count, name).toEqual([1]);
});
