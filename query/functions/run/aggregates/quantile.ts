// quantile(x, q), and p50 … p99.9 as quantile.
//
// Exactly: R's type 7. With n values x[1] … x[n] ascending and h = (n − 1) · q + 1, k = ⌊h⌋: x[k] + (h − k) · (x[k+1] − x[k]) in doubles. q is
// a constant of 0 … 1; any other gives missing, as does nothing. Every value is kept, within the run's limits. ClickHouse:
// quantileExactInclusive(q)(x), which works it out in this order.
import { isPresent } from '../../../../core/batch/batch.ts';
import type { AggregateRun } from '../../../run/aggregate.ts';
import { floatsOf, maskOf, type Vector } from '../../../run/vector.ts';
import { deliverFloats, seenGroups } from './deliver.ts';
import { grown } from './growing.ts';

/** Of values in ascending order. */
export const quantileOf = (sorted: Float64Array, q: number): number => {
  const h = (sorted.length - 1) * q + 1;
  const k = Math.floor(h);
  const low = sorted[k - 1] as number;
  return k < sorted.length ? low + (h - k) * ((sorted[k] as number) - low) : low;
};

export const quantile: AggregateRun = (context) => {
  let used = 0;
  let owners = new Int32Array(0);
  let values = new Float64Array(0);
  let q: number | undefined;
  return {
    add: ({ groups, arguments: args }) => {
      const [x, share] = args as [Vector, Vector];
      q = isPresent(share.column, 0) ? floatsOf(share)[0] : undefined;
      const column = floatsOf(x);
      const mask = maskOf(x);
      owners = grown(owners, used + groups.length);
      values = grown(values, used + groups.length);
      const before = used;
      for (let i = 0; i < groups.length; i++) {
        const g = groups[i] as number;
        if (g < 0 || !isPresent(x.column, i & mask)) continue;
        owners[used] = g;
        values[used++] = column[i & mask] as number;
      }
      context.hold(used - before, (used - before) * 12);
    },
    keep: (ids) => {
      const places = new Map<number, number>();
      ids.forEach((id, i) => {
        places.set(id, i);
      });
      const before = used;
      used = 0;
      for (let i = 0; i < before; i++) {
        const g = places.get(owners[i] as number);
        if (g === undefined) continue;
        owners[used] = g;
        values[used++] = values[i] as number;
      }
      context.hold(used - before, (used - before) * 12);
    },
    finish: (size) => {
      const out = new Float64Array(size);
      const counts = new Float64Array(size);
      if (q === undefined || !(q >= 0 && q <= 1)) return deliverFloats(out, seenGroups(counts, size), context);
      for (let i = 0; i < used; i++) counts[owners[i] as number] = (counts[owners[i] as number] as number) + 1;
      const ends = new Float64Array(size);
      for (let g = 1; g < size; g++) ends[g] = (ends[g - 1] as number) + (counts[g - 1] as number);
      const byGroup = new Float64Array(used);
      for (let i = 0; i < used; i++) {
        const g = owners[i] as number;
        byGroup[ends[g] as number] = values[i] as number;
        ends[g] = (ends[g] as number) + 1;
      }
      for (let g = 0; g < size; g++) {
        const n = counts[g] as number;
        if (n > 0) out[g] = quantileOf(byGroup.subarray((ends[g] as number) - n, ends[g]).sort(), q);
      }
      return deliverFloats(out, seenGroups(counts, size), context);
    },
  };
};
