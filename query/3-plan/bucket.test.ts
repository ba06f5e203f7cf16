// Buckets of a fixed width, from whatever moment they are counted, against plain words: each begins where the one before it ends.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Buckets, bucketAt } from './bucket.ts';

const nanos = fc.bigInt({ min: 1n, max: 40n });
const phase = fc.option(fc.bigInt({ min: -100n, max: 100n }), { nil: undefined });
const moment = fc.bigInt({ min: -500n, max: 500n });

test('a bucket holds the moment and begins a whole number of steps from the phase', () => {
  fc.assert(
    fc.property(nanos, phase, moment, (step, from, at) => {
      const { start, end } = bucketAt({ kind: 'fixed', nanos: step, ...(from === undefined ? {} : { phase: from }) }, at);
      expect(start <= at && at < end && end - start === step).toBe(true);
      expect((start - (from ?? 0n)) % step === 0n).toBe(true);
    }),
  );
});

test('the buckets that meet a range are numbered from the one that holds its start', () => {
  fc.assert(
    fc.property(nanos, phase, moment, fc.bigInt({ min: 1n, max: 300n }), fc.array(moment), (step, since, from, length, times) => {
      const bucket = { kind: 'fixed', nanos: step, ...(since === undefined ? {} : { phase: since }) } as const;
      const buckets = new Buckets(bucket, from, from + length);
      const starts: bigint[] = [];
      for (let at = bucketAt(bucket, from).start; at < from + length; at += step) starts.push(at);
      expect(Array.from({ length: buckets.count }, (_, i) => buckets.start(i))).toEqual(starts);
      const wanted = times.map((t) => (t < buckets.start(0) ? -1 : Number((bucketAt(bucket, t).start - buckets.start(0)) / step)));
      expect([...buckets.numbersOf(BigInt64Array.from(times), 0n)]).toEqual(wanted);
    }),
  );
});
