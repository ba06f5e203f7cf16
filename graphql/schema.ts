// The whole schema: what can be asked. `schema.graphql` is its printed form, committed and held equal by a test.
import { GraphQLError, type GraphQLSchema } from 'graphql';
import './agents.ts';
import './audit.ts';
import './backup.ts';
import { MOST_LINES } from '../query/service.ts';
import { builder } from './builder.ts';
import './dead-letters.ts';
import { CatalogueRef, CompletionRef, HostRef, StatusRef } from './descriptions.ts';
import { placed } from './placed.ts';
import { DiagnosticRef, ResultRef } from './result.ts';
import './saved-queries.ts';
import './stream.ts';
import { told } from './told.ts';

builder.queryType({
  fields: (t) => ({
    query: t.field({
      type: ResultRef,
      description: 'Asks a text of IQL',
      args: {
        text: t.arg.string({ required: true }),
        from: t.arg({ type: 'Time', description: 'Of sources without a range of their own; default an hour before `to`' }),
        to: t.arg({ type: 'Time', description: 'Exclusive; default `at`' }),
        at: t.arg({ type: 'Time', description: 'The moment that now and relative ranges mean; default now' }),
        params: t.arg({ type: 'JSON', description: 'Values of $parameters by name' }),
        limit: t.arg.int({ description: 'Rows; default 10000, at most 100000' }),
        lines: t.arg.int({
          description:
            'What stands at buckets is given as lines instead of rows: so many of each column of values, at most 1000. Of `max` those with the largest values, of `min` with the smallest, of counts and sums those with the largest total, else with the largest average without its sign. All rows count, whatever `limit` says',
        }),
        countMissing: t.arg.boolean({
          description: 'Counts what cannot be represented (iql.not-representable): all that can fail is worked out by the server from plain rows',
        }),
        maxAge: t.arg.float({
          description: 'Seconds: an answer to the very same question that was begun at most so long ago will do, whoever asked it; default 0, at most 60',
        }),
        noCache: t.arg.boolean({ description: 'All is asked of the stores, also buckets that the server has cached; default false' }),
        zone: t.arg.string({ description: 'IANA time zone of days, weeks and times without a zone; default UTC' }),
      },
      resolve: async (_, args, context) => {
        if (args.limit != null && args.limit < 0) throw new GraphQLError('limit is a number of rows from 0 on');
        if (args.lines != null && (args.lines < 0 || args.lines > MOST_LINES)) throw new GraphQLError(`lines is a number of lines from 0 to ${MOST_LINES}`);
        const request = {
          ...(args.from == null ? {} : { from: args.from }),
          ...(args.to == null ? {} : { to: args.to }),
          ...(args.at == null ? {} : { at: args.at }),
          ...(args.params == null ? {} : { params: args.params }),
          ...(args.limit == null ? {} : { limit: args.limit }),
          ...(args.lines == null ? {} : { lines: args.lines }),
          ...(args.countMissing == null ? {} : { countMissing: args.countMissing }),
          ...(args.zone == null ? {} : { zone: args.zone }),
          ...(args.maxAge == null ? {} : { maxAgeMs: args.maxAge * 1000 }),
          ...(args.noCache == null ? {} : { noCache: args.noCache }),
          signal: context.signal,
        };
        return { text: args.text, result: await context.queries.query(args.text, request).catch(told) };
      },
    }),
    check: t.field({
      type: [DiagnosticRef],
      description: 'What is wrong with a text, without asking it',
      args: { text: t.arg.string({ required: true }) },
      resolve: async (_, { text }, context) => placed((await context.queries.check(text).catch(told)).diagnostics, text),
    }),
    format: t.string({
      nullable: true,
      description: 'The printed form of a text; null when it cannot be read',
      args: { text: t.arg.string({ required: true }) },
      resolve: (_, { text }, context) => context.services.queries.format(text) ?? null,
    }),
    complete: t.field({
      type: [CompletionRef],
      description: 'What may stand at the cursor, most likely first',
      args: { text: t.arg.string({ required: true }), offset: t.arg.int({ required: true, description: 'UTF-16 units' }) },
      resolve: (_, { text, offset }, context) => context.queries.complete(text, offset),
    }),
    catalogue: t.field({ type: CatalogueRef, resolve: (_, __, context) => context.queries.visible() }),
    hosts: t.field({ type: [HostRef], resolve: (_, __, context) => context.services.hosts(context.queries).catch(told) }),
    status: t.field({ type: StatusRef, resolve: (_, __, context) => context.platform.status().catch(told) }),
  }),
});

export const schema: GraphQLSchema = builder.toSchema();
