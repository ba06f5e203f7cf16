// The lines of the pipeline: the same ones whether it answers or hangs, so that nothing told of a hang stays when it is over.
import { expect, test } from 'vitest';
import type { PipelineStatus } from '../pipeline/start.ts';
import { Looks } from './looks.ts';
import { pipelineLook } from './pipeline-part.ts';

const partition = (group: string, lag: bigint, trouble?: string) => ({ group, topic: 'im.x', partition: 0, lag, trouble });
const answer: PipelineStatus = {
  partitions: [
    partition('pipeline-samples', 2n),
    partition('pipeline-samples', 3n),
    partition('pipeline-processes', 1n),
    partition('pipeline-jvm', 0n),
    partition('pipeline-logs', 0n),
    partition('pipeline-records', 0n, 'the disk is full'),
  ],
  completeUpTo: {},
};

test('one that hangs tells each of its groups as down, and all of them are told anew when it answers', async () => {
  const hanging = Promise.withResolvers<PipelineStatus>();
  const look = pipelineLook({ status: () => hanging.promise });
  const looks = new Looks(20);
  const hung = await looks.all([look]);
  expect(hung.map(({ name, state }) => [name, state])).toEqual([
    ['pipeline samples', 'down'],
    ['pipeline processes', 'down'],
    ['pipeline jvm', 'down'],
    ['pipeline logs', 'down'],
    ['pipeline records', 'down'],
  ]);
  expect(hung[4]?.detail).toMatch(/^no answer/);
  hanging.resolve(answer);
  expect(await looks.all([look])).toEqual([
    { name: 'pipeline samples', state: 'ok', detail: '5 messages behind' },
    { name: 'pipeline processes', state: 'ok', detail: '1 message behind' },
    { name: 'pipeline jvm', state: 'ok', detail: '0 messages behind' },
    { name: 'pipeline logs', state: 'ok', detail: '0 messages behind' },
    { name: 'pipeline records', state: 'degraded', detail: '0 messages behind; waits: the disk is full' },
  ]);
});
