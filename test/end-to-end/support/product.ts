// The real product for end-to-end tests: `inframirror start` as a process on a folder of its own and a free port, ended by its own process id.
// Log files are only followed where a test says so, so that the machine's own do not matter.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { putAllPrepared } from '../../support/prepared.ts';

export const ROOT = join(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'app/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Outcome extends Ended {
  readonly stdout: string;
  readonly stderr: string;
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface GraphqlAnswer<T> {
  readonly data?: T | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

export interface Result {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly unit: string | null; readonly values: readonly Json[] }[];
  readonly rowCount: number;
  readonly truncated: { readonly limit: number; readonly by: string } | null;
  readonly completeUpTo: string | null;
  readonly diagnostics: readonly {
    readonly severity: 'error' | 'warning' | 'info';
    readonly code: string;
    readonly message: string;
    readonly span: { readonly start: Position; readonly end: Position };
    readonly fix: {
      readonly label: string;
      readonly edits: readonly { readonly span: { readonly start: Position; readonly end: Position }; readonly text: string }[];
    } | null;
  }[];
  readonly stats: { readonly elapsedMs: number; readonly rowsRead: number; readonly bytesRead: number };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Part {
  readonly name: string;
  readonly state: 'ok' | 'degraded' | 'down';
  readonly detail: string;
}

const SPAN = 'span { start { line column } end { line column } }';
export const RESULT = `columns { name type unit values } rowCount truncated { limit by } completeUpTo
  diagnostics { severity code message ${SPAN} fix { label edits { ${SPAN} text } } } stats { elapsedMs rowsRead bytesRead }`;

const VARIABLES = '$text: String!, $from: Time, $to: Time, $at: Time, $params: JSON, $limit: Int, $zone: String';
const ASK = `query (${VARIABLES}) { query(text: $text, from: $from, to: $to, at: $at, params: $params, limit: $limit, zone: $zone) { ${RESULT} } }`;

/** Nothing else of the caller's environment reaches the product; the sources that Node compiled before save half of a start. */
const ENVIRONMENT: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };

/** A command of the product, waited for. */
export const command = async (
  args: readonly string[],
  { stdin = '', env = {}, cwd = ROOT }: { stdin?: string | Uint8Array; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Outcome> => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...ENVIRONMENT, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const heard = listen(child);
  child.stdin?.on('error', () => undefined).end(stdin);
  const ended = await endOf(child);
  return { ...ended, ...heard };
};

const listen = (child: ChildProcess): { stdout: string; stderr: string } => {
  const heard = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    heard.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    heard.stderr += text;
  });
  return heard;
};

const endOf = (child: ChildProcess): Promise<Ended> => new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'inframirror-e2e-'));

/** For a product whose first start is not what is tested. */
export const preparedFolder = async (): Promise<string> => {
  const folder = await newFolder();
  await putAllPrepared(folder);
  return folder;
};

export interface StartOptions {
  /** A folder of a former start; a new one is made, and removed by `stop`, when it is left out. */
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Globs of log files for the agent; default: none that exists. */
  readonly logs?: readonly string[];
}

const READY = /^InfraMirror is ready at (http:\/\/\S+?\/)(?:\?token=(\S+))?$/m;

export class Product {
  readonly folder: string;
  /** From the start of the process to its ready line. */
  readonly readyMs: number;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly heard: { readonly stdout: string; readonly stderr: string };
  readonly #own: boolean;

  constructor(child: ChildProcess, ended: Promise<Ended>, heard: Product['heard'], folder: string, own: boolean, readyMs: number) {
    this.child = child;
    this.ended = ended;
    this.heard = heard;
    this.folder = folder;
    this.#own = own;
    this.readyMs = readyMs;
    this.origin = new URL(READY.exec(heard.stdout)?.[1] as string).origin;
  }

  get token(): string {
    return readFileSync(join(this.folder, 'token'), 'utf8').trim();
  }
  get agentToken(): string {
    return readFileSync(join(this.folder, 'agent-token'), 'utf8').trim();
  }

  /** Children of the product, and theirs, by a piece of their command line. */
  pidsOf(piece: string): readonly number[] {
    const all = processes();
    const mine = new Set([this.child.pid as number]);
    for (let grown = true; grown; ) {
      grown = false;
      for (const { pid, parent } of all)
        if (mine.has(parent) && !mine.has(pid)) {
          mine.add(pid);
          grown = true;
        }
    }
    return all.filter(({ pid, command: line }) => pid !== this.child.pid && mine.has(pid) && line.includes(piece)).map(({ pid }) => pid);
  }

  async post(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.origin}${path}`, {
      method: 'POST',
      redirect: 'manual',
      ...init,
      headers: { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string>) },
    });
  }

  async get(path: string, headers: Readonly<Record<string, string>> = { authorization: `Bearer ${this.token}` }): Promise<Response> {
    return fetch(`${this.origin}${path}`, { redirect: 'manual', headers });
  }

  async graphql<T = Readonly<Record<string, Json>>>(
    query: string,
    variables: Readonly<Record<string, unknown>> = {},
    signal?: AbortSignal,
  ): Promise<GraphqlAnswer<T>> {
    const response = await this.post('/graphql', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      ...(signal === undefined ? {} : { signal }),
    });
    return (await response.json()) as GraphqlAnswer<T>;
  }

  /** Throws where the answer is a GraphQL error. */
  async ask(text: string, variables: Readonly<Record<string, unknown>> = {}, signal?: AbortSignal): Promise<Result> {
    const { data, errors } = await this.graphql<{ readonly query: Result }>(ASK, { text, ...variables }, signal);
    if (data == null) throw new Error(errors?.map((e) => e.message).join('; ') ?? 'no data');
    return data.query;
  }

  /** Values of a column, or of the only one. Throws where the text is told an error. */
  async values(text: string, column?: string, variables: Readonly<Record<string, unknown>> = {}): Promise<readonly Json[]> {
    const { columns, diagnostics } = await this.ask(text, variables);
    const wrong = diagnostics.find((d) => d.severity === 'error');
    if (wrong !== undefined) throw new Error(`${wrong.code}: ${wrong.message}`);
    const found = column === undefined ? columns[0] : columns.find((c) => c.name === column);
    if (found === undefined) throw new Error(`no column ${column} in ${columns.map((c) => c.name).join(', ')}`);
    return found.values;
  }

  async parts(): Promise<readonly Part[]> {
    const { data, errors } = await this.graphql<{ readonly status: { readonly parts: readonly Part[] } }>('{ status { parts { name state detail } } }');
    if (data == null) throw new Error(JSON.stringify(errors));
    return data.status.parts;
  }

  frames(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.post('/ingest/frames', { body: body as Uint8Array<ArrayBuffer>, headers: { authorization: `Bearer ${this.agentToken}`, ...headers } });
  }

  /** Asks it to end, waits, and removes a folder that was made for it. */
  async stop(): Promise<Ended> {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    const ended = await this.ended;
    clearTimeout(late);
    if (this.#own) await rm(this.folder, { recursive: true, force: true });
    return ended;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

const processes = (): readonly ProcessLine[] =>
  readdirSync('/proc').flatMap((name): ProcessLine[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
    } catch {
      return [];
    }
  });

export interface Begun {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly heard: { readonly stdout: string; readonly stderr: string };
}

/** The process, not waited for. */
export const begin = (folder: string, { args = [], env = {}, logs = [join(folder, 'no-logs/*.log')] }: StartOptions = {}): Begun => {
  const given = args.includes('--listen') ? args : ['--listen', '127.0.0.1:0', ...args];
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'start', '--data', folder, ...given, ...logs.flatMap((glob) => ['--logs', glob])],
    {
      cwd: ROOT,
      env: { ...ENVIRONMENT, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  return { child, heard: listen(child), ended: endOf(child) };
};

const READY_WITHIN_MS = 120_000;

/** Resolves at the ready line. */
export const startProduct = async (options: StartOptions = {}): Promise<Product> => {
  const folder = options.folder ?? (await preparedFolder());
  const begun = performance.now();
  const { child, heard, ended } = begin(folder, options);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!READY.test(heard.stdout)) {
    if (over) throw new Error(`the product ended before it was ready:\n${heard.stdout}${heard.stderr}`);
    if (performance.now() - begun > READY_WITHIN_MS) {
      child.kill('SIGKILL');
      throw new Error(`the product was not ready in time:\n${heard.stdout}${heard.stderr}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return new Product(child, ended, heard, folder, options.folder === undefined, performance.now() - begun);
};

/** Tries until `check` is true or gives something; a failure of one try is no failure. Says what it waited for. */
export const eventually = async <T>(what: string, check: () => Promise<T | undefined | false>, withinMs = 30_000): Promise<T> => {
  const until = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await check();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > until) throw new Error(`waited in vain: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
