// Sums of floats in two numbers, what is told and what was lost by rounding, so that it hardly matters in which order they were added.
// Where a sum is beyond what a float can tell, both are not finite, and stay so.

export interface Sum {
  /** The sum as far as one number tells it; with `low` added it is told best. */
  readonly high: number;
  readonly low: number;
}

export const ZERO: Sum = { high: 0, low: 0 };
export const sumOf = (value: number): Sum => ({ high: value, low: 0 });

/** By Neumaier. */
export const sumWith = ({ high, low }: Sum, value: number): Sum => {
  const sum = high + value;
  return { high: sum, low: low + (Math.abs(high) >= Math.abs(value) ? high - sum + value : value - sum + high) };
};

export const sumsTogether = (a: Sum, b: Sum): Sum => {
  const { high, low } = sumWith(a, b.high);
  return { high, low: low + b.low };
};
