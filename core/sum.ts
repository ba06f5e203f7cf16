// Sums of floats in two numbers, what is told and what was lost by rounding, so that it hardly matters in which order they were added.
// Where a sum is beyond what a float can tell, both are not finite, and stay so.

/** By Neumaier: what `sum`, which is `high` + `value` as one number, has lost. */
export const lostBy = (high: number, value: number, sum: number): number => (Math.abs(high) >= Math.abs(value) ? high - sum + value : value - sum + high);
