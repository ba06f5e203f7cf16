// The gate: order, bounds, and that everything taken is given back, also by work that fails.
import { expect, test } from 'vitest';
import { type Account, Gate } from './gate.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('work runs in its order, no more at once than allowed, and a failure gives its place on', async () => {
  const gate = new Gate({ bytesInHand: 10, requestsAtWork: 2, requestsWaiting: 10 });
  const order: number[] = [];
  let atOnce = 0;
  let most = 0;
  const runs = Array.from({ length: 8 }, (_, i) =>
    gate.inTurn(async () => {
      most = Math.max(most, ++atOnce);
      order.push(i);
      await turn();
      atOnce--;
      if (i % 3 === 0) throw new Error('no');
    }),
  );
  await Promise.allSettled(runs);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(2);
});

test('who finds the queue full is sent away', async () => {
  const gate = new Gate({ bytesInHand: 10, requestsAtWork: 1, requestsWaiting: 1 });
  const first = gate.inTurn(turn);
  const second = gate.inTurn(turn);
  await expect(gate.inTurn(turn)).rejects.toMatchObject({ code: 'intake.busy' });
  await Promise.all([first, second]);
  await gate.inTurn(turn);
});

const agent = (account: string): Account => ({ account, isBound: true });
const tokens: Account = { account: 'tokens', isBound: false };
/** A request that has brought so much and waits for the rest, until it is ended. */
const slow = (gate: Gate, from: Account, bytes: number, announced = 0) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = gate.receiving(from, announced, (arrived) => {
    arrived(bytes);
    return promise;
  });
  return { done, end: resolve };
};

test('only what has arrived takes room, and all of it is given back; one that is alone is let in whatever its size', async () => {
  const gate = new Gate({ bytesInHand: 80, requestsAtWork: 1, requestsWaiting: 100 });
  const held = Array.from({ length: 20 }, (_, i) => slow(gate, agent(`${i}`), 1, 60));
  // Nothing may arrive of so much, but what is there is not in its way.
  await expect(gate.receiving(agent('late'), 70, turn)).rejects.toMatchObject({ code: 'intake.busy' });
  await gate.receiving(agent('late'), 10, turn);
  expect(gate.bytes).toBe(20);
  for (const { end } of held) end();
  await Promise.all(held.map(({ done }) => done));
  await expect(gate.receiving(agent('a'), 0, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await slow(gate, agent('a'), 999, 999).end();
  await turn();
  expect(gate.bytes).toBe(0);
});

test('an agent has its part of the room and of the places, the others have theirs', async () => {
  const gate = new Gate({ bytesInHand: 80, requestsAtWork: 1, requestsWaiting: 100 });
  const first = slow(gate, agent('a'), 6);
  await expect(gate.receiving(agent('a'), 6, turn)).rejects.toMatchObject({ code: 'intake.busy' });
  // What is refused when it comes takes no room while its rest is read.
  const { promise, resolve } = Promise.withResolvers<void>();
  const refused = gate.receiving(agent('a'), 0, async (arrived) => {
    arrived(4);
    try {
      arrived(4);
    } catch (error) {
      await promise;
      throw error;
    }
  });
  expect(gate.bytes).toBe(6);
  resolve();
  await expect(refused).rejects.toMatchObject({ code: 'intake.busy' });
  first.end();
  await first.done;
  const many = Array.from({ length: 8 }, () => slow(gate, agent('a'), 0));
  await expect(gate.receiving(agent('a'), 0, turn)).rejects.toMatchObject({ code: 'intake.busy' });
  await gate.receiving(agent('b'), 10, turn);
  for (const { end } of many) end();
});

test('those who share a token leave room and places to agents with keys of their own', async () => {
  const gate = new Gate({ bytesInHand: 80, requestsAtWork: 1, requestsWaiting: 8 });
  const held = Array.from({ length: 6 }, () => slow(gate, tokens, 10));
  await expect(gate.receiving(tokens, 0, turn)).rejects.toMatchObject({ code: 'intake.busy' });
  await gate.receiving(agent('a'), 10, turn);
  held[0]?.end();
  await held[0]?.done;
  await expect(gate.receiving(tokens, 11, turn)).rejects.toMatchObject({ code: 'intake.busy' });
  await gate.receiving(tokens, 10, turn);
  for (const { end } of held) end();
});

test('room on the way out is waited for, first come first served', async () => {
  const gate = new Gate({ bytesInHand: 10, requestsAtWork: 1, requestsWaiting: 1 });
  const order: string[] = [];
  const leave = await gate.room(99);
  const enter = async (name: string, bytes: number): Promise<() => void> => {
    const out = await gate.room(bytes);
    order.push(name);
    return out;
  };
  const [large, small] = [enter('large', 8), enter('small', 3)];
  await turn();
  expect(order).toEqual([]);
  leave();
  (await large)();
  (await small)();
  expect(order).toEqual(['large', 'small']);
  expect(gate.bytes).toBe(0);
});
