// The whole product in one process, in the order in which its parts start and, backwards, end. Ready means: it answers, and the
// first own sample of this start can be queried.
import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { columnOf, valueAt } from '../core/batch/batch.ts';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { TelemetryRegistry } from '../core/telemetry.ts';
import { graphqlServer } from '../graphql/server.ts';
import { openDoor } from '../ingest/door.ts';
import { DEAD_TOPIC } from '../ingest/publish.ts';
import { startPipeline } from '../pipeline/pipeline.ts';
import { LearnedCatalogue } from '../query/run/learned-catalogue.ts';
import { QueryService } from '../query/service.ts';
import { DATASETS } from '../schemas/catalogue.ts';
import { TOPIC } from '../schemas/tables.ts';
import { type AgentProcess, startAgentProcess } from './agent-process.ts';
import { openDataFolder, writePrivate } from './data-folder.ts';
import { type Engines, startEngines } from './engines.ts';
import { readHosts } from './hosts.ts';
import { Access } from './http/access.ts';
import { httpServer } from './http/server.ts';
import { productStatus } from './status.ts';

export interface ProductOptions {
  readonly dataDir: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** undefined: without this host's agent. */
  readonly agent: { readonly labels: readonly string[]; readonly logs: readonly string[] } | undefined;
  readonly log: Logger;
  /** Resolves when the start is to be given up. */
  readonly stopping: Promise<unknown>;
}

export interface Product {
  /** `http://HOST:PORT/` */
  readonly url: string;
  readonly token: string;
  readonly isFirst: boolean;
  stop(): Promise<void>;
}

const GIB = 1 << 30;
const PARTITIONS = 4;
const WEEK_MS = 7 * 86_400_000;
const LEARN_MS = 5000;
/** The first samples come within moments; after this it is said what is waited for. */
const PATIENCE_MS = 15_000;

/** undefined when it was told to stop before it was ready. Rejects with `start.part`, `start.address`, `data.folder` … */
export const startProduct = async (options: ProductOptions): Promise<Product | undefined> => {
  const { log } = options;
  const undo: (() => Promise<unknown> | unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of undo.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        log.error('a part did not end cleanly', { error });
      }
    }
  };
  try {
    return await start(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
};

const start = async (
  { dataDir, listen, agent, log, stopping }: ProductOptions,
  undo: (() => Promise<unknown> | unknown)[],
  stop: () => Promise<void>,
): Promise<Product | undefined> => {
  const folder = openDataFolder(dataDir);
  const telemetry = new TelemetryRegistry();
  const begun = Date.now();
  const engines = await startEngines(dataDir, log, telemetry);
  undo.push(() => engines.stop());
  await engines.stream.ensureTopics(
    [...new Set(Object.values(TOPIC)), DEAD_TOPIC].map((name) => ({ name, partitions: PARTITIONS, retentionBytes: 2 * GIB, retentionMs: WEEK_MS })),
  );
  const pipeline = await startPipeline({ ...engines, telemetry, log });
  undo.push(() => pipeline.stop());
  const catalogue = new LearnedCatalogue(DATASETS, engines.columns, engines.search);
  await catalogue.refresh();
  const learning = setInterval(() => void catalogue.refresh().catch((error: unknown) => log.warn('the catalogue cannot be learned', { error })), LEARN_MS);
  undo.push(() => clearInterval(learning));
  const queries = new QueryService({ ports: engines, catalogue, completeUpTo: (table) => pipeline.completeUpTo(table) });
  const door = openDoor({ stream: engines.stream, telemetry, log });
  const running: { agent: AgentProcess | undefined; ready: boolean } = { agent: undefined, ready: false };
  const graphql = graphqlServer(
    {
      queries,
      datasets: () => catalogue.datasets,
      metrics: () => catalogue.metricNames().flatMap((name) => catalogue.metric(name) ?? []),
      hosts: () => readHosts(engines.records),
      status: () => productStatus({ folder, begun, engines, pipeline, agent: running.agent, door }),
    },
    log,
  );
  const server = httpServer({ access: new Access(folder, engines.records), door, graphql, telemetry, isReady: () => running.ready, log });
  server.listen(listen.port, listen.host);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
    throw new CodedError('start.address', { address: `${listen.host}:${listen.port}`, reason }, { cause: error });
  });
  undo.push(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}/`;
  const addressFile = join(dataDir, 'address');
  writePrivate(addressFile, `${url}\n`);
  undo.push(() => unlinkSync(addressFile));
  if (agent !== undefined) {
    const local = /^(?:0\.0\.0\.0|::)$/.test(listen.host) ? `http://127.0.0.1:${port}` : url.slice(0, -1);
    const args = ['--server', local, '--token-file', folder.agentTokenFile, '--data', join(dataDir, 'agent'), '--with-parent'];
    for (const label of agent.labels) args.push('--label', label);
    for (const glob of agent.logs) args.push('--logs', glob);
    const child = startAgentProcess(args, log);
    running.agent = child;
    undo.push(() => child.stop());
    if (!(await firstSample(engines, begun, stopping, log))) {
      await stop();
      return undefined;
    }
    await catalogue.refresh();
  }
  running.ready = true;
  log.info('ready', { url, ms: Date.now() - begun });
  return { url, token: folder.token, isFirst: folder.isFirst, stop };
};

/** Waits for a sample taken since this start; false when told to stop before. */
const firstSample = async (engines: Engines, begun: number, stopping: Promise<unknown>, log: Logger): Promise<boolean> => {
  const stopped = stopping.then(() => true);
  const waiting = setTimeout(() => log.warn('still waiting for the first sample of this host’s agent'), PATIENCE_MS);
  try {
    for (;;) {
      const { batches } = await engines.columns.query("SELECT count() AS n FROM samples WHERE time >= fromUnixTimestamp64Milli({begun:Int64}, 'UTC')", {
        params: { begun },
      });
      const [batch] = batches;
      if (batch !== undefined && batch.length > 0 && BigInt(valueAt(columnOf(batch, 'n'), 0) as bigint) > 0n) return true;
      const pause = new Promise<false>((resolve) => setTimeout(() => resolve(false), 50));
      if (await Promise.race([stopped, pause])) return false;
    }
  } finally {
    clearTimeout(waiting);
  }
};
