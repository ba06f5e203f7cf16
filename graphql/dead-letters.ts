// Dead letters over GraphQL: looked at, put on their way again, or done with. Transport only.
import { builder } from './builder.ts';
import type { Letter, LetterChoice, LetterGroup, LetterList, ReplayedLetters, WholeLetter } from './service.ts';
import { told } from './told.ts';

const MOST_LISTED = 1000;

const isoTime = (ms: number): string => new Date(ms).toISOString();

const GroupRef = builder.objectRef<LetterGroup>('DeadLetterGroup').implement({
  description: 'Dead letters of one kind',
  fields: (t) => ({
    stage: t.exposeString('stage'),
    reason: t.exposeString('reason'),
    topic: t.exposeString('topic'),
    schema: t.exposeString('schema'),
    letters: t.exposeInt('letters'),
    rows: t.exposeFloat('rows'),
    since: t.string({ description: 'When the oldest of them came', resolve: ({ since }) => isoTime(since) }),
  }),
});

const LetterRef = builder.objectRef<Letter>('DeadLetter').implement({
  description: 'What no retry could save',
  fields: (t) => ({
    id: t.exposeString('id'),
    state: t.exposeString('state', { description: 'waiting, replayed or dropped' }),
    buried: t.string({ description: 'When it came there', resolve: ({ buried }) => isoTime(buried) }),
    stage: t.exposeString('stage', { description: 'ingest, or the stage of the pipeline' }),
    reason: t.exposeString('reason'),
    topic: t.exposeString('topic', { description: 'That it was meant for' }),
    schema: t.exposeString('schema'),
    sender: t.exposeString('sender'),
    rows: t.exposeFloat('rows'),
    bytes: t.exposeFloat('bytes'),
    error: t.exposeString('error'),
  }),
});

const WholeRef = builder.objectRef<WholeLetter>('WholeDeadLetter').implement({
  fields: (t) => ({
    letter: t.field({ type: LetterRef, resolve: (letter) => letter }),
    headers: t.field({ type: 'JSON', resolve: ({ headers }) => headers }),
    content: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Its first rows; missing where they cannot be read',
      resolve: ({ content }) => content ?? null,
    }),
  }),
});

const ListRef = builder.objectRef<LetterList>('DeadLetters').implement({
  fields: (t) => ({
    groups: t.field({ type: [GroupRef], description: 'All that fit, by kind', resolve: ({ groups }) => groups }),
    letters: t.field({ type: [LetterRef], description: 'The oldest of them', resolve: ({ letters }) => letters }),
  }),
});

const RefusedRef = builder.objectRef<ReplayedLetters['refused'][number]>('RefusedLetter').implement({
  fields: (t) => ({ id: t.exposeString('id'), reason: t.exposeString('reason') }),
});

const ReplayedRef = builder.objectRef<ReplayedLetters>('ReplayedLetters').implement({
  fields: (t) => ({
    replayed: t.exposeInt('replayed', { description: 'Put on their way' }),
    droppedRows: t.exposeFloat('droppedRows', { description: 'Rows of them that the door drops today, for their age or the like' }),
    refused: t.field({ type: [RefusedRef], description: 'These stay', resolve: ({ refused }) => refused }),
    isMore: t.exposeBoolean('isMore', { description: 'More wait than are replayed at once' }),
  }),
});

interface Chosen {
  readonly ids?: readonly string[] | null | undefined;
  readonly stage?: string | null | undefined;
  readonly reason?: string | null | undefined;
  readonly topic?: string | null | undefined;
}

const choiceOf = ({ ids, stage, reason, topic }: Chosen): LetterChoice =>
  ids == null ? { stage: stage ?? undefined, reason: reason ?? undefined, topic: topic ?? undefined } : { ids };

builder.queryFields((t) => ({
  deadLetters: t.field({
    type: ListRef,
    description: 'Dead letters that wait for somebody',
    args: {
      stage: t.arg.string(),
      reason: t.arg.string(),
      topic: t.arg.string(),
      all: t.arg.boolean({ description: 'Those too that are done with' }),
      limit: t.arg.int(),
    },
    resolve: (_, { stage, reason, topic, all, limit }, { platform }) =>
      platform.letters
        .list(
          { stage: stage ?? undefined, reason: reason ?? undefined, topic: topic ?? undefined },
          all ?? false,
          Math.max(0, Math.min(limit ?? 100, MOST_LISTED)),
        )
        .catch(told),
  }),
  deadLetter: t.field({
    type: WholeRef,
    description: 'One of them with its rows',
    args: { id: t.arg.string({ required: true }) },
    resolve: (_, { id }, { platform }) => platform.letters.show(id).catch(told),
  }),
}));

builder.mutationFields((t) => ({
  replayLetters: t.field({
    type: ReplayedRef,
    description: 'Puts letters on their way again: those named, or all that wait and fit. None is stored twice for it',
    args: { ids: t.arg.stringList(), stage: t.arg.string(), reason: t.arg.string(), topic: t.arg.string() },
    resolve: (_, args, { platform, who }) => platform.letters.replay(who, choiceOf(args)).catch(told),
  }),
  dropLetters: t.int({
    description: 'Nobody need look at them any more: those named, or all that wait and fit. How many they were',
    args: { ids: t.arg.stringList(), stage: t.arg.string(), reason: t.arg.string(), topic: t.arg.string() },
    resolve: (_, args, { platform, who }) => platform.letters.drop(who, choiceOf(args)).catch(told),
  }),
}));
