// Random histories through the door, the pipeline and the real stores, asked in between again and again as time goes on: what is answered with
// cached buckets is what asking for all anew gives, row by row, also when it was asked while rows were on their way.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Value } from '../../core/batch/batch.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { openColumnSearch } from '../../engines/search/embedded/open.ts';
import { type Door, openDoor } from '../../ingest/door.ts';
import { type Definition, frameOf, partOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { Rollups } from '../../pipeline/rollups/rollups.ts';
import { type Pipeline, startPipeline } from '../../pipeline/start.ts';
import { openStores, type Stores } from '../../pipeline/testing/stores.ts';
import { ToldWrites } from '../../pipeline/told-writes.ts';
import { LearnedCatalogue } from '../../query/ask/learned-catalogue.ts';
import { unlimited } from '../../query/caller.ts';
import { type CallerQueries, QueryService } from '../../query/service.ts';
import { seeded } from '../../query/testing/random.ts';
import { DATASETS } from '../../schemas/catalogue.ts';
import type { OwnFramePart } from '../../schemas/frame.ts';
import { sized } from '../../test/support/long.ts';
import { SEED } from '../../test/support/seed.ts';
import { HeardRows } from './heard-rows.ts';
import { ToldWriter } from './told-file.ts';
import { writeTeller } from './written-rows.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const random = seeded(SEED);
const below = (n: number): number => Math.floor(random() * n);
const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;

const dir = mkdtempSync(join(tmpdir(), 'inframirror-closed-'));
const telemetry = new TelemetryRegistry();
let stores: Stores;
let pipeline: Pipeline;
let door: Door;
let told: ToldWriter;
let heard: HeardRows;
let own: ColumnStore;
let catalogue: LearnedCatalogue;
let queries: CallerQueries;

beforeAll(async () => {
  stores = await openStores(dir, silentLogger);
  heard = new HeardRows(dir);
  told = new ToldWriter(dir, heard.begins());
  const writes = new ToldWrites(writeTeller(told, { call: () => Promise.reject(new Error('nothing is removed here')) }));
  const insert: ColumnStore['insert'] = async (table, rows, options) => {
    await stores.columns.insert(table, rows, options);
    if (table === 'marks' || table === 'series') told.tell(table, rows);
  };
  own = writes.to({ ...whole(stores.columns), insert });
  pipeline = await startPipeline({ ...stores, columns: own, telemetry, logger: silentLogger });
  door = openDoor({ stream: stores.stream, telemetry, log: silentLogger });
  const columns = heard.before(stores.columns);
  const ports = { columns, search: openColumnSearch(columns), records: stores.records };
  catalogue = new LearnedCatalogue(DATASETS, columns, ports.search, undefined, heard.series);
  const hearing = { tellMarks: heard.marks, tellWrites: heard.writes };
  queries = new QueryService({ ports, catalogue, completeUpTo: () => undefined, telemetry, ...hearing }).for(unlimited('test'));
}, 120_000);
afterAll(async () => {
  await pipeline?.stop();
  heard?.stop();
  told?.close();
  await stores?.close();
  rmSync(dir, { recursive: true, force: true });
});

const whole = (columns: ColumnStore): ColumnStore => ({
  migrate: (hasRoom) => columns.migrate(hasRoom),
  query: (...args) => columns.query(...args),
  command: (...args) => columns.command(...args),
  insert: (...args) => columns.insert(...args),
  kill: (queryIds) => columns.kill(queryIds),
  now: () => columns.now(),
  ping: () => columns.ping(),
  close: () => columns.close(),
});

const settled = async (): Promise<void> => {
  while ((await pipeline.status()).partitions.some(({ lag }) => lag !== 0n)) await new Promise((resolve) => setTimeout(resolve, 20));
};

const seqs = new Map<string, number>();
const send = async (sender: string, parts: readonly OwnFramePart[]): Promise<void> => {
  const seq = seqs.get(sender) ?? 1;
  seqs.set(sender, seq + parts.length);
  const body = frameOf(parts, { agent: sender, host: sender, seq });
  expect(await door.receiveFrames({ headers: {}, body, rights: { post: true } })).toMatchObject({ status: 200 });
};

const HOSTS = ['web-1', 'web-2', 'db-1', 'db-2', 'edge-1'];
const GAUGE = 'shop.load';
const COUNTER = 'shop.requests';
const STALE = new Float64Array(new BigUint64Array([0x7ff0000000000002n]).buffer)[0] as number;
const begun = Date.now();

const definition = (name: string, host: string, core: number): Definition => [
  name,
  [
    ['host', host],
    ['core', String(core)],
  ],
];

/** ms; mostly of this moment, then of some minutes ago, then of hours ago, and from a clock that is ahead. */
const someTime = (): number =>
  Date.now() + oneOf([0, 0, 0, 0, -below(40_000), -below(10 * MINUTE), -below(12 * MINUTE), -HOUR - below(5 * HOUR), below(4 * MINUTE)]);

const someSamples = (): readonly OwnFramePart[] => {
  const host = oneOf(HOSTS);
  const name = oneOf([GAUGE, COUNTER]);
  const of = definition(name, host, below(random() < 0.1 ? 6 : 2));
  const from = someTime();
  const value = (i: number): number =>
    random() < 0.04 ? oneOf([Number.NaN, STALE, Number.POSITIVE_INFINITY]) : name === COUNTER ? ((from / 1000) % 977) | 0 : below(400) / 4 + i;
  const rows = Array.from({ length: 1 + below(12) }, (_, i): [number, number] => [from + i * oneOf([1000, 5000, 15_000]), value(i)]);
  const fitting = rows.filter(([time]) => time < Date.now() + 4 * MINUTE);
  return [seriesPart([of], undefined, '1', name === COUNTER ? 'counter' : 'gauge'), samplesPart(of, fitting)];
};

const someLines = (): OwnFramePart => {
  const lines = Array.from({ length: 1 + below(6) }, () => BigInt(someTime()) * 1_000_000n + BigInt(oneOf([0, 1, 999_999, below(1_000_000)])));
  return partOf('logs', {
    time: lines,
    severity: lines.map(() => oneOf(['info', 'error'])),
    body: lines.map(() => oneOf(['it works', 'it fails', 'it waits'])),
    service: lines.map(() => oneOf(['shop', 'pay'])),
    host: lines.map(() => oneOf(HOSTS)),
  });
};

const someProcesses = (): OwnFramePart => {
  const host = oneOf(HOSTS);
  const time = BigInt(someTime());
  return partOf('processes', {
    time: [time],
    host: [host],
    pid: [1 + below(3)],
    start: [time - 1000n],
    name: ['nginx'],
    cpu: [below(8) / 8],
    memory: [1n << 20n],
  });
};

const move = (): OwnFramePart =>
  partOf('inventory', { time: [BigInt(Date.now()) * 1_000_000n], host: [oneOf(HOSTS)], labels: [new Map([['datacenter', oneOf(['fra1', 'ams1'])]])] });

const TEXTS = [
  `from metrics.${GAUGE} last 10m | every 30s avg`,
  `from metrics.${GAUGE} last 10m | every 30s avg | max by host`,
  `from metrics.${GAUGE} last 10m | every 1m max, min | sort time desc, host, core`,
  `from metrics.${GAUGE} last 10m | every 15s sum | sum by datacenter`,
  `from metrics.${GAUGE} last 10m | where datacenter == "fra1" | every 30s count | sum by host`,
  `from metrics.${GAUGE} last 10m | every 20s last over 1m | top 4 by value`,
  `from metrics.${GAUGE} last 6h | every 10m avg, count`,
  `from metrics.${COUNTER} last 10m | every 30s rate`,
  `from metrics.${COUNTER} last 10m | every 1m increase over 2m | sum by host`,
  `from metrics.${COUNTER} last 6h | every 10m increase`,
  'from logs last 10m | every 30s count by service',
  'from logs last 10m | where severity == "error" | every 1m count by host',
  'from logs last 6h | every 10m count | where count > 2',
  'from processes last 10m | every 30s avg cpu | max by host',
];

type Cell = Value | readonly Value[];
const near = (a: unknown, b: unknown): boolean =>
  typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)) : JSON.stringify(a) === JSON.stringify(b);

/** Rows of the text as of a moment. */
const rowsOf = async (
  text: string,
  at: number,
  noCache = false,
): Promise<{ readonly names: readonly string[]; readonly rows: readonly (readonly Cell[])[] }> => {
  const { columns, rowCount, diagnostics } = await queries.query(text, { at: BigInt(at) * 1_000_000n, noCache });
  const wrong = diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => `${code}: ${message}`);
  expect(wrong.join(), `seed ${SEED}: ${text} at ${new Date(at).toISOString()}`).toBe('');
  return {
    names: columns.map(({ name }) => name),
    rows: Array.from({ length: rowCount }, (_, row) => columns.map(({ values }) => values[row] as Cell)),
  };
};

const mustBeSame = async (text: string, at: number): Promise<void> => {
  const [held, anew] = [await rowsOf(text, at), await rowsOf(text, at, true)];
  const why = `seed ${SEED}: ${text} at ${new Date(at).toISOString()}`;
  expect(held.names, why).toEqual(anew.names);
  const other = anew.rows.findIndex((row, i) => !row.every((value, k) => near(value, held.rows[i]?.[k])));
  expect(other < 0 ? undefined : { held: held.rows[other], anew: anew.rows[other] }, why).toBeUndefined();
  expect(held.rows.length, why).toBe(anew.rows.length);
};

const bucketsFrom = (from: 'memory' | 'store'): number =>
  Number(new RegExp(`^inframirror_query_buckets_total\\{from="${from}"\\} (\\d+)`, 'm').exec(telemetry.render())?.[1] ?? 0);

test('what is cached is what asking anew gives', { timeout: 900_000, retry: 0 }, async () => {
  await send('agent', [move(), move()]);
  for (const name of [GAUGE, COUNTER])
    for (const host of HOSTS.slice(0, 4)) {
      const of = definition(name, host, 0);
      const kind = name === COUNTER ? 'counter' : 'gauge';
      for (const [count, step] of [
        [300, MINUTE],
        [120, 5000],
      ] as const)
        await send(host, [
          seriesPart([of], undefined, '1', kind),
          samplesPart(
            of,
            Array.from({ length: count }, (_, i) => [begun - (count - i) * step, i % 50]),
          ),
        ]);
    }
  await settled();
  const rollups = new Rollups({ ...stores, columns: own, telemetry: new TelemetryRegistry(), log: silentLogger, delayMs: 0, settleMs: 0, pauseMs: 0 });
  await rollups.run();
  await catalogue.refresh();
  let at = Date.now();
  for (let round = 0; round < sized(15, 2000); round++) {
    const asked = Array.from({ length: 3 }, () => oneOf(TEXTS));
    for (let i = below(3); i > 0; i--) {
      const sender = oneOf(['agent', 'other', oneOf(HOSTS)]);
      const parts = oneOf([() => someSamples(), () => someSamples(), () => someSamples(), () => [someLines()], () => [someProcesses()], () => [move()]])();
      await send(sender, parts);
      // While it is on its way what is asked may be either, and must not be held.
      if (random() < 0.6) await Promise.all(asked.map((text) => rowsOf(text, at)));
    }
    if (random() < 0.05) await rollups.run();
    await settled();
    if (random() < 0.1) await catalogue.refresh();
    for (const text of asked) await mustBeSame(text, at);
    at = Math.max(at, Date.now() + oneOf([0, 0, 0, below(MINUTE), -below(5000)]));
  }
  for (const text of TEXTS) await mustBeSame(text, at);
  expect(bucketsFrom('memory')).toBeGreaterThan(bucketsFrom('store'));
});
