// The hosts for GraphQL: inventory and when each was last heard from the record store, the state of its agent from its own newest metrics.
import { formatTime } from '../core/time.ts';
import type { Records } from '../engines/records/port.ts';
import type { AgentFigures, HostRow } from '../graphql/service.ts';
import type { QueryService } from '../query/service.ts';

const text = (v: unknown): string | null => (v === null || v === undefined ? null : String(v));
const time = (v: unknown): string | null => (v === null || v === undefined ? null : formatTime(v as bigint));

/** The label under which an agent tells what it may not read, see `agent/agent.ts`. */
const LEFT_OUT = 'agent.left_out';

const FIGURES: Readonly<Record<keyof AgentFigures, string>> = {
  spoolBytes: 'from metrics.inframirror.agent.spool.usage last 5m | latest | max by host',
  waitingFrames: 'from metrics.inframirror.agent.spool.frames last 5m | latest | max by host',
};

/** By host; nothing where no agent has sent the figure lately. */
const figureOf = async (queries: Pick<QueryService, 'query'>, name: string): Promise<ReadonlyMap<unknown, number>> => {
  const { columns } = await queries.query(name, { limit: 100_000 });
  const of = (column: string): readonly unknown[] => columns.find((c) => c.name === column)?.values ?? [];
  const values = of('value');
  return new Map(of('host').map((host, i) => [host, Number(values[i])]));
};

export const readHosts = async (records: Records, queries: Pick<QueryService, 'query'>): Promise<readonly HostRow[]> => {
  const rows = await records.query('SELECT * FROM hosts_now ORDER BY host COLLATE "C"');
  const asked = new Map<string, Promise<ReadonlyMap<unknown, number>>>();
  return rows.map((row) => {
    const { [LEFT_OUT]: leftOut, ...labels } = (row.labels ?? {}) as Readonly<Record<string, string>>;
    return {
      host: String(row.host),
      id: text(row.id),
      os: text(row.os),
      kernel: text(row.kernel),
      architecture: text(row.architecture),
      cores: row.cores === null ? null : Number(row.cores),
      memory: text(row.memory),
      addresses: ((row.addresses ?? []) as readonly unknown[]).map(String),
      region: text(row.region),
      datacenter: text(row.datacenter),
      env: text(row.env),
      role: text(row.role),
      owner: text(row.owner),
      labels,
      leftOut: leftOut === undefined ? [] : leftOut.split('; '),
      agentVersion: text(row.agent_version),
      state: row.agent_state as HostRow['state'],
      firstSeen: time(row.first_seen),
      lastSeen: time(row.last_seen),
      lagSeconds: row.agent_lag === null ? null : Number(row.agent_lag) / 1e9,
      startedAt: time(row.agent_started),
      stoppedAt: time(row.agent_stopped),
      // One question a figure for all hosts, and only when it is wanted.
      figure: async (figure) => {
        const found = asked.get(figure) ?? figureOf(queries, FIGURES[figure]);
        asked.set(figure, found);
        return (await found).get(row.host) ?? null;
      },
    };
  });
};
