// The agents as rows: who has joined, beside what its host's inventory and newest figures say; and the hosts that send with the shared token.
// Pure; what is not known is null.

import type { HostState } from '../../../schemas/host-state.ts';
import type { Agent, Result, Value } from '../data/types.ts';
import { isHostState, STATE_RANK, stateWords } from '../hosts/state-words.ts';

/** `still`: quarantined, nothing of it is taken. `unheard`: it has joined and said nothing yet. */
export type Standing = HostState | 'still' | 'unheard' | 'revoked';

export interface AgentRow {
  /** Of the list. */
  readonly key: string;
  readonly host: string;
  /** null: the host sends with the shared token. */
  readonly agent: Agent | null;
  readonly standing: Standing;
  /** Of the standing, with since when. */
  readonly words: string;
  readonly version: string | null;
  /** ISO; null: never. */
  readonly lastSeen: string | null;
  /** Bytes that wait there, and seconds that the oldest of them has waited. */
  readonly unsent: number | null;
  readonly oldest: number | null;
  /** What it may not read. */
  readonly leftOut: string | null;
}

export const SIGNS: Readonly<Record<Standing, string>> = { still: '✕', silent: '✕', late: '▲', unheard: '▲', reporting: '✓', stopped: '■', revoked: '■' };

const RANK: Readonly<Record<Standing, number>> = { still: -1, ...STATE_RANK, unheard: 1.5, revoked: 9 };

const column = (result: Result | undefined, name: string): readonly Value[] => result?.columns.find((of) => of.name === name)?.values ?? [];
const textOf = (value: Value | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null);
const numberOf = (value: Value | undefined): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

interface Inventory {
  readonly state: HostState;
  readonly lastSeen: string | null;
  readonly stoppedAt: string | null;
  readonly lag: number | null;
  readonly version: string | null;
  readonly leftOut: string | null;
}

/** Names of hosts are one without regard to case. */
const folded = (host: string): string => host.toLowerCase();

const inventoryOf = (hosts: Result | undefined): ReadonlyMap<string, Inventory & { readonly host: string }> => {
  const of = (name: string): readonly Value[] => column(hosts, name);
  const [state, seen, stopped, lag, version, leftOut] = ['agent_state', 'last_seen', 'agent_stopped', 'agent_lag', 'agent_version', 'left_out'].map(of);
  return new Map(
    of('host').flatMap((host, i) => {
      const name = textOf(host);
      const at = state?.[i];
      if (name === null) return [];
      const one = {
        host: name,
        state: isHostState(at) ? at : ('silent' as const),
        lastSeen: textOf(seen?.[i]),
        stoppedAt: textOf(stopped?.[i]),
        lag: numberOf(lag?.[i]),
        version: textOf(version?.[i]),
        leftOut: textOf(leftOut?.[i]),
      };
      return [[folded(name), one] as const];
    }),
  );
};

const newestOf = (result: Result | undefined): ReadonlyMap<string, number> => {
  const values = column(result, 'value');
  return new Map(
    column(result, 'host').flatMap((host, i) => {
      const value = numberOf(values[i]);
      return typeof host === 'string' && value !== null ? [[folded(host), value] as const] : [];
    }),
  );
};

export interface AgentSources {
  readonly agents: readonly Agent[];
  /** Of AGENT_HOSTS, UNSENT_BYTES and UNSENT_OLDEST. */
  readonly hosts: Result | undefined;
  readonly unsent: Result | undefined;
  readonly oldest: Result | undefined;
}

const standingOf = (agent: Agent | null, inventory: Inventory | undefined): Standing => {
  if (agent?.state === 'revoked') return 'revoked';
  if (agent?.state === 'quarantined') return 'still';
  // What is known of the host may come from one before it.
  if (inventory === undefined || (agent !== null && agent.signedInAt === null)) return 'unheard';
  return inventory.state;
};

const wordsOf = (standing: Standing, inventory: Inventory | undefined, now: number): string => {
  if (standing === 'still') return 'stands still';
  if (standing === 'unheard') return 'joined, not heard yet';
  if (standing === 'revoked') return 'revoked';
  return stateWords({ state: standing, lastSeen: inventory?.lastSeen ?? '', stoppedAt: inventory?.stoppedAt ?? null, lag: inventory?.lag ?? null }, now);
};

/** Gravest first, then by host. */
export const agentRows = ({ agents, hosts, unsent, oldest }: AgentSources, now: number): readonly AgentRow[] => {
  const inventory = inventoryOf(hosts);
  const [bytes, ages] = [newestOf(unsent), newestOf(oldest)];
  const rowOf = (key: string, host: string, agent: Agent | null): AgentRow => {
    const own = agent?.state === 'revoked' ? undefined : inventory.get(folded(host));
    const standing = standingOf(agent, own);
    const heard = standing === 'unheard' || standing === 'revoked' ? undefined : own;
    return {
      key,
      host,
      agent,
      standing,
      words: wordsOf(standing, own, now),
      version: heard?.version ?? null,
      lastSeen: heard?.lastSeen ?? null,
      unsent: heard === undefined ? null : (bytes.get(folded(host)) ?? null),
      oldest: heard === undefined ? null : (ages.get(folded(host)) ?? null),
      leftOut: heard?.leftOut ?? null,
    };
  };
  const joined = new Set(agents.filter(({ state }) => state !== 'revoked').map(({ host }) => folded(host)));
  const revoked = new Set(agents.filter(({ state }) => state === 'revoked').map(({ host }) => folded(host)));
  // One whose agent was revoked sends with the shared token only if it goes on to be heard.
  const isShared = ({ host, state }: Inventory & { readonly host: string }): boolean =>
    !joined.has(folded(host)) && (!revoked.has(folded(host)) || state === 'reporting');
  const rows = agents.map((agent) => rowOf(agent.id, agent.host, agent));
  for (const one of inventory.values()) if (isShared(one)) rows.push(rowOf(`host ${one.host}`, one.host, null));
  return rows.sort((a, b) => RANK[a.standing] - RANK[b.standing] || (a.host < b.host ? -1 : Number(a.host > b.host)));
};

/** How many are in which standing, gravest first. */
export const standingCounts = (rows: readonly AgentRow[]): readonly (readonly [Standing, number])[] => {
  const counts = new Map<Standing, number>();
  for (const { standing } of rows) counts.set(standing, (counts.get(standing) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => RANK[a] - RANK[b]);
};

export const COUNT_WORDS: Readonly<Record<Standing, string>> = {
  still: 'stand still',
  silent: 'silent',
  late: 'late',
  unheard: 'not heard yet',
  reporting: 'reporting',
  stopped: 'stopped',
  revoked: 'revoked',
};
