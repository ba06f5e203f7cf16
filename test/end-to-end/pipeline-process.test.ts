// The pipeline is a process of its own: what was acknowledged comes to rest while the server's one thread stands still, nothing of it is lost or
// doubled when that process is killed at any moment, and it does not outlive the server.
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import { openClickHouse } from '../../engines/columns/clickhouse/open.ts';
import type { ColumnStore } from '../../engines/columns/port.ts';
import { type Definition, frameOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { eventually, type Product, preparedFolder, startProduct } from './support/product.ts';

const CHILD = 'app/pipeline/child.ts';
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const start = async (folder: string, env: NodeJS.ProcessEnv = {}): Promise<Product> => {
  const product = await startProduct({ folder, args: ['--no-agent'], env });
  ends.push(() => product.stop());
  return product;
};
const folderOfTest = async (): Promise<string> => {
  const folder = await preparedFolder();
  ends.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
};
/** The column store, asked beside the server. */
const columnsOf = (folder: string): ColumnStore => {
  const columns = openClickHouse({ url: 'http://columns.embedded', socketPath: join(folder, 'columns', 'columns.sock') });
  ends.push(() => columns.close());
  return columns;
};
const numberOf = async (columns: ColumnStore, sql: string): Promise<number> => {
  const [batch] = (await columns.query(sql)).batches;
  return batch === undefined ? Number.NaN : Number(valueAt(columnOf(batch, 'n'), 0));
};
const isGone = (pid: number): boolean => {
  try {
    // Of one that has ended and was not waited for nothing is left to run.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '';
  } catch {
    return true;
  }
};
const pidOf = (product: Product): Promise<number> => eventually('the pipeline runs', async () => product.pidsOf(CHILD)[0]);

/** Stands still in its only thread from `SIGUSR2` on, until the file is there. */
const STANDS_STILL = `import { existsSync } from 'node:fs';
process.on('SIGUSR2', () => { while (!existsSync(process.env.GO_ON)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); });`;

test('what was acknowledged rests in its store while the server answers nobody, and the first answer after that has all of it, and right', async () => {
  const folder = await folderOfTest();
  const goOn = join(folder, 'pipeline', 'go-on');
  const product = await start(folder, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(STANDS_STILL)}`, GO_ON: goOn });
  ends.push(async () => writeFileSync(goOn, ''));
  const columns = columnsOf(folder);
  const [metric, beside]: readonly Definition[] = [
    ['e2e.still', [['host', 'a']]],
    ['e2e.beside', [['host', 'a']]],
  ];
  const from = Date.now() - 60_000;
  const samples = (factor: number) => [1, 2, 3].map((value, i) => [from + i * 100, value * factor] as const);
  const send = async (agent: string, ...parts: Parameters<typeof frameOf>[0]): Promise<void> =>
    expect((await product.frames(frameOf(parts, { agent, seq: 1 }))).status).toBe(200);
  const totals = (): Promise<readonly unknown[]> =>
    product.values('from metrics.e2e.still last 1h | summarize n = count(value), total = sum(value) | select text = concat(text(n), " of ", text(total))');
  await send('first', seriesPart([metric as Definition]), samplesPart(metric as Definition, samples(1)));
  // From now on it is known that no time of its hour has two values.
  await eventually('the first rest', async () => (await totals())[0] === '3 of 6');
  await send(
    'second',
    seriesPart([metric as Definition, beside as Definition]),
    samplesPart(metric as Definition, samples(10)),
    samplesPart(beside as Definition, samples(1)),
  );
  process.kill(product.child.pid as number, 'SIGUSR2');
  let isStill = true;
  await eventually('the server stands still', async () => {
    const probe = product.get('/-/healthy').then(() => {
      isStill = false;
    });
    await Promise.race([probe, delay(1000)]);
    const found = isStill;
    isStill = true;
    return found;
  });
  const asked = totals().finally(() => {
    isStill = false;
  });
  const resting = `SELECT count() AS n FROM samples WHERE metric = ${metricHash('e2e.beside')}`;
  await eventually('the second rest', async () => (await numberOf(columns, resting)) === 3, 60_000);
  expect(isStill).toBe(true);
  writeFileSync(goOn, '');
  expect(await asked).toEqual(['3 of 60']);
}, 240_000);

test('killed again and again under load, every acknowledged sample stands once, and the counters go on', async () => {
  const folder = await folderOfTest();
  const product = await start(folder);
  const columns = columnsOf(folder);
  // A merge would make one row of two with the same key, and hide what is looked for.
  await columns.command('ALTER TABLE samples MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1');
  const metric: Definition = ['e2e.killed', [['host', 'a']]];
  const from = Date.now() - 1_800_000;
  const PER_FRAME = 50;
  let acknowledged = 0;
  let isOver = false;
  const load = (async () => {
    for (let seq = 1; !isOver; seq++) {
      const samples = Array.from({ length: PER_FRAME }, (_, i) => [from + acknowledged + i, i] as const);
      const parts = [...(seq === 1 ? [seriesPart([metric])] : []), samplesPart(metric, samples)];
      const frame = frameOf(parts, { agent: 'load', seq: seq * 2 });
      // As an agent: the same frame until it is acknowledged.
      while ((await product.frames(frame)).status !== 200) await delay(20);
      acknowledged += PER_FRAME;
      await delay(5);
    }
  })();
  const KILLS = 6;
  const waits = Array.from({ length: KILLS }, () => Math.round(Math.random() * 2500));
  console.info(`the pipeline is killed after ${waits.join(', ')} ms`);
  const killed = new Set<number>();
  for (const wait of waits) {
    const pid = await eventually('the next one runs', async () => product.pidsOf(CHILD).find((one) => !killed.has(one)), 60_000);
    await delay(wait);
    process.kill(pid, 'SIGKILL');
    killed.add(pid);
  }
  await delay(500);
  isOver = true;
  await load;
  const of = `FROM samples WHERE metric = ${metricHash('e2e.killed')}`;
  await eventually('all rest', async () => (await numberOf(columns, `SELECT uniqExact(time) AS n ${of}`)) === acknowledged, 120_000);
  await eventually('nothing is behind', async () =>
    (await product.parts()).every(({ name, detail }) => !/^pipeline (samples|records)$/.test(name) || detail.startsWith('0 messages')),
  );
  expect(await numberOf(columns, `SELECT count() AS n ${of}`)).toBe(acknowledged);
  expect(await product.values('from metrics.e2e.killed last 1h | summarize n = count(value)')).toEqual([acknowledged]);
  const metrics = await (await product.get('/metrics')).text();
  expect(metrics).toMatch(new RegExp(`^inframirror_pipeline_process_restarts_total ${KILLS}$`, 'm'));
  expect((await product.parts()).find(({ name }) => name === 'process of the pipeline')).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(new RegExp(`^process \\d+, restarted ${KILLS} times, .* of memory; it ended last with SIGKILL$`)),
  });
  expect(product.heard.stderr).toContain('the pipeline ended and is started again');
}, 300_000);

test('however the server ends, its pipeline does; the next start goes on', async () => {
  const folder = await folderOfTest();
  const metric: Definition = ['e2e.outlived', [['host', 'a']]];
  let product = await start(folder);
  let pid = await pidOf(product);
  const samples = [[Date.now() - 60_000, 1] as const];
  expect((await product.frames(frameOf([seriesPart([metric]), samplesPart(metric, samples)], { agent: 'one', seq: 1 }))).status).toBe(200);
  await product.kill();
  await eventually('it is gone with a server that was killed', async () => isGone(pid));
  product = await start(folder);
  pid = await pidOf(product);
  await eventually('what was acknowledged rests', async () => (await product.values('from metrics.e2e.outlived last 1h | count'))[0] === 1);
  process.kill(pid, 'SIGTERM');
  await delay(200);
  expect(isGone(pid)).toBe(false);
  expect((await product.stop()).code).toBe(0);
  expect(isGone(pid)).toBe(true);
  expect(product.heard.stderr).not.toContain('did not end cleanly');
  expect(product.heard.stderr).not.toContain('"level":"error"');
}, 180_000);
