// The progress record: what is saved is what is read, it is small, and that of the version before is understood.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeProgress, encodeProgress, NO_PROGRESS, type PendingInsert, type Progress } from './progress.ts';
import { RecordWriter } from './record.ts';

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const sender = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
/** Relative to the round's first offset: gap and length of each. */
const anyMessages = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 40n }), fc.bigInt({ min: 1n, max: 2n ** 40n })), { maxLength: 6 });
const anyInsert = fc.record({
  number: u64,
  table: sender,
  day: fc.integer({ min: -40_000, max: 100_000 }),
  deadline: fc.maxSafeNat(),
  messages: anyMessages,
  rows: fc.option(fc.record({ from: u32, to: fc.nat(0xffff_fffe) }), { nil: undefined }),
});
const anyRound = fc
  .record({
    from: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    to: u64,
    messages: u32,
    inserts: fc.array(anyInsert, { maxLength: 10 }),
    sameAs: fc.array(fc.nat(1)),
  })
  .map(({ inserts, sameAs, ...round }) => {
    const made: PendingInsert[] = [];
    for (const [i, { messages, ...insert }] of inserts.entries()) {
      let at = round.from;
      const ranges = messages.map(([gap, length]) => {
        const from = at + gap;
        at = from + length;
        return { from, to: at };
      });
      made.push({ ...insert, messages: sameAs[i] === 1 ? (made.at(-1)?.messages ?? ranges) : ranges });
    }
    return { ...round, inserts: made };
  });
const anyProgress: fc.Arbitrary<Progress> = fc.record({
  next: u64,
  insert: u64,
  time: u64,
  epoch: u32,
  pending: fc.option(anyRound, { nil: undefined }),
});

test('what is saved is what is read', () => {
  fc.assert(
    fc.property(anyProgress, (progress) => {
      expect(decodeProgress(encodeProgress(progress))).toEqual({ progress, senders: undefined });
    }),
  );
});

test('a round of many days fits what Kafka keeps beside an offset, with any number of senders', () => {
  const inserts = Array.from({ length: 15 }, (_, i) => ({
    number: BigInt(i),
    table: 'processes',
    day: i,
    deadline: 1,
    messages: [{ from: 0n, to: 1n }],
    rows: undefined,
  }));
  expect(encodeProgress({ ...NO_PROGRESS, pending: { from: 0n, to: 1n, messages: 1, inserts } }).length).toBeLessThan(3 << 10);
});

test('as many halves as a round may have, of as many messages as fit one, stay below the stream’s bound', () => {
  // As many halves as a round may have, of as many messages as fit one, each between two that were not taken.
  const messages = Array.from({ length: 13_000 }, (_, i) => ({ from: BigInt(2 * i), to: BigInt(2 * i + 1) }));
  const inserts = Array.from({ length: 1002 }, (_, i): PendingInsert => {
    const own = messages.slice(i * 13, i * 13 + 13);
    return { number: BigInt(i), table: 'processes', day: i, deadline: 1, messages: own, rows: { from: 0, to: 1 } };
  });
  expect(encodeProgress({ ...NO_PROGRESS, pending: { from: 0n, to: 26_000n, messages: 13_000, inserts } }).length).toBeLessThan(256 << 10);
});

test('the record of the version before is understood, with its senders', () => {
  // Next 9, insert 7, time 5, no round under way, two senders.
  const out = new RecordWriter();
  out.u32(1);
  for (const value of [9n, 7n, 5n]) out.u64(value);
  out.u32(0);
  out.u32(2);
  for (const [name, boot, seq] of [
    ['b', 2n, 3n],
    ['a', 4n, 5n],
  ] as const) {
    out.text(name);
    out.u64(boot);
    out.u64(seq);
  }
  const { progress, senders } = decodeProgress(out.finish());
  expect(progress).toEqual({ next: 9n, insert: 7n, time: 5n, epoch: 0, pending: undefined });
  expect([...(senders ?? [])]).toEqual([
    ['b', { boot: 2n, seq: 3n, latest: 5n, prints: [] }],
    ['a', { boot: 4n, seq: 5n, latest: 5n, prints: [] }],
  ]);
});

test('cut or foreign bytes are refused, not believed', () => {
  const bytes = encodeProgress({ ...NO_PROGRESS, next: 5n });
  for (let length = 0; length < bytes.length; length++) expect(() => decodeProgress(bytes.slice(0, length))).toThrow(RangeError);
  expect(() => decodeProgress(Uint8Array.of(9, 0, 0, 0))).toThrow('version 9');
});

test('a record of the version before is read: its inserts have rows of all messages of the round, and no deadline', () => {
  const u32s = (...values: readonly number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
  const u64s = (...values: readonly bigint[]): Buffer => Buffer.from(BigUint64Array.from(values).buffer);
  const insert = (number: bigint, day: number, from: number, to: number): Buffer =>
    Buffer.concat([u64s(number), u32s(4), Buffer.from('logs'), u32s(day, from, to)]);
  const round = Buffer.concat([u64s(9n, 12n), u32s(3, 2), insert(64n, 20_000, 0, 6), insert(65n, 20_001, 6, 9)]);
  const bytes = Buffer.concat([u32s(1), u64s(9n, 65n, 5n), u32s(1), round, u32s(1), u32s(1), Buffer.from('a'), u64s(3n, 4n)]);
  const all = { deadline: 0, table: 'logs', messages: [{ from: 9n, to: 12n }] };
  const { progress, senders } = decodeProgress(bytes);
  expect(senders).toEqual(new Map([['a', { boot: 3n, seq: 4n, latest: 5n, prints: [] }]]));
  expect(progress).toEqual({
    next: 9n,
    insert: 65n,
    time: 5n,
    epoch: 0,
    pending: {
      from: 9n,
      to: 12n,
      messages: 3,
      inserts: [
        { ...all, number: 64n, day: 20_000, rows: { from: 0, to: 6 } },
        { ...all, number: 65n, day: 20_001, rows: { from: 6, to: 9 } },
      ],
    },
  });
});
