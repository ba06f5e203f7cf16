// Buckets that are not whole: cut by the range, or not yet read to their end.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTime, parseTime } from '../core/time.ts';
import { ALL_ROWS } from './3-plan/rights.ts';
import { check, plan } from './compile.ts';
import { partialBuckets } from './partial.ts';
import { specCatalogue } from './testing/spec-run.ts';

const moment = (text: string): bigint => parseTime(text) as bigint;

const partialOf = (pipes: string, from: string, to: string, completeUpTo?: string, zone = 'UTC'): readonly string[] => {
  const request = {
    at: moment(to),
    from: moment(from),
    to: moment(to),
    zone,
    parameters: new Map(),
    rights: ALL_ROWS,
    completeTo: moment(to),
    notice: () => undefined,
  };
  const planned = plan(check(`data [{time: @2026-11-20T10:05Z, v: 1}] | ${pipes}`, specCatalogue), request, { limit: 10 });
  return partialBuckets(planned.plan, completeUpTo === undefined ? undefined : moment(completeUpTo)).map((t) => formatTime(t).replace(':00.000Z', ''));
};

test.each([
  ['every 10m sum(v)', '2026-11-20T10:00:00Z', '2026-11-20T11:00:00Z', undefined, []],
  ['every 10m sum(v)', '2026-11-20T10:03:00Z', '2026-11-20T10:35:00Z', undefined, ['2026-11-20T10:00', '2026-11-20T10:30']],
  ['every 10m sum(v)', '2026-11-20T10:00:00Z', '2026-11-20T10:30:00Z', '2026-11-20T10:19:00Z', ['2026-11-20T10:10', '2026-11-20T10:20']],
  ['every 10m sum(v)', '2026-11-20T10:02:00Z', '2026-11-20T10:09:00Z', undefined, ['2026-11-20T10:00']],
  ['every 10m sum(v)', '2026-11-20T10:03:00Z', '2026-11-20T10:20:00Z', '2026-11-20T09:00:00Z', ['2026-11-20T10:00', '2026-11-20T10:10']],
  // A longer window reads before the range.
  ['every 10m sum(v) over 1h', '2026-11-20T10:03:00Z', '2026-11-20T10:35:00Z', undefined, ['2026-11-20T10:30']],
  ['every 10m a = sum(v) over 1h, b = sum(v)', '2026-11-20T10:03:00Z', '2026-11-20T10:30:00Z', undefined, ['2026-11-20T10:00']],
  ['every 10m sum(v) by v | top 1 v by sum(v) | fill 0 | limit 3', '2026-11-20T10:03:00Z', '2026-11-20T10:30:00Z', undefined, ['2026-11-20T10:00']],
  ['every all sum(v)', '2026-11-20T10:03:00Z', '2026-11-20T10:30:00Z', undefined, []],
  ['where v > 0', '2026-11-20T10:03:00Z', '2026-11-20T10:30:00Z', undefined, []],
  ['every 1d sum(v)', '2026-11-20T10:03:00Z', '2026-11-20T10:30:00Z', undefined, ['2026-11-20T00:00']],
])('%s of %s to %s, complete up to %s', (pipes, from, to, complete, wanted) => {
  expect(partialOf(pipes, from, to, complete)).toEqual(wanted);
});

test('days are those of the zone', () => {
  expect(partialOf('every 1d sum(v)', '2026-11-19T23:00:00Z', '2026-11-20T23:30:00Z', undefined, 'Europe/Berlin')).toEqual(['2026-11-20T23:00']);
});

test('a bucket is partial exactly when some of it lies outside of what was asked and is complete', () => {
  const minute = fc.integer({ min: 0, max: 300 });
  fc.assert(
    fc.property(minute, minute, minute, fc.integer({ min: 1, max: 40 }), (a, b, complete, width) => {
      const at = (m: number): string => formatTime(moment('2026-11-20T10:00:00Z') + BigInt(m) * 60_000_000_000n);
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const step = width * 60_000;
      const wanted: string[] = [];
      // Of no range there are no buckets.
      for (let ms = from === to ? Number.POSITIVE_INFINITY : Math.floor(Date.parse(at(from)) / step) * step; ms < Date.parse(at(to)); ms += step)
        if (ms < Date.parse(at(from)) || ms + step > Date.parse(at(Math.min(to, complete)))) wanted.push(new Date(ms).toISOString().replace(':00.000Z', ''));
      expect(partialOf(`every ${width}m sum(v)`, at(from), at(to), at(complete))).toEqual(wanted);
    }),
  );
});
