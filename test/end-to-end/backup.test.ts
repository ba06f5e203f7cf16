// Backup and restore from outside: a backup of a server that goes on taking frames has all stores as of one moment; restored, it answers as
// the server did up to there, and takes what senders send again or anew, once. Kills, damage and full disks leave nothing half done.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { sumOf } from '../../app/backup/manifest.ts';
import { type Definition, frameOf, logsPart, partOf, samplesPart, seriesPart } from '../../ingest/testing/frames.ts';
import { sized } from '../support/long.ts';
import { smallDisk } from '../support/small-disk.ts';
import { begin, command, eventually, newFolder, type Product, ROOT, startProduct } from './support/product.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const started = async (folder?: string, args: readonly string[] = []): Promise<Product> => {
  const product = await startProduct({ ...(folder === undefined ? {} : { folder }), args: ['--no-agent', ...args] });
  ends.push(() => product.stop());
  return product;
};
const folderOf = async (): Promise<string> => {
  const folder = await newFolder();
  ends.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

const METRIC: Definition = ['e2e.backup', [['host', 'web-1']]];
const PARTS = 4;
/** Frame n has one sample, one line, one process and one event, each with n in it. */
const frame = (n: number, first: number): Uint8Array => {
  const at = BigInt(first + n * 10);
  return frameOf(
    [
      seriesPart([METRIC]),
      samplesPart(METRIC, [[at, n]]),
      logsPart([`line of frame ${n}`], [at * 1_000_000n]),
      partOf('processes', { time: [at], host: ['web-1'], pid: [n + 1], start: [BigInt(first)], name: [`p${n}`] }),
    ],
    { agent: 'e2e-backup', seq: 1 + n * PARTS },
  );
};

const TEXTS = {
  samples: 'from metrics.e2e.backup last 2h | select value | sort value',
  lines: 'from logs last 2h | where host == "web-1" | select body | sort body',
  processes: 'from processes last 2h | where host == "web-1" | select name | sort name',
} as const;
type Answers = Readonly<Record<keyof typeof TEXTS, readonly number[]>>;

const numberOf = (value: unknown): number => Number(/\d+$/.exec(String(value))?.[0]);
/** Which frames stand, by signal, as often as they do. */
const standing = async (product: Product): Promise<Answers> => {
  const all = { limit: 100_000 };
  const rows = async (text: string): Promise<readonly number[]> => (await product.values(text, undefined, all)).map(numberOf).toSorted((a, b) => a - b);
  return { samples: await rows(TEXTS.samples), lines: await rows(TEXTS.lines), processes: await rows(TEXTS.processes) };
};
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const sent = async (product: Product, n: number, first: number): Promise<void> => {
  const answer = await product.frames(frame(n, first));
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
};

test('a backup beside intake is of one moment; restored, it answers as then, and nothing that comes again or anew doubles or is lost', async () => {
  const product = await started();
  const first = Date.now() - 3_600_000;
  const backup = join(await folderOf(), 'backup');
  let n = 0;
  for (; n < 40; n++) await sent(product, n, first);
  let isOver = false;
  const sending = (async () => {
    for (; !isOver; n++) await sent(product, n, first);
  })();
  const before = n;
  const made = await command(['backup', backup, '--data', product.folder]);
  expect([made.stderr, made.code]).toEqual(['', 0]);
  expect(made.stdout).toContain(`${backup}: all stores as of 20`);
  isOver = true;
  await sending;
  await eventually('all is stored', async () => (await standing(product)).lines.length === n);
  const original = await standing(product);
  const hosts = await product.ask('from hosts');
  const { data: status } = await product.graphql<{ backup: { state: string; dir: string } }>('{ backup { state dir } }');
  expect(status?.backup).toEqual({ state: 'done', dir: backup });
  expect(
    (await command(['audit', '--about', backup, '--json', '--data', product.folder])).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).what),
  ).toEqual(['backup.start', 'backup.done']);
  expect(await product.parts()).toContainEqual({ name: 'backup', state: 'ok', detail: expect.stringContaining(backup) });
  const series = await product.values('from metrics.e2e.backup last 2h | latest | select host', 'host');
  const tokens = [product.token, product.agentToken];
  await product.stop();

  // Nobody else reads it.
  for (const entry of readdirSync(backup, { recursive: true, withFileTypes: true }))
    expect(statSync(join(entry.parentPath, entry.name)).mode & 0o077, entry.name).toBe(0);

  const folder = join(await folderOf(), 'data');
  const brought = await command(['restore', backup, '--data', folder]);
  expect([brought.stderr, brought.code]).toEqual(['', 0]);
  const restored = await started(folder);
  expect([restored.token, restored.agentToken]).toEqual(tokens);
  // What was on the stream and not yet stored goes its way now.
  await eventually('the pipeline has nothing before it', async () => {
    const groups = (await restored.parts()).filter(({ name }) => name.startsWith('pipeline '));
    return groups.length > 0 && groups.every(({ detail }) => detail.startsWith('0 messages behind'));
  });
  const found = await standing(restored);
  for (const signal of ['samples', 'lines', 'processes'] as const) {
    const rows = found[signal];
    expect(rows, signal).toEqual(upTo(rows.length));
    expect(rows.length, signal).toBeGreaterThanOrEqual(before);
    expect(original[signal].slice(0, rows.length), signal).toEqual(rows);
  }
  expect((await restored.ask('from hosts')).rowCount).toBe(hosts.rowCount);
  expect(await restored.values('from metrics.e2e.backup last 2h | latest | select host', 'host')).toEqual(series);

  // A sender that has had no answer sends again what was taken; and goes on.
  const least = Math.min(found.samples.length, found.lines.length, found.processes.length);
  for (let m = least - 10; m < n + 20; m++) await sent(restored, m, first);
  await eventually('all is there', async () => (await standing(restored)).lines.length >= n + 20);
  await eventually(
    'all is there once',
    async () => JSON.stringify(await standing(restored)) === JSON.stringify({ samples: upTo(n + 20), lines: upTo(n + 20), processes: upTo(n + 20) }),
  );
  console.log(`backup of ${before} to ${n} frames, restored up to ${found.samples.length} samples, ${found.lines.length} lines`);
});

const partials = (folder: string): readonly string[] => readdirSync(folder).filter((name) => name.includes('.partial-'));

test('a server that is killed in the middle of a backup leaves none, and the next start removes what there is of it', async () => {
  const folder = await folderOf();
  const place = await folderOf();
  let product = await started(folder);
  for (let n = 0; n < 20; n++) await sent(product, n, Date.now() - 60_000);
  for (const wait of [0, 60, 250]) {
    const { errors } = await product.graphql('mutation ($dir: String!) { startBackup(dir: $dir) { state } }', { dir: join(place, `b${wait}`) });
    expect(errors).toBeUndefined();
    expect(partials(place).length + Number(existsSync(join(place, `b${wait}`)))).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, wait));
    await product.kill();
    if (!existsSync(join(place, `b${wait}`)))
      expect((await command(['restore', join(place, `b${wait}`), '--data', join(place, 'none')])).stderr).toContain('[backup.none]');
    product = await started(folder);
    expect(partials(place)).toEqual([]);
    expect(existsSync(join(folder, 'columns/db/shadow'))).toBe(false);
    if (!existsSync(join(place, `b${wait}`)))
      expect(JSON.parse(readFileSync(join(folder, 'backups.json'), 'utf8'))).toMatchObject({ failed: { reason: 'the server ended meanwhile' } });
  }
  expect((await command(['audit', '--action', 'backup.failed', '--data', folder])).stdout).toMatch(/ server +backup\.failed .*the server ended meanwhile/);

  // Broken off while the column store is not yet at the moment: nothing is left, nothing is held, and the next one is made.
  const columns = product.pidsOf('columns/embedded');
  expect(columns).not.toEqual([]);
  for (const pid of columns) process.kill(pid, 'SIGSTOP');
  const args = [join(ROOT, 'app/main.ts'), 'backup', join(place, 'off'), '--data', folder];
  const client = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
  const ended = new Promise((resolve) => client.once('close', resolve));
  const stepOf = async () => (await product.graphql<{ backup: { step: string } }>('{ backup { step } }')).data?.backup.step;
  await eventually('it is on its way', async () => partials(place).length === 1);
  client.kill('SIGINT');
  await eventually('it is told', async () => (await stepOf()) === 'breaking off');
  for (const pid of columns) process.kill(pid, 'SIGCONT');
  expect(await ended).toBe(130);
  expect([partials(place), existsSync(join(place, 'off')), existsSync(join(folder, 'columns/db/shadow'))]).toEqual([[], false, false]);
  expect(JSON.parse(readFileSync(join(folder, 'backups.json'), 'utf8'))).not.toMatchObject({ failed: { dir: join(place, 'off') } });
  expect((await command(['audit', '--action', 'backup.cancel', '--data', folder])).stdout).toContain(join(place, 'off'));
  const stored = (await standing(product)).lines.length;
  await sent(product, 20, Date.now() - 60_000);
  await eventually('it is stored', async () => (await standing(product)).lines.length === stored + 1);
  expect((await command(['backup', join(place, 'last'), '--data', folder])).code).toBe(0);
  expect((await command(['backup', join(place, 'last'), '--data', folder])).stderr).toContain('[backup.folder]');
});

/** The restore as a process to kill. */
const beginRestore = (backup: string, folder: string): ChildProcess =>
  spawn(process.execPath, [join(ROOT, 'app/main.ts'), 'restore', backup, '--data', folder], { cwd: ROOT, stdio: 'ignore' });

test('a restore that is killed is begun anew, no server starts on it; what is damaged, newer or not empty is refused and leaves nothing', async () => {
  const product = await started();
  for (let n = 0; n < 20; n++) await sent(product, n, Date.now() - 60_000);
  const place = await folderOf();
  const backup = join(place, 'backup');
  expect((await command(['backup', backup, '--data', product.folder])).code).toBe(0);
  const target = join(place, 'data');
  for (const sign of ['columns/db/store', 'stream', 'records/pg']) {
    const child = beginRestore(backup, target);
    await eventually(`${sign} is there`, async () => existsSync(join(target, sign)));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const refused = begin(target, { args: ['--no-agent'] });
    expect((await refused.ended).code).toBe(1);
    expect(refused.heard.stderr).toContain('[restore.unfinished]');
  }
  expect(await command(['restore', backup, '--data', target])).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(join(target, 'restoring'))).toBe(false);
  expect((await command(['restore', backup, '--data', target])).stderr).toContain('[restore.folder]');
  const others = join(place, 'others');
  mkdirSync(others);
  writeFileSync(join(others, 'mine'), '');
  expect((await command(['restore', backup, '--data', others])).stderr).toContain('[restore.folder]');
  expect(readdirSync(others)).toEqual(['mine']);

  const other = join(place, 'other');
  const isEmpty = (): boolean => !existsSync(other);
  const manifest = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8')) as {
    files: { path: string; bytes: number }[];
    versions: Record<string, number>;
  };
  const seed = Date.now();
  const victims = manifest.files.filter(({ bytes }) => bytes > 0);
  for (const [i, path] of ['stream.log', 'records.jsonl.zst', victims[seed % victims.length]?.path as string].entries()) {
    const file = join(backup, path);
    const whole = readFileSync(file);
    const damaged = Buffer.from(whole);
    damaged[seed % damaged.length] = (damaged[seed % damaged.length] as number) ^ 1;
    const ways = [
      ['a bit is another', damaged],
      ['its end is missing', whole.subarray(0, -1)],
    ] as const;
    // A short run damages a file in one of the two ways, the next file in the other.
    for (const [how, bytes] of ways.filter((_, way) => (seed + i + way) % ways.length < sized(1, ways.length))) {
      writeFileSync(file, bytes);
      const { stderr, code } = await command(['restore', backup, '--data', other]);
      expect([code, stderr], `${path}: ${how} (seed ${seed})`).toEqual([
        1,
        expect.stringMatching(/\[(backup\.damaged|stream\.damaged|records\.damaged-copy)\]/),
      ]);
      expect(isEmpty(), `${path}: ${how}`).toBe(true);
    }
    writeFileSync(file, whole);
  }
  const text = readFileSync(join(backup, 'manifest.json'), 'utf8');
  writeFileSync(join(backup, 'manifest.json'), text.replace('"format": 1', '"format": 2'));
  expect((await command(['restore', backup, '--data', other])).stderr).toContain('[backup.damaged]');
  const resum = (): void => writeFileSync(join(backup, 'manifest.sha256'), sumOf(readFileSync(join(backup, 'manifest.json'))));
  resum();
  expect((await command(['restore', backup, '--data', other])).stderr).toContain('[backup.newer]');
  writeFileSync(join(backup, 'manifest.json'), text.replace(/"records": \d+/, '"records": 99'));
  resum();
  expect((await command(['restore', backup, '--data', other])).stderr).toContain('the record store in');
  expect(isEmpty()).toBe(true);
});

test('a disk without room for it leaves nothing behind, and a session may have none written', async (context) => {
  const disk = smallDisk(context, '200k');
  const product = await started();
  for (let n = 0; n < 20; n++) await sent(product, n, Date.now() - 60_000);
  const { code, stderr } = await command(['backup', join(disk, 'b'), '--data', product.folder]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('[backup.no-room]')]);
  expect(readdirSync(disk)).toEqual([]);
  // As on a data disk without room: nothing can be noted of it, and nothing ends for that.
  mkdirSync(join(product.folder, 'backups.json.new'));
  expect((await command(['backup', join(disk, 'n'), '--data', product.folder])).code).toBe(1);
  expect((await product.get('/-/healthy')).status).toBe(200);
  expect(readdirSync(disk)).toEqual([]);
  const opened = await fetch(`${product.origin}/?token=${product.token}`, { redirect: 'manual' });
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  const asked = await fetch(`${product.origin}/graphql`, {
    method: 'POST',
    headers: { cookie, origin: product.origin, 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { startBackup(dir: ${JSON.stringify(join(disk, 'c'))}) { state } }` }),
  });
  expect(await asked.text()).toContain('backup.caller');
  expect(readdirSync(disk)).toEqual([]);
});
