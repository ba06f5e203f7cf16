// The gate of rounds: none begins while it is held, the holder waits for those in hand, and patience ends.
import { expect, test } from 'vitest';
import { hasCode } from '../core/errors.ts';
import { Stopped } from './retry.ts';
import { RoundGate } from './round-gate.ts';

const { signal: never } = new AbortController();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('whoever holds it waits for the rounds in hand, and none begins until it is opened', async () => {
  const gate = new RoundGate();
  await gate.enter(never);
  await gate.enter(never);
  const told: string[] = [];
  const holding = gate.hold(60_000).then((open) => {
    told.push('held');
    return open;
  });
  const third = gate.enter(never).then(() => told.push('third'));
  gate.leave();
  await turn();
  expect(told).toEqual([]);
  gate.leave();
  const open = await holding;
  await turn();
  expect(told).toEqual(['held']);
  open();
  open();
  await third;
  expect(told).toEqual(['held', 'third']);
  gate.leave();
  (await gate.hold(60_000))();
});

test('a round that does not end is not waited for for ever, and then the others go on', async () => {
  const gate = new RoundGate();
  await gate.enter(never);
  await expect(gate.hold(20)).rejects.toSatisfy((error) => hasCode(error, 'pipeline.busy'));
  await gate.enter(never);
});

test('two cannot hold it', async () => {
  const gate = new RoundGate();
  const open = await gate.hold(1000);
  await expect(gate.hold(1000)).rejects.toSatisfy((error) => hasCode(error, 'pipeline.busy'));
  open();
});

test('a worker that is stopped does not wait before a held gate', async () => {
  const gate = new RoundGate();
  await gate.hold(1000);
  const stopping = new AbortController();
  const entering = gate.enter(stopping.signal);
  stopping.abort();
  await expect(entering).rejects.toBeInstanceOf(Stopped);
});
