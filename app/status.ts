// How the product is, part by part: what answers, how far the pipeline is behind, whether this host's agent runs.
import { hostname } from 'node:os';
import type { TelemetryRegistry } from '../core/telemetry.ts';
import type { PartStatus, Problem, ProductStatus } from '../graphql/service.ts';
import type { AgentRegistry } from '../ingest/agents/agent-registry.ts';
import type { Door } from '../ingest/door.ts';
import type { Keeper } from '../pipeline/keeper.ts';
import type { Pipeline } from '../pipeline/start.ts';
import type { AgentProcess } from './agent-process.ts';
import { backupPart } from './backup/backup-part.ts';
import type { Backups } from './backup/backups.ts';
import { readNotes } from './backup/notes.ts';
import type { Settings } from './config/settings.ts';
import type { DataFolder } from './data-folder.ts';
import { type DeadLetters, lettersPart } from './dead-letters.ts';
import { doorPart } from './door-part.ts';
import { dropsOf } from './drops.ts';
import type { Engines, StoreProcess } from './engines.ts';
import type { ConnectionState } from './http/connections.ts';
import { retentionStatus } from './retention-status.ts';
import { rollupsStatus } from './rollups-status.ts';
import type { StoreSpaces } from './store-spaces.ts';
import { type StreamRoom, streamPart } from './stream-room.ts';
import { VERSION } from './version.ts';

export interface StatusParts {
  readonly folder: DataFolder;
  readonly begun: number;
  readonly engines: Engines;
  readonly pipeline: Pipeline;
  readonly keeper: Keeper;
  readonly settings: Settings;
  readonly agent: AgentProcess | undefined;
  readonly backups: Pick<Backups, 'state'>;
  readonly letters: Pick<DeadLetters, 'waiting'>;
  readonly door: Door;
  readonly connections: ConnectionState;
  readonly registry: Pick<AgentRegistry, 'agents' | 'isSharedTaken'>;
  readonly room: Pick<StreamRoom, 'read'>;
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

export const productStatus = async ({
  folder,
  begun,
  engines,
  pipeline,
  keeper,
  settings,
  agent,
  backups,
  letters,
  door,
  connections,
  registry,
  room,
  spaces,
  telemetry,
  problems,
}: StatusParts): Promise<ProductStatus> => {
  const stores = await Promise.all([
    pinged('column store', engines.processes.columns, () => engines.columns.ping()),
    pinged('search store', engines.processes.columns, () => engines.search.ping()),
    pinged('record store', engines.processes.records, () => engines.records.ping()),
  ]);
  const space = await room.read();
  return {
    version: VERSION,
    instance: folder.instance,
    startedAt: new Date(begun).toISOString(),
    parts: [
      ...stores,
      ...(space === undefined ? [] : [streamPart(space)]),
      ...(await pipelineStatus(pipeline)),
      await retentionStatus(engines, settings, keeper),
      await rollupsStatus(engines),
      await lettersPart(letters),
      doorPart(door.state, connections, Date.now()),
      agentsPart(registry),
      await agentStatus(agent, engines),
      backupPart(readNotes(folder.path), backups.state, Date.now()),
    ],
    stores: await spaces.read(),
    stream: space,
    drops: dropsOf(telemetry.counters()),
    problems,
  };
};
