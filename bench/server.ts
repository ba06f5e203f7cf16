// Systems that a bench measures as processes of their own: our server with all its stores, and peers beside it. Each has a folder and a free
// port, and is stopped by its own process. Also the one way in which benches call them, over connections that are kept.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../app/main.ts', import.meta.url));

export interface Answer {
  readonly status: number;
  readonly text: string;
}

const connections = new Agent({ keepAlive: true });

/** The whole answer, as text. */
export const call = (
  url: string,
  method: 'GET' | 'POST',
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array | string | undefined = undefined,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: connections }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });

export const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

/** What is measured. */
export interface System {
  readonly pid: number;
  readonly origin: string;
  readonly stop: () => Promise<void>;
}

export interface AskedColumn {
  readonly name: string;
  readonly values: readonly (string | number | null)[];
}

export interface AskedLines {
  readonly times: readonly string[];
  readonly keys: readonly AskedColumn[];
  readonly values: readonly { readonly name: string; readonly values: readonly (readonly (number | null)[])[] }[];
}

export interface Result {
  readonly columns: readonly AskedColumn[];
  readonly lines: AskedLines | null;
  readonly rowCount: number;
  readonly completeUpTo: string | null;
  readonly diagnostics: readonly { readonly severity: string; readonly code: string; readonly message: string }[];
}

export interface AskedForm {
  /** How old an answer may be, s. */
  readonly maxAge?: number;
  /** As a chart asks: so many lines at most. */
  readonly lines?: number;
  /** All is asked of the stores. */
  readonly noCache?: boolean;
}

export interface Server extends System {
  readonly folder: string;
  /** Of an agent that sends. */
  readonly agent: Readonly<Record<string, string>>;
  /** A text of IQL over HTTP as the explorer asks it, of the hour before `at` (ms; default now). */
  readonly ask: (text: string, at?: number, form?: AskedForm) => Promise<Answer>;
  /** A frame until it is taken; rejects where the door says more than that it is busy. Resolves with how often it said so. */
  readonly send: (frame: Uint8Array) => Promise<number>;
}

/** What stands in an answer to a text; rejects where there is none. */
export const resultOf = ({ status, text }: Answer): Result => {
  const { data, errors } = JSON.parse(text) as { readonly data?: { readonly query: Result } | null; readonly errors?: unknown };
  if (data === undefined || data === null) throw new Error(`no result, status ${status}: ${JSON.stringify(errors ?? text).slice(0, 500)}`);
  return data.query;
};

const QUERY =
  'query($text: String!, $at: Time, $maxAge: Float, $lines: Int, $noCache: Boolean) { query(text: $text, at: $at, maxAge: $maxAge, lines: $lines, noCache: $noCache, limit: 100000) { columns { name type unit values } lines { times keys { name values } values { name values other { merge values } } total } rowCount completeUpTo diagnostics { severity code message } stats { elapsedMs } } }';
const BUSY_MS = 500;

export const startServer = async (folder: string): Promise<Server> => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'start', '--data', folder, '--listen', '127.0.0.1:0', '--no-agent'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let origin: string | undefined;
  for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
    const found = /^InfraMirror is ready at (\S+)/.exec(line)?.[1];
    if (found === undefined) continue;
    ({ origin } = new URL(found));
    break;
  }
  if (origin === undefined) throw new Error('the product ended before it was ready');
  const tokenOf = (file: string): string => `Bearer ${readFileSync(join(folder, file), 'utf8').trim()}`;
  const agent = { authorization: tokenOf('agent-token'), 'content-type': 'application/vnd.inframirror.frame', 'content-encoding': 'zstd' };
  const admin = { authorization: tokenOf('token'), 'content-type': 'application/json' };
  return {
    pid: child.pid as number,
    origin,
    folder,
    agent,
    ask: (text, at, form = {}) => {
      const variables = { text, at: at === undefined ? null : new Date(at).toISOString(), ...form };
      return call(`${origin}/graphql`, 'POST', admin, JSON.stringify({ query: QUERY, variables }));
    },
    send: async (frame) => {
      for (let busy = 0; ; busy++) {
        const { status, text } = await call(`${origin}/ingest/frames`, 'POST', agent, frame);
        if (status === 200) return busy;
        if (status !== 503) throw new Error(`the door answered ${status}: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      }
    },
    stop: () => stopped(child),
  };
};

/** One of the peers of VictoriaMetrics, which are called alike. */
const startPeer = async (program: string, folder: string, more: readonly string[]): Promise<System> => {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(program, [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${folder}`, ...more], { stdio: 'ignore' });
  const isUp = (): Promise<boolean> =>
    call(`${origin}/health`, 'GET').then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { pid: child.pid as number, origin, stop: () => stopped(child) };
};

export const startVictoriaMetrics = (program: string, folder: string): Promise<System> => startPeer(program, folder, ['-retentionPeriod=60d']);
export const startVictoriaLogs = (program: string, folder: string): Promise<System> => startPeer(program, folder, []);

const REMOTE_WRITE = { 'content-type': 'application/x-protobuf', 'content-encoding': 'zstd', 'x-prometheus-remote-write-version': '0.1.0' };

export const remoteWrite = async ({ origin }: System, body: Uint8Array): Promise<void> => {
  const { status, text } = await call(`${origin}/api/v1/write`, 'POST', REMOTE_WRITE, body);
  if (status !== 204) throw new Error(`VictoriaMetrics answered ${status}: ${text}`);
};

const PLACE = new URLSearchParams({ _stream_fields: 'app,host', _msg_field: 'msg', _time_field: 'time' });

/** `body`: lines of JSON, zstd. */
export const sendLines = async ({ origin }: System, body: Uint8Array): Promise<void> => {
  const { status, text } = await call(
    `${origin}/insert/jsonline?${PLACE}`,
    'POST',
    { 'content-type': 'application/stream+json', 'content-encoding': 'zstd' },
    body,
  );
  if (status !== 200) throw new Error(`VictoriaLogs answered ${status}: ${text}`);
};
