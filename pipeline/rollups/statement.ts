// The statement that puts samples of one hour together into parts, in the column store. What a part is, says schemas/sample-part.ts; how it
// rests, schemas/rollups.ts. Samples come in the order of the table, so that only one series at a time is in memory.
import type { Level } from '../../schemas/rollups.ts';

const POWERS = '[1., 10., 100., 1000., 10000., 100000., 1000000.]';

/** A stale marker is NaN; what else is not finite is missing, and left out. */
const DECIMAL = `s.mantissa / ${POWERS}[s.exponent + 1]`;
const VALUE = `multiIf(s.exponent <= 6, ${DECIMAL}, s.exponent = 126, nan, s.float)`;
const IS_MISSING = '(s.exponent = 127 AND NOT isFinite(s.float))';

/** Up to here whole numbers, and what is added up of them, are exact as floats. */
const EXACT = '1125899906842624.';

/** What the samples of a statement may be beside decimals that follow each other; what they are not need not be looked for. */
export interface Kinds {
  /** One time may have two values, and the later received stands. Else the statement fails where that is so. */
  readonly doubles: boolean;
  /** Markers, floats, values that are missing, starts. */
  readonly odd: boolean;
}

/**
 * Samples of some metrics and one hour by series and stretch: arrays in order of time (`t`: ms, `v`, `s`: start), in which markers stand as
 * NaN. `t0` and so on are as they came, which nearly always is in order.
 */
const gathered = (stepMs: number, { doubles, odd }: Kinds): string => {
  const columns = odd
    ? `groupArrayIf(toUnixTimestamp64Milli(s.time), NOT ${IS_MISSING}) AS t0, groupArrayIf(${VALUE}, NOT ${IS_MISSING}) AS v0,
  groupArrayIf(toUnixTimestamp64Milli(s.start), NOT ${IS_MISSING}) AS s0, sumKahanIf(${VALUE}, s.exponent <= 6 OR (s.exponent = 127 AND isFinite(s.float))) AS total,
  countIf(${IS_MISSING}) AS missing, countIf(s.exponent = 126) AS stale, countIf(s.exponent = 127) > missing AS has_floats, maxIf(s.exponent, s.exponent <= 6) AS e`
    : `groupArray(toUnixTimestamp64Milli(s.time)) AS t0, groupArray(${DECIMAL}) AS v0, sumKahan(${DECIMAL}) AS total, max(s.exponent) AS e`;
  return `SELECT s.metric AS metric, s.id AS id, intDiv(toUnixTimestamp64Milli(s.time), ${stepMs}) * ${stepMs} AS bucket, ${columns}
FROM samples AS s${doubles ? ' FINAL' : ''}
WHERE s.metric IN ({metrics:Array(UInt32)}) AND toStartOfHour(s.time) = toDateTime({hour:UInt32}, 'UTC')
  AND s.time >= toDateTime({hour:UInt32}, 'UTC') AND s.time < toDateTime({hour:UInt32} + 3600, 'UTC')
GROUP BY metric, toStartOfHour(s.time), id, bucket`;
};

const inOrder = (name: string): string => `if(t = t0, ${name}, arraySort((x, at) -> at, ${name}, t0))`;

/** `x`, `xt`, `xs`: those that are no markers. `p`, `q`: neighbours, the earlier and the later one. */
const ordered = (from: string, odd: boolean): string => {
  const rest = odd
    ? `${inOrder('s0')} AS s, arrayPopBack(s) AS ps, arrayPopFront(s) AS qs,
  if(stale = 0, v, arrayFilter(a -> NOT isNaN(a), v)) AS x,
  if(stale = 0, t, arrayFilter((b, a) -> NOT isNaN(a), t, v)) AS xt,
  if(stale = 0, s, arrayFilter((b, a) -> NOT isNaN(a), s, v)) AS xs`
    : 'v AS x, t AS xt';
  return `SELECT *, arraySort(t0) AS t, ${inOrder('v0')} AS v, arrayPopBack(v) AS p, arrayPopFront(v) AS q, ${rest}, length(x) AS n
FROM (${from})`;
};

const RESET = { plain: 'b < a', odd: '(b < a OR (c > 0 AND d > c AND NOT isNaN(a) AND NOT isNaN(b)))' };

/** The numbers of a part, as floats and, in units of its last decimal, as whole numbers (`m_…`). */
const numbers = (from: string, odd: boolean): string => {
  const scaled = (name: string): string => `toInt64(if(is_decimal, round(${name} * unit), 0.)) AS m_${name}`;
  const rises = odd
    ? `arrayCount((a, b, c, d) -> ${RESET.odd}, p, q, ps, qs) AS resets,
  arraySum(arrayMap((a, b, c, d) -> if(isNaN(a) OR isNaN(b), 0., if(${RESET.odd}, b, b - a)), p, q, ps, qs)) AS rise,
  stale > 0 AND isNaN(v[1]) AS opens, stale > 0 AND isNaN(v[-1]) AS ends`
    : `arrayCount((a, b) -> ${RESET.plain}, p, q) AS resets, if(resets = 0, x[-1] - x[1], arraySum(arrayMap((a, b) -> if(${RESET.plain}, b, b - a), p, q))) AS rise`;
  return `SELECT *, x[1] AS first, x[-1] AS last, arrayMin(x) AS low, arrayMax(x) AS high, ${rises}, ${POWERS}[e + 1] AS unit,
  ${odd ? 'NOT has_floats AND ' : ''}greatest(abs(low), abs(high)) * unit * n * if(e = 0, 1, n) < ${EXACT} AS is_decimal,
  ${['first', 'last', 'low', 'high', 'total', 'rise'].map(scaled).join(', ')}
FROM (${from})`;
};

/** Where markers stand between samples: of each run the times of its first and last sample, its first value and that one's start. */
const RUNS = `if(stale <= toUInt8(opens) + toUInt8(ends), [], arrayMap(r -> (toUInt32(r[1].1 - bucket), toUInt32(r[-1].1 - bucket), r[1].2, r[1].3),
    arrayFilter(r -> NOT isNaN(r[1].2), arraySplit((r, is_border) -> is_border, arrayZip(t, v, s), arrayMap((a, b) -> isNaN(a) OR isNaN(b), v, arrayPushFront(p, nan))))))`;

/** Columns of a row, and of what they are made where the samples are odd, and else. */
const COLUMNS: readonly (readonly [name: string, odd: string, plain?: string])[] = [
  ['metric', 'metric'],
  ['id', 'id'],
  ['time', "toDateTime(intDiv(bucket, 1000), 'UTC')"],
  ['count', 'n'],
  ['missing', 'missing', '0'],
  ['stale', 'stale', '0'],
  ['opens', 'opens', 'false'],
  ['ends', 'ends', 'false'],
  ['exponent', 'if(is_decimal, e, 127)'],
  ['first', 'm_first'],
  ['span', 'm_last - m_first'],
  ['below', 'least(m_first, m_last) - m_low'],
  ['above', 'm_high - greatest(m_first, m_last)'],
  ['bulge', '2 * m_total - toInt64(n) * (m_first + m_last)'],
  ['beyond', 'm_rise - (m_last - m_first) - toInt64(resets) * m_first'],
  ['resets', 'resets'],
  ['floats', 'if(is_decimal, [], [first, last, low, high, total, rise])'],
  ['begins', 'if(n = 0, 0, xt[1] - bucket)'],
  ['lasts', 'if(n = 0, 0, xt[-1] - xt[1])'],
  ['first_start', 'xs[1]', '0'],
  ['last_start', 'xs[-1]', '0'],
  ['runs', RUNS, '[]'],
  ['version', '{version:UInt64}'],
];

const ONE_VALUE = "throwIf(arrayExists((a, b) -> a = b, arrayPopBack(t), arrayPopFront(t)), 'one time has two values') = 0";
/** They came after they were counted. */
const NONE_ODD = "throwIf(e > 6, 'a sample is no decimal') = 0";

/** Parameters: `hour` (its start, s since 1970), `metrics`, `version`. */
export const rollupStatement = ({ table, stepMs }: Level, kinds: Kinds): string => {
  const { doubles, odd } = kinds;
  return `INSERT INTO ${table} (${COLUMNS.map(([name]) => name).join(', ')})
SELECT ${COLUMNS.map(([, sql, plain]) => (odd ? sql : (plain ?? sql))).join(', ')}
FROM (${numbers(ordered(gathered(stepMs, kinds), odd), odd)})
WHERE ${[...(doubles ? [] : [ONE_VALUE]), ...(odd ? [] : [NONE_ODD]), 'true'].join(' AND ')}`;
};
