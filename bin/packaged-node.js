// Runs a script under the Node that comes with the packages, whatever Node began this: same terminal, arguments, exit code.
// Plain JavaScript that an old Node understands and that needs no package; it installs nothing (that is `set-up.js`).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The clone's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The packaged Node's executable; it may not be there yet. */
export const NODE = `${ROOT}node_modules/node/bin/${process.platform === 'win32' ? 'node.exe' : 'node'}`;

export const isInstalled = () => existsSync(NODE);

/** Options for every process of ours: a warning of Node about its own experiments says nothing to a user. */
const FLAGS = ['--disable-warning=ExperimentalWarning'];

/**
 * Where Node keeps our sources compiled: a start takes half as long with them. Beside the packages, so that whoever may write there
 * may write code as well; where we may not, Node goes on without.
 */
const CACHE = `${ROOT}node_modules/.cache/node`;

/**
 * Becomes `node script …args`: where this Node can (`execve`), in place, so that signals need no forwarding;
 * else as a child whose end is our end, and that learns of ours by its channel, even of a `kill -9` that forwards nothing (`app/main.ts`). Returns only in the second case.
 * @param {string} script path inside the clone
 * @param {readonly string[]} args
 */
export const become = (script, args) => {
  const argv = [...FLAGS, `${ROOT}${script}`, ...args];
  const env = { NODE_COMPILE_CACHE: CACHE, ...process.env };
  if (process.platform !== 'win32' && typeof process.execve === 'function') {
    process.removeAllListeners('warning');
    process.execve(NODE, [NODE, ...argv], env);
  }
  const child = spawn(NODE, argv, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env });
  // A terminal gives Ctrl-C to the whole group, the child has it already; any other sender meant only us.
  const forward = (/** @type {NodeJS.Signals} */ signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'])) process.on(signal, forward);
  child.on('error', (error) => {
    console.error(`inframirror: the packaged Node does not start: ${error.message}. Remove the folder node_modules and run \`npm start\` again.`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
};
