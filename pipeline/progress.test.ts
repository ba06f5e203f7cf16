// The progress record: what is saved is what is read, and it stays below the stream's bound whoever sends.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundSenders, decodeProgress, encodeProgress, NO_PROGRESS, type Progress } from './progress.ts';

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const sender = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const anyProgress: fc.Arbitrary<Progress> = fc.record({
  next: u64,
  insert: u64,
  time: u64,
  last: fc.array(fc.tuple(sender, fc.record({ boot: u64, seq: u64 })), { maxLength: 20 }).map((entries) => new Map(entries)),
  pending: fc.option(
    fc.record({
      from: u64,
      to: u64,
      messages: u32,
      inserts: fc.array(fc.record({ number: u64, table: sender, day: fc.integer({ min: -40_000, max: 100_000 }), from: u32, to: u32 }), { maxLength: 10 }),
    }),
    { nil: undefined },
  ),
});

test('what is saved is what is read', () => {
  fc.assert(
    fc.property(anyProgress, (progress) => {
      expect(boundSenders(progress.last)).toEqual({ last: progress.last, forgotten: [] });
      expect(decodeProgress(encodeProgress(progress))).toEqual(progress);
    }),
  );
});

test('senders keep the order in which they were heard', () => {
  const last = new Map(['b', 'a', 'c'].map((name, i) => [name, { boot: 1n, seq: BigInt(i) }]));
  expect([...decodeProgress(encodeProgress({ ...NO_PROGRESS, last })).last.keys()]).toEqual(['b', 'a', 'c']);
});

test('beyond the bound those heard of longest ago are left out and named', () => {
  const names = Array.from({ length: 40_000 }, (_, i) => `agent-${String(i).padStart(30, '0')}`);
  const { last, forgotten } = boundSenders(new Map(names.map((name) => [name, { boot: 1n, seq: 1n }])));
  const inserts = Array.from({ length: 1002 }, (_, i) => ({ number: BigInt(i), table: 'processes', day: i, from: 0, to: 1 }));
  const bytes = encodeProgress({ ...NO_PROGRESS, last, pending: { from: 0n, to: 1n, messages: 1, inserts } });
  expect(bytes.length).toBeLessThan(1 << 20);
  expect(forgotten.length).toBeGreaterThan(0);
  expect(forgotten).toEqual(names.slice(0, forgotten.length));
  expect([...decodeProgress(bytes).last.keys()]).toEqual(names.slice(forgotten.length));
});

test('cut or foreign bytes are refused, not believed', () => {
  const bytes = encodeProgress({ ...NO_PROGRESS, last: new Map([['agent', { boot: 1n, seq: 2n }]]) });
  for (let length = 0; length < bytes.length; length++) expect(() => decodeProgress(bytes.slice(0, length))).toThrow(RangeError);
  expect(() => decodeProgress(Uint8Array.of(9, 0, 0, 0))).toThrow('version 9');
});
