// This host's agent as a process of its own beside the server: started again when it ends by itself, ended when the server ends,
// however that happens (it watches its standard input).
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../core/logger.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const PAUSES_MS = [200, 1000, 5000, 15_000];
const STOP_MS = 4000;

export interface AgentProcess {
  readonly pid: number | undefined;
  readonly restarts: number;
  stop(): Promise<void>;
}

export const startAgentProcess = (args: readonly string[], log: Logger): AgentProcess => {
  let child: ChildProcess | undefined;
  let restarts = 0;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    const begun = Date.now();
    // `--max-semi-space-size` small: the agent's memory matters more than its few milliseconds of collection.
    child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', MAIN, 'agent', ...args], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.on('error', (error) => log.error('this host’s agent cannot be started', { error }));
    child.once('exit', (code, signal) => {
      if (stopping) return;
      if (Date.now() - begun > 60_000) restarts = 0;
      const pause = PAUSES_MS[Math.min(restarts++, PAUSES_MS.length - 1)] as number;
      log.warn('this host’s agent ended; it is started again', { code, signal, afterMs: pause });
      timer = setTimeout(start, pause);
    });
  };
  start();
  return {
    get pid() {
      return child?.pid;
    },
    get restarts() {
      return restarts;
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
