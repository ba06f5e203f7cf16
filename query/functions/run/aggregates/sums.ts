// count, sum, avg.
//
// Exactly:
// - count() counts rows; count(x) those where x is present; count of a truth value those present, true or false.
// - sum of floats is compensated (Neumaier), of ints and durations exact; beyond 64 bits it is missing and counted. The sum of nothing is 0.
// - avg is that sum over the count as float (ints: the exact sum as the nearest float, divided); of durations and times the exact sum
//   divided as integers, toward zero. The avg of nothing is missing.
import { type Column, isPresent } from '../../../../core/batch/batch.ts';
import { lostBy } from '../../../../core/sum.ts';
import { physicalType } from '../../../3-plan/physical.ts';
import type { Accumulator, AggregateContext, AggregateRun, Rows } from '../../../run/aggregate.ts';
import { floatsOf, intsOf, MAX_INT64, MIN_INT64, makeInts, maskOf, type Vector } from '../../../run/vector.ts';
import { deliverFloats, isFloatArgument, seenGroups } from './deliver.ts';
import { grown, kept } from './growing.ts';

export const count: AggregateRun = () => {
  let counts = new Float64Array(0);
  return {
    add: ({ groups, arguments: args }: Rows, size) => {
      counts = grown(counts, size);
      const x = args[0];
      const mask = x === undefined ? 0 : maskOf(x);
      const all = x === undefined || x.column.validity === undefined;
      for (let i = 0; i < groups.length; i++) {
        const g = groups[i] as number;
        if (g >= 0 && (all || isPresent((x as Vector).column, i & mask))) counts[g] = (counts[g] as number) + 1;
      }
    },
    keep: (ids) => {
      counts = kept(counts, ids);
    },
    finish: (size) => makeInts(physicalType('int'), size, undefined, (g) => BigInt(counts[g] ?? 0)),
  };
};

interface Sum extends Accumulator {
  readonly counts: () => Float64Array;
}

/** Sums of floats; `finishWith` makes the result of sum and count. */
const floatSum = (finishWith: (sums: Float64Array, counts: Float64Array, groups: number) => Column): Sum => {
  let sums = new Float64Array(0);
  let errors = new Float64Array(0);
  let counts = new Float64Array(0);
  return {
    counts: () => counts,
    add: ({ groups, arguments: args }, size) => {
      sums = grown(sums, size);
      errors = grown(errors, size);
      counts = grown(counts, size);
      const x = args[0] as Vector;
      const values = floatsOf(x);
      const mask = maskOf(x);
      const all = x.column.validity === undefined;
      for (let i = 0; i < groups.length; i++) {
        const g = groups[i] as number;
        if (g < 0 || !(all || isPresent(x.column, i & mask))) continue;
        const v = values[i & mask] as number;
        const s = sums[g] as number;
        const t = s + v;
        errors[g] = (errors[g] as number) + lostBy(s, v, t);
        sums[g] = t;
        counts[g] = (counts[g] as number) + 1;
      }
    },
    keep: (ids) => {
      sums = kept(sums, ids);
      errors = kept(errors, ids);
      counts = kept(counts, ids);
    },
    finish: (size) => {
      const totals = new Float64Array(size);
      for (let g = 0; g < size; g++) totals[g] = Number.isFinite(sums[g]) ? (sums[g] as number) + (errors[g] as number) : (sums[g] ?? 0);
      return finishWith(totals, counts, size);
    },
  };
};

const CARRY = 2 ** 52;

/** Exact sums of 64-bit integers, kept as sums of their halves: no BigInt a row. */
const intSum = (finishWith: (sum: (group: number) => bigint, counts: Float64Array, groups: number) => Column): Sum => {
  let highs = new Float64Array(0);
  let lows = new Float64Array(0);
  let counts = new Float64Array(0);
  return {
    counts: () => counts,
    add: ({ groups, arguments: args }, size) => {
      highs = grown(highs, size);
      lows = grown(lows, size);
      counts = grown(counts, size);
      const x = args[0] as Vector;
      const values = intsOf(x);
      const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
      const mask = maskOf(x);
      const all = x.column.validity === undefined;
      for (let i = 0; i < groups.length; i++) {
        const g = groups[i] as number;
        const row = i & mask;
        if (g < 0 || !(all || isPresent(x.column, row))) continue;
        let low = (lows[g] as number) + ((halves[row * 2] as number) >>> 0);
        let high = (highs[g] as number) + (halves[row * 2 + 1] as number);
        if (low >= CARRY) {
          const carry = Math.floor(low / 2 ** 32);
          low -= carry * 2 ** 32;
          high += carry;
        }
        lows[g] = low;
        highs[g] = high;
        counts[g] = (counts[g] as number) + 1;
      }
    },
    keep: (ids) => {
      highs = kept(highs, ids);
      lows = kept(lows, ids);
      counts = kept(counts, ids);
    },
    finish: (size) => finishWith((g) => BigInt(highs[g] ?? 0) * 2n ** 32n + BigInt(lows[g] ?? 0), counts, size),
  };
};

export const sum: AggregateRun = (context: AggregateContext) => {
  if (isFloatArgument(context)) return floatSum((sums) => deliverFloats(sums, undefined, context));
  return intSum((total, _, size) => {
    if (context.type === 'float')
      return deliverFloats(
        Float64Array.from({ length: size }, (__, g) => Number(total(g))),
        undefined,
        context,
      );
    let lost = 0;
    const column = makeInts(physicalType(context.type), size, undefined, (g) => {
      const s = total(g);
      if (s >= MIN_INT64 && s <= MAX_INT64) return s;
      lost++;
      return undefined;
    });
    if (lost > 0) context.notRepresentable(lost);
    return column;
  });
};

export const avg: AggregateRun = (context: AggregateContext) => {
  if (isFloatArgument(context))
    return floatSum((sums, counts, size) => {
      for (let g = 0; g < size; g++) sums[g] = (counts[g] ?? 0) > 0 ? (sums[g] as number) / (counts[g] as number) : 0;
      return deliverFloats(sums, seenGroups(counts, size), context);
    });
  return intSum((total, counts, size) => {
    const seen = seenGroups(counts, size);
    if (context.type === 'float') {
      const means = Float64Array.from({ length: size }, (_, g) => ((counts[g] ?? 0) > 0 ? Number(total(g)) / (counts[g] as number) : 0));
      return deliverFloats(means, seen, context);
    }
    return makeInts(physicalType(context.type), size, seen, (g) => total(g) / BigInt(counts[g] as number));
  });
};
