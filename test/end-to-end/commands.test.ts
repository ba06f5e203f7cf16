// The command `inframirror` against the running product: data on stdout, messages on stderr, exit codes, formats, parameters, help.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLmdbStream } from '../../engines/stream/lmdb/open.ts';
import { command, eventually, newFolder, type Outcome, type Product, ROOT, startProduct } from './support/product.ts';

let product: Product;
let empty: string;
beforeAll(async () => {
  empty = await newFolder();
  product = await startProduct();
});
afterAll(async () => {
  await product?.stop();
  await rm(empty, { recursive: true, force: true });
});

const query = (text: string, ...args: readonly string[]): Promise<Outcome> => command(['query', text, '--data', product.folder, ...args]);
const ROWS = 'data [{time: @2026-11-20T09:30:00Z, host: "a", v: 1}, {time: @2026-11-20T09:45:00Z, host: "b,c", v: 2}]';
const AT = ['--at', '2026-11-20T10:00:00Z'];
/** The command as a person leaves it running. */
const follow = (of: Product, text: string): { readonly lines: () => readonly string[]; readonly interrupt: () => Promise<number | null> } => {
  const child = spawn(process.execPath, [join(ROOT, 'app/main.ts'), 'query', text, '--follow', '--data', of.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    heard += more;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    lines: () => heard.split('\n').slice(0, -1),
    interrupt: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
};
const VERSION = `${(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }).version}\n`;
const COMMANDS = ['start', 'agent', 'query', 'check', 'fmt', 'error', 'doctor'];

describe('help and version', () => {
  test('of all', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, stdout, stderr } = await command(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(await command(['--version'])).toMatchObject({ code: 0, stdout: VERSION, stderr: '' });
    const none = await command([]);
    expect({ code: none.code, stdout: none.stdout }).toEqual({ code: 2, stdout: '' });
    expect(none.stderr).toContain('Usage: inframirror COMMAND');
  });
  test.each(COMMANDS)('of %s', async (name) => {
    const help = await command([name, '--help']);
    expect({ code: help.code, stderr: help.stderr }).toEqual({ code: 0, stderr: '' });
    expect(help.stdout).toContain(`Usage: inframirror ${name}`);
    expect((await command([name, '--version'])).stdout).toBe(VERSION);
  });
  test('typos are told with what was meant', async () => {
    expect(await command(['qeury'])).toMatchObject({ code: 2, stdout: '', stderr: 'inframirror: there is no command "qeury"; did you mean "query"?\n' });
    const option = await query('from hosts', '--fromat', 'csv');
    expect(option.code).toBe(2);
    expect(option.stderr).toContain('there is no option --fromat; did you mean "--format"?');
  });
  test('the package’s bin is the same command', () => {
    const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'bin/inframirror.js'), '--version'], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: VERSION });
  });
});

describe('query', () => {
  test('in every format', async () => {
    const rows = [
      { time: '2026-11-20T09:30:00.000Z', host: 'a', v: 1 },
      { time: '2026-11-20T09:45:00.000Z', host: 'b,c', v: 2 },
    ];
    const run = async (format: string): Promise<string> => {
      const { code, stdout, stderr } = await query(ROWS, ...AT, '--format', format);
      expect({ format, code, stderr }).toEqual({ format, code: 0, stderr: '' });
      return stdout;
    };
    expect(JSON.parse(await run('json'))).toEqual(rows);
    expect(await run('ndjson')).toBe(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect(await run('csv')).toBe('time,host,v\n2026-11-20T09:30:00.000Z,a,1\n2026-11-20T09:45:00.000Z,"b,c",2\n');
    const table = await query(ROWS, ...AT, '--format', 'table', '--zone', 'Asia/Tokyo');
    expect(table.stdout.split('\n')[2]).toBe('2026-11-20 18:30:00  a     1');
    // Not a terminal: for programs.
    expect((await query(ROWS, ...AT)).stdout).toBe(await run('ndjson'));
    const wrong = await query(ROWS, '--format', 'xml');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('is none of table, json, ndjson, csv');
  });
  test('with a range, a moment, parameters and a limit', async () => {
    const v = async (...args: readonly string[]): Promise<string> => (await query(`${ROWS} | select v`, '--format', 'csv', ...args)).stdout;
    expect(await v(...AT)).toBe('v\n1\n2\n');
    expect(await v(...AT, '--from', '20m')).toBe('v\n2\n');
    expect(await v('--from', '2026-11-20', '--to', '2026-11-20T09:45:00Z')).toBe('v\n1\n');
    expect(await v(...AT, '--limit', '1')).toBe('v\n1\n');
    const cut = await query(ROWS, ...AT, '--limit', '1');
    expect(cut.code).toBe(0);
    expect(cut.stderr).toContain('only the first 1 rows');
    const where = (...args: readonly string[]): Promise<Outcome> =>
      query(`${ROWS} | where host == $h and v == $v | select v`, ...AT, '--format', 'csv', ...args);
    expect((await where('--param', 'h=b,c', '--param', 'v=2')).stdout).toBe('v\n2\n');
    expect((await where('--param', 'h="b,c"', '--param', 'v=2')).stdout).toBe('v\n2\n');
    const unset = await where('--param', 'h=a');
    expect(unset.code).toBe(3);
    expect(unset.stderr).toContain('iql.parameter-unset');
    for (const args of [
      ['--from', 'yesterday'],
      ['--at', '5'],
      ['--limit', 'many'],
      ['--limit', '0'],
      ['--param', 'x'],
      ['--param', '=x'],
    ]) {
      const { code, stdout } = await query(ROWS, ...args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
    }
  });
  test('a wrong text is shown with its place and fix, exit code 3, nothing on stdout', async () => {
    const { code, stdout, stderr } = await query('data [{host: "a"}] | where hots == "a"');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(
      `error: unknown field "hots" on this data; did you mean "host"? [iql.unknown-field]
 --> 1:28
1 | data [{host: "a"}] | where hots == "a"
  |                            ^^^^
  = Write host

inframirror error iql.unknown-field says more

`,
    );
  });
  test('a text from standard input, a warning beside a result', async () => {
    const piped = await command(['query', '-', '--data', product.folder, '--format', 'csv'], { stdin: 'data [{a: 1, b: 0}] | set c = a / b\n| select c' });
    expect(piped).toMatchObject({ code: 0, stdout: 'c\n\n' });
    expect(piped.stderr).toContain('warning:');
    expect((await command(['query', '--data', product.folder], { stdin: Uint8Array.of(0xff) })).code).toBe(2);
  });
  test('no colours where they are not wanted', async () => {
    for (const env of [{}, { NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      const { stderr } = await command(['query', 'from', '--data', product.folder], { env });
      expect(stderr).toContain('error: ');
      expect(stderr).not.toContain('\u001b');
    }
  });
  test('the server by its address, its token by a file, or by the environment', async () => {
    const tokenFile = join(product.folder, 'token');
    const ok = { code: 0, stdout: '{"a":1}\n' };
    expect(await command(['query', 'data [{a: 1}]', '--server', product.origin, '--token-file', tokenFile])).toMatchObject(ok);
    expect(await command(['query', 'data [{a: 1}]'], { env: { INFRAMIRROR_SERVER: product.origin, INFRAMIRROR_DATA: product.folder } })).toMatchObject(ok);
    const forbidden = await query('from hosts', '--token-file', join(product.folder, 'agent-token'));
    expect(forbidden.code).toBe(1);
    expect(forbidden.stderr).toContain('refuses the token');
    expect(forbidden.stderr).not.toContain('npm start');
    const none = await query('from hosts', '--token-file', join(empty, 'token'));
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('there is no such file');
    expect(none.stderr).toContain('--data');
    const away = await query('from hosts', '--server', 'http://127.0.0.1:9');
    expect(away.code).toBe(1);
    expect(away.stderr).toContain('does not answer');
    expect((await query('from hosts', '--server', 'nowhere')).code).toBe(2);
  });
  test('an empty answer says why it is empty', async () => {
    const filtered = await query(`${ROWS} | where v > 5`, ...AT);
    expect(filtered).toMatchObject({ code: 0, stdout: '' });
    expect(filtered.stderr).toContain('its source has rows, but its pipes leave none');
    const misspelt = await query('from logs | where sevrity == "error"');
    expect(misspelt.stderr).toContain('did you mean "severity"?');
    expect(misspelt.stderr).toContain('no rows. A name in the text is nothing that its source has');
    expect(misspelt.stderr).not.toContain('The text is right');
    const early = await query(ROWS, '--at', '2026-11-19');
    expect(early.stderr).toContain('its source has none between 2026-11-18T23:00:00.000Z and 2026-11-19T00:00:00.000Z');
  });
  test('a text without its quotes, and more rows than are given', async () => {
    expect((await command(['query', 'from', 'hosts', '--data', product.folder])).stderr).toContain("in quotes: 'from hosts'");
    const much = await query('from hosts', '--limit', '200000');
    expect({ code: much.code, stderr: much.stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('up to 100000') });
  });
  test('--follow prints the newest rows, then each new one once', async () => {
    const followed = follow(product, 'from metrics.system.uptime | select time, value');
    await expect.poll(() => followed.lines().length, { timeout: 60_000, interval: 200 }).toBeGreaterThan(2);
    expect(await followed.interrupt()).toBe(0);
    const times = followed.lines().map((line) => (JSON.parse(line) as { time: string }).time);
    expect(times).toEqual([...new Set(times)].sort());
    expect((await query('from hosts', '--follow', ...AT)).code).toBe(2);
    expect((await query('from hots', '--follow')).code).toBe(3);
  });
  test('of this very machine', async () => {
    const { code, stdout } = await query('from hosts | select host, cores', '--format', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(1);
  });
});

test('check says what is wrong, with metrics only the server knows', async () => {
  const check = (text: string, ...args: readonly string[]): Promise<Outcome> => command(['check', text, '--data', product.folder, ...args]);
  expect(await check('from metrics.system.uptime | latest')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  const wrong = await check('from metrics.system.uptime | latst');
  expect(wrong.code).toBe(3);
  expect(wrong.stdout).toContain('iql.unknown-pipe');
  expect(await check('from hosts | limit 1', '--offline')).toMatchObject({ code: 0, stdout: '' });
  expect((await check('from hosts | limit', '--offline')).code).toBe(3);
});

test('fmt prints the one form, or says why it cannot', async () => {
  expect(await command(['fmt', 'from  hosts|where a=1'])).toMatchObject({ code: 0, stdout: 'from hosts | where a == 1\n', stderr: '' });
  expect(await command(['fmt'], { stdin: 'FROM hosts\n' })).toMatchObject({ code: 0, stdout: 'from hosts\n' });
  const wrong = await command(['fmt', 'from |']);
  expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 3, stdout: '' });
  expect(wrong.stderr).toContain('iql.missing-source');
});

test('error says what a code means', async () => {
  const said = await command(['error', 'iql.unknown-pipe']);
  expect({ code: said.code, stderr: said.stderr }).toEqual({ code: 0, stderr: '' });
  expect(said.stdout).toContain('iql.unknown-pipe\n');
  expect(said.stdout).toContain('there is no pipe');
  expect((await command(['error', 'unknown-pipe'])).stdout).toBe(said.stdout);
  const none = await command(['error', 'iql.unknown-pip']);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('did you mean "iql.unknown-pipe"?');
  expect(none.stderr).toContain('[command.usage]');
});

test('doctor looks at the usual causes', async () => {
  const well = await command(['doctor', '--data', product.folder]);
  expect({ code: well.code, fails: well.stdout.split('\n').filter((line) => line.startsWith('FAIL')) }).toEqual({ code: 0, fails: [] });
  // It asks the server that runs from this folder, wherever it listens, and each of its parts.
  expect(well.stdout).toContain(`answers at ${product.origin}`);
  expect(well.stdout).not.toContain('is free');
  const isMeasured = async (): Promise<boolean> => /^ok +sizes +columns .*iB/m.test((await command(['doctor', '--data', product.folder])).stdout);
  await eventually('the stores are measured', isMeasured);
  for (const part of ['column store', 'record store', 'door', 'agent of this host']) expect(well.stdout).toMatch(new RegExp(`^ok +${part} `, 'm'));
  const address = product.origin.slice('http://'.length);
  expect((await command(['doctor', '--data', empty, '--listen', address])).stdout).toContain(`InfraMirror answers at ${address}`);
  const gone = join(empty, 'gone');
  mkdirSync(gone);
  writeFileSync(join(gone, 'address'), 'http://127.0.0.1:9/\n');
  const lost = join(empty, 'lost');
  mkdirSync(lost);
  writeFileSync(join(lost, 'stores.json'), JSON.stringify({ instance: 'one', accepted: [] }));
  mkdirSync(join(lost, 'columns/db'), { recursive: true });
  const missing = await command(['doctor', '--data', lost, '--listen', '127.0.0.1:0']);
  expect([missing.code, missing.stdout.match(/^FAIL stores .*$/gm)]).toEqual([
    1,
    [expect.stringMatching(/stream\/data\.mdb is missing/), expect.stringMatching(/records\/pg is missing/)],
  ]);
  const dead = await command(['doctor', '--data', gone]);
  expect(dead.code).toBe(1);
  expect(dead.stdout).toMatch(/^FAIL server +it was at http:\/\/127.0.0.1:9 and does not answer/m);
  const half = join(empty, 'half');
  mkdirSync(half);
  writeFileSync(join(half, 'restoring'), '');
  expect(await command(['doctor', '--data', half, '--listen', '127.0.0.1:0'])).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^FAIL data folder .*has not ended/m),
  });
  const nowhere = await command(['doctor', '--data', join(empty, 'nowhere'), '--listen', '127.0.0.1:0']);
  expect([nowhere.code, nowhere.stdout]).toEqual([1, expect.stringMatching(/^warn data folder +there is no data folder .*nowhere/m)]);
  expect(nowhere.stdout.match(/^FAIL .*$/gm)).toEqual([
    expect.stringMatching(/^FAIL server +none answers from .*nowhere: `inframirror start --data .*nowhere`/),
  ]);
  const tried = join(empty, 'tried');
  mkdirSync(tried);
  writeFileSync(join(tried, 'instance'), 'abc\n');
  expect((await command(['start', '--no-agent', '--data', tried, '--listen', address])).code).toBe(1);
  const wrong = join(empty, 'wrong.yaml');
  const refusal = await command(['doctor', '--data', tried, '--listen', '127.0.0.1:0']);
  expect([refusal.code, refusal.stdout]).toEqual([1, expect.stringMatching(/^FAIL last start +the one at 20.* was refused: .*/m)]);
  expect(refusal.stdout).toContain(address);
  writeFileSync(wrong, 'retention:\n  log: 3d\n');
  expect((await command(['start', '--config', wrong, '--data', tried])).code).toBe(2);
  expect((await command(['doctor', '--data', tried, '--listen', '127.0.0.1:0'])).stdout).toMatch(/^FAIL last start .*there is no setting retention\.log/m);
  const open = join(empty, 'open');
  mkdirSync(open);
  writeFileSync(join(open, 'token'), 'x', { mode: 0o644 });
  const ill = await command(['doctor', '--data', open, '--listen', '192.0.2.77:80']);
  expect(ill.code).toBe(1);
  expect(ill.stdout).toMatch(/^FAIL data folder +.*can be read by others: chmod 600$/m);
  expect(ill.stdout).toMatch(/^FAIL address /m);
});

test('agent names what it lacks', async () => {
  const missing = await command(['agent', '--server', product.origin]);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('--join is missing');
  const wrong = await command(['agent', '--server', 'nowhere', '--token-file', join(product.folder, 'agent-token'), '--data', join(empty, 'agent')]);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain('the agent’s setting server is wrong');
  const taken = await command([
    'agent',
    '--server',
    product.origin,
    '--token-file',
    join(product.folder, 'agent-token'),
    '--data',
    join(product.folder, 'agent'),
  ]);
  expect(taken.code).toBe(1);
  expect(taken.stderr).toContain('another agent uses the folder');
});

test('stream groups tells who reads and who holds the room; forget lets go of one that is gone, and of no other', async () => {
  const folder = await newFolder();
  // Somebody read a topic once, and never came back.
  const stream = await openLmdbStream({ dir: join(folder, 'stream'), minFreeBytes: 0 });
  await stream.ensureTopics([{ name: 'im.logs', partitions: 2, retentionBytes: 1 << 30, retentionMs: 1e9 }]);
  await stream.reset('gone-away', { topic: 'im.logs', partition: 0 }, new Uint8Array(1), 0n);
  await stream.close();
  const own = await startProduct({ folder });
  try {
    const run = (...args: readonly string[]): Promise<Outcome> => command(['stream', ...args, '--data', folder]);
    const present = async (): Promise<readonly string[]> =>
      (await run('groups')).stdout.split('\n').flatMap((line) => /^(\S+) +im\.logs .* (yes|no)$/.exec(line)?.slice(1).join(' ') ?? []);
    expect(await present()).toEqual(expect.arrayContaining(['gone-away no', 'pipeline-logs yes']));
    const inUse = await run('forget', 'pipeline-logs');
    expect(inUse.code).not.toBe(0);
    expect(inUse.stderr).toContain('[stream.group-in-use]');
    expect(await run('forget', 'gone-away')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('gone-away is forgotten') });
    expect(await present()).toEqual(['pipeline-logs yes']);
    expect((await run('forget', 'gone-away')).stderr).toContain('[stream.no-group]');
    const none = await run('froget');
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('did you mean "forget"?')]);
    // Doctor tells how full it is, as Status does.
    expect((await command(['doctor', '--data', folder])).stdout).toMatch(/^ok +stream +\d+ % of /m);
  } finally {
    await own.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
