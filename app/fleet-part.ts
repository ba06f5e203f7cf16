// Which hosts are silent and which agents stand still, for Status, `/metrics` and `inframirror doctor`: the record store knows when each host
// was heard, the registry who stands still, the door who is refused. It changes nothing.
import type { Telemetry } from '../core/telemetry.ts';
import { nanosFromMillis } from '../core/time.ts';
import type { Records } from '../engines/records/port.ts';
import type { PartStatus } from '../graphql/service.ts';
import type { AgentRegistry } from '../ingest/agents/agent-registry.ts';
import type { RefusedAgents } from '../ingest/agents/refused-agents.ts';
import type { Door } from '../ingest/door.ts';
import { HOST_STATES, SILENT_MS } from '../schemas/host-state.ts';
import { spanText } from './span-text.ts';

export interface FleetOptions {
  readonly records: Pick<Records, 'query'>;
  readonly telemetry: Pick<Telemetry, 'set'>;
  readonly registry: Pick<AgentRegistry, 'agents' | 'find' | 'isSharedTaken'>;
  readonly door: { readonly state: Pick<Door['state'], 'overQuota'> };
  readonly refused: Pick<RefusedAgents, 'standing'>;
  /** ms. */
  readonly now?: () => number;
}

/** Who is silent for longer is taken for gone, as a machine that was given away: it is counted and no trouble. */
const GONE_MS = 7 * 86_400_000;
/** Named at most; more are said by their number. */
const MOST_NAMED = 5;
const MOST_SHOWN = 120;

const COUNTS = `SELECT agent_state AS state, count(*)::int4 AS count, (count(*) FILTER (WHERE last_seen < $1))::int4 AS gone
FROM hosts_now GROUP BY agent_state`;
/** Whose agent was revoked is silent because somebody wanted it so. */
const SILENT = `SELECT host, last_seen AS seen, count(*) OVER ()::int4 AS count FROM hosts_now
WHERE agent_state = 'silent' AND last_seen >= $1 AND NOT EXISTS (SELECT FROM agents AS a WHERE a.id = hosts_now.sender AND a.state = 'revoked') ORDER BY last_seen DESC, host LIMIT ${MOST_NAMED}`;
/** Of those that may send; `sent` where anything of their host has ever come. An agent that said it ends is none of them. */
const STILL = `SELECT a.host, h.host IS NOT NULL AS sent, GREATEST(a.joined, a.signed_in, h.last_seen) AS seen
FROM agents AS a LEFT JOIN hosts_now AS h ON h.host = a.host
WHERE a.state = 'active' AND COALESCE(h.agent_state, 'silent') = 'silent' AND GREATEST(a.joined, a.signed_in, h.last_seen) BETWEEN $1 AND $2
ORDER BY seen DESC, a.host`;

const shown = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN).toWellFormed()}…` : text);

const named = (texts: readonly string[], count = texts.length): readonly string[] =>
  count > MOST_NAMED ? [...texts.slice(0, MOST_NAMED), `${count - MOST_NAMED} more`] : texts;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #now: () => number;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Counts hosts by how they are heard, and names those that fell silent within days. */
  async hosts(): Promise<PartStatus> {
    const { records, telemetry } = this.#options;
    const since = this.#nanosAgo(GONE_MS);
    const rows = await records.query(COUNTS, [since]);
    const counts = new Map(rows.map(({ state, count }) => [state as string, count as number]));
    for (const state of HOST_STATES) telemetry.set('inframirror_hosts', { state }, counts.get(state) ?? 0);
    const silent = await records.query(SILENT, [since]);
    const count = (silent[0]?.count as number | undefined) ?? 0;
    telemetry.set('inframirror_hosts_fallen_silent', {}, count);
    const gone = (rows.find(({ state }) => state === 'silent')?.gone as number | undefined) ?? 0;
    const revoked = (counts.get('silent') ?? 0) - count - gone;
    const told = HOST_STATES.flatMap((state) => {
      const here = state === 'silent' ? count : (counts.get(state) ?? 0);
      return here === 0 ? [] : [`${here} ${state}`];
    });
    const hosts = silent.map(({ host, seen }) => `${shown(host as string)} (last heard ${this.#ago(seen)} ago)`);
    const detail = [
      told.length === 0 && gone + revoked === 0 ? 'none has sent anything yet' : told.join(', '),
      ...(count === 0
        ? []
        : [`silent: ${named(hosts, count).join(', ')}; one that is gone for good, or never was, is taken off by inframirror agent forget HOST`]),
      ...(revoked > 0 ? [`${revoked} silent, whose agent was revoked`] : []),
      ...(gone > 0 ? [`${gone} not heard for more than a week`] : []),
    ].filter((text) => text !== '');
    return { name: 'hosts', state: count === 0 ? 'ok' : 'degraded', detail: detail.join('; ') };
  }

  /** Names those that stand still, as nothing of them is taken until somebody acts. */
  async agents(): Promise<PartStatus> {
    const { records, telemetry, registry, door, refused } = this.#options;
    const agents = registry.agents.filter(({ state }) => state !== 'revoked');
    const cloned = agents.filter(({ state }) => state === 'quarantined');
    const standing = refused.standing.flatMap((one) => {
      const agent = registry.find(one.agent);
      return agent === undefined || agent.state === 'quarantined' ? [] : [{ ...one, host: agent.host, isRevoked: agent.state === 'revoked' }];
    });
    const overQuota = door.state.overQuota.filter(({ sender }) => registry.find(sender)?.state === 'active');
    const still = await records.query(STILL, [this.#nanosAgo(GONE_MS), this.#nanosAgo(SILENT_MS)]);
    const joinedHosts = new Set(agents.map(({ host }) => host));
    // One that has joined anew is well, whatever the one before it tried last.
    const tried = standing.filter(({ isRevoked, host }) => isRevoked && !joinedHosts.has(host));
    const wrong = standing.filter(({ isRevoked }) => !isRevoked);
    for (const [reason, count] of [
      ['cloned', cloned.length],
      ['refused', wrong.length],
      ['quota', overQuota.length],
      ['silent', still.length],
      ['revoked', tried.length],
    ] as const)
      telemetry.set('inframirror_agents_standing_still', { reason }, count);
    const never = still.filter(({ sent }) => sent !== true).map(({ host, seen }) => `${shown(host as string)} (since ${this.#ago(seen)})`);
    const troubles = [
      ...named(cloned.map(({ host, id, reason }) => `${shown(host)} stands still (${id}): ${reason}`)),
      ...named(wrong.map(({ host, since, message }) => `${shown(host)} is refused for ${this.#span(since)}: ${message}`)),
      ...named(overQuota.map(({ sender }) => `${shown(registry.find(sender)?.host ?? sender)} has sent what it may within a day and waits`)),
      ...(never.length === 0 ? [] : [`signed in and sent nothing: ${named(never).join(', ')}`]),
    ];
    // Somebody wanted it so.
    const told = tried.length === 0 ? [] : [`revoked, and still trying: ${named(tried.map(({ host }) => shown(host))).join(', ')}`];
    const joined = `${agents.length} joined${registry.isSharedTaken ? '' : '; the shared token is off'}`;
    return { name: 'agents', state: troubles.length === 0 ? 'ok' : 'degraded', detail: [joined, ...troubles, ...told].join('; ') };
  }

  #nanosAgo(ms: number): bigint {
    return nanosFromMillis(this.#now() - ms);
  }

  #ago(nanos: unknown): string {
    return this.#span(Number((nanos as bigint) / 1_000_000n));
  }

  #span(ms: number): string {
    return spanText(Math.max(0, this.#now() - ms) / 1000);
  }
}
