// Widths of buckets: what is written behind `every`, which buckets that makes for a request, and how many an answer may have.

import { NANOS_PER_SECOND } from '../../core/time.ts';
import type { Expression, Span } from '../1-syntax/ast.ts';
import { binWidth } from '../1-syntax/time-bin.ts';
import { calendarText, calendarUnits, lettered } from '../2-semantic/constant.ts';
import { checkExpression, durationNanos } from '../2-semantic/expression.ts';
import { fix, replace } from '../2-semantic/report.ts';
import { settle } from '../2-semantic/settle.ts';
import { NO_ROWS, type Typed, type, type Width } from '../2-semantic/type.ts';
import { neededConstant } from '../3-plan/bind.ts';
import type { Bucket } from '../3-plan/bucket.ts';
import { PlacedError } from '../3-plan/placed-error.ts';
import type { Planning } from '../3-plan/request.ts';
import type { PlanScope } from './pipe.ts';

/** Of one answer. */
const MOST_BUCKETS = 11_000;
const WEEK = 604_800n;
/** Widths that `auto` chooses from, in seconds. */
const STEPS = [1n, 2n, 5n, 10n, 15n, 30n, 60n, 120n, 300n, 600n, 900n, 1800n, 3600n, 7200n, 10_800n, 21_600n, 43_200n, 86_400n, WEEK];
const AUTO_BUCKETS = 120n;
/** A millisecond. */
const LEAST_WIDTH = 1_000_000n;

/** `1m`, `1d`, `all`, `auto`, or any constant that is a duration. */
export const widthOf = (e: Expression | undefined, scope: PlanScope): Width | Typed | undefined => {
  if (e?.node === 'name' && !scope.values.has(e.name) && (e.name === 'all' || e.name === 'auto')) return { kind: e.name };
  const span = e?.span ?? { start: 0, end: 0 };
  const wrong = (got: string): undefined => {
    const meant = binWidth(e);
    scope.reporter.error('iql.bad-width', { got }, span, meant === undefined ? undefined : fix(`Write ${meant}`, replace(span, meant)));
    return undefined;
  };
  const literal = lettered(e, scope);
  if (e === undefined) return wrong('nothing');
  if (literal?.node === 'quantity' && literal.kind === 'duration') {
    const calendar = calendarUnits(literal, scope);
    if (calendar !== undefined) return { kind: 'calendar', ...calendar };
    const nanos = durationNanos(literal);
    return !literal.parts.some((p) => p.unit === 'd' || p.unit === 'w') && nanos >= LEAST_WIDTH ? { kind: 'fixed', nanos } : wrong(literal.text);
  }
  const hole = e.node === 'missing' && e.span.start === e.span.end;
  if (hole || (e.node === 'name' && scope.spoilt.has(e.name))) return undefined;
  // A name that stands for nothing is an aggregate whose width is lacking.
  if (literal?.node === 'name' || literal?.node === 'call') return wrong('this');
  const checked = checkExpression({ ...scope, relation: NO_ROWS }, e);
  if (checked === undefined) return undefined;
  const width = settle(scope, checked, type('duration'));
  return width.type.value === 'duration' ? width : wrong(literal?.node === 'quantity' ? literal.text : 'this');
};

/** The bucket for a request. */
export const bucketFor = (width: Width | Typed, request: Planning): Bucket => {
  if ('op' in width) {
    const calendar = width.op === 'parameter' ? calendarText(request.durations?.get(width.name)) : undefined;
    if (calendar !== undefined) return { kind: 'calendar', ...calendar, zone: request.zone };
    const nanos = neededConstant(width, request, "a bucket's width") as bigint;
    if (nanos < LEAST_WIDTH) throw new PlacedError('iql.bad-width', { got: `${nanos} ns` }, width.span);
    return { kind: 'fixed', nanos };
  }
  switch (width.kind) {
    case 'all':
      return { kind: 'all' };
    case 'calendar':
      return { ...width, zone: request.zone };
    case 'fixed':
      return { kind: 'fixed', nanos: width.nanos };
    case 'auto': {
      const wanted = (request.to - request.from) / AUTO_BUCKETS / NANOS_PER_SECOND;
      const seconds = STEPS.find((s) => s >= wanted);
      // Longer than any range of stored rows: as few weeks as keep to about as many buckets.
      return { kind: 'fixed', nanos: (seconds ?? (wanted / WEEK + 1n) * WEEK) * NANOS_PER_SECOND };
    }
  }
};

const DAY = 86_400n * NANOS_PER_SECOND;

/** A width as it is written: the largest unit that it is a number of. */
const printWidth = (seconds: bigint): string => {
  const [unit, size] = UNITS.find(([, of]) => seconds % of === 0n) ?? ['s', 1n];
  return `${seconds / size}${unit}`;
};
const UNITS: readonly (readonly [string, bigint])[] = [
  ['w', WEEK],
  ['d', 86_400n],
  ['h', 3600n],
  ['m', 60n],
  ['s', 1n],
];

/** Not more buckets than an answer may have; `pipe` and `width`: where they stand. */
export const checkAmount = (bucket: Bucket, request: Planning, pipe: Span, width: Span): void => {
  if (bucket.kind === 'all') return;
  const range = request.to - request.from;
  const nanos = bucket.kind === 'fixed' ? bucket.nanos : DAY * BigInt(bucket.count * (bucket.unit === 'week' ? 7 : 1));
  const amount = Number(range / nanos);
  if (amount <= MOST_BUCKETS) return;
  const least = range / BigInt(MOST_BUCKETS) / NANOS_PER_SECOND + 1n;
  const wide = printWidth(STEPS.find((s) => s >= least) ?? (least / WEEK + 1n) * WEEK);
  throw new PlacedError('iql.too-many-buckets', { amount, limit: MOST_BUCKETS }, pipe, fix(`Write ${wide}`, replace(width, wide)));
};
