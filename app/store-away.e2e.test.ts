// A server that starts while the column store is away: agents from before it send as ever, what they send waits on the stream and stands once
// when the store is back; nobody can use the time to send for another's host. On the real stream, stores, pipeline and address.
import { join as joinPath } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, ServerCalls } from '../agent/server-calls.ts';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import type { EmbeddedStream } from '../engines/stream/embedded.ts';
import { openLmdbStream } from '../engines/stream/lmdb/open.ts';
import { KeptSeriesHosts } from '../ingest/kept-series-hosts.ts';
import { INTAKE_LIMITS } from '../ingest/limits.ts';
import { SeriesTables } from '../ingest/series-tables.ts';
import { type Definition, frameOf, logsPart, samplesPart, seriesPart, zstd } from '../ingest/testing/frames.ts';
import { type Pipeline, startPipeline } from '../pipeline/start.ts';
import type { OwnFramePart } from '../schemas/frame.ts';
import { storedSeriesHosts } from './stored-series-hosts.ts';
import { AgentServer } from './testing/agent-server.ts';
import { type Enrolled, enrolled, postSigned, sessionOf } from './testing/enrolled.ts';

let server: AgentServer;
let calls: ServerCalls;
let stream: EmbeddedStream;
let child: EmbeddedColumns | undefined;
let columns: ColumnStore;
let pipeline: Pipeline | undefined;
let kept: KeptSeriesHosts | undefined;
let seq = 1;

const enrol = (host: string): Promise<Enrolled> => enrolled(server, calls, host);
const post = ({ session }: Enrolled, body: Uint8Array): Promise<Answer> => postSigned(calls, session, body);
const frame = ({ identity, boot }: Enrolled, parts: readonly OwnFramePart[]): Uint8Array => {
  seq += 10;
  return zstd(frameOf(parts, { agent: identity.id, host: identity.host, boot, seq, sent: new Date().toISOString() }));
};
const send = (one: Enrolled, ...parts: readonly OwnFramePart[]): Promise<Answer> => post(one, frame(one, parts));

const startColumns = async (): Promise<void> => {
  child = await startEmbeddedColumns({ dataDir: joinPath(server.folder, 'columns'), log: silentLogger });
};
const stopColumns = async (): Promise<void> => {
  await child?.stop();
  child = undefined;
};
/** `isKept`: as the product does; else as it did before. */
const open = async (isKept = true): Promise<void> => {
  pipeline = await startPipeline({ stream, columns, records: server.records, telemetry: new TelemetryRegistry(), logger: silentLogger });
  const { lastOf, isCaughtUp } = pipeline;
  const series = new SeriesTables(INTAKE_LIMITS, Date.now);
  kept = isKept ? new KeptSeriesHosts({ records: server.records, series, log: silentLogger }) : undefined;
  await kept?.start();
  await server.open({ stream, series, known: lastOf, isKnownWhole: isCaughtUp, hostsOf: storedSeriesHosts(columns) });
};
const close = async (): Promise<void> => {
  await server.close();
  await kept?.stop();
  await pipeline?.stop();
  pipeline = undefined;
};

beforeAll(async () => {
  server = await AgentServer.start();
  stream = await openLmdbStream({ dir: joinPath(server.folder, 'stream'), minFreeBytes: 0 });
  await startColumns();
  const { url, socketPath, statements } = child as EmbeddedColumns;
  columns = openClickHouse({ url, socketPath, concurrency: statements });
  await columns.migrate();
  await open();
  calls = new ServerCalls(server.url, 60_000, new AbortController().signal);
}, 120_000);
afterAll(async () => {
  calls?.close();
  await close();
  await stream?.close();
  await columns?.close();
  await stopColumns();
  await server?.stop();
}, 120_000);

const cpu = (host: string, core = 0): Definition => [
  'cpu',
  [
    ['host', host],
    ['core', String(core)],
  ],
];
const T0 = Date.now() - 60_000;
const line = (text: string): OwnFramePart => logsPart([text], [BigInt(T0) * 1_000_000n]);
const rowsOf = async (host: string): Promise<readonly number[]> => {
  const { batches } = await columns.query(
    "SELECT if(exponent <= 6, mantissa / exp10(exponent), float) AS value FROM samples WHERE id IN (SELECT id FROM series WHERE labels['host'] = {host:String}) ORDER BY value",
    {
      params: { host },
    },
  );
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) => Number(valueAt(columnOf(batch, 'value'), row))));
};
const stored = (host: string, values: readonly number[]): Promise<void> =>
  expect.poll(() => rowsOf(host), { timeout: 120_000, interval: 200 }).toEqual(values) as unknown as Promise<void>;

test('agents from before send on, once, and no other for their hosts', { timeout: 600_000 }, async () => {
  const [web, bad] = [await enrol('web-1'), await enrol('web-2')];
  expect(await send(web, seriesPart([cpu('web-1'), cpu('web-1', 1)]), samplesPart(cpu('web-1'), [[T0, 1]]))).toMatchObject({ status: 200 });
  expect(await send(bad, seriesPart([cpu('web-2')]), samplesPart(cpu('web-2'), [[T0, 1]]))).toMatchObject({ status: 200 });
  await stored('web-1', [1]);
  await close();
  await stopColumns();

  const signIns = async (): Promise<void> => {
    for (const one of [web, bad]) one.session = await sessionOf(calls, one.identity, one.boot);
  };
  // What the door did before it kept anything: the same is refused.
  await open(false);
  await signIns();
  expect(await send(web, samplesPart(cpu('web-1'), [[T0 + 1000, 0]]))).toMatchObject({ status: 503, code: 'intake.busy' });
  await close();

  for (let restart = 0; restart < 2; restart++) {
    await open();
    await signIns();
    const body = frame(web, [
      samplesPart(cpu('web-1'), [[T0 + 10_000 + restart, 10 + restart]]),
      samplesPart(cpu('web-1', 1), [[T0 + restart, 20 + restart]]),
      line('x'),
    ]);
    expect(await post(web, body)).toMatchObject({ status: 200, told: { rows: 3, dropped: [], define: true } });
    // Its answer was lost.
    expect(await post(web, body)).toMatchObject({ status: 200 });
    // It can see the ids of others nowhere, but they are made of names that can be guessed.
    expect(await send(bad, samplesPart(cpu('web-1'), [[T0, 666]]))).toMatchObject({ status: 403, code: 'intake.host' });
    expect(await send(bad, samplesPart(cpu('web-2'), [[T0 + 1, 2]]), samplesPart(cpu('web-1', 1), [[T0, 666]]))).toMatchObject({ status: 403 });
    // Whose that is the store alone may know.
    expect(await send(bad, samplesPart(cpu('web-9'), [[T0, 666]]))).toMatchObject({ status: 503, code: 'intake.busy' });
    expect(await send(bad, samplesPart(cpu('web-2'), [[T0 + 10 + restart, 2 + restart]]))).toMatchObject({ status: 200, told: { rows: 1 } });
    // A series that is new meanwhile is known to the next start too.
    expect(await send(web, seriesPart([cpu('web-1', 2 + restart)]))).toMatchObject({ status: 200 });
    if (restart === 1) expect(await send(web, samplesPart(cpu('web-1', 2), [[T0, 30]]))).toMatchObject({ status: 200, told: { rows: 1 } });
    await close();
  }
  await open();
  await startColumns();
  await stored('web-1', [1, 10, 11, 20, 21, 30]);
  await stored('web-2', [1, 2, 3]);
});
