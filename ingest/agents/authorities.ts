// What agents that have joined, relays among them, and the tokens that many share may do.
import { fitsHost } from '../../schemas/join-token.ts';
import type { Authority } from '../authority.ts';
import type { AgentRegistry, EnrolledAgent } from './agent-registry.ts';

/** Under its own id, for its own host; a relay for those too that fit its patterns. */
export const agentAuthority = ({ id, host, relays }: EnrolledAgent, isSigned: (body: Uint8Array) => boolean): Authority => ({
  who: `the agent of ${host}`,
  account: id,
  isBound: true,
  isSigned,
  maySend: (sender) => sender === id,
  maySpeakFor: (name) => name === host || relays.some((pattern) => fitsHost(pattern, name)),
});

/** The admin token counts with the shared one: both may be in many hands. */
const TOKENS = 'tokens';

/** For every host that has no agent of its own, under every id that is nobody's. */
export const tokenAuthority = (who: string, registry: Pick<AgentRegistry, 'find' | 'ofHost'>): Authority => ({
  who,
  account: TOKENS,
  isBound: false,
  isSigned: () => true,
  maySend: (sender) => registry.find(sender) === undefined,
  maySpeakFor: (host) => registry.ofHost(host) === undefined,
});
