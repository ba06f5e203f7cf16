// The checkpoint of senders: what is saved is what is read, and it stays below the stream's bound whoever sends.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundSenders, decodeSenders, encodeSenders } from './senders.ts';

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const sender = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const anySenders = fc.array(fc.tuple(sender, fc.record({ boot: u64, seq: u64 })), { maxLength: 20 }).map((entries) => new Map(entries));

test('what is saved is what is read, in the order in which they were heard', () => {
  fc.assert(
    fc.property(anySenders, fc.nat(), (last, epoch) => {
      expect(boundSenders(last)).toEqual({ last, forgotten: [] });
      const read = decodeSenders(encodeSenders(last, epoch));
      expect(read).toEqual({ last, epoch });
      expect([...read.last.keys()]).toEqual([...last.keys()]);
    }),
  );
});

test('keeps as many agents as a large company has, and beyond the bound leaves out those heard of longest ago', () => {
  const names = Array.from({ length: 40_000 }, (_, i) => `a3c1f0de-7b1d-4d6f-9a51-${String(i).padStart(12, '0')}`);
  const { last, forgotten } = boundSenders(new Map(names.map((name) => [name, { boot: 1n, seq: 1n }])));
  expect(last.size).toBeGreaterThan(15_000);
  expect(forgotten).toEqual(names.slice(0, forgotten.length));
  const bytes = encodeSenders(last, 0);
  expect(bytes.length).toBeLessThanOrEqual(1 << 20);
  expect([...decodeSenders(bytes).last.keys()]).toEqual(names.slice(forgotten.length));
});

test('names of many bytes stay below the bound too', () => {
  const { last } = boundSenders(new Map(Array.from({ length: 3000 }, (_, i) => [`${'漢'.repeat(1000)}${i}`, { boot: 1n, seq: 1n }])));
  expect(encodeSenders(last, 0).length).toBeLessThanOrEqual(1 << 20);
});

test('cut or foreign bytes are refused, not believed', () => {
  const bytes = encodeSenders(new Map([['agent', { boot: 1n, seq: 2n }]]), 3);
  for (let length = 0; length < bytes.length; length++) expect(() => decodeSenders(bytes.slice(0, length))).toThrow(RangeError);
  expect(() => decodeSenders(Uint8Array.of(9, 0, 0, 0))).toThrow('version 9');
});
