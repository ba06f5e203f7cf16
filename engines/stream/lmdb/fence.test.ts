// A consumer that hangs past its session: the partition goes to another one all the same, and whatever the first still does comes to nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { message, Recorder, until } from '../conformance-support.ts';
import { openLmdbStream } from './open.ts';

const OPTIONS = { group: 'g', topics: ['t'] };
const codeOf = (promise: Promise<unknown> | undefined): Promise<string> =>
  Promise.resolve(promise).then(
    () => 'saved',
    (error: { code?: string }) => error.code ?? String(error),
  );

test('is fenced: the heir begins where it had saved, gets what it has in hand, and nothing that it saves later counts', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'stream-'));
  const stream = await openLmdbStream({ dir, handoverMs: 300 });
  try {
    await stream.ensureTopics([{ name: 't', partitions: 2, retentionBytes: 1 << 30, retentionMs: 86_400_000 }]);
    const texts = Array.from({ length: 40 }, (_, n) => String(n));
    const hang = Promise.withResolvers<void>();
    const [hanging, heir] = [new Recorder(), new Recorder()];
    const inHand = new Map<number, bigint>();
    hanging.work = async ({ topic, partition, messages }) => {
      const first = messages[0]?.offset ?? 0n;
      await hanging.consumer?.saveProgress({ topic, partition }, Buffer.from('mine'), first);
      inHand.set(partition, first);
      await hang.promise;
    };
    await hanging.start(stream, OPTIONS);
    await until('it has both', () => hanging.owned.size === 2);
    await stream.produce(
      't',
      texts.map((text) => message(text, text)),
    );
    await until('it hangs with both', () => inHand.size === 2);
    heir.from = (at) => inHand.get(at.partition);
    await heir.start(stream, OPTIONS);
    await until('the heir has one', () => heir.messages.length > 0);
    const partition = Number([...heir.owned][0]?.split('/')[1]);
    const at = { topic: 't', partition };
    // The heir has saved nothing yet.
    expect(Buffer.from(heir.progress.get(`t/${partition}`) ?? []).toString()).toBe('mine');
    expect(await codeOf(hanging.consumer?.saveProgress(at, Buffer.from('late'), 1000n))).toBe('stream.fenced');
    expect(await codeOf(hanging.consumer?.saveCheckpoint(at, Buffer.from('late'), 1000n))).toBe('stream.fenced');
    expect([hanging.consumer?.owned(at), hanging.owned.has(`t/${partition}`)]).toEqual([0, false]);
    await heir.consumer?.saveProgress(at, Buffer.from('heir'));
    hang.resolve();
    await until('it goes on with what it kept', () => hanging.messages.some((each) => each.partition !== partition));
    await stream.produce(
      't',
      texts.map((text) => message(text, `again ${text}`)),
    );
    const again = (of: Recorder): readonly string[] => of.texts().filter((text) => text.startsWith('again'));
    await until('all of it came', () => again(hanging).length + again(heir).length === 40);
    expect(hanging.messages.filter((each) => each.partition === partition && Buffer.from(each.value).toString().startsWith('again'))).toEqual([]);
    expect([...again(hanging), ...again(heir)].toSorted()).toEqual(texts.map((text) => `again ${text}`).toSorted());
    const saved = (await stream.committed('g', 't')).find((each) => each.partition === partition);
    expect(Buffer.from(saved?.progress ?? []).toString()).toBe('heir');
    expect([hanging.errors, heir.errors]).toEqual([[], []]);
  } finally {
    await stream.close();
    await rm(dir, { recursive: true });
  }
});
