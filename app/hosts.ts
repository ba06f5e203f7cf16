// The hosts for GraphQL, as whoever asks may see them: the inventory, and the state of each agent from its own newest metrics. All of it is asked
// in IQL, where nobody is told more than is theirs.
import { CodedError } from '../core/errors.ts';
import type { AgentFigures, HostRow } from '../graphql/service.ts';
import type { QueryResult } from '../query/result.ts';
import type { CallerQueries } from '../query/service.ts';

const text = (v: unknown): string | null => (v === null || v === undefined ? null : String(v));
const number = (v: unknown): number | null => (v === null || v === undefined ? null : Number(v));

/** The label under which an agent tells what it may not read, see `agent/agent.ts`. */
const LEFT_OUT = 'agent.left_out';

const FIGURES: Readonly<Record<keyof AgentFigures, string>> = {
  spoolBytes: 'from metrics.inframirror.agent.spool.usage last 5m | latest | max by host',
  waitingFrames: 'from metrics.inframirror.agent.spool.frames last 5m | latest | max by host',
};

const MOST_HOSTS = 100_000;

const columnsOf = ({ columns }: QueryResult): ((column: string) => readonly unknown[]) => {
  const known = new Map<string, readonly unknown[]>(columns.map(({ name, values }) => [name, values]));
  return (column) => known.get(column) ?? [];
};

/** All rows, none where there is no such metric. Rejects with `hosts.unread` and `hosts.too-many`: of half of them nobody could tell that the others are missing. */
const allOf = async (queries: CallerQueries, text: string): Promise<QueryResult> => {
  const answer = await queries.query(text, { limit: MOST_HOSTS });
  const wrong = answer.diagnostics.find(({ severity }) => severity === 'error');
  if (wrong !== undefined && wrong.code !== 'iql.unknown-source') throw new CodedError('hosts.unread', { reason: wrong.message });
  if (answer.truncated !== undefined) throw new CodedError('hosts.too-many', { limit: answer.truncated.limit });
  return answer;
};

/** By host; nothing where no agent has sent the figure lately. */
const figureOf = async (queries: CallerQueries, figure: keyof AgentFigures): Promise<ReadonlyMap<unknown, number>> => {
  const of = columnsOf(await allOf(queries, FIGURES[figure]));
  const values = of('value');
  return new Map(of('host').map((host, i) => [host, Number(values[i])]));
};

export const readHosts = async (queries: CallerQueries): Promise<readonly HostRow[]> => {
  const { datasets } = await queries.visible();
  if (!datasets.some(({ name }) => name === 'hosts')) return [];
  const of = columnsOf(await allOf(queries, 'from hosts | sort host'));
  const asked = new Map<string, Promise<ReadonlyMap<unknown, number>>>();
  return of('host').map((host, i) => {
    const at = (column: string): unknown => of(column)[i];
    const { [LEFT_OUT]: leftOut, ...labels } = (at('labels') ?? {}) as Readonly<Record<string, string>>;
    return {
      host: String(host),
      id: text(at('id')),
      os: text(at('os')),
      kernel: text(at('kernel')),
      architecture: text(at('architecture')),
      cores: number(at('cores')),
      memory: text(at('memory')),
      addresses: ((at('addresses') ?? []) as readonly unknown[]).map(String),
      region: text(at('region')),
      datacenter: text(at('datacenter')),
      env: text(at('env')),
      role: text(at('role')),
      owner: text(at('owner')),
      labels,
      leftOut: leftOut === undefined ? [] : leftOut.split('; '),
      agentVersion: text(at('agent_version')),
      state: at('agent_state') as HostRow['state'],
      firstSeen: text(at('first_seen')),
      lastSeen: text(at('last_seen')),
      lagSeconds: number(at('agent_lag')),
      startedAt: text(at('agent_started')),
      stoppedAt: text(at('agent_stopped')),
      // One question a figure for all hosts, and only when it is wanted.
      figure: async (figure) => {
        const found = asked.get(figure) ?? figureOf(queries, figure);
        asked.set(figure, found);
        return (await found).get(host) ?? null;
      },
    };
  });
};
