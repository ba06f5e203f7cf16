// The agents in memory, by id and by host, for the door, which asks for each frame; and which of them were changed while they are read anew. It asks
// no store.
import { foldHost } from '../../schemas/join-token.ts';
import type { EnrolledAgent } from './enrolled-agent.ts';

/** What was changed since a reading began, and so is newer than what it finds. */
export type Newer = ReadonlySet<string>;

export class KnownAgents {
  readonly #byId = new Map<string, EnrolledAgent>();
  /** Of those that are not revoked, by the folded name of the host. */
  readonly #byHost = new Map<string, EnrolledAgent>();
  readonly #readings = new Set<Set<string>>();
  #generation = 0;

  /** Another one whenever an agent has come or gone. */
  get generation(): number {
    return this.#generation;
  }

  get all(): readonly EnrolledAgent[] {
    return [...this.#byId.values()];
  }

  find(id: string): EnrolledAgent | undefined {
    return this.#byId.get(id);
  }

  ofHost(host: string): EnrolledAgent | undefined {
    return this.#byHost.get(foldHost(host));
  }

  /** Of an agent, or of whatever else is read with them. */
  noteChange(what: string): void {
    for (const newer of this.#readings) newer.add(what);
  }

  /** undefined: there is no such agent. */
  change(id: string, change: Partial<EnrolledAgent>): EnrolledAgent | undefined {
    const known = this.#byId.get(id);
    if (known === undefined) return undefined;
    const agent = { ...known, ...change };
    this.put(agent);
    return agent;
  }

  put(agent: EnrolledAgent): void {
    this.noteChange(agent.id);
    this.#put(agent);
  }

  /** Puts what `read` finds in place of all, but for what is changed meanwhile. */
  async replace(read: (newer: Newer) => Promise<readonly EnrolledAgent[]>): Promise<void> {
    const newer = new Set<string>();
    this.#readings.add(newer);
    try {
      const agents = await read(newer);
      const found = new Set(agents.map(({ id }) => id));
      for (const agent of agents) if (!newer.has(agent.id)) this.#put(agent);
      for (const agent of this.all) if (!found.has(agent.id) && !newer.has(agent.id)) this.#drop(agent);
    } finally {
      this.#readings.delete(newer);
    }
  }

  #put(agent: EnrolledAgent): void {
    const before = this.#byId.get(agent.id);
    if (before?.state !== agent.state || before.host !== agent.host) this.#generation++;
    this.#byId.set(agent.id, agent);
    const host = foldHost(agent.host);
    if (agent.state !== 'revoked') this.#byHost.set(host, agent);
    else if (this.#byHost.get(host)?.id === agent.id) this.#byHost.delete(host);
  }

  #drop({ id, host }: EnrolledAgent): void {
    this.#generation++;
    this.#byId.delete(id);
    if (this.#byHost.get(foldHost(host))?.id === id) this.#byHost.delete(foldHost(host));
  }
}
