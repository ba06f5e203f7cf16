// What an admin does with agents, for GraphQL: tokens, the list, revoking, releasing. The registry does it; here it is put into the transport's words.
import type { AgentRow, Agents } from '../graphql/service.ts';
import type { AgentRegistry, EnrolledAgent } from '../ingest/agents/agent-registry.ts';
import type { Sessions } from '../ingest/agents/sessions.ts';

const rowOf = ({ id, host, labels, relays, state, reason, joined, signedIn }: EnrolledAgent): AgentRow => ({
  id,
  host,
  labels: Object.fromEntries(labels),
  relays,
  state,
  reason: reason ?? null,
  joined,
  signedIn: signedIn ?? null,
});

const byHost = (a: EnrolledAgent, b: EnrolledAgent): number =>
  Number(a.state === 'revoked') - Number(b.state === 'revoked') || (a.host < b.host ? -1 : Number(a.host > b.host)) || Number(b.joined - a.joined);

export class AgentAdministration implements Agents {
  readonly #registry: AgentRegistry;
  readonly #sessions: Sessions;

  constructor(registry: AgentRegistry, sessions: Sessions) {
    this.#registry = registry;
    this.#sessions = sessions;
  }

  list(): readonly AgentRow[] {
    return [...this.#registry.agents].sort(byHost).map(rowOf);
  }

  async makeToken(who: string, { labels, ...wish }: Parameters<Agents['makeToken']>[1]): ReturnType<Agents['makeToken']> {
    const { text, expires } = await this.#registry.makeToken(who, { ...wish, labels: new Map(Object.entries(labels)) });
    return { token: text, expires };
  }

  async revoke(who: string, id: string): Promise<AgentRow> {
    const agent = await this.#registry.revoke(who, id);
    this.#sessions.end(id);
    return rowOf(agent);
  }

  async release(who: string, id: string): Promise<AgentRow> {
    return rowOf(await this.#registry.release(who, id));
  }

  get isSharedTaken(): boolean {
    return this.#registry.isSharedTaken;
  }

  setShared(who: string, taken: boolean): Promise<void> {
    return this.#registry.setShared(who, taken);
  }
}
