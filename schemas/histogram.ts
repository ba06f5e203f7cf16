// What a histogram and a summary may be, as OpenTelemetry's data model has them: how many buckets, of which scales, over which indices.
// Explicit buckets: `counts[i]` of values above `bounds[i - 1]` and up to `bounds[i]`, the last without end; one more than bounds, or neither.
// Exponential ones: `positive_counts[i]` of values above base^(offset + i) and up to base^(offset + i + 1), base = 2^(2^-scale).
// https://opentelemetry.io/docs/specs/otel/metrics/data-model/

/** Of explicit buckets, and of exponential ones on either side of zero: over three times what senders make by themselves (160). */
export const MOST_BUCKETS = 512;
/** Of a summary. */
export const MOST_QUANTILES = 64;
/** Up to 2^53 sums of counts stay exact, also where they are fractions of seconds later. */
export const MOST_COUNT = 2 ** 53;

export const LEAST_SCALE = -10;
export const MOST_SCALE = 20;

const LEAST_POWER = -1074;
const MOST_POWER = 1024;

/** Indices of the buckets that a finite double can fall into. */
export const indicesOf = (scale: number): { readonly least: number; readonly most: number } => ({
  least: Math.ceil(LEAST_POWER * 2 ** scale) - 1,
  most: Math.ceil(MOST_POWER * 2 ** scale) - 1,
});
