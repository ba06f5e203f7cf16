// Ends that nobody asked for: kill -9 of the whole product or of one of its processes. It comes back by itself, or with the next start,
// with all that it had acknowledged; its status says what happened. (Loss under load is the kill test's.)

import { rm } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { type Definition, frameOf, logsPart, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { eventually, type Part, type Product, preparedFolder, startProduct } from './support/product.ts';

let folder: string;
let product: Product;
afterEach(async () => {
  await product.stop();
  await rm(folder, { recursive: true, force: true });
});
const start = async (): Promise<void> => {
  folder = await preparedFolder();
  product = await startProduct({ folder });
};

const METRIC: Definition = ['e2e.kept', [['host', 'a']]];
let seq = 1;
/** Ten samples and ten log lines of one frame, acknowledged. */
const accept = async (): Promise<void> => {
  const now = Date.now() - 60_000;
  const samples = Array.from({ length: 10 }, (_, i) => [now + seq * 100 + i, i] as const);
  const lines = Array.from({ length: 10 }, (_, i) => `kept line ${seq} ${i}`);
  const parts = [
    seriesPart([METRIC]),
    samplesPart(METRIC, samples),
    logsPart(
      lines,
      lines.map((_, i) => BigInt(now + i) * 1_000_000n),
    ),
  ];
  const { status } = await product.frames(frameOf(parts, { agent: 'e2e-restart', seq }));
  expect(status).toBe(200);
  seq += parts.length;
};
const counts = async (): Promise<readonly unknown[]> => [
  (await product.values('from metrics.e2e.kept last 1h | summarize n = count()'))[0],
  (await product.values('from logs last 1h | search "kept line" | summarize n = count()'))[0],
];
const allThere = (frames: number): Promise<unknown> =>
  eventually(`${frames * 10} samples and lines`, async () => {
    const found = await counts();
    return found.every((n) => n === frames * 10) && found;
  });
const part = async (name: string): Promise<Part> => (await product.parts()).find((p) => p.name === name) as Part;
const pidOf = async (name: string): Promise<number> => Number(/process (\d+)/.exec((await part(name)).detail)?.[1]);
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('the whole product', async () => {
  await start();
  await accept();
  await allThere(1);
  await accept();
  const children = product.pidsOf('');
  expect(children.length).toBeGreaterThan(3);
  // The second frame may be on the stream only.
  await product.kill();
  const { readyMs, origin } = product;
  // No store of a dead product goes on for long, and the next start does not mind.
  product = await startProduct({ folder });
  expect(product.origin).not.toBe(origin);
  await allThere(2);
  await eventually('the end of the old processes', async () => children.every((pid) => !isAlive(pid)));
  await accept();
  await allThere(3);
  expect((await product.parts()).filter((p) => p.state !== 'ok')).toEqual([]);
  console.log(`ready after ${Math.round(readyMs)} ms, after kill -9 ${Math.round(product.readyMs)} ms`);
});

test.each(['column store', 'record store'])('the %s', async (name) => {
  await start();
  seq = 1;
  await accept();
  await allThere(1);
  const pid = await pidOf(name);
  process.kill(pid, 'SIGKILL');
  await accept();
  const again = await eventually('another process', async () => {
    const { state, detail } = await part(name);
    return state === 'ok' && !detail.includes(`process ${pid}`) && detail;
  });
  expect(again).toMatch(/process \d+, restarted once/);
  await allThere(2);
  expect((await product.values('from hosts | select host')).length).toBe(1);
  await accept();
  await allThere(3);
  expect(product.child.exitCode).toBeNull();
});

test('the agent', async () => {
  await start();
  const pid = await pidOf('agent of this host');
  process.kill(pid, 'SIGKILL');
  const again = await eventually('another process', async () => {
    const { state, detail } = await part('agent of this host');
    return state === 'ok' && !detail.includes(`process ${pid},`) && !detail.includes(`process ${pid};`) && detail.includes('restarted once') && detail;
  });
  expect(again).toContain('it ended last with SIGKILL');
  await eventually('two starts', async () => (await product.values('from events last 1h | where kind == "agent.start" | summarize n = count()'))[0] === 2);
  const [n] = await product.values('from metrics.system.uptime last 1h | summarize n = count()');
  expect(Number(n)).toBeGreaterThan(1);
});

test('while a store is away a question is told so, and the product stays', async () => {
  await start();
  process.kill(await pidOf('column store'), 'SIGKILL');
  const answers = await Promise.all(Array.from({ length: 5 }, () => product.graphql('{ query(text: "from metrics.system.uptime | latest") { rowCount } }')));
  for (const { data, errors } of answers) if (data == null) expect(errors?.[0]?.extensions?.code).toBe('columns.unavailable');
  expect((await product.get('/-/healthy')).status).toBe(200);
  await eventually('an answer', async () => (await product.values('from metrics.system.uptime last 5m | latest', 'value')).length > 0);
});
