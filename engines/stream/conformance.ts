// The contract of `port.ts` as tests that every stream runs. They expect only what Kafka gives too: offsets may have
// gaps, partitions are assigned some time after joining, a topic is there for good.
import { afterAll, beforeAll, describe } from 'vitest';
import { groupsContract } from './conformance-groups.ts';
import { messagesContract } from './conformance-messages.ts';
import type { UnderContract } from './conformance-support.ts';
import type { Stream } from './port.ts';

export interface StreamUnderTest {
  readonly stream: Stream;
  /** Closes `stream` and opens the same log again. */
  reopen(): Promise<Stream>;
  /** Closes and removes everything. */
  end(): Promise<void>;
}

export const streamConformance = (name: string, make: () => Promise<StreamUnderTest>): void => {
  describe(`the stream on ${name}`, () => {
    let log: StreamUnderTest;
    let stream: Stream;
    let made = 0;
    const run = Math.random().toString(36).slice(2, 8);
    beforeAll(async () => {
      log = await make();
      stream = log.stream;
    });
    afterAll(() => log.end());

    const under: UnderContract = {
      get stream() {
        return stream;
      },
      run,
      topicOf: async (partitions) => {
        const topic = `conformance.${run}.${++made}`;
        await stream.ensureTopics([{ name: topic, partitions, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);
        return topic;
      },
      reopen: async () => {
        stream = await log.reopen();
      },
    };
    messagesContract(under);
    groupsContract(under);
  });
};
