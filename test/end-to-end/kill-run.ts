// One run of the kill test: starts server and senders, kills what it is told in the order it is told, lets everything come to rest and asks
// the oracle. Every process it starts is a child it knows, and is gone when it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../../core/logger.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../../engines/columns/embedded/start.ts';
import { openHoldingProxy } from '../../engines/columns/holding-proxy.ts';
import type { KafkaClientName } from '../../engines/stream/kafka/open.ts';
import { openStores, type Stores } from '../../pipeline/testing/stores.ts';
import { firstTime } from './kill-load.ts';
import { judge, type Verdict } from './kill-oracle.ts';
import type { ServerMode, ServerState } from './kill-server.ts';
import { openServerStores } from './support/server-stores.ts';
import { type Servers, startServers } from './support/servers.ts';

/**
 * A SIGKILL at a random moment, or at a chosen one around an insert of the server. `server while an insert is held`: its request is on the
 * way, and gets to the store when the server's heir has taken over and written all that was there. `server is stopped`: by SIGSTOP past its
 * session, an heir beside it, then it goes on.
 */
export type Kill =
  | 'server'
  | 'columns'
  | 'records'
  | 'broker'
  | 'server is stopped'
  | 'sender'
  | 'server before an insert'
  | 'server after an insert'
  | 'server while an insert is held';

export interface RunOptions {
  readonly kills: readonly Kill[];
  readonly switches?: Pick<ServerMode, 'readBack' | 'seqCheck' | 'fence'>;
  /** The column store merges as it does in the product. */
  readonly merges?: boolean;
  /** The column store outlives the server. Needed where inserts are held. */
  readonly outside?: boolean;
  /** Over a Kafka, a ClickHouse and a PostgreSQL of their own, by this client. */
  readonly client?: KafkaClientName;
  /** Told how long it took after a kill until all that was on the stream then was in the stores, ms; of every second one, as the others are to meet what is not recovered yet. */
  readonly recovered?: (kill: Kill, ms: number) => void;
  /** Load before the first kill, and after the last. */
  readonly calmMs: number;
}

export interface RunResult extends Verdict {
  readonly kills: number;
  /** Inserts that were found standing when it was looked for them. */
  readonly foundStanding: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const within = <T>(ms: number, otherwise: string, work: Promise<T>): Promise<T> =>
  Promise.race([work, sleep(ms).then(() => Promise.reject(new Error(otherwise)))]);
/** In which a Kafka gives partitions of one that says nothing to another one. */
const SESSION_MS = 10_000;
const START_MS = 90_000;
const REST_MS = 120_000;
const SERVER = fileURLToPath(new URL('./kill-server.ts', import.meta.url));
const SENDER = fileURLToPath(new URL('./kill-sender.ts', import.meta.url));

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))));
    });
  });

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', () => resolve()));

class Run {
  readonly #options: RunOptions;
  readonly #dir = mkdtempSync(join(tmpdir(), 'kill-'));
  readonly #first = firstTime(Date.now());
  #port = 0;
  #engine: EmbeddedColumns | undefined;
  #servers: Servers | undefined;
  #server: ChildProcess | undefined;
  #sender: ChildProcess | undefined;
  /** It ends in good order from then on when it is told to. */
  #heedsItsEnd: Promise<void> = Promise.resolve();
  #words = '';

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** `way`: to the column store outside; default: straight. */
  async #startServer(fault?: ServerMode['fault'], way?: string): Promise<void> {
    const { switches, merges = false, client } = this.#options;
    const servers = this.#servers?.addresses({ client: client as KafkaClientName, sessionMs: SESSION_MS });
    const { url, statements, incoming, socketPath } = this.#engine ?? {};
    const mode = { ...switches, merges, fault, servers, columnsAt: this.#engine && { url, statements, incoming, socketPath: way ?? socketPath } };
    const child = spawn(process.execPath, [SERVER, join(this.#dir, 'data'), String(this.#port), JSON.stringify(mode)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#server = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = `${this.#words}${text}`.slice(-4000);
    });
    const ready = new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
    // With a fault armed it may be gone before it says that it is ready.
    await Promise.race([ready, ended(child), sleep(START_MS).then(() => Promise.reject(new Error(`the server did not start: ${this.#words}`)))]);
    if (fault === undefined && child.exitCode !== null) throw new Error(`the server ended at its start: ${this.#words}`);
  }

  #startSender(): void {
    const child = spawn(process.execPath, [SENDER, join(this.#dir, 'agents'), String(this.#port), String(this.#first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#sender = child;
    this.#heedsItsEnd = new Promise((resolve) => child.stdout.once('data', () => resolve()));
  }

  async #state(): Promise<Partial<ServerState> | undefined> {
    return fetch(`http://127.0.0.1:${this.#port}/state`).then(
      async (answer) => (await answer.json()) as Partial<ServerState>,
      () => undefined,
    );
  }

  async #kill(kill: Kill): Promise<void> {
    if (kill === 'sender') {
      this.#sender?.kill('SIGKILL');
      await ended(this.#sender as ChildProcess);
      this.#startSender();
    } else if (kill === 'broker') await (this.#servers as Servers).killBroker();
    else if (kill === 'server is stopped') await this.#stopPastItsSession();
    else if (kill === 'columns' || kill === 'records') {
      // Between two children there is none to kill: wait for one.
      for (let pid: number | undefined; pid === undefined; await sleep(50)) {
        pid =
          this.#servers === undefined ? await this.#embeddedPid(kill) : kill === 'records' ? this.#servers.postgres.pid : this.#servers.clickhouse.engine.pid;
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      }
    } else if (kill === 'server while an insert is held') await this.#killWhileHeld();
    else {
      const server = this.#server as ChildProcess;
      server.kill('SIGKILL');
      await ended(server);
      await this.#startServer(FAULTS[kill]?.());
      if (FAULTS[kill] === undefined) return;
      // It was a random kill so far; now it runs into the one that was chosen.
      await Promise.race([ended(this.#server as ChildProcess), sleep(START_MS)]);
      if (this.#server?.signalCode !== 'SIGKILL') throw new Error(`the server did not reach its fault: ${this.#words}`);
      await this.#startServer();
    }
  }

  async #embeddedPid(store: 'columns' | 'records'): Promise<number | undefined> {
    if (store === 'records') return (await this.#state())?.recordsPid;
    return this.#engine?.pid ?? (await this.#state())?.columnsPid;
  }

  /** What had its partitions goes on when they are another's. */
  async #stopPastItsSession(): Promise<void> {
    const stopped = this.#server as ChildProcess;
    const port = this.#port;
    stopped.kill('SIGSTOP');
    // The senders find nobody at the former port meanwhile, as with a server that hangs.
    this.#port = await freePort();
    await this.#startServer();
    await sleep(SESSION_MS * 1.5);
    stopped.kill('SIGCONT');
    await sleep(1000);
    stopped.kill('SIGTERM');
    await within(START_MS, 'the server that was stopped did not end', ended(stopped));
    this.#server?.kill('SIGTERM');
    await ended(this.#server as ChildProcess);
    this.#port = port;
    await this.#startServer();
  }

  async #killWhileHeld(): Promise<void> {
    const engine = this.#engine as EmbeddedColumns;
    const proxy = await openHoldingProxy(() => connect(engine.socketPath));
    try {
      this.#server?.kill('SIGKILL');
      await ended(this.#server as ChildProcess);
      await this.#startServer({ moment: 'held', insert: 1 + Math.floor(Math.random() * 5) }, proxy.path);
      const server = this.#server as ChildProcess;
      await within(START_MS, 'the server came to no insert', new Promise((resolve) => server.once('message', resolve)));
      proxy.holdAfter(0);
      server.send('go on');
      for (let held = -1; proxy.held === 0 || proxy.held !== held; await sleep(200)) held = proxy.held;
      server.kill('SIGKILL');
      await ended(server);
      await this.#startServer();
      await this.#untilWritten();
      proxy.release();
      await sleep(1000);
    } finally {
      proxy.close();
    }
  }

  /** All that is on the stream now. */
  async #untilWritten(): Promise<void> {
    const until = Date.now() + REST_MS;
    const late = (): void => {
      if (Date.now() > until) throw new Error(`what was there was not written: ${this.#words}`);
    };
    let there: Readonly<Record<string, number>> | undefined;
    for (; there === undefined; there = (await this.#state())?.there) late();
    const isWritten = async (): Promise<boolean> => {
      const { done = {} } = (await this.#state()) ?? {};
      return Object.entries(there as Readonly<Record<string, number>>).every(([name, next]) => (done[name] ?? 0) >= next);
    };
    for (; !(await isWritten()); await sleep(100)) late();
  }

  async execute(): Promise<RunResult> {
    try {
      this.#port = await freePort();
      if (this.#options.client !== undefined) this.#servers = await startServers();
      if (this.#options.outside === true) this.#engine = await startEmbeddedColumns({ dataDir: join(this.#dir, 'data', 'columns'), log: silentLogger });
      await this.#startServer();
      this.#startSender();
      await sleep(this.#options.calmMs);
      let kills = 0;
      for (const kill of this.#options.kills) {
        await sleep(200 + Math.random() * 1000);
        const begun = performance.now();
        await this.#kill(kill);
        if (this.#options.recovered !== undefined && kills % 2 === 0) {
          await this.#untilWritten();
          this.#options.recovered(kill, performance.now() - begun);
        }
        kills += FAULTS[kill] === undefined && kill !== 'server while an insert is held' ? 1 : 2;
      }
      await sleep(this.#options.calmMs);
      await this.#rest();
      await this.#engine?.stop();
      const stores = await this.#stores();
      try {
        return { ...(await judge(join(this.#dir, 'agents'), this.#first, stores, this.#options.merges === true)), kills, foundStanding: this.#foundStanding() };
      } finally {
        await stores.close();
      }
    } finally {
      for (const child of [this.#sender, this.#server]) {
        if (child === undefined) continue;
        child.kill('SIGKILL');
        await ended(child);
      }
      await this.#engine?.stop();
      await this.#servers?.stop();
      rmSync(this.#dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    }
  }

  #stores(): Promise<Pick<Stores, 'columns' | 'records' | 'close'>> {
    if (this.#servers === undefined) return openStores(join(this.#dir, 'data'), silentLogger);
    return openServerStores(this.#servers.addresses(), silentLogger);
  }

  #foundStanding(): number {
    const path = join(this.#dir, 'data', 'read-back');
    if (!existsSync(path)) return 0;
    return readFileSync(path, 'utf8')
      .split('\n')
      .reduce((sum, line) => sum + Number(line), 0);
  }

  /** Everything that was spooled is sent, everything on the stream is stored, and the server ends in good order. */
  async #rest(): Promise<void> {
    await within(START_MS, 'the senders did not start', this.#heedsItsEnd);
    this.#sender?.kill('SIGTERM');
    await within(REST_MS, 'the senders did not come to rest', ended(this.#sender as ChildProcess));
    for (const until = Date.now() + REST_MS; (await this.#state())?.lag !== 0; await sleep(100))
      if (Date.now() > until) throw new Error(`the pipeline did not come to rest: ${this.#words}`);
    this.#server?.kill('SIGTERM');
    await ended(this.#server as ChildProcess);
  }
}

const FAULTS: Readonly<Partial<Record<Kill, () => ServerMode['fault']>>> = {
  'server before an insert': () => ({ moment: 'before', insert: 1 + Math.floor(Math.random() * 5) }),
  'server after an insert': () => ({ moment: 'after', insert: 1 + Math.floor(Math.random() * 5) }),
};

/** The kills of a run, in no order. */
export const shuffled = (kills: readonly Kill[]): readonly Kill[] =>
  kills
    .map((kill) => [Math.random(), kill] as const)
    .sort(([a], [b]) => a - b)
    .map(([, kill]) => kill);

export const times = (count: number, kill: Kill): readonly Kill[] => Array.from({ length: count }, () => kill);

export const runKills = (options: RunOptions): Promise<RunResult> => new Run(options).execute();
