// Times at the beginning of a line: a walk through the signs finds what an expression over the whole form finds.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTime } from '../../../core/time.ts';
import { isoMoment } from './moment.ts';

const ISO = /^(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)(?![\w:]))?/;
/** By another way: the calendar of `Date`, ms and the rest of the fraction apart. */
const oracle = (text: string): { readonly time: bigint; readonly length: number } | undefined => {
  const m = ISO.exec(text);
  if (m === null || !/^[12]/.test(text)) return undefined;
  const [all, year, month, day, hour, minute, second = '00', fraction = '', zone] = m;
  const [, sign = '+', hours = '00', minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? '') ?? [];
  const offset = (sign === '-' ? -1n : 1n) * (BigInt(hours) * 60n + BigInt(minutes)) * 60_000n;
  // A minute that is in the calendar is the same when it is put together again.
  const at = zone === undefined ? new Date(`${year}-${month}-${day}T${hour}:${minute}:00`) : new Date(`${year}-${month}-${day}T${hour}:${minute}:00Z`);
  const whole = zone === undefined ? at.getDate() : at.getUTCDate();
  if (Number.isNaN(at.getTime()) || whole !== Number(day) || Number(hour) > 23 || Number(second) > 60) return undefined;
  const ns = (BigInt(at.getTime()) - (zone === undefined ? 0n : offset)) * 1_000_000n + BigInt(second) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  const minuteNs = ns - BigInt(second) * 1_000_000_000n - BigInt(fraction.padEnd(9, '0'));
  return minuteNs < 0n || ns >= BigInt(Date.UTC(2200, 0, 1)) * 1_000_000n ? undefined : { time: ns, length: all.length };
};

const two = (most: number): fc.Arbitrary<string> => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));
const form = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 1960, max: 2210 }).map(String),
      fc.integer({ min: 0, max: 9999 }).map((n) => String(n).padStart(4, '0')),
    ),
    fc.constantFrom('-', '/', '.'),
    two(13),
    fc.constantFrom('-', '/'),
    two(32),
    fc.constantFrom('T', ' ', 't'),
    two(25),
    fc.constantFrom(':', ':', ':', ''),
    two(61),
    fc.option(two(62), { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('.', ','), fc.stringMatching(/^\d{0,12}$/)), { nil: undefined }),
    fc.constantFrom('', '', 'Z', ' Z', 'z', 'UTC', ' UTC', 'GMT', 'UT', '+01', '-0330', '+05:45', '+14:0', '+', ' -11:00', '+99:99', '  Z'),
    fc.constantFrom('', ' ', 'x', ':', '1', ']', '_', '\t', 'é', ' INFO'),
  )
  .map(([year, a, month, b, day, t, hour, colon, minute, second, fraction, zone, rest]) =>
    [year, a, month, b, day, t, hour, colon, minute, second === undefined ? '' : `:${second}`, fraction?.join('') ?? '', zone, rest].join(''),
  );

test('an ISO time is read as its form says', () => {
  let read = 0;
  const seed = Date.now() & 0x7fffffff;
  console.log(`seed ${seed}`);
  fc.assert(
    fc.property(form, fc.nat(30), (text, cut) => {
      // Twice, since the minute that was read last is kept.
      for (const each of [text, text.slice(0, text.length - cut), text]) {
        const expected = oracle(each);
        if (expected !== undefined) read++;
        expect(isoMoment(each)).toEqual(expected);
      }
    }),
    { numRuns: 5000, seed },
  );
  expect(read).toBeGreaterThan(500);
});

test.each([
  ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z', 20],
  ['2026-11-20 10:00:00,5 +0100 x', '2026-11-20T09:00:00.500Z', 27],
  ['2026/11/20 10:00:60.1234567891 UTC', '2026-11-20T10:01:00.123456789Z', 34],
  ['2024-02-29T23:59Z', '2024-02-29T23:59:00.000Z', 17],
])('%s', (text, time, length) => {
  const found = isoMoment(text);
  expect([formatTime(found?.time ?? 0n), found?.length]).toEqual([time, length]);
});
