// Arrays of an accumulator's state: grown to more groups, or cut to some of them.
import type { FixedArray } from '../../../../core/batch/batch.ts';

/** The array itself when it holds `groups` already, else a larger copy. */
export const grown = <A extends FixedArray>(array: A, groups: number): A => {
  if (array.length >= groups) return array;
  const larger = new (array.constructor as new (length: number) => A)(Math.max(groups, array.length * 2, 16));
  larger.set(array as never);
  return larger;
};

/** Element i is what element ids[i] was. */
export const kept = <A extends FixedArray>(array: A, ids: Int32Array): A => {
  const out = new (array.constructor as new (length: number) => A)(ids.length);
  for (let i = 0; i < ids.length; i++) out[i] = (array[ids[i] as number] ?? (array instanceof BigInt64Array ? 0n : 0)) as never;
  return out;
};
