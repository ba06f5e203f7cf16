// The set-up that `npm start` and `npm test` do where something is missing: packages, the explorer's build.
// Plain JavaScript for any Node from 20 on, without packages. It says what it does on stderr, and nothing when all is there.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isInstalled, NODE, ROOT } from './packaged-node.js';

const CACHE = join(ROOT, '.cache');
const BUILT = join(CACHE, 'ui-built');

const say = (/** @type {string} */ text) => process.stderr.write(`inframirror: ${text}\n`);

/**
 * Brings the packages, and the explorer where `explorer` is set, to the state of the sources; false (and a message) when that failed.
 * @param {{ explorer: boolean }} wanted
 */
export const setUp = async ({ explorer }) => {
  const explorerDone = () => !explorer || explorerMatches();
  if (packagesMatch() && explorerDone()) return true;
  return alone(async () => (packagesMatch() || (await installPackages())) && (explorerDone() || (await buildExplorer())));
};

/** @returns {Record<string, { version?: string, optional?: boolean }> | undefined} */
const lockedPackages = (/** @type {string} */ path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
};

/** npm writes what it installed into node_modules when it is done; packages of other platforms may be absent there. */
const packagesMatch = () => {
  if (!isInstalled()) return false;
  const wanted = lockedPackages(join(ROOT, 'package-lock.json'));
  const present = lockedPackages(join(ROOT, 'node_modules/.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    const found = present[path]?.version;
    return path === '' || found === version || (found === undefined && optional === true);
  });
};

const installPackages = async () => {
  const done = await run('installing packages (a minute or two the first time)', ...npm('ci', '--include=dev', '--loglevel=warn', '--no-fund', '--no-audit'));
  if (!done) return failed('npm could not install the packages. Is the package registry reachable from here, and is there space on the disk?');
  if (!isInstalled()) return failed('npm ran no install scripts, so the packaged Node is missing. Run `npm config set ignore-scripts false`, then again.');
  return true;
};

/** Packages and the packaged Node are what the explorer is built with, these folders what it is built from. */
const EXPLORER_SOURCES = ['ui', 'core', 'schemas', 'query', 'package-lock.json'];

const explorerExists = () => existsSync(join(ROOT, 'ui/index.html'));

const explorerMatches = () => {
  if (!explorerExists()) return true;
  if (!existsSync(join(ROOT, 'ui/dist/index.html')) || !existsSync(BUILT)) return false;
  return readFileSync(BUILT, 'utf8') === explorerHash();
};

const explorerHash = () => {
  const hash = createHash('sha256');
  const add = (/** @type {string} */ path) => {
    const full = join(ROOT, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) if (name !== 'dist' && name !== 'node_modules' && name !== 'spec') add(`${path}/${name}`);
    } else if (!path.endsWith('.test.ts')) hash.update(`${path}\0`).update(readFileSync(full)).update('\0');
  };
  for (const path of EXPLORER_SOURCES) add(path);
  return hash.digest('hex');
};

const buildExplorer = async () => {
  const hash = explorerHash();
  rmSync(BUILT, { force: true });
  const done = await run('building the explorer', NODE, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', 'ui', '--logLevel', 'warn']);
  if (!done) return failed('the explorer could not be built; the lines above say why.');
  writeFileSync(BUILT, hash);
  return true;
};

const failed = (/** @type {string} */ text) => {
  say(text);
  return false;
};

/**
 * The npm that began this, else the one on the path; never under the packaged Node, which it may be about to replace.
 * @param {string[]} args
 * @returns {[program: string, args: string[]]}
 */
const npm = (...args) => {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env;
  if (cli === undefined || node === undefined || !cli.endsWith('npm-cli.js') || node.startsWith(ROOT) || !existsSync(cli) || !existsSync(node))
    return ['npm', args];
  return [node, [cli, ...args]];
};

/** What npm tells the scripts it runs about this package must not reach an npm of ours, nor the packaged programs its shell. */
const environment = () => {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^(npm_(package|lifecycle)_|npm_command$|INIT_CWD$|NODE_ENV$)/.test(name)) delete env[name];
  env.PATH = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(ROOT, 'node_modules')))
    .join(delimiter);
  return env;
};

/**
 * Runs a program quietly, says that it goes on every ten seconds, shows its output when it fails.
 * @param {string} what
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<boolean>}
 */
export const run = (what, program, args) =>
  new Promise((resolve) => {
    const began = Date.now();
    const seconds = () => Math.round((Date.now() - began) / 1000);
    say(`${what} …`);
    const child = spawn(program, args, { cwd: ROOT, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    /** @type {Buffer[]} */
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    const still = setInterval(() => say(`… still ${what} (${seconds()} s)`), 10_000);
    const stop = (/** @type {NodeJS.Signals} */ signal) => {
      child.kill(signal);
      process.exitCode = 130;
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    const end = (/** @type {boolean} */ ok, /** @type {string} */ why) => {
      clearInterval(still);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      if (ok) say(`done in ${seconds()} s`);
      else process.stderr.write(`${Buffer.concat(output).toString().trimEnd()}\n${why}\n`);
      resolve(ok);
    };
    child.on('error', (error) => end(false, error.message));
    child.on('close', (code, signal) => end(code === 0, `${program} ended with ${signal ?? `code ${code}`}`));
  });

/**
 * Two set-ups of one clone at the same time would destroy each other's work: the later one waits for the earlier.
 * @param {() => Promise<boolean>} work
 */
const alone = async (work) => {
  const lock = join(CACHE, 'set-up.lock');
  mkdirSync(CACHE, { recursive: true });
  for (let waited = 0; ; waited++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      if (!isAlive(lock)) rmSync(lock, { force: true });
      else if (waited % 100 === 0) say('another set-up of this folder is at work, waiting for it …');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
};

/** Whether the process that holds the lock still lives; one that has just made it may not have written its number yet. */
const isAlive = (/** @type {string} */ lock) => {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid === 0) return Date.now() - statSync(lock).mtimeMs < 2_000;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
};
