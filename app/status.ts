// How the product is, part by part: what answers, how far the pipeline is behind, whether this host's agent runs. Each part is looked at
// within a time of its own, so that it is told which of them hangs.
import { hostname } from 'node:os';
import type { TelemetryRegistry } from '../core/telemetry.ts';
import type { PartStatus, Problem, ProductStatus, StoreSpace, StreamSpace } from '../graphql/service.ts';
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
import { DISK, diskPart, fullestDisk } from './disk-part.ts';
import { doorPart } from './door-part.ts';
import { dropsOf } from './drops.ts';
import type { Engines, StoreKeeper } from './engines.ts';
import type { Fleet } from './fleet-part.ts';
import type { ConnectionState } from './http/connections.ts';
import { type Look, Looks } from './looks.ts';
import { type PipelineRun, pipelineLook, processPart } from './pipeline-part.ts';
import { keeperText, processText } from './process-text.ts';
import { retentionStatus } from './retention-status.ts';
import { rollupsStatus } from './rollups-status.ts';
import type { StoreSpaces } from './store-spaces.ts';
import { type StreamRoom, streamPart } from './stream-room.ts';
import { VERSION } from './version.ts';

export interface StatusParts {
  readonly folder: DataFolder;
  readonly begun: number;
  readonly engines: Pick<Engines, 'columns' | 'search' | 'records' | 'keepers'>;
  readonly pipeline: Pick<Pipeline, 'status'> & PipelineRun;
  readonly keeper: Pick<Keeper, 'keeps' | 'holder'>;
  readonly settings: () => Settings;
  readonly agent: () => AgentProcess | undefined;
  readonly backups: Pick<Backups, 'state'>;
  readonly letters: Pick<DeadLetters, 'waiting'>;
  readonly door: Pick<Door, 'state'>;
  readonly connections: ConnectionState;
  readonly fleet: Pick<Fleet, 'hosts' | 'agents'>;
  readonly room: Pick<StreamRoom, 'read'>;
  readonly spaces: Pick<StoreSpaces, 'read'>;
  readonly telemetry: TelemetryRegistry;
  /** Whether nothing is left that may be removed for room on the disk. */
  readonly isStuck: () => boolean;
  /** Whether room is missing that days are removed for. */
  readonly lacksRoom: () => boolean;
  readonly problems: () => readonly Problem[];
}

const COLUMNS = 'column store';
const RECORDS = 'record store';
const STREAM = 'stream';
/** Who asks for measures more often gets those of the last look. */
const FRESH_MS = 5000;

const pinged = (name: string, keeper: StoreKeeper, ping: () => Promise<void>): Look => ({
  name,
  late: 'down',
  about: () => keeperText(keeper),
  read: async () => {
    const begun = performance.now();
    await ping();
    return [{ name, state: 'ok', detail: `answers in ${(performance.now() - begun).toFixed(1)} ms; ${keeperText(keeper)}` }];
  },
});

const agentStatus = async (agent: AgentProcess | undefined, { records }: Pick<Engines, 'records'>): Promise<PartStatus> => {
  const name = 'agent of this host';
  if (agent === undefined) return { name, state: 'ok', detail: 'not started here' };
  const ended = agent.lastEnd === undefined ? '' : `; it ended last with ${agent.lastEnd}`;
  // At one moment: it may end while the inventory is asked.
  const said = `${processText(agent)}${ended}`;
  if (agent.pid === undefined) return { name, state: 'down', detail: said };
  // What it has no right to look at comes with its inventory.
  const [row] = await records.query("SELECT labels ->> 'agent.left_out' AS left_out FROM hosts WHERE host = $1", [hostname()]).catch(() => []);
  const leftOut = row?.left_out == null ? '' : `; left out: ${row.left_out}`;
  return { name, state: 'ok', detail: `${said}${leftOut}` };
};

export class StatusReader {
  readonly #parts: StatusParts;
  readonly #looks = new Looks();
  /** What the looks found beside their lines. */
  #stream: StreamSpace | undefined;
  #stores: readonly StoreSpace[] = [];
  #measured = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;

  constructor(parts: StatusParts) {
    this.#parts = parts;
  }

  /** Within seconds, whatever hangs. */
  async read(): Promise<ProductStatus> {
    const { folder, begun, telemetry, problems } = this.#parts;
    const parts = await this.#look();
    const answers = (name: string): boolean => parts.some((part) => part.name === name && part.state !== 'down');
    return {
      version: VERSION,
      instance: folder.instance,
      startedAt: new Date(begun).toISOString(),
      parts,
      stores: answers(DISK) ? this.#stores : [],
      stream: answers(STREAM) ? this.#stream : undefined,
      drops: dropsOf(telemetry.counters()),
      problems: problems(),
    };
  }

  /** Sets `inframirror_part_ok` anew, where that is not fresh. Takes as long as a look, and never rejects. */
  measure(): Promise<void> {
    if (performance.now() - this.#measured < FRESH_MS) return Promise.resolve();
    this.#measuring ??= this.#look()
      .then(() => {
        this.#measured = performance.now();
      })
      .finally(() => {
        this.#measuring = undefined;
      });
    return this.#measuring;
  }

  async #look(): Promise<readonly PartStatus[]> {
    const parts = await this.#looks.all(this.#list());
    this.#parts.telemetry.setAll(
      'inframirror_part_ok',
      parts.map(({ name: part, state }) => ({ labels: { part }, value: state === 'ok' ? 1 : 0 })),
    );
    return parts;
  }

  /** In the order in which they are told. */
  #list(): readonly Look[] {
    const { folder, engines, pipeline, keeper, settings, agent, backups, letters, door, connections, fleet, room, spaces, isStuck, lacksRoom } = this.#parts;
    const { keepers } = engines;
    return [
      pinged(COLUMNS, keepers.columns, () => engines.columns.ping()),
      pinged('search store', keepers.search, () => engines.search.ping()),
      pinged(RECORDS, keepers.records, () => engines.records.ping()),
      {
        name: STREAM,
        late: 'down',
        read: async () => {
          this.#stream = await room.read();
          return this.#stream === undefined ? [] : [streamPart(this.#stream, settings()['limits.stream'])];
        },
      },
      { name: 'process of the pipeline', read: () => [processPart(pipeline)] },
      pipelineLook(pipeline),
      { name: 'retention', asks: [COLUMNS, RECORDS], read: async () => [await retentionStatus({ ...engines, keeper, lacksRoom }, settings())] },
      { name: 'rollups', asks: [COLUMNS, RECORDS], read: async () => [await rollupsStatus(engines)] },
      { name: 'dead letters', asks: [RECORDS, STREAM], read: async () => [await lettersPart(letters)] },
      { name: 'door', read: () => [doorPart(door.state, connections, Date.now())] },
      { name: 'hosts', asks: [RECORDS], read: async () => [await fleet.hosts()] },
      { name: 'agents', asks: [RECORDS], read: async () => [await fleet.agents()] },
      { name: 'agent of this host', asks: [RECORDS], read: async () => [await agentStatus(agent(), engines)] },
      { name: 'backup', read: () => [backupPart(readNotes(folder.path), backups.state, Date.now())] },
      {
        name: DISK,
        late: 'down',
        read: async () => {
          this.#stores = await spaces.read();
          const disk = fullestDisk(this.#stores);
          // Days that go make room on the column store’s disk alone.
          const helps =
            disk !== undefined && this.#stores.some(({ name, diskFree, diskSize }) => name === 'columns' && diskFree === disk.free && diskSize === disk.size);
          return disk === undefined ? [] : [diskPart(disk, settings()['disk.min_free'], helps && settings()['disk.drop_oldest'], isStuck())];
        },
      },
    ];
  }
}
