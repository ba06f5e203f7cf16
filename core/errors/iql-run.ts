// Errors of running a query: limits reached, sides of a lookup that do not fit.
import { entry, type NoParameters } from './entry.ts';

export const IQL_RUN_ERRORS = {
  'iql.too-many-rows': entry(
    (p: { limit: number; amount: number }) => `the query holds ${p.amount} rows at once, more than the limit of ${p.limit}`,
    { limit: 5_000_000, amount: 5_012_345 },
    'Ask for a shorter range, filter earlier, or aggregate before sorting and joining.',
  ),
  'iql.too-many-bytes': entry(
    (p: { limit: number; amount: number }) => `the query holds ${p.amount} bytes at once, more than the limit of ${p.limit}`,
    { limit: 536_870_912, amount: 540_123_456 },
    'Ask for a shorter range, keep fewer columns with `select`, or aggregate earlier.',
  ),
  'iql.cancelled': entry((_: NoParameters) => 'the query was stopped', {}, 'It was stopped by its caller; run it again if that was not meant.'),
};
