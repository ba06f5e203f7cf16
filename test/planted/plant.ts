// Plants the ten causes beside a running product. Real are log files that are written on, processes of this machine, and an agent that dies;
// further machines come by frames. All of it stands in one folder and is gone after `unplant`.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eventually, type Product, ROOT } from '../end-to-end/support/product.ts';
import { PLANTED } from './causes.ts';
import { startFleet } from './fleet.ts';
import { PLANTED_LOGS } from './logs.ts';

/** Written at once: so many seconds of lines, with trouble in the last of them. */
const PAST_SECONDS = 480;
const TROUBLED_SECONDS = 240;
const PATIENCE_MS = 120_000;

/** Programs of their own names; each ends soon after the process that started it, however that ended. */
const PROGRAMS: Readonly<Record<string, string>> = {
  [PLANTED.busy]: 'while kill -0 $PPID 2>/dev/null; do :; done',
  // Another MiB is kept every four seconds for half an hour. Bounded: a stay of hours must not eat the machine.
  [PLANTED.growing]: `c=x; n=0; while [ $n -lt 20 ]; do c="$c$c"; n=$((n+1)); done
kept=; n=0; while kill -0 $PPID 2>/dev/null; do [ $n -lt 450 ] && kept="$kept$c"; n=$((n+1)); sleep 4; done`,
  // A supervisor that starts what ends by itself.
  'mail-supervisor': `while kill -0 $PPID 2>/dev/null; do "$(dirname "$0")/${PLANTED.restarting}"; sleep 1; done`,
  [PLANTED.restarting]: 'sleep 5; exit 1',
};

/** Glob of the logs that the product's own agent is to follow. */
export const plantedGlobs = (folder: string): readonly string[] => [join(folder, 'logs/*.log'), join(folder, 'logs/*/*.log')];

/** Resolves to what takes all of it away, when everything is there and one agent is gone. */
export const plant = async (folder: string, product: Product): Promise<() => Promise<void>> => {
  const children: ChildProcess[] = [];
  const ends: (() => unknown)[] = [];
  const unplant = async (): Promise<void> => {
    for (const stop of ends.splice(0)) await stop();
    await Promise.all(children.map(end));
  };
  try {
    const silent = startSilent(folder, product);
    children.push(silent);
    ends.push(await startFleet(product, PAST_SECONDS));
    ends.push(writeLogs(join(folder, 'logs')));
    const heard = `from logs | where host == "${PLANTED.silent}" and body contains "last words"`;
    await eventually(`the last words of ${PLANTED.silent}`, async () => (await product.ask(heard)).rowCount > 0, PATIENCE_MS);
    await end(silent);
    // After its end: its agent sees the same machine.
    const bin = join(folder, 'bin');
    writePrograms(bin);
    for (const name of [PLANTED.busy, PLANTED.growing, 'mail-supervisor']) children.push(spawn(join(bin, name), [], { stdio: 'ignore', detached: true }));
    return unplant;
  } catch (error) {
    await unplant();
    throw error;
  }
};

/** Its children too: each leads a group of its own. */
const end = async (child: ChildProcess): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await ended;
};

/** All of them before the first runs: a shell reads its script while it runs it. */
const writePrograms = (bin: string): void => {
  mkdirSync(bin, { recursive: true });
  for (const [file, script] of Object.entries(PROGRAMS)) {
    writeFileSync(join(bin, file), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, file), 0o755);
  }
};

const startSilent = (folder: string, product: Product): ChildProcess => {
  const logs = join(folder, 'of-silent');
  mkdirSync(logs, { recursive: true });
  writeFileSync(join(logs, 'db.log'), `${new Date().toISOString()} WARN last words of ${PLANTED.silent}: battery low\n`);
  const where = ['--server', product.origin, '--token-file', join(product.folder, 'agent-token'), '--data', join(folder, 'agent-silent'), '--with-parent'];
  const who = ['--host', PLANTED.silent, '--label', 'role=database', '--label', 'owner=ines', '--logs', join(logs, '*.log'), '--no-journal'];
  return spawn(process.execPath, [join(ROOT, 'app/main.ts'), 'agent', ...where, ...who], {
    cwd: ROOT,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
};

/** Returns what ends the writing. */
const writeLogs = (folder: string): (() => void) => {
  const begun = Date.now();
  for (const { file, line } of PLANTED_LOGS) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const past = Array.from({ length: PAST_SECONDS }, (_, i) => line(new Date(begun - (PAST_SECONDS - i) * 1000), i, i > PAST_SECONDS - TROUBLED_SECONDS));
    writeFileSync(join(folder, file), `${past.join('\n')}\n`);
  }
  let i = PAST_SECONDS;
  const timer = setInterval(() => {
    for (const { file, line } of PLANTED_LOGS) appendFileSync(join(folder, file), `${line(new Date(), i, true)}\n`);
    i++;
  }, 1000);
  return () => clearInterval(timer);
};
