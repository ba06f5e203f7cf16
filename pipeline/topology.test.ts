// The topics' bounds against the embedded stream's own.
import { expect, test } from 'vitest';
import { costOf } from '../engines/stream/lmdb/layout.ts';
import { MAX_BYTES } from '../engines/stream/lmdb/open.ts';
import { PARTITIONS, TOPICS } from './topology.ts';

test('what the topics keep of messages that were read leaves most of the embedded stream to those that were not', () => {
  const kept = TOPICS.reduce((sum, { retentionBytes }) => sum + retentionBytes * PARTITIONS, 0);
  // Messages of the least favourable size take twice their bytes.
  expect(costOf(4096) / 4096).toBeGreaterThan(2);
  expect(kept * 2.1).toBeLessThan(MAX_BYTES * 0.6);
});

test('the shares of the topics are the whole room and no more', () => {
  expect(TOPICS.reduce((sum, { share = 0 }) => sum + share, 0)).toBeCloseTo(1);
});
