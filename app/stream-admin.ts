// What an operator may do to the stream, each thing written into the audit table before it is done. Who may call it is decided before.
import type { Records } from '../engines/records/port.ts';
import type { Stream } from '../engines/stream/port.ts';
import type { StreamAdmin } from '../graphql/service.ts';
import type { Pipeline } from '../pipeline/start.ts';
import { audited } from './audit.ts';

export const streamAdmin = (stream: Pick<Stream, 'forget'>, pipeline: Pick<Pipeline, 'planReplay'>, records: Pick<Records, 'query'>): StreamAdmin => ({
  forget: (who, group) => audited(records, { who, what: 'stream.forget', detail: { group } }, () => stream.forget(group)),
  replay: async (who, topic, from, skipUnread) => {
    const replay = await pipeline.planReplay(topic, from, skipUnread);
    const place = from === 'earliest' ? from : 'offset' in from ? `offset ${from.offset}` : new Date(from.time).toISOString();
    return audited(records, { who, what: 'stream.replay', detail: { topic, from: place, ...(skipUnread ? { unread: 'skipped' } : {}) } }, replay);
  },
});
