// Holds that a last value passes for a current one only while it can be one, and is said with its age otherwise.
import { expect, it } from 'vitest';
import type { Column, Value } from '../data/types.ts';
import { bucketOfText } from '../edit/bucket-width.ts';
import { linesByHost } from '../pages/host-lines.ts';
import { endOf, quietOf } from './quiet.ts';
import { panelsOf } from './series.ts';

const START = Date.UTC(2026, 10, 20, 10);
const minutes = (n: number): number => START + n * 60_000;
const iso = (at: number): string => new Date(at).toISOString();
const column = (name: string, type: string, values: readonly Value[], unit: string | null = null): Column => ({ name, type, unit, values });

/** `db` has the largest values and stops after minute 3; `web` goes on to minute 19. */
const answer = (): Column[] => {
  const rows = Array.from({ length: 20 }, (_, i) => i).flatMap((i) => [
    { at: minutes(i), host: 'web', value: 0.2 },
    ...(i < 4 ? [{ at: minutes(i), host: 'db', value: 0.9 + i / 100 }] : []),
  ]);
  return [
    column(
      'time',
      'time',
      rows.map(({ at }) => iso(at)),
    ),
    column(
      'host',
      'string',
      rows.map(({ host }) => host),
    ),
    column(
      'value',
      'float',
      rows.map(({ value }) => value),
      '1',
    ),
  ];
};

it('a line is quiet three buckets, and at least two minutes, after its newest value', () => {
  expect(quietOf(0, 10_000, 10_000, 130_000)).toBeNull();
  expect(quietOf(0, 10_000, 10_000, 130_001)).toEqual({ at: 0, age: 120_001 });
  expect(quietOf(0, 60_000, 60_000, 240_000)).toBeNull();
  expect(quietOf(0, 60_000, 60_000, 240_001)).toEqual({ at: 0, age: 180_001 });
  // what is measured every five minutes is not late after four
  expect(quietOf(0, 0, 300_000, 900_000)).toBeNull();
});

it('nothing can be there after what is complete, or after the moment it was asked', () => {
  const asked = { to: minutes(30), at: minutes(20) };
  expect(endOf({ completeUpTo: null }, asked)).toBe(minutes(20));
  expect(endOf({ completeUpTo: iso(minutes(18)) }, asked)).toBe(minutes(18));
  expect(endOf({ completeUpTo: 'never' }, { ...asked, to: minutes(10) })).toBe(minutes(10));
});

it('lines of a chart say which of them are quiet and since when', () => {
  const lines = (end?: number) =>
    panelsOf(answer(), { width: 60_000, ...(end === undefined ? {} : { end }) }).panels[0]?.lines.map(({ label, last, quiet }) => ({ label, last, quiet }));
  expect(lines(minutes(20))).toEqual([
    { label: 'db', last: 0.93, quiet: { at: minutes(3), age: 16 * 60_000 } },
    { label: 'web', last: 0.2, quiet: null },
  ]);
  expect(lines(minutes(30))?.map(({ quiet }) => quiet?.age)).toEqual([26 * 60_000, 10 * 60_000]);
  expect(lines()?.map(({ quiet }) => quiet)).toEqual([null, null]);
});

it('a value of a bucket that still fills is one of now', () => {
  const partial = new Set([minutes(19)]);
  const found = panelsOf([column('time', 'time', [iso(minutes(10)), iso(minutes(19))]), column('value', 'float', [1, 2])], {
    width: 60_000,
    end: minutes(20),
    partial,
  });
  expect(found.panels[0]?.lines[0]).toMatchObject({ last: 1, quiet: null });
});

it('quiet hosts stand after those that are heard, whatever their last value was', () => {
  const lines = (end: number) => linesByHost(answer(), 60_000, end).map(({ host, last, quiet }) => [host, last, quiet?.age]);
  expect(lines(minutes(20))).toEqual([
    ['web', 0.2, undefined],
    ['db', 0.93, 16 * 60_000],
  ]);
  expect(lines(minutes(4)).map(([host]) => host)).toEqual(['db', 'web']);
});

it('the bucket is that of the text’s own pipe, the last one, and of none where a name says it', () => {
  expect(bucketOfText('from metrics.x | every 30s avg | where value > 1')).toBe(30_000);
  expect(bucketOfText('from logs | every 1m count | every 1h sum')).toBe(3_600_000);
  expect(bucketOfText('from logs | where body contains "| every 5m x" | count by host')).toBeUndefined();
  expect(bucketOfText('from logs | every $w count')).toBeUndefined();
  expect(bucketOfText('from logs // | every 5m')).toBeUndefined();
});
