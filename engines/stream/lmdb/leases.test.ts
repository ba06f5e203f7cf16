// The leases against a list of all messages that are there: what one of them needs is never let go, and what none needs goes as soon as that is known.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Leases } from './leases.ts';

const KEYS = ['a', 'b', 'c'];
const shared = (key: string) => ({ key, value: new Uint8Array(10) });

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('message' as const),
      key: fc.constantFrom(...KEYS),
      gap: fc.integer({ min: 0, max: 40_000 }),
      fails: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('trim' as const), share: fc.double({ min: 0, max: 1, noNaN: true }), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('open again' as const) }) },
);

test('what a message needs stays as long as the message, also where writing fails, and goes with the last', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let leases = new Leases();
      let isAnother = false;
      const written = new Map<string, { until: bigint; cost: number }>();
      let [earliest, next] = [0n, 0n];
      let messages: { offset: bigint; key: string }[] = [];
      for (const at of steps) {
        if (at.kind === 'message') {
          next += BigInt(at.gap);
          const change = leases.extend(shared(at.key), next);
          if (at.fails) change?.undo();
          else {
            if (change !== undefined) {
              expect(change.isNew).toBe(!written.has(at.key));
              written.set(at.key, change.lease);
            }
            messages.push({ offset: next, key: at.key });
          }
          next++;
        } else if (at.kind === 'trim') {
          earliest += BigInt(Math.floor(Number(next - earliest) * at.share));
          messages = messages.filter(({ offset }) => offset >= earliest);
          const ended = leases.hasEnded(earliest) ? leases.end(earliest) : [];
          for (const { key, undo } of ended.toReversed()) {
            if (at.fails) undo();
            else written.delete(key);
          }
        } else {
          leases = new Leases(written);
          isAnother = true;
        }
        for (const { key } of messages) expect(written.has(key) && leases.has(key)).toBe(true);
        expect(leases.cost).toBe([...written.values()].reduce((sum, { cost }) => sum + cost, 0));
      }
      for (const { key } of leases.end(isAnother ? next + 200_000n : next)) written.delete(key);
      expect([leases.cost, written.size]).toEqual([0, 0]);
    }),
    { numRuns: 500 },
  );
});
