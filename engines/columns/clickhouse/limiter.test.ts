// The bound on calls at once: order, failures, and calls that are called back before they began.
import { describe, expect, it } from 'vitest';
import { Limiter } from './limiter.ts';

/** Work that ends when told. */
const work = () => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const run = (): Promise<string> => {
    state.began = true;
    return promise;
  };
  const state = { began: false, run, resolve, reject };
  return state;
};
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Limiter', () => {
  it('begins calls in order, no more than allowed, and goes on after failures', async () => {
    const limiter = new Limiter(2);
    const all = [work(), work(), work(), work()] as const;
    const calls = all.map((w, i) => limiter.run(String(i), undefined, w.run));
    await settle();
    expect(all.map((w) => w.began)).toEqual([true, true, false, false]);
    all[1].reject(new Error('failed'));
    await expect(calls[1]).rejects.toThrow('failed');
    await settle();
    expect(all.map((w) => w.began)).toEqual([true, true, true, false]);
    for (const w of all) w.resolve('done');
    expect(await Promise.all([calls[0], calls[2], calls[3]])).toEqual(['done', 'done', 'done']);
    const after = [work(), work(), work()] as const;
    const again = after.map((w, i) => limiter.run(String(i), undefined, w.run));
    await settle();
    expect(after.map((w) => w.began)).toEqual([true, true, false]);
    for (const w of after) w.resolve('done');
    await Promise.all(again);
  });

  it('lets those that wait be called back, by id or by signal, and leaves the others in line', async () => {
    const limiter = new Limiter(1);
    const first = work();
    const held = limiter.run('first', undefined, first.run);
    const controller = new AbortController();
    const waiting = [work(), work(), work()] as const;
    const byId = limiter.run('by id', undefined, waiting[0].run);
    const bySignal = limiter.run('by signal', controller.signal, waiting[1].run);
    const last = limiter.run('last', undefined, waiting[2].run);
    limiter.callBack(new Set(['by id', 'first', 'nobody']));
    controller.abort();
    await expect(byId).rejects.toMatchObject({ code: 'columns.cancelled' });
    await expect(bySignal).rejects.toMatchObject({ code: 'columns.cancelled' });
    await expect(limiter.run('late', controller.signal, first.run)).rejects.toMatchObject({ code: 'columns.cancelled' });
    first.resolve('first');
    waiting[2].resolve('last');
    expect([await held, await last]).toEqual(['first', 'last']);
    expect(waiting.map((w) => w.began)).toEqual([false, false, true]);
  });
});
