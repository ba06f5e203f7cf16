// How the product is, part by part: what answers, how far the pipeline is behind, whether this host's agent runs.
import { hostname } from 'node:os';
import type { TelemetryRegistry } from '../core/telemetry.ts';
import type { Stream } from '../engines/stream/port.ts';
import type { PartStatus, Problem, ProductStatus, StreamSpace } from '../graphql/service.ts';
import type { AgentRegistry } from '../ingest/agents/agent-registry.ts';
import type { Door } from '../ingest/door.ts';
import type { Keeper } from '../pipeline/keeper.ts';
import type { Pipeline } from '../pipeline/start.ts';
import type { AgentProcess } from './agent-process.ts';
import type { Settings } from './config/settings.ts';
import type { DataFolder } from './data-folder.ts';
import { doorPart } from './door-part.ts';
import { dropsOf } from './drops.ts';
import type { Engines, StoreProcess } from './engines.ts';
import { retentionStatus } from './retention-status.ts';
import type { StoreSpaces } from './store-spaces.ts';
import { VERSION } from './version.ts';

export interface StatusParts {
  readonly folder: DataFolder;
  readonly begun: number;
  readonly engines: Engines;
  readonly pipeline: Pipeline;
  readonly keeper: Keeper;
  readonly settings: Settings;
  readonly agent: AgentProcess | undefined;
  readonly door: Door;
  readonly registry: Pick<AgentRegistry, 'agents' | 'isSharedTaken'>;
  readonly stream: Pick<Stream, 'state'>;
  readonly spaces: StoreSpaces;
  readonly telemetry: TelemetryRegistry;
  readonly problems: readonly Problem[];
}

const PATIENCE_MS = 2000;

const processText = ({ pid, restarts }: StoreProcess): string =>
  `${pid === undefined ? 'no process' : `process ${pid}`}${restarts === 0 ? '' : `, restarted ${restarts === 1 ? 'once' : `${restarts} times`}`}`;

const pinged = async (name: string, process: StoreProcess, ping: () => Promise<void>): Promise<PartStatus> => {
  const begun = performance.now();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    });
    await Promise.race([ping(), late]);
    return { name, state: 'ok', detail: `answers in ${(performance.now() - begun).toFixed(1)} ms; ${processText(process)}` };
  } catch (error) {
    return { name, state: 'down', detail: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
};

const agentStatus = async (agent: AgentProcess | undefined, { records }: Engines): Promise<PartStatus> => {
  const name = 'agent of this host';
  if (agent === undefined) return { name, state: 'ok', detail: 'not started here' };
  const ended = agent.lastEnd === undefined ? '' : `; it ended last with ${agent.lastEnd}`;
  // What it has no right to look at comes with its inventory.
  const [row] = await records.query("SELECT labels ->> 'agent.left_out' AS left_out FROM hosts WHERE host = $1", [hostname()]).catch(() => []);
  const leftOut = row?.left_out == null ? '' : `; left out: ${row.left_out}`;
  return { name, state: agent.pid === undefined ? 'down' : 'ok', detail: `${processText(agent)}${ended}${leftOut}` };
};

/** One line for each group of the topology. */
const pipelineStatus = async (pipeline: Pipeline): Promise<readonly PartStatus[]> => {
  const groups = new Map<string, { lag: bigint; trouble: string | undefined }>();
  for (const { group, lag, trouble } of (await pipeline.status()).partitions) {
    const known = groups.get(group);
    groups.set(group, { lag: (known?.lag ?? 0n) + lag, trouble: known?.trouble ?? trouble });
  }
  return [...groups].map(([group, { lag, trouble }]) => ({
    name: group.replace('-', ' '),
    state: trouble === undefined ? 'ok' : 'degraded',
    detail: `${lag} ${lag === 1n ? 'message' : 'messages'} behind${trouble === undefined ? '' : `; waits: ${trouble}`}`,
  }));
};

/** Names those that stand still, as nothing of them is taken until somebody acts. */
const agentsPart = ({ agents, isSharedTaken }: StatusParts['registry']): PartStatus => {
  const joined = agents.filter(({ state }) => state !== 'revoked');
  const still = joined.filter(({ state }) => state === 'quarantined').map(({ host, id, reason }) => `${host} stands still (${id}): ${reason}`);
  const shared = isSharedTaken ? '' : '; the shared token is off';
  return { name: 'agents', state: still.length === 0 ? 'ok' : 'degraded', detail: [`${joined.length} joined${shared}`, ...still.slice(0, 20)].join('; ') };
};

/** Beyond it senders are about to be made to wait. */
const ALMOST_FULL = 0.8;

const streamSpace = async (stream: Pick<Stream, 'state'>): Promise<StreamSpace | undefined> => {
  const { bytes, maxBytes, groups } = await stream.state();
  if (bytes === undefined || maxBytes === undefined) return undefined;
  const now = Date.now();
  return {
    bytes,
    maxBytes,
    groups: groups.map(({ group, topic, waiting, oldest }) => ({
      group,
      topic,
      waiting: Number(waiting),
      oldestWaiting: oldest === undefined ? undefined : Math.max(0, now - oldest) / 1000,
    })),
  };
};

const streamPart = (space: StreamSpace | undefined): readonly PartStatus[] => {
  if (space === undefined) return [];
  const share = space.bytes / space.maxBytes;
  const full = `${Math.round(share * 100)} % of ${Math.round(space.maxBytes / 2 ** 30)} GiB`;
  return [{ name: 'stream', state: share < ALMOST_FULL ? 'ok' : 'degraded', detail: share < ALMOST_FULL ? full : `${full}; full, it makes agents wait` }];
};

export const productStatus = async ({
  folder,
  begun,
  engines,
  pipeline,
  keeper,
  settings,
  agent,
  door,
  registry,
  stream,
  spaces,
  telemetry,
  problems,
}: StatusParts): Promise<ProductStatus> => {
  const stores = await Promise.all([
    pinged('column store', engines.processes.columns, () => engines.columns.ping()),
    pinged('search store', engines.processes.columns, () => engines.search.ping()),
    pinged('record store', engines.processes.records, () => engines.records.ping()),
  ]);
  const space = await streamSpace(stream);
  return {
    version: VERSION,
    instance: folder.instance,
    startedAt: new Date(begun).toISOString(),
    parts: [
      ...stores,
      ...streamPart(space),
      ...(await pipelineStatus(pipeline)),
      await retentionStatus(engines, settings, keeper),
      doorPart(door.state),
      agentsPart(registry),
      await agentStatus(agent, engines),
    ],
    stores: await spaces.read(),
    stream: space,
    drops: dropsOf(telemetry.counters()),
    problems,
  };
};
