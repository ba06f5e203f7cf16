// What an operator may do to the stream, each thing written into the audit table before it is done. Who may call it is decided before.
import type { Records } from '../engines/records/port.ts';
import type { Stream } from '../engines/stream/port.ts';
import type { ReplayedPartition, StreamAdmin } from '../graphql/service.ts';
import type { Pipeline } from '../pipeline/start.ts';
import { audited } from './audit.ts';

/** How many were given up, and which of each partition; nothing where none was. */
const skippedOf = (parts: readonly ReplayedPartition[]): Readonly<Record<string, unknown>> | undefined => {
  const own = parts.filter(({ skipped }) => skipped > 0n);
  if (own.length === 0) return undefined;
  const offsets = own.map(({ partition, skippedFrom, from }) => [partition, `${skippedFrom} up to ${from}`]);
  return { messages: Number(own.reduce((sum, { skipped }) => sum + skipped, 0n)), offsets: Object.fromEntries(offsets) };
};

export const streamAdmin = (stream: Pick<Stream, 'forget'>, pipeline: Pick<Pipeline, 'planReplay'>, records: Pick<Records, 'query'>): StreamAdmin => ({
  forget: (who, group) => audited(records, { who, what: 'stream.forget', detail: { group } }, () => stream.forget(group)),
  replayPlan: async (topic, from) => (await pipeline.planReplay(topic, from, true)).plan,
  replay: async (who, topic, from, skipUnread) => {
    const { plan, run } = await pipeline.planReplay(topic, from, skipUnread);
    const place = from === 'earliest' ? from : 'offset' in from ? `offset ${from.offset}` : new Date(from.time).toISOString();
    const planned = skippedOf(plan);
    const detail = { topic, from: place, ...(planned === undefined ? {} : { skips: planned }) };
    const outcome = (done: readonly ReplayedPartition[]): Readonly<Record<string, unknown>> | undefined => {
      const skipped = skippedOf(done);
      return skipped === undefined ? undefined : { skipped };
    };
    return audited(records, { who, what: 'stream.replay', detail, outcome }, run);
  },
});
