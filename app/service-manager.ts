// What systemd is told (sd_notify): that the service is ready, reads its settings again, stops, and is still alive. Outside systemd it is
// nothing. Node has no datagram sockets of Unix, so systemd's own `systemd-notify` sends each message, which is there wherever systemd is;
// a native package for it would be one more thing to build on each host. The unit needs `NotifyAccess=all`.
import { spawn } from 'node:child_process';
import type { Logger } from '../core/logger.ts';

const PROGRAM = 'systemd-notify';

export class ServiceManager {
  readonly #log: Logger;
  readonly #socket: string | undefined;
  /** Between two signs of life, ms; undefined: none are waited for. */
  readonly #everyMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sent: Promise<void> = Promise.resolve();
  #isMissing = false;

  /** Takes what it finds out of the environment, so that no child of ours speaks for the service. */
  constructor(log: Logger, environment: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: micros = '', WATCHDOG_PID: pid } = environment;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
    this.#log = log;
    this.#socket = socket === '' ? undefined : socket;
    const isOurs = pid === undefined || pid === String(process.pid);
    this.#everyMs = isOurs && /^[1-9]\d{0,15}$/.test(micros) ? Number(micros) / 2000 : undefined;
  }

  /** From now on there are signs of life too: they stop when this thread hangs, and then systemd starts the service anew. */
  ready(status: string): void {
    this.#send('READY=1', `STATUS=${status}`);
    if (this.#everyMs === undefined || this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#send('WATCHDOG=1'), this.#everyMs);
    this.#timer.unref();
  }

  /** To be followed by `ready`. */
  reloading(): void {
    this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  /** Resolves when it is told. */
  async stopping(): Promise<void> {
    clearInterval(this.#timer);
    this.#send('STOPPING=1', 'STATUS=stopping');
    await this.#sent;
  }

  /** In order: a message must not overtake the one before. */
  #send(...assignments: readonly string[]): void {
    if (this.#socket === undefined) return;
    const env = { PATH: process.env.PATH, NOTIFY_SOCKET: this.#socket };
    this.#sent = this.#sent.then(
      () =>
        new Promise((resolve) => {
          const child = spawn(PROGRAM, [...assignments], { env, stdio: 'ignore', timeout: 10_000 });
          child.once('error', (error) => {
            if (!this.#isMissing) this.#log.warn('systemd is not told how the service is', { program: PROGRAM, error });
            this.#isMissing = true;
            resolve();
          });
          child.once('exit', () => resolve());
        }),
    );
  }
}
