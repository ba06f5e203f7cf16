// Who did what on this platform, over GraphQL: looked at, never written. Transport only.
import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';
import type { AuditEntry, AuditPage } from './service.ts';
import { told } from './told.ts';

const MOST_ENTRIES = 10_000;

const EntryRef = builder.objectRef<AuditEntry>('AuditEntry').implement({
  description: 'Something that somebody did, or was refused',
  fields: (t) => ({
    id: t.string({ description: 'Rises with each row that is written', resolve: ({ id }) => String(id) }),
    time: t.field({ type: 'Time', resolve: ({ time }) => time }),
    who: t.exposeString('who', { description: 'Such as admin, session, agent, server, or `token ID` of one who joins' }),
    what: t.exposeString('what', { description: 'Such as agent.revoke' }),
    detail: t.field({ type: 'JSON', description: 'On what, and with what; failed: why it was not done', resolve: ({ detail }) => detail }),
  }),
});

const PageRef = builder.objectRef<AuditPage>('Audit').implement({
  fields: (t) => ({
    entries: t.field({ type: [EntryRef], description: 'The newest first', resolve: ({ entries }) => entries }),
    isMore: t.exposeBoolean('isMore', { description: 'Older ones fit too' }),
  }),
});

builder.queryFields((t) => ({
  audit: t.field({
    type: PageRef,
    description: 'Who did what, as far back as it is kept (retention.audit)',
    args: {
      since: t.arg({ type: 'Time' }),
      until: t.arg({ type: 'Time', description: 'Exclusive' }),
      who: t.arg.string({ description: 'That, or all that begin with it and a space' }),
      what: t.arg.string({ description: 'That, or all that begin with it and a dot' }),
      about: t.arg.string({ description: 'A host, an agent’s id, a group, a topic … that is named in the detail' }),
      limit: t.arg.int({ description: `Default 100, at most ${MOST_ENTRIES}` }),
    },
    resolve: (_, { since, until, who, what, about, limit }, { platform }) => {
      const most = limit ?? 100;
      if (most < 1 || most > MOST_ENTRIES) throw new GraphQLError(`limit is from 1 to ${MOST_ENTRIES}`);
      return platform
        .audit({ since: since ?? undefined, until: until ?? undefined, who: who ?? undefined, what: what ?? undefined, about: about ?? undefined, limit: most })
        .catch(told);
    },
  }),
}));
