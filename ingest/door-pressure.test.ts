// The door when it is asked more than it can take: who waits, who is sent away, and that room comes back.
import { describe, expect, test } from 'vitest';
import { CodedError } from '../core/errors.ts';
import { CPU, setUp } from './testing/door.ts';
import { frameOf, logsPart, NOW, samplesPart } from './testing/frames.ts';

describe('back-pressure', () => {
  const frame = frameOf([samplesPart(CPU, [[NOW, 1]]), logsPart(['x'])]);

  test('a full stream and a stream that fails are 503 with Retry-After, once nothing is on its way any more', async () => {
    let open = 0;
    const failing = (error: Error) =>
      setUp({
        produce: async (topic) => {
          open++;
          await new Promise((resolve) => setTimeout(resolve, topic === 'im.logs' ? 30 : 1));
          open--;
          if (topic === 'im.metrics') throw error;
        },
      });
    expect(await failing(new CodedError('stream.full', { limit: '1 GiB' })).post(frame)).toMatchObject({ status: 503, code: 'stream.full', retryAfter: '15' });
    expect(open).toBe(0);
    expect(await failing(new Error('what is this')).post(frame)).toMatchObject({ status: 503, code: 'intake.busy', retryAfter: '2' });
  });

  test('no 200 before the stream has it', async () => {
    let flush = (): void => undefined;
    const flushed = new Promise<void>((resolve) => {
      flush = resolve;
    });
    const { post } = setUp({ produce: () => flushed });
    let answered = false;
    const answer = post(frame).then((a) => {
      answered = true;
      return a;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(answered).toBe(false);
    flush();
    expect(await answer).toMatchObject({ status: 200 });
  });

  test('a sender whose frames wait for one another holds up no other sender', async () => {
    const { promise: flushed, resolve: flush } = Promise.withResolvers<void>();
    let held = true;
    const { post } = setUp({ produce: async () => (held ? flushed : undefined) });
    let refused = 0;
    const many = Array.from({ length: 40 }, async (_, i) => {
      const { status } = await post(frameOf([logsPart(['x'])], { agent: 'many', seq: i }));
      if (status === 503) refused++;
      return status;
    });
    await expect.poll(() => refused).toBe(35);
    held = false;
    expect(await post(frameOf([logsPart(['y'])], { agent: 'one' }))).toMatchObject({ status: 200 });
    flush();
    expect((await Promise.all(many)).filter((status) => status === 200)).toHaveLength(5);
  });

  test('requests over the memory in hand are sent away, and room comes back', async () => {
    let flush = (): void => undefined;
    const flushed = new Promise<void>((resolve) => {
      flush = resolve;
    });
    const { post, door } = setUp({ limits: { bytesInHand: 64 << 10 }, produce: () => flushed });
    const large = frameOf([logsPart(['x'.repeat(20 << 10)])]);
    const answers = Array.from({ length: 8 }, () => post(large, { 'content-length': String(large.length) }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    flush();
    const statuses = (await Promise.all(answers)).map((a) => a.status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(door.state.bytes).toBe(0);
    expect(await post(large)).toMatchObject({ status: 200 });
  });
});
