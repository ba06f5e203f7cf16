// What an admin does with agents, for GraphQL: tokens, the list, revoking, releasing. The registry does it; here it is put into the transport's words.
import type { Records } from '../engines/records/port.ts';
import type { AgentRow, Agents, SenderLimits } from '../graphql/service.ts';
import type { AgentRegistry } from '../ingest/agents/agent-registry.ts';
import type { EnrolledAgent } from '../ingest/agents/enrolled-agent.ts';
import type { Sessions } from '../ingest/agents/sessions.ts';
import type { Door } from '../ingest/door.ts';
import type { IntakeLimits } from '../ingest/limits.ts';
import { forgetHost } from './forget-host.ts';

const byHost = (a: EnrolledAgent, b: EnrolledAgent): number =>
  Number(a.state === 'revoked') - Number(b.state === 'revoked') || (a.host < b.host ? -1 : Number(a.host > b.host)) || Number(b.joined - a.joined);

export interface AgentAdministrationParts {
  readonly registry: AgentRegistry;
  readonly records: Records;
  readonly sessions: Pick<Sessions, 'end'>;
  readonly door: Pick<Door, 'usageOf'>;
  readonly limits: Pick<IntakeLimits, 'seriesPerSender' | 'bytesPerSender'>;
}

export class AgentAdministration implements Agents {
  readonly #parts: AgentAdministrationParts;

  constructor(parts: AgentAdministrationParts) {
    this.#parts = parts;
  }

  list(): readonly AgentRow[] {
    return [...this.#parts.registry.agents].sort(byHost).map((agent) => this.#rowOf(agent));
  }

  async makeToken(who: string, { labels, ...wish }: Parameters<Agents['makeToken']>[1]): ReturnType<Agents['makeToken']> {
    const { registry } = this.#parts;
    const { text, expires, assigned } = await registry.makeToken(who, { ...wish, labels: labels && new Map(Object.entries(labels)) });
    // As a join is judged.
    const host = wish.host.toLowerCase();
    const holder = registry.agents.find(({ id, state, host: own }) => state !== 'revoked' && own.toLowerCase() === host && id !== wish.replaces);
    return { token: text, expires, assigned, heldBy: holder === undefined ? undefined : this.#rowOf(holder) };
  }

  async revoke(who: string, id: string): Promise<AgentRow> {
    const agent = await this.#parts.registry.revoke(who, id);
    this.#parts.sessions.end(id);
    return this.#rowOf(agent);
  }

  async release(who: string, id: string): Promise<AgentRow> {
    return this.#rowOf(await this.#parts.registry.release(who, id));
  }

  forgetHost(who: string, host: string): Promise<void> {
    return forgetHost(this.#parts.records, who, host);
  }

  get limits(): SenderLimits {
    const { seriesPerSender, bytesPerSender } = this.#parts.limits;
    return { series: seriesPerSender, bytes: bytesPerSender };
  }

  get isSharedTaken(): boolean {
    return this.#parts.registry.isSharedTaken;
  }

  setShared(who: string, taken: boolean): Promise<void> {
    return this.#parts.registry.setShared(who, taken);
  }

  #rowOf({ id, host, labels, relays, state, reason, joined, signedIn }: EnrolledAgent): AgentRow {
    const usage = this.#parts.door.usageOf(id);
    return { id, host, labels: Object.fromEntries(labels), relays, state, reason: reason ?? null, joined, signedIn: signedIn ?? null, ...usage };
  }
}
