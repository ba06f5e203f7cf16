// increase, rate and delta in ClickHouse. Each series' samples are gathered as arrays, put in order of time, and come back as rows beside the
// sample before them: half the work of a window function, in less memory. What exactly each is, says query/functions/run/series.ts.
import { eachColumn } from '../../3-plan/expression.ts';
import { OVER_TIME, type Window } from '../../3-plan/nodes.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import type { ClickHouseContext, Select } from './context.ts';
import { emitExpression } from './expression.ts';

/** When the counter of a sample began. */
export const START = '#start';

/** No sample is before the first one. */
const NO_TIME = '-9223372036854775808';

/** Functions of a counter, which began at some time; what a gauge does, `delta`, asks for no start. */
const COUNTERS: ReadonlySet<string> = new Set(['increase', 'rate']);

/** In parts, which all threads go on with; as one part the arrays would be one thread's work. */
const IN_PARALLEL = 'SETTINGS group_by_two_level_threshold_bytes = 1000000';

/** Of each element the one before it. */
const behind = (array: string, first: string): string => `arrayPushFront(arrayPopBack(${array}), ${first})`;

/** Of no start nothing is worked out, so that it costs hardly anything. */
const RESET = `if(\`#latest\` <= 0, ${behind('`#x`', 'nan')}, arrayMap((x, s, p) -> if(p > 0 AND s > p AND NOT isNaN(x), inf, x), ${behind('`#x`', 'nan')}, \`#begins\`, ${behind('`#begins`', '-1')}))`;
/** Times of samples, at stale markers that of the sample before. */
const MET = `if(arrayExists(x -> isNaN(x), \`#x\`), arrayFill(t -> t != ${NO_TIME}, arrayMap((t, x) -> if(isNaN(x), ${NO_TIME}, t), \`#t\`, \`#x\`)), \`#t\`)`;
const BEGUN = `if(\`#latest\` <= 0, \`#begins\`, arrayMap((s, t, p) -> if(s >= p AND s <= t, s, -1), \`#begins\`, \`#t\`, ${behind(MET, NO_TIME)}))`;

/** Columns that the aggregates which are not over time read, and what orders their rows. */
const readBeside = (node: Window): readonly string[] => {
  const plain = node.aggregates.filter((a) => !OVER_TIME.has(a.function));
  const read = new Set(node.carry);
  for (const a of plain) for (const e of [...a.arguments, ...(a.where === undefined ? [] : [a.where])]) eachColumn(e, (name) => void read.add(name));
  if (plain.length > 0) for (const tie of node.ties) read.add(tie.column);
  return [...read].filter((name) => name !== 'time' && !node.keys.includes(name));
};

/**
 * Each sample as a row: keys, `time`, `#v` (its value), `#pt` and `#pv` (time and value of the one before it; NaN where that is a stale
 * marker), and what else is read. Where starts are read, `#rv` and `#s`: as `#pv`, but more than any value where a newer start says that the
 * counter began again; and its start where it began behind all samples before this one, else less than any time. Where other aggregates stand
 * beside, rows without a value follow, `#v` NaN. undefined when the functions do not share one column of floats.
 */
export const withPredecessors = (node: Window, below: Select, context: ClickHouseContext): string | undefined => {
  const counters = node.aggregates.filter((a) => OVER_TIME.has(a.function));
  const [first] = counters.flatMap((a) => a.arguments.slice(0, 1));
  const isSame = (a: Window['aggregates'][number]): boolean => {
    const [e] = a.arguments;
    return e?.op === 'column' && first?.op === 'column' && e.name === first.name && a.where === undefined;
  };
  if (first === undefined || !counters.every(isSame)) return undefined;
  const value = emitExpression(first, context);
  if (value === undefined || value.type !== 'float') return undefined;
  const beside = readBeside(node);
  const keys = node.keys.map(quote);
  const isStale = below.columns.some((c) => c.name === '#stale');
  const begins = readsStarts(node, below);
  const gathered = [
    ...keys,
    'groupArray(`time`) AS `#times`',
    `groupArray(ifNull(${value.sql}, nan)) AS \`#values\``,
    ...(begins ? ['groupArray(`#start`) AS `#starts`', 'max(`#start`) AS `#latest`'] : []),
    ...beside.map((name, i) => `groupArray(tuple(${quote(name)})) AS \`#beside.${i}\``),
  ];
  const series = `SELECT ${gathered.join(', ')} FROM (${below.sql}) WHERE isNotNull(${value.sql})${isStale ? ' OR `#stale`' : ''}${keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')} ${IN_PARALLEL}`}`;
  const inOrder = (name: string): string => `if(\`#t\` = \`#times\`, ${name}, arraySort((x, t) -> t, ${name}, \`#times\`))`;
  const places = beside.map((_, i) => `\`#b.${i}\``);
  const sorted = [
    ...keys,
    'arraySort(`#times`) AS `#t`',
    `${inOrder('`#values`')} AS \`#x\``,
    ...(begins ? ['`#latest`', `${inOrder('`#starts`')} AS \`#begins\``] : []),
    ...places.map((p, i) => `${inOrder(`\`#beside.${i}\``)} AS ${p}`),
  ];
  const isRead = !begins || counters.some((a) => !COUNTERS.has(a.function));
  const joined = [
    '`#t` AS `time`',
    '`#x` AS `#v`',
    `${behind('`#t`', NO_TIME)} AS \`#pt\``,
    ...(isRead ? [`${behind('`#x`', 'nan')} AS \`#pv\``] : []),
    ...(begins ? [`${RESET} AS \`#rv\``, `${BEGUN} AS \`#s\``] : []),
    ...places.map((p, i) => `${p} AS \`#r.${i}\``),
  ];
  const own = ['`time`', '`#v`', '`#pt`', ...(isRead ? ['`#pv`'] : []), ...(begins ? ['`#rv`', '`#s`'] : [])];
  const out = [...keys, ...own, ...beside.map((name, i) => `\`#r.${i}\`.1 AS ${quote(name)}`)];
  const rows = `SELECT ${out.join(', ')} FROM (SELECT ${sorted.join(', ')} FROM (${series})) ARRAY JOIN ${joined.join(', ')} WHERE NOT isNaN(\`#v\`)`;
  if (node.aggregates.length === counters.length) return rows;
  // The other aggregates see rows without the counter's value too.
  const nothing = [...(isRead ? ['nan AS `#pv`'] : []), ...(begins ? ['nan AS `#rv`', 'toInt64(-1) AS `#s`'] : [])];
  const without = [...keys, '`time`', 'nan AS `#v`', `toInt64(${NO_TIME}) AS \`#pt\``, ...nothing, ...beside.map(quote)];
  return `${rows} UNION ALL SELECT ${without.join(', ')} FROM (${below.sql}) WHERE isNull(${value.sql})${isStale ? ' AND NOT `#stale`' : ''}`;
};

/** Whether rows of `withPredecessors` have `#rv` and `#s`. */
export const readsStarts = (node: Window, below: Pick<Select, 'columns'>): boolean =>
  below.columns.some((c) => c.name === START) && node.aggregates.some((a) => COUNTERS.has(a.function));

/** Whether a row's predecessor is one and near enough; `begin`: where the row's window begins. */
export const knownBefore = (begin: string, lookback: bigint, begins: boolean, context: ClickHouseContext): string =>
  `NOT isNaN(${begins ? '`#rv`' : '`#pv`'}) AND \`#pt\` >= ${begin} - ${context.number('Int64', lookback)}`;

/** Whether a row without a known predecessor rises from 0, as its counter began in the window. */
export const begunSince = (begin: string): string => `NOT \`#known\` AND \`#s\` > 0 AND \`#s\` >= ${begin}`;

/** An aggregate over rows of `withPredecessors` with `#known`, as `knownBefore` says it; `begins`: and with `#begun`, as `begunSince` does. */
export const overTime = (name: string, begin: string, begins: boolean): string => {
  if (name === 'delta') {
    const has = 'NOT isNaN(`#v`)';
    // Where the newest run of samples in the window begins: nothing before it in the window, or a stale marker.
    const begun = `${has} AND (isNaN(\`#pv\`) OR \`#pt\` < ${begin})`;
    const base = 'if(`#known`, `#pv`, `#v`)';
    const goesOn = `maxIf(\`time\`, ${has}) > maxIf(\`time\`, ${begun}) OR argMaxIf(\`#known\`, \`time\`, ${has})`;
    return `if(${goesOn}, argMaxIf(\`#v\`, \`time\`, ${has}) - argMaxIf(${base}, \`time\`, ${begun}), NULL)`;
  }
  const used = begins ? '(`#known` OR `#begun`)' : '`#known`';
  const rise = begins ? 'if(`#begun` OR `#v` < `#rv`, `#v`, `#v` - `#rv`)' : 'if(`#v` < `#pv`, `#v`, `#v` - `#pv`)';
  const sum = `if(countIf(${used}) = 0, NULL, ifNotFinite(sumKahanIf(${rise}, ${used}), NULL))`;
  if (name === 'increase') return sum;
  // The first rise begins at its predecessor, or where the counter began.
  const since = begins ? 'if(`#begun`, `#s`, `#pt`)' : '`#pt`';
  const seconds = `(toFloat64(maxIf(\`time\`, ${used}) - minIf(${since}, ${used})) / 1000000000.)`;
  return `if(${seconds} > 0, ${sum} / ${seconds}, NULL)`;
};
