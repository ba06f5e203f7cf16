// Where the groups of the topology are in their topics: begun in a topic that is empty, refused in one with messages of which nothing
// tells how far they are in the stores, and put elsewhere when somebody says so. It never reads a message.
import { CodedError, hasCode } from '../core/errors.ts';
import type { Stream, TopicPartition } from '../engines/stream/port.ts';
import { decodeProgress, encodeProgress, NO_PROGRESS, type Progress } from './progress.ts';
import { type Route, TOPOLOGY } from './topology.ts';

/** `time`: ms; the first message that came then or later. */
export type ReplayFrom = 'earliest' | { readonly offset: bigint } | { readonly time: number };

export interface Replayed extends TopicPartition {
  readonly group: string;
  readonly from: bigint;
  /** Messages that are read from there on, at most. */
  readonly messages: bigint;
  /** Messages before it that were not read, and are in no store: from that offset on, so many at most. */
  readonly skippedFrom: bigint;
  readonly skipped: bigint;
}

type Places = Pick<Stream, 'partitions' | 'committed' | 'reset'>;

/**
 * To be called before anything is taken in. `storedUntil`: latest time, ns, of rows that its store has from a stream that is gone. Returns why the group must not begin: `pipeline.no-progress`; undefined: it may.
 */
export const beginGroup = async (stream: Places, { topic, group }: Route, storedUntil = 0n): Promise<CodedError | undefined> => {
  const known = new Set((await stream.committed(group, topic)).map(({ partition }) => partition));
  for (const { partition, earliest, next } of await stream.partitions(topic)) {
    if (known.has(partition)) continue;
    if (earliest < next) return new CodedError('pipeline.no-progress', { topic, partition, group });
    await stream.reset(group, { topic, partition }, encodeProgress({ ...NO_PROGRESS, next, time: storedUntil }), next).catch((error: unknown) => {
      // Another process of the pipeline was first.
      if (!hasCode(error, 'stream.group-in-use')) throw error;
    });
  }
  return undefined;
};

/** Throws `pipeline.no-topic`. */
export const routeOf = (topic: string): Route => {
  const route = TOPOLOGY.find((candidate) => candidate.topic === topic);
  if (route === undefined) throw new CodedError('pipeline.no-topic', { topic, topics: TOPOLOGY.map((candidate) => candidate.topic).join(', ') });
  return route;
};

interface Place {
  readonly partition: number;
  readonly begin: bigint;
  /** Of the message that comes next. */
  readonly next: bigint;
  /** As saved; undefined: nothing is. */
  readonly before: Progress | undefined;
  /** Messages before it that are passed over and were not read, at most. */
  readonly skipped: bigint;
}

/**
 * Where in each partition that is. Throws `pipeline.beyond` where no partition goes as far, and `pipeline.skips` where the group would pass over
 * what it has not read, unless it is to (`skipUnread`).
 */
export const placesFor = async (
  stream: Places & Pick<Stream, 'offsetAt'>,
  { topic, group }: Route,
  from: ReplayFrom,
  skipUnread: boolean,
): Promise<readonly Place[]> => {
  const committed = new Map((await stream.committed(group, topic)).map(({ partition, progress }) => [partition, decodeProgress(progress).progress]));
  const places: Place[] = [];
  const partitions = await stream.partitions(topic);
  if (from !== 'earliest' && 'offset' in from) {
    let furthest = 0n;
    for (const { next } of partitions) if (next > furthest) furthest = next;
    if (from.offset > furthest) throw new CodedError('pipeline.beyond', { topic, offset: String(from.offset), next: String(furthest) });
  }
  for (const { partition, earliest, next } of partitions) {
    const wanted = from === 'earliest' ? earliest : 'offset' in from ? from.offset : await stream.offsetAt({ topic, partition }, from.time);
    let begin = wanted;
    if (begin < earliest) begin = earliest;
    if (begin > next) begin = next;
    const before = committed.get(partition);
    let saved = before?.next ?? begin;
    if (saved < earliest) saved = earliest;
    if (begin > saved && !skipUnread)
      throw new CodedError('pipeline.skips', { topic, partition, group, messages: String(begin - saved), saved: String(saved) });
    places.push({ partition, begin, next, before, skipped: begin > saved ? begin - saved : 0n });
  }
  return places;
};

/** What comes of it. */
export const replayedOf = ({ topic, group }: Route, { partition, begin, next, skipped }: Place): Replayed => ({
  group,
  topic,
  partition,
  from: begin,
  messages: next - begin,
  skippedFrom: begin - skipped,
  skipped,
});

/**
 * Puts the group to read on from there, while none of it is there. What it took of each sender is forgotten with it; where nothing tells how
 * far it was, `storedUntil` does, as in `beginGroup`. Throws as `placesFor`, and then puts nothing.
 */
export const putGroup = async (
  stream: Places & Pick<Stream, 'offsetAt'>,
  route: Route,
  from: ReplayFrom,
  { skipUnread = false, storedUntil = () => Promise.resolve(0n) }: { readonly skipUnread?: boolean; readonly storedUntil?: () => Promise<bigint> } = {},
): Promise<readonly Replayed[]> => {
  const { topic, group } = route;
  const places = await placesFor(stream, route, from, skipUnread);
  const out: Replayed[] = [];
  const unknown = places.every(({ before }) => before !== undefined) ? 0n : await storedUntil();
  for (const place of places) {
    const { partition, begin, before = { ...NO_PROGRESS, time: unknown } } = place;
    const at = { topic, partition };
    await stream.reset(group, at, encodeProgress({ ...before, next: begin, epoch: before.epoch + 1, pending: undefined }), begin);
    out.push(replayedOf(route, place));
  }
  return out;
};
