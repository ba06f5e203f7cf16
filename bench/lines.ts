// The whole way of log lines: a real agent reads a file of them and sends them to a real server, until all rows are merged. Two figures that
// stand apart: processor time of the agent, and of all processes of the server until they rest. Then bytes on disk, by what takes them, and
// what questions cost the store. `INFRAMIRROR_BENCH_LINES` asks for another number. `VICTORIALOGS=FILE` names that program: it then gets the same
// lines in bodies of 5,000 in the same run; what sends them to it is left out, and it reads their JSON itself, which our agent does.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import { AGENT_NODE_FLAGS } from '../agent/node-flags.ts';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { costOf, type Figure, short } from './figure.ts';
import { folderBytes } from './folder-bytes.ts';
import { LineLoad, NEEDLE } from './load-lines.ts';
import { treeCpu, untilIdle } from './process-tree.ts';

const LINES = Number(process.env.INFRAMIRROR_BENCH_LINES ?? 1_000_000);
const GOAL = { rate: 100_000, bytes: 60, agent: 4 };
const MAIN = fileURLToPath(new URL('../app/main.ts', import.meta.url));
const AGENT = fileURLToPath(new URL('../agent/testing/child.ts', import.meta.url));

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

interface Server {
  readonly child: ChildProcess;
  readonly origin: string;
}

const startServer = async (folder: string): Promise<Server> => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'start', '--data', folder, '--listen', '127.0.0.1:0', '--no-agent'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })) {
    const found = /^InfraMirror is ready at (\S+)/.exec(line)?.[1];
    if (found !== undefined) return { child, origin: new URL(found).origin };
  }
  throw new Error('the product ended before it was ready');
};

const countOf = async (folder: string, origin: string): Promise<number> => {
  const answer = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${readFileSync(join(folder, 'token'), 'utf8').trim()}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      query: '{ query(text: "from logs last 3h | where source like \\"*lines.log\\" | count") { columns { values } diagnostics { message } } }',
    }),
  });
  const { data, errors } = (await answer.json()) as {
    readonly data?: { readonly query: { readonly columns: readonly { readonly values: readonly unknown[] }[] } };
    readonly errors?: unknown;
  };
  const value = data?.query.columns[0]?.values[0];
  if (value === undefined) throw new Error(`no count: ${JSON.stringify(data ?? errors).slice(0, 500)}`);
  return Number(value);
};

/** All lines, 5,000 at a time. */
function* texts(): Generator<string> {
  const load = new LineLoad();
  const end = Date.now() - 60_000;
  for (let i = 0; i < LINES; ) {
    let text = '';
    for (const to = Math.min(LINES, i + 5000); i < to; i++) text += `${load.line(i, LINES, end)}\n`;
    yield text;
  }
}

const writeLines = async (path: string): Promise<number> => {
  const out = createWriteStream(path);
  let bytes = 0;
  for (const text of texts()) {
    bytes += text.length;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
  return bytes;
};

interface Cost {
  /** Lines a CPU-second. */
  readonly rate: number;
  /** Bytes a line. */
  readonly bytes: number;
}

const peerCost = async (program: string, folder: string): Promise<Cost> => {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(program, [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${folder}`], { stdio: 'ignore' });
  const pid = child.pid as number;
  const isUp = (): Promise<boolean> =>
    fetch(`${origin}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  const count = async (): Promise<number> => {
    const answer = await fetch(`${origin}/select/logsql/query?${new URLSearchParams({ query: '_time:1d | stats count() as n' })}`);
    return Number((JSON.parse(await answer.text()) as { readonly n: string }).n);
  };
  try {
    while (!(await isUp())) {
      if (child.exitCode !== null) throw new Error(`VictoriaLogs ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await untilIdle(pid);
    const before = treeCpu(pid);
    const place = new URLSearchParams({ _stream_fields: 'app,host', _msg_field: 'msg', _time_field: 'time' });
    const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
    for (const text of texts()) {
      const { ok, status } = await fetch(`${origin}/insert/jsonline?${place}`, {
        method: 'POST',
        headers: { 'content-type': 'application/stream+json', 'content-encoding': 'zstd' },
        body: zstdCompressSync(text, fast),
      });
      if (!ok) throw new Error(`VictoriaLogs answered ${status}`);
    }
    while ((await count()) < LINES) await new Promise((resolve) => setTimeout(resolve, 1000));
    await untilIdle(pid);
    const cpu = treeCpu(pid) - before;
    await ended(child);
    return { rate: LINES / cpu, bytes: (await folderBytes(folder)) / LINES };
  } finally {
    await ended(child);
  }
};

/** What is asked of the store, as the emitters write it. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'a word that stands once': `SELECT body FROM logs WHERE indexHint(hasAll(line_tokens, ['${NEEDLE.split('_')[1]}'])) AND hasAllTokens(words, ['${NEEDLE.split('_')[1]}'])`,
  'a common word, counted': "SELECT count() FROM logs WHERE position(pattern, ' timed ') > 0",
  'a phrase, counted': "SELECT count() FROM logs WHERE position(pattern, ' upstream timed out ') > 0",
  'a common number, counted': "SELECT count() FROM logs WHERE indexHint(hasAll(line_tokens, ['404'])) AND hasAllTokens(words, ['404'])",
  'a regular expression, counted': "SELECT count() FROM logs WHERE match(body, 'elapsed=29[0-9]{3}ms')",
  'by level': 'SELECT severity, count() FROM logs GROUP BY severity',
};

const partsOf = async (columns: ColumnStore): Promise<readonly (readonly [string, number])[]> => {
  const sql = `SELECT name, toFloat64(sum(b)) AS bytes FROM (
    SELECT column AS name, column_data_compressed_bytes + column_marks_bytes AS b FROM system.parts_columns WHERE active AND table = 'logs'
    UNION ALL SELECT name, data_compressed_bytes + marks_bytes AS b FROM system.data_skipping_indices WHERE table = 'logs') GROUP BY name ORDER BY bytes DESC`;
  const { batches } = await columns.query(sql);
  return batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, row) => [String(valueAt(columnOf(batch, 'name'), row)), Number(valueAt(columnOf(batch, 'bytes'), row))] as const),
  );
};

const restOf = async (dataDir: string, bytes: number, peer: Cost | undefined): Promise<readonly Figure[]> => {
  const engine = await startEmbeddedColumns({ dataDir, log: silentLogger });
  const columns = openClickHouse(engine);
  const cpu = (): number => costOf(engine.pid as number).cpu;
  try {
    const { batches } = await columns.query("SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND table = 'logs'");
    const each = batches.reduce((sum, batch) => sum + Number(valueAt(columnOf(batch, 'bytes'), 0)), 0) / LINES;
    const parts = (await partsOf(columns)).filter(([, size]) => size / LINES >= 0.05).map(([name, size]) => `${name} ${short(size / LINES)}`);
    const figures: Figure[] = [
      {
        what: `log lines of ${short(bytes / LINES)} bytes: on disk`,
        value: `${short(each)} bytes a line`,
        against: `${peer === undefined ? '' : `${short(peer.bytes)} (VictoriaLogs); `}goal ${GOAL.bytes}; ${parts.join(', ')}`,
        ratio: each / GOAL.bytes,
      },
    ];
    for (const [what, sql] of Object.entries(QUESTIONS)) {
      const times: number[] = [];
      let used = 0;
      for (let i = 0; i < 6; i++) {
        const [before, began] = [cpu(), performance.now()];
        await columns.query(sql);
        // The first one reads from the disk and fills caches.
        if (i > 0) {
          times.push(performance.now() - began);
          used += cpu() - before;
        }
      }
      const median = times.toSorted((a, b) => a - b)[2] as number;
      figures.push({ what: `log lines: ${what}`, value: `${short(median)} ms`, against: `${short((used / 5) * 1000)} CPU-ms`, ratio: undefined });
    }
    return figures;
  } finally {
    await columns.close();
    await engine.stop();
  }
};

export const run = async (): Promise<readonly Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'inframirror-bench-lines-'));
  const data = join(folder, 'server');
  const server = await startServer(data);
  const pid = server.child.pid as number;
  let agent: ChildProcess | undefined;
  try {
    const bytes = await writeLines(join(folder, 'lines.log'));
    await untilIdle(pid);
    const before = treeCpu(pid);
    const settings = {
      server: server.origin,
      tokenFile: join(data, 'agent-token'),
      folder: join(folder, 'agent'),
      logs: [join(folder, 'lines.log')],
      logBacklogBytes: 2 ** 40,
      journal: false,
    };
    agent = spawn(process.execPath, [...AGENT_NODE_FLAGS, AGENT, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const began = performance.now();
    let agentCpu = 0;
    while ((await countOf(data, server.origin)) < LINES) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      agentCpu = costOf(agent.pid as number).cpu;
    }
    const seconds = (performance.now() - began) / 1000;
    await ended(agent);
    await untilIdle(pid);
    const cpu = treeCpu(pid) - before;
    if ((await countOf(data, server.origin)) !== LINES) throw new Error('there are more lines than were written');
    await ended(server.child);
    const program = process.env.VICTORIALOGS;
    const peer = program === undefined ? undefined : await peerCost(program, join(folder, 'peer'));
    return [
      {
        what: `log lines of ${short(bytes / LINES)} bytes: door to merged rows`,
        value: `${short(LINES / cpu)} lines/CPU-s`,
        against: `${peer === undefined ? '' : `${short(peer.rate)} (VictoriaLogs); `}goal ${GOAL.rate / 1000} k; in hand ${short(LINES / seconds)} lines/s`,
        ratio: LINES / cpu / GOAL.rate,
      },
      {
        what: 'log lines: the agent',
        value: `${short((agentCpu / LINES) * 1e6)} µs a line`,
        against: `goal ${GOAL.agent}`,
        ratio: ((agentCpu / LINES) * 1e6) / GOAL.agent,
      },
      ...(await restOf(join(data, 'columns'), bytes, peer)),
    ];
  } finally {
    if (agent !== undefined) await ended(agent);
    await ended(server.child);
    rmSync(folder, { recursive: true, force: true });
  }
};
