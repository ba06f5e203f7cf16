// Who sends a frame: an agent that has joined, by its session, or whoever has the shared or the admin token. Says what each may do; what the
// frame holds is held against that at the door.
import type { IncomingMessage } from 'node:http';
import type { AgentRegistry } from '../../ingest/agents/agent-registry.ts';
import { agentAuthority, tokenAuthority } from '../../ingest/agents/authorities.ts';
import type { Sessions } from '../../ingest/agents/sessions.ts';
import type { Authority } from '../../ingest/authority.ts';
import { FRAME_SCHEME } from '../../schemas/agent-proofs.ts';
import type { Access, CallerKind } from './access.ts';

const SESSION = new RegExp(`^${FRAME_SCHEME} +(\\S+)$`, 'i');

export class Senders {
  readonly #access: Access;
  readonly #registry: AgentRegistry;
  readonly #sessions: Sessions;

  constructor(access: Access, registry: AgentRegistry, sessions: Sessions) {
    this.#access = access;
    this.#registry = registry;
    this.#sessions = sessions;
  }

  /** Throws `agent.…`, `intake.cloned`, `access.shared-off`; who may not send at all is told as the caller it is. */
  async authorityOf(request: IncomingMessage): Promise<Authority | CallerKind> {
    const session = SESSION.exec(request.headers.authorization ?? '')?.[1];
    if (session !== undefined) {
      const { agent, isSigned } = this.#sessions.senderOf(session);
      return agentAuthority(agent, this.#registry, isSigned);
    }
    const caller = await this.#access.callerOf(request);
    if (caller !== 'admin' && caller !== 'agent') return caller;
    const authority = tokenAuthority(caller === 'admin' ? 'admin' : 'shared', this.#registry);
    authority.mustHold();
    return authority;
  }
}
