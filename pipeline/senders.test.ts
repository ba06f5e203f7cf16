// The checkpoint of senders: what is saved is what is read, and it stays below the stream's bound whoever sends.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundSenders, decodeSenders, encodeSenders, judgeRepeat, withPrint } from './senders.ts';

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const sender = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const prints = fc.array(fc.tuple(fc.nat(), fc.maxSafeNat()), { maxLength: 4 }).map((pairs) => pairs.flat());
const anySenders = fc.array(fc.tuple(sender, fc.record({ boot: u64, seq: u64, latest: u64, prints })), { maxLength: 20 }).map((entries) => new Map(entries));

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
  const { last, forgotten } = boundSenders(new Map(names.map((name, i) => [name, { boot: 1n, seq: 1n, latest: 5n, prints: [1, i] }])));
  expect(last.size).toBeGreaterThan(15_000);
  expect(forgotten).toEqual(names.slice(0, forgotten.length));
  const bytes = encodeSenders({ last, forgottenUntil: 0n }, 0);
  expect(bytes.length).toBeLessThanOrEqual(1 << 20);
  expect([...decodeSenders(bytes, 0n).last.keys()]).toEqual(names.slice(forgotten.length));
  // With room, those heard of last have their prints.
  const most = new Map([...last].slice(-12_000));
  const read = [...decodeSenders(encodeSenders({ last: most, forgottenUntil: 0n }, 0), 0n).last.values()].map(({ prints: saved }) => saved);
  expect(read.at(-1)).toEqual([1, 39_999]);
  expect(read.filter((saved) => saved.length > 0).length).toBeGreaterThan(10_000);
});

test('names of many bytes stay below the bound too', () => {
  const { last } = boundSenders(
    new Map(Array.from({ length: 3000 }, (_, i) => [`${'漢'.repeat(1000)}${i}`, { boot: 1n, seq: 1n, latest: 5n, prints: [1, 2] }])),
  );
  expect(encodeSenders({ last, forgottenUntil: 0n }, 0).length).toBeLessThanOrEqual(1 << 20);
});

test('cut or foreign bytes are refused, not believed', () => {
  const bytes = encodeSenders({ last: new Map([['agent', { boot: 1n, seq: 2n, latest: 3n, prints: [1, 2] }]]), forgottenUntil: 4n }, 3);
  for (let length = 0; length < bytes.length; length++) expect(() => decodeSenders(bytes.slice(0, length), 0n)).toThrow(RangeError);
  expect(() => decodeSenders(Uint8Array.of(9, 0, 0, 0), 0n)).toThrow('version 9');
});

test('of a checkpoint without times the rows of all its senders may reach as far as those of the partition', () => {
  const { last, forgottenUntil, epoch } = { last: new Map([['agent', { boot: 1n, seq: 2n, latest: 9n, prints: [] }]]), forgottenUntil: 9n, epoch: 3 };
  const bytes = encodeSenders({ last, forgottenUntil }, epoch);
  // Version 1: without the time of the forgotten behind the epoch, and without that of the only sender, and its prints, at the end.
  const old = Uint8Array.from([1, 0, 0, 0, ...bytes.slice(4, 8), ...bytes.slice(16, -12)]);
  expect(decodeSenders(old, 9n)).toEqual({ last, forgottenUntil, epoch });
  const withTimes = Uint8Array.from([2, 0, 0, 0, ...bytes.slice(4, -4)]);
  expect(decodeSenders(withTimes, 1n)).toEqual({ last, forgottenUntil, epoch });
});

test('a message that comes again is told from another under its seq, as long as it is known', () => {
  let kept: readonly number[] = [];
  for (let seq = 1; seq <= 40; seq++) kept = withPrint(kept, BigInt(seq * 2), seq * 1000);
  expect(judgeRepeat(kept, 80n, 40_000)).toBe('same');
  expect(judgeRepeat(kept, 80n, 40_001)).toBe('other');
  // No message of the partition had it.
  expect(judgeRepeat(kept, 79n, 40_000)).toBe('other');
  // Too long ago, or of an earlier version.
  expect(judgeRepeat(kept, 2n, 7)).toBe('same');
  expect(judgeRepeat(kept, 80n, undefined)).toBe('same');
  expect(withPrint(kept, 81n, undefined)).toBe(kept);
});
