// A data folder of which a store was lost, emptied or taken from another installation: the start is refused in words and makes nothing, until the
// store is back or an operator has accepted its loss; then what is sent again counts once. First starts that were killed go on by themselves.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openStream, startEngines } from '../../app/engines.ts';
import { NO_SERVERS } from '../../app/servers.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { type Definition, frameOf, partOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { sized } from '../support/long.ts';
import { begin, command, eventually, newFolder, type Product, startProduct } from './support/product.ts';

const HOUR = 3_600_000;
const METRIC: Definition = ['e2e.lost', [['host', 'web-1']]];
const first = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
const START = { args: ['--no-agent'] };

const frame = (): Uint8Array => {
  const nanos = BigInt(first) * 1_000_000n;
  const lines = { time: [nanos, nanos], severity: ['info', 'info'], body: ['one', 'two'], host: ['web-1', 'web-1'], file: [7n, 7n], position: [0n, 10n] };
  return frameOf(
    [
      seriesPart([METRIC]),
      samplesPart(
        METRIC,
        Array.from({ length: 100 }, (_, i) => [first + i * 1000, i] as const),
      ),
      partOf('logs', lines),
    ],
    { agent: 'e2e-lost', host: 'web-1', seq: 1 },
  );
};
const send = async (product: Product): Promise<void> => {
  expect((await product.frames(frame())).status).toBe(200);
};
const range = { from: new Date(first).toISOString(), to: new Date(first + HOUR).toISOString() };
const standing = async (product: Product): Promise<readonly unknown[]> => [
  ...(await product.values('from metrics.e2e.lost | summarize n = count()', undefined, range)),
  ...(await product.values('from metrics.e2e.lost | summarize s = sum(value)', undefined, range)),
  ...(await product.values('from logs | where host == "web-1" | summarize n = count()', undefined, range)),
];
const stands = (product: Product): Promise<true> =>
  eventually('the frame is stored', async () => {
    const [n, , lines] = await standing(product);
    return Number(n) >= 100 && Number(lines) >= 2;
  });
/** Groups whose rounds are all done. */
const settled = (product: Product): Promise<true> =>
  eventually('nothing waits', async () => {
    const parts = (await product.parts()).filter(({ name }) => name.startsWith('pipeline'));
    return parts.length > 0 && parts.every(({ detail }) => detail.startsWith('0 messages')) ? true : undefined;
  });

let base = '';
let other = '';
const folders: string[] = [];
const ends: (() => unknown)[] = [];
beforeAll(async () => {
  for (const make of [() => (base = folders[0] as string), () => (other = folders[1] as string)]) {
    folders.push(await newFolder());
    const product = await startProduct({ folder: make(), ...START });
    await send(product);
    await stands(product);
    await settled(product);
    await product.stop();
  }
}, 240_000);
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** As it was left by the server; owners and links as they are. */
const copyOf = async (from = base): Promise<string> => {
  const folder = await newFolder();
  ends.push(() => rm(folder, { recursive: true, force: true }));
  execFileSync('cp', ['-a', `${from}/.`, folder]);
  return folder;
};
const started = async (folder: string): Promise<Product> => {
  const product = await startProduct({ folder, ...START });
  ends.push(() => product.stop());
  return product;
};
const refused = async (folder: string): Promise<string> => {
  const { ended, heard } = begin(folder, START);
  expect((await ended).code).toBe(1);
  expect(heard.stdout).toBe('');
  return heard.stderr;
};
const doctor = async (folder: string): Promise<string> => (await command(['doctor', '--data', folder], { env: { INFRAMIRROR_LISTEN: '127.0.0.1:0' } })).stdout;
const problems = async (product: Product): Promise<readonly string[]> => {
  const { data } = await product.graphql<{ readonly status: { readonly problems: readonly { readonly message: string }[] } }>(
    '{ status { problems { message } } }',
  );
  return data?.status.problems.map(({ message }) => message) ?? [];
};
const empty = (folder: string): void => {
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { mode: 0o700 });
};

/** Each is some starts of the product: a run tries some of them, by chance, the long form all. */
const someOf = <T>(all: readonly T[], count: number): readonly T[] => {
  const found = all.map((one) => [Math.random(), one] as const).toSorted(([a], [b]) => a - b);
  return found.slice(0, sized(count, all.length)).map(([, one]) => one);
};

const LOSSES: readonly (readonly [string, string, (folder: string) => void])[] = [
  ['the folder of the stream is gone', 'the stream', (folder) => rmSync(join(folder, 'stream'), { recursive: true })],
  ['the folder of the stream is empty', 'the stream', (folder) => empty(join(folder, 'stream'))],
  ['the file of the stream has 0 bytes', 'the stream', (folder) => truncateSync(join(folder, 'stream/data.mdb'), 0)],
  ['the folder of the column store is gone', 'the column store', (folder) => rmSync(join(folder, 'columns'), { recursive: true })],
  ['the folder of the column store is empty', 'the column store', (folder) => empty(join(folder, 'columns'))],
  ['the folder of the record store is gone', 'the record store', (folder) => rmSync(join(folder, 'records'), { recursive: true })],
  ['the folder of the record store is empty', 'the record store', (folder) => empty(join(folder, 'records'))],
];

test.each(someOf(LOSSES, 3))(
  '%s: refused in words, and nothing is made in its place',
  async (_, store, lose) => {
    const folder = await copyOf();
    lose(folder);
    // But for the note why it was refused.
    const names = (): readonly unknown[] =>
      readdirSync(folder, { recursive: true })
        .filter((name) => name !== 'refused-start.json')
        .toSorted();
    const left = names();
    const told = await refused(folder);
    expect(told).toContain(`${store} in ${folder}/`);
    expect(told).toContain('[store.lost]');
    expect(told).toContain('inframirror accept-loss');
    expect(names()).toEqual(left);
    const says = await doctor(folder);
    expect(says).toMatch(/^FAIL stores .*was refused: /m);
    expect(says).toContain(`${store} in ${folder}/`);
  },
  60_000,
);

test('what is put back goes on as if nothing had been', async () => {
  const folder = await copyOf();
  renameSync(join(folder, 'stream'), `${folder}/elsewhere`);
  await refused(folder);
  renameSync(`${folder}/elsewhere`, join(folder, 'stream'));
  const product = await started(folder);
  expect(await problems(product)).toEqual([]);
  await send(product);
  await settled(product);
  expect(await standing(product)).toEqual([100, 4950, 2]);
  expect(readFileSync(join(folder, 'stores.json'), 'utf8')).not.toContain('refused');
}, 120_000);

const TABLES = [
  ['one table', 'samples.sql'],
  ['the table that says whose it is', 'installation.sql'],
] as const;

test.each(someOf(TABLES, 1))(
  'the column store without %s: refused in words',
  async (_, name) => {
    const folder = await copyOf();
    for (const path of readdirSync(join(folder, 'columns'), { recursive: true, encoding: 'utf8' }))
      if (path.endsWith(`/${name}`)) rmSync(join(folder, 'columns', path), { force: true });
    const told = await refused(folder);
    expect(told).toMatch(name === 'samples.sql' ? /lost its tables: samples \[store\.incomplete\]/ : /\[store\.lost\]/);
    expect(await refused(folder)).toBe(told);
  },
  120_000,
);

test.each(someOf(['stream', 'columns', 'records'], 1))(
  'the %s of another installation: refused in words',
  async (store) => {
    const folder = await copyOf();
    rmSync(join(folder, store), { recursive: true });
    execFileSync('cp', ['-a', join(other, store), join(folder, store)]);
    const told = await refused(folder);
    expect(told).toContain('[store.foreign]');
    for (const at of [folder, other]) expect(told).toContain(readFileSync(join(at, 'instance'), 'utf8').trim());
    expect(await doctor(folder)).toMatch(/^FAIL stores /m);
  },
  120_000,
);

test('a lost stream that was accepted: begun anew, what is sent again counts once, and all that is told', async () => {
  const folder = await copyOf();
  rmSync(join(folder, 'stream'), { recursive: true });
  await refused(folder);
  const unasked = await command(['accept-loss', 'stream', '--data', folder]);
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(/not stored yet is gone.*is lost for good\? Say so with --yes/)]);
  const accepted = await command(['accept-loss', 'stream', '--yes', '--data', folder]);
  expect(accepted.code).toBe(0);
  expect(accepted.stdout).toContain('not stored yet is gone');
  const product = await started(folder);
  expect((await problems(product))[0]).toContain('the stream was lost and has begun anew');
  await send(product);
  await settled(product);
  expect(await standing(product)).toEqual([100, 4950, 2]);
  // The door knows the repeat of what it took itself.
  await send(product);
  await settled(product);
  expect(await standing(product)).toEqual([100, 4950, 2]);
  await product.stop();
  const again = await started(folder);
  expect(await problems(again)).toEqual([]);
  expect(await standing(again)).toEqual([100, 4950, 2]);
  await again.stop();
  // It was for that one time.
  rmSync(join(folder, 'stream'), { recursive: true });
  expect(await refused(folder)).toContain('[store.lost]');
}, 240_000);

test.each(someOf(['columns', 'records'], 1))(
  'a lost store %s that was accepted is begun anew, and takes what comes',
  async (store) => {
    const folder = await copyOf();
    rmSync(join(folder, store), { recursive: true });
    expect((await command(['accept-loss', store, '--yes', '--data', folder])).code).toBe(0);
    const product = await started(folder);
    expect((await problems(product))[0]).toContain('was lost and has begun anew');
    const frameAnew = frameOf([seriesPart([METRIC]), samplesPart(METRIC, [[first + 200_000, 7]])], { agent: 'e2e-lost', host: 'web-1', seq: 4 });
    expect((await product.frames(frameAnew)).status).toBe(200);
    const behind = { ...range, from: new Date(first + 150_000).toISOString() };
    await eventually('the new sample stands', async () => (await product.values('from metrics.e2e.lost | summarize n = count()', undefined, behind))[0] === 1);
    expect((await standing(product))[0]).toBe(store === 'columns' ? 1 : 101);
  },
  120_000,
);

test('a loss is accepted only where a server was, of a store there is, and while none runs', async () => {
  const folder = await newFolder();
  ends.push(() => rm(folder, { recursive: true, force: true }));
  expect((await command(['accept-loss', 'stream', '--data', folder])).stderr).toContain('it is no data folder of a server');
  expect(readdirSync(folder)).toEqual([]);
  expect((await command(['accept-loss', 'streams', '--data', folder])).stderr).toContain('did you mean "stream"?');
  // Of a store that is there, and for which no start was refused, nothing is accepted.
  const whole = await copyOf();
  expect(await command(['accept-loss', 'columns', '--yes', '--data', whole])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('[store.not-accepted]'),
  });
  rmSync(join(whole, 'stream'), { recursive: true });
  expect((await command(['accept-loss', 'stream', '--yes', '--data', whole])).code).toBe(0);
  expect(await doctor(whole)).toMatch(/^warn stores .*the stream is lost was accepted by .*begins it anew/m);
});

test('an instance file that was lost is known from the stores', async () => {
  const folder = await copyOf();
  const name = readFileSync(join(folder, 'instance'), 'utf8');
  writeFileSync(join(folder, 'instance'), '');
  const product = await started(folder);
  expect(readFileSync(join(folder, 'instance'), 'utf8')).toBe(name);
  expect(await standing(product)).toEqual([100, 4950, 2]);
}, 120_000);

/** A folder whose stores were made by a start that did not come to name them. */
const unnamed = async (): Promise<string> => {
  const folder = await newFolder();
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const unchecked = { check: () => undefined, checkTogether: () => undefined, isGivenUp: () => false, putAside: () => undefined };
  const stores = { dataDir: folder, servers: NO_SERVERS, log: silentLogger, telemetry: new TelemetryRegistry() };
  const { stream } = await openStream({ ...stores, maxBytes: 1 << 30 }, unchecked);
  const engines = await startEngines(stores, unchecked);
  await engines.stop();
  await stream.close();
  return folder;
};

const MADE: readonly (readonly [string, readonly string[]])[] = [
  ['all stores', []],
  ['the stream alone', ['columns', 'records']],
  ['the stream and the column store', ['records']],
];

test.each(someOf(MADE, 1))(
  'a first start that was killed when it had made %s goes on by itself',
  async (_, without) => {
    const folder = await unnamed();
    for (const store of without) rmSync(join(folder, store), { recursive: true });
    const product = await started(folder);
    expect(await problems(product)).toEqual([]);
    expect(existsSync(join(folder, 'stores.json'))).toBe(true);
  },
  120_000,
);

test('a start that was killed when it had named all stores, and not noted it, goes on by itself', async () => {
  const folder = await copyOf();
  rmSync(join(folder, 'stores.json'));
  const product = await started(folder);
  expect(await problems(product)).toEqual([]);
  expect(await standing(product)).toEqual([100, 4950, 2]);
  expect(existsSync(join(folder, 'stores.json'))).toBe(true);
}, 120_000);

test.each(someOf(['stream', 'columns', 'records'], 1))(
  'the %s lost together with what was noted of the stores: refused until it is accepted, as the others say that it was there',
  async (store) => {
    const folder = await copyOf();
    rmSync(join(folder, 'stores.json'));
    rmSync(join(folder, store), { recursive: true });
    // The stream is opened first, and says that the others were there before they are made; whose it is itself, they must be opened to say.
    const reasons =
      store === 'stream' ? ['is missing (what is there now is new and empty)', 'it does not know any more whose it is'] : ['is missing,', 'is missing,'];
    for (const reason of reasons) {
      const told = await refused(folder);
      expect(told).toContain('[store.lost]');
      expect(told).toContain(reason);
      expect(told).toContain(`in ${folder}/${store} is lost`);
    }
    expect((await command(['accept-loss', store, '--yes', '--data', folder])).code).toBe(0);
    expect((await problems(await started(folder)))[0]).toContain('was lost and has begun anew');
  },
  180_000,
);

test('what is noted of the stores and cannot be read is told, with the file, and switches nothing off', async () => {
  const folder = await copyOf();
  const file = join(folder, 'stores.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, -5));
  rmSync(join(folder, 'stream'), { recursive: true });
  const told = await refused(folder);
  expect(told).toContain('[store.notes]');
  expect(told).toContain(file);
  expect(existsSync(join(folder, 'stream'))).toBe(false);
  expect(await doctor(folder)).toMatch(/^FAIL stores .*stores\.json cannot be read/m);
  expect((await command(['accept-loss', 'stream', '--data', folder])).stderr).toContain('[store.notes]');
  writeFileSync(file, text);
  expect(await refused(folder)).toContain('[store.lost]');
}, 60_000);

test('first starts killed at any moment go on by themselves', async () => {
  const seed = Math.floor(Math.random() * 1000);
  console.log(`kills from ${seed} ms on`);
  const folder = await newFolder();
  ends.push(() => rm(folder, { recursive: true, force: true }));
  for (let i = 0; i < 4; i++) {
    const { child, ended } = begin(folder, START);
    setTimeout(() => child.kill('SIGKILL'), seed + i * 900);
    await ended;
  }
  const product = await started(folder);
  expect(await problems(product)).toEqual([]);
  await send(product);
  await stands(product);
}, 240_000);
