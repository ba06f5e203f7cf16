// The whole way of log lines: a real agent reads a file of them and sends them to a real server, until all rows are merged. Two figures that
// stand apart: processor time of the agent, and of all processes of the server until they rest. Then bytes on disk, by what takes them, and
// what questions cost the store. `INFRAMIRROR_BENCH_LINES` asks for another number. `VICTORIALOGS=FILE` names that program: it then gets the same
// lines in bodies of 5,000 in the same run; what sends them to it is left out, and it reads their JSON itself, which our agent does.
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { silentLogger } from '../core/logger.ts';
import { openClickHouse } from '../engines/columns/clickhouse/open.ts';
import { startEmbeddedColumns } from '../engines/columns/embedded/start.ts';
import type { ColumnStore } from '../engines/columns/port.ts';
import { costOf, type Figure, short } from './figure.ts';
import { folderBytes } from './folder-bytes.ts';
import { NEEDLE } from './load-lines.ts';
import { treeCpu, untilIdle } from './process-tree.ts';
import { countLines, followFile, sendToPeer, writeLines } from './send-lines.ts';
import { startServer, startVictoriaLogs, stopped } from './server.ts';

const LINES = Number(process.env.INFRAMIRROR_BENCH_LINES ?? 1_000_000);
const GOAL = { rate: 100_000, bytes: 60, agent: 4 };

interface Cost {
  /** Lines a CPU-second. */
  readonly rate: number;
  /** Bytes a line. */
  readonly bytes: number;
}

const peerCost = async (program: string, folder: string): Promise<Cost> => {
  const peer = await startVictoriaLogs(program, folder);
  try {
    await untilIdle(peer.pid);
    const before = treeCpu(peer.pid);
    await sendToPeer(peer, LINES, Date.now() - 60_000);
    await untilIdle(peer.pid);
    const cpu = treeCpu(peer.pid) - before;
    await peer.stop();
    return { rate: LINES / cpu, bytes: (await folderBytes(folder)) / LINES };
  } finally {
    await peer.stop();
  }
};

const TOKEN = NEEDLE.split('_')[1];

/** The store remembers which blocks a condition found nothing in. */
const ANEW = { use_query_condition_cache: 0 };

/** What is asked of the store, as the emitters write it. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'a word that stands once': `SELECT body FROM logs WHERE hasAllTokens(words, ['${TOKEN}']) AND hasAll(line_tokens, ['${TOKEN}'])`,
  'a common word, counted': "SELECT count() FROM logs WHERE position(pattern, ' timed ') > 0",
  'a phrase, counted': "SELECT count() FROM logs WHERE position(pattern, ' upstream timed out ') > 0",
  'a common number, counted': "SELECT count() FROM logs WHERE hasAllTokens(words, ['404']) AND hasAll(line_tokens, ['404'])",
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
        await columns.query(sql, { settings: ANEW });
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
  const { pid } = server;
  let agent: ChildProcess | undefined;
  try {
    const file = join(folder, 'lines.log');
    const bytes = await writeLines(file, LINES, Date.now() - 60_000);
    await untilIdle(pid);
    const before = treeCpu(pid);
    agent = followFile(server, join(folder, 'agent'), file);
    const began = performance.now();
    let agentCpu = 0;
    while ((await countLines(server, 'lines.log')) < LINES) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      agentCpu = costOf(agent.pid as number).cpu;
    }
    const seconds = (performance.now() - began) / 1000;
    await stopped(agent);
    await untilIdle(pid);
    const cpu = treeCpu(pid) - before;
    if ((await countLines(server, 'lines.log')) !== LINES) throw new Error('there are more lines than were written');
    await server.stop();
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
    if (agent !== undefined) await stopped(agent);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
