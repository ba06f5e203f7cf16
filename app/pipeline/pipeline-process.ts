// The pipeline as the server sees it: a child process over the same stream and stores, started again with growing pauses when it ends by itself, and
// ended when it hangs. One at a time: the next one begins when the one before is gone, and while rounds are held none begins at all.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { processLink } from '../../core/node/links.ts';
import { type Methods, Peer } from '../../core/node/peer.ts';
import { watchPulse } from '../../core/pulse.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import { callAgain } from '../../core/telemetry-calls.ts';
import type { LockHolder } from '../../engines/records/port.ts';
import type { SeenMessage } from '../../pipeline/senders.ts';
import type { Pipeline, PipelineStatus } from '../../pipeline/start.ts';
import type { Settings } from '../config/settings.ts';
import type { StoreProcess } from '../engines.ts';
import type { PipelineCalls, PipelineStart, PipelineState, ServerCalls } from './protocol.ts';
import { logRelayed } from './relayed-log.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const PAUSES_MS = [200, 1000, 5000, 15_000];
/** One that ran so long ended for another reason than the one before. */
const CALM_MS = 60_000;
const STOP_MS = 20_000;
const PULSE_MS = 5000;
const HUNG_MS = 120_000;
/** Of glibc: as many as there are threads keep what each has let go, a tenth of this process's memory under load. */
const ARENAS = { MALLOC_ARENA_MAX: '2' };
/** How long a question to a process that is just being started again waits. */
const PATIENCE_MS = 5000;
const SETTINGS_MS = 1000;

export type PipelineAddresses = Omit<PipelineStart, 'settings' | 'keeps' | 'run'>;

export interface PipelineProcessOptions {
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly settings: () => Settings;
  /** Where Node keeps the sources that it has compiled, unless the environment says. */
  readonly cache: string;
  /** Called before each process begins; the number under which that one tells of rows. */
  readonly begins: () => number;
  /** Called before it removes rows. */
  readonly removing: ServerCalls['removing'];
  /** Called when one has ended that was not told to. */
  readonly ended: () => void;
}

/** Nothing is known yet. */
const NO_STATE: PipelineState = { completeUpTo: new Map(), caughtUp: [], keeps: false, isStuck: false, memory: 0, cpu: 0 };

const away = (): CodedError<'pipeline.busy'> => new CodedError('pipeline.busy', { reason: 'its process has ended and is started again' });

/** A running child, and the way to it. */
interface Run {
  readonly child: ChildProcess;
  readonly peer: Peer;
  readonly begun: number;
  readonly exited: Promise<string>;
}

export class PipelineProcess implements StoreProcess, Pick<Pipeline, 'status' | 'isCaughtUp' | 'completeUpTo' | 'planReplay' | 'holdRounds' | 'stop'> {
  readonly #options: PipelineProcessOptions;
  #addresses: PipelineAddresses | undefined;
  #run: Run;
  /** Of the process that has begun; while there is none it is waited for. */
  #ready = Promise.withResolvers<Peer>();
  #isReady = false;
  #keeps = false;
  #state = NO_STATE;
  readonly #caughtUp = new Set<string | undefined>();
  #sent: Settings | undefined;
  #restarts = 0;
  #quick = 0;
  #lastEnd: string | undefined;
  #stopping: Promise<void> | undefined;
  readonly #over = new AbortController();
  /** Rounds are held by so many. */
  #holds = 0;
  #opened = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;

  /** Its process loads at once; it begins with `start`. */
  constructor(options: PipelineProcessOptions) {
    this.#options = options;
    this.#run = this.#spawn();
  }

  get pid(): number | undefined {
    return this.#isReady ? this.#run.child.pid : undefined;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** How it ended last, where it ended by itself. */
  get lastEnd(): string | undefined {
    return this.#lastEnd;
  }

  /** Bytes and seconds of processor time, as told last. */
  get usage(): { readonly memory: number; readonly cpu: number } {
    return this.#state;
  }

  /** Resolves when every group has joined; rejects where that cannot be. */
  async start(addresses: PipelineAddresses): Promise<void> {
    this.#addresses = addresses;
    const { exited } = this.#run;
    const early = exited.then((reason) => Promise.reject(new CodedError('start.part', { part: 'the pipeline', reason: `its process ended with ${reason}` })));
    await Promise.race([this.#begin(this.#run, addresses), early]);
    void exited.then((reason) => this.#again(reason));
    this.#timer = setInterval(() => this.#tellSettings(), SETTINGS_MS);
    this.#timer.unref();
  }

  /** It is to keep too, from now on. */
  keep(): void {
    this.#keeps = true;
    this.#run.peer.tell('keep');
  }

  get keeps(): boolean {
    return this.#isReady && this.#state.keeps;
  }

  /** Whether nothing is left that may be removed for room. */
  get isStuck(): boolean {
    return this.#state.isStuck;
  }

  async holder(): Promise<LockHolder | undefined> {
    return this.#call('holder');
  }

  async status(): Promise<PipelineStatus> {
    if (!this.#isReady) throw new Error(`its process ended${this.#lastEnd === undefined ? '' : ` with ${this.#lastEnd}`} and is started again`);
    return this.#call('status');
  }

  /** Rejects with `intake.busy` where that cannot be told now. */
  async lastOf(sender: string): Promise<SeenMessage | undefined> {
    try {
      return await this.#call('lastOf', sender);
    } catch (error) {
      throw new CodedError('intake.busy', { reason: 'what is stored of this sender is not known at the moment' }, { cause: error });
    }
  }

  isCaughtUp(topic?: string): boolean {
    return this.#caughtUp.has(topic);
  }

  completeUpTo(table: string): bigint | undefined {
    return this.#state.completeUpTo.get(table);
  }

  planReplay: Pipeline['planReplay'] = async (topic, from, skipUnread) => ({
    plan: await this.#call('planReplay', topic, from, skipUnread),
    run: () => this.#call('replay', topic, from, skipUnread),
  });

  /** Also where its process ends meanwhile: the next one begins when they are let go. */
  async holdRounds(patienceMs: number): Promise<() => void> {
    const peer = await this.#within(patienceMs);
    const hold = await peer.call<number>('hold', patienceMs);
    this.#holds++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      peer.tell('open', hold);
      if (--this.#holds > 0) return;
      this.#opened.resolve();
      this.#opened = Promise.withResolvers();
    };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#over.abort();
    const { child, peer, exited } = this.#run;
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    // One that ends or hangs instead is as good as stopped: another start goes on from there.
    await peer.call('stop').catch(() => undefined);
    peer.close();
    await exited;
    clearTimeout(late);
  }

  #call<N extends keyof PipelineCalls>(name: N, ...args: Parameters<PipelineCalls[N]>): Promise<Awaited<ReturnType<PipelineCalls[N]>>> {
    return this.#within(PATIENCE_MS).then((peer) => peer.call(name, ...args));
  }

  async #within(ms: number): Promise<Peer> {
    const over = new AbortController();
    const late = delay(ms, undefined, { signal: over.signal, ref: false }).then(() => Promise.reject(away()));
    late.catch(() => undefined);
    return Promise.race([this.#ready.promise, late]).finally(() => over.abort());
  }

  #tellSettings(): void {
    const settings = this.#options.settings();
    if (settings === this.#sent || !this.#isReady) return;
    this.#sent = settings;
    this.#run.peer.tell('settings', settings);
  }

  #spawn(): Run {
    const { log, telemetry, cache, removing } = this.#options;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
      env: { NODE_COMPILE_CACHE: cache, ...ARENAS, ...process.env },
    });
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => {
        if (child.pid === undefined) resolve(error.message);
      });
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const hears: ServerCalls = {
      log: (...record) => logRelayed(log, ...record),
      calls: (calls) => callAgain(telemetry, calls),
      state: (state) => {
        this.#state = state;
        for (const topic of state.caughtUp) this.#caughtUp.add(topic);
      },
      removing,
    };
    return { child, peer: new Peer(processLink(child), hears as unknown as Methods, away), begun: performance.now(), exited };
  }

  async #begin({ child, peer, exited }: Run, addresses: PipelineAddresses): Promise<void> {
    const settings = this.#options.settings();
    this.#sent = settings;
    await peer.call('start', { ...addresses, settings, keeps: this.#keeps, run: this.#options.begins() } satisfies PipelineStart);
    // What was lost with the stream is dealt with.
    this.#addresses = { ...addresses, isStreamAnew: false };
    this.#isReady = true;
    this.#ready.resolve(peer);
    const endWatch = this.#watch(child, peer);
    void exited.then(endWatch);
  }

  #watch(child: ChildProcess, peer: Peer): () => void {
    const { log } = this.#options;
    return watchPulse({
      ask: (patienceMs) => Promise.race([peer.call('pulse').then(() => true), delay(patienceMs, false, { ref: false })]).catch(() => false),
      everyMs: PULSE_MS,
      hungMs: HUNG_MS,
      silent: () => log.warn('the pipeline does not answer', { pid: child.pid, endedAfterMs: HUNG_MS }),
      back: (ms) => log.info('the pipeline answers again', { silentMs: Math.round(ms) }),
      hung: () => {
        log.error('the pipeline hangs and is ended', { pid: child.pid });
        child.kill('SIGKILL');
      },
    });
  }

  /** One has ended by itself: the next. */
  async #again(reason: string): Promise<void> {
    if (this.#stopping !== undefined) return;
    const { log, ended } = this.#options;
    if (this.#isReady) this.#ready = Promise.withResolvers();
    this.#isReady = false;
    this.#lastEnd = reason;
    this.#restarts++;
    this.#quick = performance.now() - this.#run.begun > CALM_MS ? 0 : this.#quick + 1;
    const pauseMs = PAUSES_MS[Math.min(this.#quick, PAUSES_MS.length) - 1] ?? (PAUSES_MS[0] as number);
    log.error('the pipeline ended and is started again', { reason, pauseMs });
    ended();
    const { signal } = this.#over;
    try {
      await delay(pauseMs, undefined, { signal, ref: false });
      while (this.#holds > 0) await this.#opened.promise;
    } catch {
      return;
    }
    if (this.#stopping !== undefined) return;
    const run = this.#spawn();
    this.#run = run;
    void run.exited.then((next) => this.#again(next));
    this.#begin(run, this.#addresses as PipelineAddresses).then(
      () => log.info('the pipeline runs again', { pid: run.child.pid }),
      (error: unknown) => {
        if (this.#stopping === undefined) log.warn('the pipeline does not begin', { error });
        run.child.kill('SIGKILL');
      },
    );
  }
}

/** Where it keeps what Node has compiled. */
export const compiledIn = (folder: string): string => join(folder, 'compiled');
