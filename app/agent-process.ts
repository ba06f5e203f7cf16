// This host's agent as a process of its own beside the server: started again when it ends by itself, ended when the server ends,
// however that happens (it watches its standard input).
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AGENT_NODE_FLAGS } from '../agent/node-flags.ts';
import type { Logger } from '../core/logger.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const PAUSES_MS = [200, 1000, 5000, 15_000];
const STOP_MS = 4000;

export interface AgentProcess {
  /** undefined between two runs. */
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
  /** How it ended last, where it ended by itself. */
  readonly lastEnd: string | undefined;
  stop(): Promise<void>;
}

/** Node keeps the compiled sources of the agent there: without it the compiler itself stays in the agent's memory, 20 MB of it. */
const environment = (cache: string): NodeJS.ProcessEnv => ({ ...process.env, NODE_COMPILE_CACHE: cache });

/** Fills the cache where there is none yet, by a run that only prints its help. */
export const prepareAgent = async (cache: string): Promise<void> => {
  if (existsSync(cache)) return;
  const run = spawn(process.execPath, [...AGENT_NODE_FLAGS, MAIN, 'agent', '--help'], { stdio: 'ignore', env: environment(cache) });
  await new Promise<void>((resolve) => {
    run.once('exit', () => resolve());
    run.once('error', () => resolve());
  });
};

export const startAgentProcess = (args: readonly string[], cache: string, log: Logger): AgentProcess => {
  let child: ChildProcess | undefined;
  let restarts = 0;
  let quick = 0;
  let lastEnd: string | undefined;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    const begun = Date.now();
    child = spawn(process.execPath, [...AGENT_NODE_FLAGS, MAIN, 'agent', ...args], { stdio: ['pipe', 'ignore', 'inherit'], env: environment(cache) });
    child.stdin?.on('error', () => undefined);
    const ended = (reason: string): void => {
      child = undefined;
      if (stopping) return;
      quick = Date.now() - begun > 60_000 ? 0 : quick + 1;
      restarts++;
      lastEnd = reason;
      const pause = PAUSES_MS[Math.min(quick, PAUSES_MS.length) - 1] ?? (PAUSES_MS[0] as number);
      log.warn('this host’s agent ended; it is started again', { reason, afterMs: pause });
      timer = setTimeout(start, pause);
    };
    child.once('error', (error) => {
      if (child?.pid === undefined) ended(error.message);
    });
    child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
  };
  start();
  return {
    get pid() {
      return child?.pid;
    },
    get restarts() {
      return restarts;
    },
    get lastEnd() {
      return lastEnd;
    },
    stop: async () => {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => void running.once('exit', () => resolve()));
      running.kill('SIGTERM');
      const late = setTimeout(() => running.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(late);
    },
  };
};
