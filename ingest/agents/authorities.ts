// What agents that have joined, relays among them, and the tokens that many share may do.
import { CodedError } from '../../core/errors.ts';
import { fitsHost } from '../../schemas/join-token.ts';
import type { Authority } from '../authority.ts';
import type { AgentRegistry } from './agent-registry.ts';
import type { EnrolledAgent } from './enrolled-agent.ts';

/** Under its own id, for its own host; a relay for those too that fit its patterns and have no agent of their own. */
export const agentAuthority = (
  { id, host, relays }: EnrolledAgent,
  registry: Pick<AgentRegistry, 'find' | 'ofHost' | 'generation'>,
  isSigned: (body: Uint8Array) => boolean,
): Authority => ({
  who: `the agent of ${host}`,
  account: id,
  isBound: true,
  isSigned,
  maySend: (sender) => sender === id,
  maySpeakFor: (name) => name === host || (relays.some((pattern) => fitsHost(pattern, name)) && registry.ofHost(name) === undefined),
  assigned: (name) => registry.ofHost(name === '' ? host : name)?.labels,
  get generation() {
    // Of one that is no relay its token said once and for all for whom it speaks.
    return relays.length === 0 ? 0 : registry.generation;
  },
  mustHold: () => {
    const now = registry.find(id);
    if (now === undefined) throw new CodedError('agent.session', {});
    mustBeActive(now);
  },
});

/** The admin token counts with the shared one: both may be in many hands. */
const TOKENS = 'tokens';

/** For every host that has no agent of its own, under every id that is nobody's. */
export const tokenAuthority = (which: 'shared' | 'admin', registry: Pick<AgentRegistry, 'find' | 'ofHost' | 'isSharedTaken' | 'generation'>): Authority => ({
  who: `the ${which} token`,
  account: TOKENS,
  isBound: false,
  isSigned: () => true,
  maySend: (sender) => registry.find(sender) === undefined,
  maySpeakFor: (host) => registry.ofHost(host) === undefined,
  get generation() {
    return registry.generation;
  },
  mustHold: () => {
    if (which === 'shared' && !registry.isSharedTaken) throw new CodedError('access.shared-off', {});
  },
});

/** Throws `agent.revoked`, `intake.cloned`. */
export const mustBeActive = ({ id, host, state, reason = '' }: EnrolledAgent): void => {
  if (state === 'revoked') throw new CodedError('agent.revoked', { agent: id, host, reason });
  if (state === 'quarantined') throw new CodedError('intake.cloned', { agent: id, host, reason });
};
