// Results of aggregates as columns of the declared type.
//
// Exactly: a float result of a call typed int, duration or time is truncated toward zero; what is not finite or beyond 64 bits is missing and counted.
import type { Column } from '../../../../core/batch/batch.ts';
import { physicalType } from '../../../3-plan/physical.ts';
import type { AggregateContext } from '../../../run/aggregate.ts';
import { finishFloats, makeInts } from '../../../run/vector.ts';

/** `present`: the caller's own bitmap. */
export const deliverFloats = (values: Float64Array, present: Uint8Array | undefined, context: AggregateContext): Column => {
  if (context.type === 'float') return finishFloats(values, present, context);
  let lost = 0;
  const column = makeInts(physicalType(context.type), values.length, present, (i) => {
    const v = Math.trunc(values[i] as number);
    if (v >= -(2 ** 63) && v < 2 ** 63) return BigInt(v);
    lost++;
    return undefined;
  });
  if (lost > 0) context.notRepresentable(lost);
  return column;
};

export const isFloatArgument = (context: AggregateContext): boolean => context.arguments[0] === 'float';

/** Bits of the groups with a count above 0. */
export const seenGroups = (counts: Float64Array | Uint8Array, groups: number): Uint8Array => {
  const bits = new Uint8Array((groups + 7) >> 3);
  for (let g = 0; g < groups; g++) if ((counts[g] ?? 0) > 0) bits[g >> 3] = (bits[g >> 3] as number) | (1 << (g & 7));
  return bits;
};
