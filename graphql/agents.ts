// Agents over GraphQL: who has joined, tokens for those that shall, revoking and releasing. Transport only; rules are behind the port.
import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';
import type { AgentRow, JoinTokenMade, SenderLimits } from './service.ts';
import { told } from './told.ts';

const AgentStateRef = builder.enumType('AgentIdentityState', {
  description: 'active: it may send; quarantined: two send under it, and nothing of either is taken until it is released; revoked: for good',
  values: ['active', 'quarantined', 'revoked'] as const,
});

const AgentRef = builder.objectRef<AgentRow>('Agent').implement({
  description: 'An agent that has joined with a key of its own',
  fields: (t) => ({
    id: t.exposeString('id', { description: 'Made of its key; the sender of what it tells' }),
    host: t.exposeString('host', { description: 'The one it may send for' }),
    labels: t.field({ type: 'JSON', description: 'Given with its token; they win over what it tells', resolve: ({ labels }) => labels }),
    relays: t.stringList({ description: 'Patterns of other hosts that it may speak for', resolve: ({ relays }) => [...relays] }),
    state: t.field({ type: AgentStateRef, resolve: ({ state }) => state }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it is not active' }),
    joinedAt: t.field({ type: 'Time', resolve: ({ joined }) => joined }),
    signedInAt: t.field({
      type: 'Time',
      nullable: true,
      description: 'When it last signed in; at least once an hour while it sends',
      resolve: ({ signedIn }) => signedIn,
    }),
    series: t.exposeInt('series', { description: 'That it sent within a day, and since the start of the server' }),
    bytes: t.exposeFloat('bytes', { description: 'That it sent within a day, and since the start of the server, decompressed' }),
  }),
});

const TokenRef = builder.objectRef<JoinTokenMade>('JoinToken').implement({
  description: 'Good for one agent; told this once, and kept nowhere in full',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'For `inframirror agent --join`; a secret until it is used' }),
    expiresAt: t.field({ type: 'Time', resolve: ({ expires }) => expires }),
    heldBy: t.field({
      type: AgentRef,
      nullable: true,
      description: 'The agent that has its host now: as long as that one is not revoked, nobody joins by this token',
      resolve: ({ heldBy }) => heldBy ?? null,
    }),
    assigned: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Labels that its host has until now: kept where it was made without labels. null: it is for any host of a pattern',
      resolve: ({ assigned }) => assigned ?? null,
    }),
  }),
});

const LimitsRef = builder.objectRef<SenderLimits>('SenderLimits').implement({
  description: 'What one sender may send within a day',
  fields: (t) => ({
    series: t.exposeInt('series', { description: 'Beyond it, further series are dropped' }),
    bytes: t.exposeFloat('bytes', { description: 'Decompressed; beyond it all is refused for a while, and the agent keeps it' }),
  }),
});

const labelsOf = (given: unknown): Readonly<Record<string, string>> | undefined => {
  if (given == null) return undefined;
  if (typeof given !== 'object' || Array.isArray(given) || Object.values(given).some((value) => typeof value !== 'string'))
    throw new GraphQLError('labels is an object of texts: {"env": "prod"}');
  return given as Readonly<Record<string, string>>;
};

builder.queryFields((t) => ({
  agents: t.field({ type: [AgentRef], description: 'By host; the revoked ones last', resolve: (_, __, { platform }) => [...platform.agents.list()] }),
  senderLimits: t.field({ type: LimitsRef, resolve: (_, __, { platform }) => platform.agents.limits }),
  sharedAgentToken: t.boolean({
    description: 'Whether the token that all agents share is taken',
    resolve: (_, __, { platform }) => platform.agents.isSharedTaken,
  }),
}));

builder.mutationFields((t) => ({
  makeJoinToken: t.field({
    type: TokenRef,
    description: 'For one agent, within an hour',
    args: {
      host: t.arg.string({ required: true, description: 'The name it joins as, or a pattern with * and ?' }),
      labels: t.arg({
        type: 'JSON',
        description: 'All of the host, which win over what the agent tells: {"env": "prod"}. Without: it keeps those that were assigned to it',
      }),
      relays: t.arg.stringList({ description: 'Patterns of other hosts that it may speak for' }),
      replaces: t.arg.string({ description: 'Id of the agent whose place it takes' }),
    },
    resolve: (_, { host, labels, relays, replaces }, { platform, who }) =>
      platform.agents.makeToken(who, { host, labels: labelsOf(labels), relays: relays ?? [], replaces: replaces ?? undefined }).catch(told),
  }),
  revokeAgent: t.field({
    type: AgentRef,
    description: 'Its rights end at once; its host may join again',
    args: { id: t.arg.string({ required: true }) },
    resolve: (_, { id }, { platform, who }) => platform.agents.revoke(who, id).catch(told),
  }),
  releaseAgent: t.field({
    type: AgentRef,
    description: 'Lets one that was quarantined go on',
    args: { id: t.arg.string({ required: true }) },
    resolve: (_, { id }, { platform, who }) => platform.agents.release(who, id).catch(told),
  }),
  forgetHost: t.boolean({
    description: 'Takes a host that is silent off the inventory, with its history. What came of it stays as long as it is kept',
    args: { host: t.arg.string({ required: true }) },
    resolve: async (_, { host }, { platform, who }) => {
      await platform.agents.forgetHost(who, host).catch(told);
      return true;
    },
  }),
  setSharedAgentToken: t.boolean({
    description: 'Takes the token that all agents share, or no longer; agents that have joined are not concerned',
    args: { taken: t.arg.boolean({ required: true }) },
    resolve: async (_, { taken }, { platform, who }) => {
      await platform.agents.setShared(who, taken).catch(told);
      return taken;
    },
  }),
}));
