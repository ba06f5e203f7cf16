// What an operator may do to the stream, each thing written into the audit table before it is done. Who may call it is decided before.
import type { Records } from '../engines/records/port.ts';
import type { Stream } from '../engines/stream/port.ts';
import type { StreamAdmin } from '../graphql/service.ts';
import type { Pipeline } from '../pipeline/start.ts';

export const streamAdmin = (stream: Pick<Stream, 'forget'>, pipeline: Pick<Pipeline, 'replay'>, records: Pick<Records, 'query'>): StreamAdmin => {
  const audit = (who: string, what: string, detail: Readonly<Record<string, string>>): Promise<unknown> =>
    records.query('INSERT INTO audit (time, who, what, detail) VALUES ($1, $2, $3, $4)', [BigInt(Date.now()) * 1_000_000n, who, what, detail]);
  return {
    forget: async (who, group) => {
      await audit(who, 'stream.forget', { group });
      await stream.forget(group);
    },
    replay: async (who, topic, from, skipUnread) => {
      const place = from === 'earliest' ? from : 'offset' in from ? `offset ${from.offset}` : new Date(from.time).toISOString();
      await audit(who, 'stream.replay', { topic, from: place, ...(skipUnread ? { unread: 'skipped' } : {}) });
      return pipeline.replay(topic, from, skipUnread);
    },
  };
};
