// The names of all scalar functions and aggregates of a plan. Signatures, the runner and each emitter have a table keyed by these
// unions, so the compiler finds what was forgotten.

/** Functions a user can call by this name. */
export const SCALAR_FUNCTIONS = [
  'abs',
  'ceil',
  'floor',
  'round',
  'sqrt',
  'exp',
  'ln',
  'log2',
  'log10',
  'pow',
  'sign',
  'clamp',
  'least',
  'greatest',
  'lower',
  'upper',
  'trim',
  'length',
  'substring',
  'replace',
  'replace_regex',
  'split',
  'concat',
  'bucket',
  'year',
  'month',
  'day',
  'weekday',
  'hour',
  'minute',
  'format_time',
  'parse_time',
  'cidr',
  'int',
  'float',
  'text',
  'bool',
  'duration',
  'time',
  'hash',
] as const;
export type ScalarFunction = (typeof SCALAR_FUNCTIONS)[number];

/**
 * What operators become. Arithmetic and comparisons have arguments of one type (the checker inserts `to_float`, `scale`).
 * Comparisons, `and`, `or`, `not`, `exists` never give missing: a comparison with missing is false, `not_equals` true.
 * - `add subtract multiply divide remainder negate`: int, float, duration, and time ± duration, time − time. Divide gives float
 *   (durations: their quotient). Overflow, x/0, NaN, ±Inf: missing.
 * - `coalesce(a, b)`: a where present. `in(x, list)`. `like(x, pattern)`: whole value, `*` `?` `\`. `matches(x, re)`: RE2, anywhere.
 *   `contains(x, part)` and `has(x, tokens)` ignore case. `starts_with` heeds it.
 * - `level(x)`: text to its rank for ordered text; arguments x and the list of levels; unknown text is missing.
 * - `in_level_order(list, levels)`: a list of such texts, sorted by rank.
 * - `map_get(map, key)`, `list_get(list, index)` (0 is the first, negative or beyond: missing).
 * - `to_float(int|duration)`: duration to seconds; `scale(x, factor)`: float times a constant unit factor.
 * - `search_tokens(x, …, list of tokens)`: tokens stand side by side in one of the texts; `search_prefix(x, …, tokens)`: the last one is a prefix.
 */
export const OPERATOR_FUNCTIONS = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'remainder',
  'negate',
  'equals',
  'not_equals',
  'less',
  'less_or_equal',
  'greater',
  'greater_or_equal',
  'and',
  'or',
  'not',
  'exists',
  'coalesce',
  'in',
  'like',
  'matches',
  'starts_with',
  'contains',
  'has',
  'level',
  'in_level_order',
  'map_get',
  'list_get',
  'to_float',
  'scale',
  'search_tokens',
  'search_prefix',
] as const;
export type OperatorFunction = (typeof OPERATOR_FUNCTIONS)[number];
export type AnyScalar = ScalarFunction | OperatorFunction;

/**
 * Aggregates; missing arguments are skipped. `count()` counts rows. `quantile(x, q)`: R's type 7. `p95 x` is `quantile(x, 0.95)`.
 * `rate increase delta` go over time only (an `Every` on a series).
 */
export const AGGREGATES = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'first',
  'last',
  'stddev',
  'variance',
  'quantile',
  'distinct_count',
  'any',
  'values',
  'rate',
  'increase',
  'delta',
] as const;
export type AggregateFunction = (typeof AGGREGATES)[number];
