// The server's side of agents for tests: the real address, access, registry, sessions and door, on a real record store; what the door puts on
// the stream is kept in a list. Time can be moved.
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { columnOf, valueAt } from '../../core/batch/batch.ts';
import { decodeStream } from '../../core/ipc/read.ts';
import { silentLogger } from '../../core/logger.ts';
import { TelemetryRegistry } from '../../core/telemetry.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../engines/records/embedded/embedded.ts';
import type { Records } from '../../engines/records/port.ts';
import { openPostgres } from '../../engines/records/postgres/postgres.ts';
import type { Message } from '../../engines/stream/port.ts';
import { AgentRegistry } from '../../ingest/agents/agent-registry.ts';
import { RefusedAgents } from '../../ingest/agents/refused-agents.ts';
import { AgentRequests } from '../../ingest/agents/requests.ts';
import { Sessions } from '../../ingest/agents/sessions.ts';
import { type Door, type DoorOptions, openDoor } from '../../ingest/door.ts';
import { FleetClock } from '../../ingest/fleet-clock.ts';
import { putPrepared } from '../../test/support/prepared.ts';
import { openCommandKeys } from '../command-keys.ts';
import { ROLES } from '../config/roles.ts';
import { type DataFolder, openDataFolder } from '../data-folder.ts';
import { Access } from '../http/access.ts';
import type { ConnectionState } from '../http/connections.ts';
import { Senders } from '../http/senders.ts';
import { type HttpServer, httpServer } from '../http/server.ts';

export class AgentServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'agent-server-'));
  readonly data: DataFolder = openDataFolder(join(this.folder, 'data'));
  readonly messages: Message[] = [];
  postgres!: EmbeddedPostgres;
  records!: Records;
  registry!: AgentRegistry;
  sessions!: Sessions;
  door!: Door;
  #http: HttpServer | undefined;
  url = '';
  mostConnections = 1000;
  /** Ahead of the clock, ms. */
  ahead = 0;
  readonly now = (): number => Date.now() + this.ahead;
  readonly refused = new RefusedAgents(this.now);

  static async start(): Promise<AgentServer> {
    const server = new AgentServer();
    await putPrepared('records', join(server.folder, 'records'));
    server.postgres = await startEmbeddedPostgres({ dataDir: join(server.folder, 'records') });
    server.records = openPostgres(server.postgres.connection);
    await server.records.migrate();
    await server.open();
    return server;
  }

  /** As a new start of the server; on the address of the one before, where there was one. */
  async open(options: Partial<DoorOptions> = {}): Promise<void> {
    await this.close();
    const keys = openCommandKeys(this.data.path);
    this.registry = new AgentRegistry(this.records, keys, silentLogger, this.now);
    await this.registry.start();
    const clocks = new FleetClock(this.now);
    this.sessions = new Sessions(this.registry, keys, clocks, this.now);
    const produce = async (_: string, messages: readonly Message[]): Promise<void> => void this.messages.push(...messages);
    this.door = openDoor({
      stream: { produce, pressure: () => 0 },
      telemetry: new TelemetryRegistry(),
      log: silentLogger,
      now: this.now,
      clocks,
      refused: (id, error) => this.refused.note(id, error),
      heard: ({ sender }) => this.refused.taken(sender),
      ...options,
    });
    this.#http = httpServer({ log: silentLogger, telemetry: new TelemetryRegistry(), mostConnections: () => this.mostConnections });
    const access = new Access(this.data, this.records);
    this.#http.open({
      roles: new Set(ROLES),
      access,
      senders: new Senders(access, this.registry, this.sessions),
      agents: new AgentRequests({
        registry: this.registry,
        sessions: this.sessions,
        keys,
        log: silentLogger,
        refused: (id, error) => this.refused.note(id, error),
      }),
      door: this.door,
      graphql: async (_, response) => void response.end(),
      telemetry: new TelemetryRegistry(),
      measured: () => Promise.resolve(),
      notReady: async () => undefined,
    });
    const { server } = this.#http;
    await new Promise<void>((resolve) => server.listen(this.url === '' ? 0 : Number(new URL(this.url).port), '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  get connections(): ConnectionState {
    if (this.#http === undefined) throw new Error('it is not open');
    return this.#http.connections;
  }

  async close(): Promise<void> {
    const http = this.#http;
    if (http === undefined) return;
    this.#http = undefined;
    http.server.closeAllConnections();
    await new Promise((resolve) => http.server.close(resolve));
    await this.registry.stop();
  }

  async stop(): Promise<void> {
    await this.close();
    await this.records.close();
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async token(host: string, more: Partial<Parameters<AgentRegistry['makeToken']>[1]> = {}): Promise<string> {
    return (await this.registry.makeToken('admin', { host, labels: undefined, relays: [], replaces: undefined, ...more })).text;
  }

  async audit(): Promise<readonly { readonly who: unknown; readonly what: unknown; readonly detail: Readonly<Record<string, unknown>> }[]> {
    const rows = await this.records.query('SELECT who, what, detail FROM audit ORDER BY id');
    return rows.map(({ who, what, detail }) => ({ who, what, detail: detail as Readonly<Record<string, unknown>> }));
  }

  /** Of all that is on the stream under a schema, in the order it came; by one sender, where it is named. */
  values(schema: string, column: string, sender?: string): readonly unknown[] {
    return this.messages
      .filter(({ headers }) => headers.schema === schema && (sender === undefined || headers.sender === sender))
      .flatMap(({ headers, value }) =>
        decodeStream(headers.encoding === 'zstd' ? zstdDecompressSync(value) : value).flatMap((batch) =>
          Array.from({ length: batch.length }, (_, row) => valueAt(columnOf(batch, column), row)),
        ),
      );
  }
}
