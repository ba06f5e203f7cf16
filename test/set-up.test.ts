// The way from a fresh clone to a running program: `bin/` copied beside a stand-in for npm, so that no network is needed.
// The packages themselves are not part of it; the lanes before and after it run on them.
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from './support/sources.ts';

let clone: string;

/** Stands in for npm: notes how it was called, and installs the Node that runs this test and what the lock names. */
const NPM = `
const fs = require('node:fs');
fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + ' ' + JSON.stringify(Object.keys(process.env).filter((n) => /^npm_(package|lifecycle)/.test(n))) + '\\n');
if (fs.existsSync('registry-is-down')) { console.error('npm error network'); process.exit(1); }
fs.rmSync('node_modules', { recursive: true, force: true });
fs.mkdirSync('node_modules/node/bin', { recursive: true });
fs.symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/node/bin/node');
fs.mkdirSync('node_modules/vite/bin', { recursive: true });
fs.writeFileSync('node_modules/vite/bin/vite.js', "import fs from 'node:fs'; fs.appendFileSync('builds', 'x'); fs.mkdirSync('ui/dist', { recursive: true }); fs.writeFileSync('ui/dist/index.html', '');");
const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
delete packages['']; delete packages['node_modules/other-platform'];
fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
`;

const MAIN = `
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { console.log(signal); process.exit(5); });
if (process.argv.includes('wait')) setTimeout(() => {}, 60_000);
if (process.argv.includes('fail')) process.exitCode = 3;
console.log(JSON.stringify(process.argv.slice(2)));
`;

/** Takes away what an old Node has not. */
const OLD = ['--import', './old.mjs'];

const lockWith = (version: string): string =>
  JSON.stringify({ packages: { '': {}, 'node_modules/a': { version }, 'node_modules/other-platform': { version: '1.0.0', optional: true } } });

beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'inframirror-clone-'));
  await cp(join(ROOT, 'bin'), join(clone, 'bin'), { recursive: true });
  await cp(join(ROOT, 'test/support/chromium.js'), join(clone, 'test/support/chromium.js'));
  await writeFile(join(clone, 'package.json'), '{ "type": "module" }');
  await writeFile(join(clone, 'package-lock.json'), lockWith('1.0.0'));
  await mkdir(join(clone, 'app'));
  await writeFile(join(clone, 'app/main.ts'), MAIN);
  await mkdir(join(clone, 'npm'));
  await writeFile(join(clone, 'npm/package.json'), '{ "type": "commonjs" }');
  await writeFile(join(clone, 'npm/npm-cli.js'), NPM);
  await writeFile(join(clone, 'old.mjs'), 'process.execve = undefined;');
});
afterEach(() => rm(clone, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a file of `bin/` as npm would. */
const bin = (file: string, args: readonly string[], { old = false } = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [...(old ? OLD : []), `bin/${file}`, ...args], { cwd: clone, env: environment() }, (_, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
  });

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  npm_execpath: join(clone, 'npm/npm-cli.js'),
  npm_node_execpath: process.execPath,
  npm_package_name: 'x',
});

const linesOf = async (file: string): Promise<number> => (await readFile(join(clone, file), 'utf8').catch(() => '')).split('\n').length - 1;

describe('npm start', () => {
  test('installs on a fresh clone, says so on stderr, and starts with the arguments given', async () => {
    const { code, out, err } = await bin('start.js', ['--data', 'a b']);
    expect({ code, out }).toEqual({ code: 0, out: '["start","--data","a b"]\n' });
    expect(err).toMatch(/^inframirror: installing packages .*…\ninframirror: done in \d+ s\n$/);
    expect(await readFile(join(clone, 'npm-calls'), 'utf8')).toMatch(/^ci --include=dev .*\[\]\n$/);
  });

  test('with everything there does nothing but start', async () => {
    await bin('start.js', []);
    expect(await bin('start.js', [])).toEqual({ code: 0, out: '["start"]\n', err: '' });
    expect(await linesOf('npm-calls')).toBe(1);
  });

  test('installs again when the lock names another version', async () => {
    await bin('start.js', []);
    await writeFile(join(clone, 'package-lock.json'), lockWith('1.0.1'));
    await bin('start.js', []);
    expect(await linesOf('npm-calls')).toBe(2);
  });

  test('says what npm said when it fails, and does not start', async () => {
    await writeFile(join(clone, 'registry-is-down'), '');
    const { code, out, err } = await bin('start.js', []);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('npm error network');
    expect(err).toContain('npm could not install the packages');
  });

  test('builds the explorer when it is missing and when a source changed, not otherwise', async () => {
    await cp(join(clone, 'package.json'), join(clone, 'ui/index.html'));
    await bin('start.js', []);
    await bin('start.js', []);
    expect(await readFile(join(clone, 'builds'), 'utf8')).toBe('x');
    await cp(join(clone, 'package.json'), join(clone, 'ui/src/main.ts'));
    await bin('start.js', []);
    expect(await readFile(join(clone, 'builds'), 'utf8')).toBe('xx');
    await rm(join(clone, 'ui/dist'), { recursive: true });
    await bin('start.js', []);
    expect(await readFile(join(clone, 'builds'), 'utf8')).toBe('xxx');
  });

  test('twice at once installs once; the lock of a dead one is no hindrance', async () => {
    await bin('start.js', []);
    await rm(join(clone, 'node_modules'), { recursive: true });
    await writeFile(join(clone, '.cache/set-up.lock'), '999999999');
    const both = await Promise.all([bin('start.js', []), bin('start.js', [])]);
    expect(both.map(({ code, out }) => ({ code, out }))).toEqual([
      { code: 0, out: '["start"]\n' },
      { code: 0, out: '["start"]\n' },
    ]);
    expect(await linesOf('npm-calls')).toBe(2);
    expect(await readdir(join(clone, '.cache'))).not.toContain('set-up.lock');
  });
});

describe.each([{ old: false }, { old: true }])('inframirror under a Node that is old: $old', (node) => {
  test('without packages says what to do', async () => {
    const { code, out, err } = await bin('inframirror.js', ['query'], node);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('Run `npm start` once');
  });

  test('hands on arguments and exit code', async () => {
    await bin('start.js', []);
    expect(await bin('inframirror.js', ['query', 'from logs | limit 1', 'fail'], node)).toEqual({
      code: 3,
      out: '["query","from logs | limit 1","fail"]\n',
      err: '',
    });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('hands on %s and ends as the program ends', async (signal) => {
    await bin('start.js', []);
    const child = spawn(process.execPath, [...(node.old ? OLD : []), 'bin/inframirror.js', 'wait'], {
      cwd: clone,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      if (out === '') child.kill(signal);
      out += chunk;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, out }).toEqual({ code: 5, out: `["wait"]\n${signal}\n` });
  });
});
