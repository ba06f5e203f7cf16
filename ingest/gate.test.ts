// The gate: order, bounds, and that everything taken is given back, also by work that fails.
import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

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

test('receiving is bounded by bytes; a request larger than all of it goes alone', async () => {
  const gate = new Gate({ bytesInHand: 10, requestsAtWork: 1, requestsWaiting: 1 });
  const held = gate.receiving(6, turn);
  await expect(gate.receiving(6, turn)).rejects.toMatchObject({ code: 'intake.busy' });
  const small = gate.receiving(4, () => Promise.reject(new Error('no')));
  await expect(small).rejects.toThrow('no');
  await held;
  await gate.receiving(99, turn);
  expect(gate.bytes).toBe(0);
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
