// What an operator does to the stream over GraphQL: a group that is gone is forgotten, a topic is read again. Transport only.
import { GraphQLError } from 'graphql';
import { builder } from './builder.ts';
import type { ReplayedPartition, ReplayPlace } from './service.ts';
import { told } from './told.ts';

const ReplayedRef = builder.objectRef<ReplayedPartition>('Replayed').implement({
  description: 'A partition that is read from another place',
  fields: (t) => ({
    group: t.exposeString('group'),
    topic: t.exposeString('topic'),
    partition: t.exposeInt('partition'),
    from: t.string({ description: 'Offset of the first message that is read', resolve: (r) => String(r.from) }),
    messages: t.float({ description: 'That are read from there on, at most', resolve: (r) => Number(r.messages) }),
    skipped: t.float({ description: 'Before it, that were not read and are given up, at most', resolve: (r) => Number(r.skipped) }),
    skippedFrom: t.string({ description: 'Offset of the first of them', resolve: (r) => String(r.skippedFrom) }),
  }),
});

const placeOf = (offset: string | null | undefined, time: bigint | null | undefined): ReplayPlace => {
  if (offset != null && time != null) throw new GraphQLError('an offset or a time, not both');
  if (offset != null && !/^\d{1,19}$/.test(offset)) throw new GraphQLError(`${JSON.stringify(offset)} is no offset; write a whole number`);
  return offset != null ? { offset: BigInt(offset) } : time != null ? { time: Number(time / 1_000_000n) } : 'earliest';
};

builder.queryFields((t) => ({
  replayPlan: t.field({
    type: [ReplayedRef],
    description: 'What a replay from there would come to, were what is not read passed over',
    args: { topic: t.arg.string({ required: true }), offset: t.arg.string(), time: t.arg({ type: 'Time' }) },
    resolve: (_, { topic, offset, time }, { platform }) => platform.stream.replayPlan(topic, placeOf(offset, time)).catch(told),
  }),
}));

builder.mutationFields((t) => ({
  forgetGroup: t.boolean({
    description: 'Removes what a group of readers that is gone has saved, so that it holds no room any more. What only it had not read goes',
    args: { group: t.arg.string({ required: true }) },
    resolve: async (_, { group }, { platform, who }) => {
      await platform.stream.forget(who, group).catch(told);
      return true;
    },
  }),
  replay: t.field({
    type: [ReplayedRef],
    description: 'Has a topic read from another place: from an offset, or the first message that came at a time or later, or else all that is there',
    args: {
      topic: t.arg.string({ required: true }),
      offset: t.arg.string(),
      time: t.arg({ type: 'Time' }),
      skipUnread: t.arg.boolean({ description: 'What is not read yet may be passed over, so that no store has it' }),
    },
    resolve: (_, { topic, offset, time, skipUnread }, { platform, who }) =>
      platform.stream.replay(who, topic, placeOf(offset, time), skipUnread === true).catch(told),
  }),
}));
