// The checkpoint of senders: what is saved is what is read, and it stays below the stream's bound whoever sends.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundSenders, decodeSenders, encodeSenders } from './senders.ts';

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const sender = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const anySenders = fc.array(fc.tuple(sender, fc.record({ boot: u64, seq: u64, latest: u64 })), { maxLength: 20 }).map((entries) => new Map(entries));

test('what is saved is what is read, in the order in which they were heard', () => {
  fc.assert(
    fc.property(anySenders, u64, fc.nat(), (last, forgottenUntil, epoch) => {
      expect(boundSenders(last)).toEqual({ last, forgotten: [] });
      const read = decodeSenders(encodeSenders({ last, forgottenUntil }, epoch), 0n);
      expect(read).toEqual({ last, forgottenUntil, epoch });
      expect([...read.last.keys()]).toEqual([...last.keys()]);
    }),
  );
});

test('keeps as many agents as a large company has, and beyond the bound leaves out those heard of longest ago', () => {
  const names = Array.from({ length: 40_000 }, (_, i) => `a3c1f0de-7b1d-4d6f-9a51-${String(i).padStart(12, '0')}`);
  const { last, forgotten } = boundSenders(new Map(names.map((name) => [name, { boot: 1n, seq: 1n, latest: 5n }])));
  expect(last.size).toBeGreaterThan(15_000);
  expect(forgotten).toEqual(names.slice(0, forgotten.length));
  const bytes = encodeSenders({ last, forgottenUntil: 0n }, 0);
  expect(bytes.length).toBeLessThanOrEqual(1 << 20);
  expect([...decodeSenders(bytes, 0n).last.keys()]).toEqual(names.slice(forgotten.length));
});

test('names of many bytes stay below the bound too', () => {
  const { last } = boundSenders(new Map(Array.from({ length: 3000 }, (_, i) => [`${'漢'.repeat(1000)}${i}`, { boot: 1n, seq: 1n, latest: 5n }])));
  expect(encodeSenders({ last, forgottenUntil: 0n }, 0).length).toBeLessThanOrEqual(1 << 20);
});

test('cut or foreign bytes are refused, not believed', () => {
  const bytes = encodeSenders({ last: new Map([['agent', { boot: 1n, seq: 2n, latest: 3n }]]), forgottenUntil: 4n }, 3);
  for (let length = 0; length < bytes.length; length++) expect(() => decodeSenders(bytes.slice(0, length), 0n)).toThrow(RangeError);
  expect(() => decodeSenders(Uint8Array.of(9, 0, 0, 0), 0n)).toThrow('version 9');
});

test('of a checkpoint without times the rows of all its senders may reach as far as those of the partition', () => {
  const { last, forgottenUntil, epoch } = { last: new Map([['agent', { boot: 1n, seq: 2n, latest: 9n }]]), forgottenUntil: 9n, epoch: 3 };
  const bytes = encodeSenders({ last, forgottenUntil }, epoch);
  // Version 1: without the time of the forgotten behind the epoch, and without that of the only sender at the end.
  const old = Uint8Array.from([1, 0, 0, 0, ...bytes.slice(4, 8), ...bytes.slice(16, -8)]);
  expect(decodeSenders(old, 9n)).toEqual({ last, forgottenUntil, epoch });
});
