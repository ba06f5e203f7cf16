// increase, rate and delta in ClickHouse. Each series' samples are gathered as arrays, put in order of time, and come back as rows beside the
// sample before them: half the work of a window function, in less memory. What exactly each is, says query/functions/run/series.ts.
import { eachColumn } from '../../3-plan/expression.ts';
import { OVER_TIME, type Window } from '../../3-plan/nodes.ts';
import { quoteClickHouse as quote } from '../quote.ts';
import type { ClickHouseContext, Select } from './context.ts';
import { emitExpression } from './expression.ts';

/** No sample is before the first one. */
const NO_TIME = '-9223372036854775808';

/** In parts, which all threads go on with; as one part the arrays would be one thread's work. */
const IN_PARALLEL = 'SETTINGS group_by_two_level_threshold_bytes = 1000000';

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
 * marker), and what else is read. Where other aggregates stand beside, rows without a value follow, `#v` NaN. undefined when the
 * functions do not share one column of floats.
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
  const gathered = [
    ...keys,
    'groupArray(`time`) AS `#times`',
    `groupArray(ifNull(${value.sql}, nan)) AS \`#values\``,
    ...beside.map((name, i) => `groupArray(tuple(${quote(name)})) AS \`#beside.${i}\``),
  ];
  const series = `SELECT ${gathered.join(', ')} FROM (${below.sql}) WHERE isNotNull(${value.sql})${isStale ? ' OR `#stale`' : ''}${keys.length === 0 ? '' : ` GROUP BY ${keys.join(', ')} ${IN_PARALLEL}`}`;
  const inOrder = (name: string): string => `if(\`#t\` = \`#times\`, ${name}, arraySort((x, t) -> t, ${name}, \`#times\`))`;
  const places = beside.map((_, i) => `\`#b.${i}\``);
  const sorted = [
    ...keys,
    'arraySort(`#times`) AS `#t`',
    `${inOrder('`#values`')} AS \`#x\``,
    ...places.map((p, i) => `${inOrder(`\`#beside.${i}\``)} AS ${p}`),
  ];
  const joined = [
    '`#t` AS `time`',
    '`#x` AS `#v`',
    `arrayPushFront(arrayPopBack(\`#t\`), ${NO_TIME}) AS \`#pt\``,
    'arrayPushFront(arrayPopBack(`#x`), nan) AS `#pv`',
    ...places.map((p, i) => `${p} AS \`#r.${i}\``),
  ];
  const out = [...keys, '`time`', '`#v`', '`#pt`', '`#pv`', ...beside.map((name, i) => `\`#r.${i}\`.1 AS ${quote(name)}`)];
  const rows = `SELECT ${out.join(', ')} FROM (SELECT ${sorted.join(', ')} FROM (${series})) ARRAY JOIN ${joined.join(', ')} WHERE NOT isNaN(\`#v\`)`;
  if (node.aggregates.length === counters.length) return rows;
  // The other aggregates see rows without the counter's value too.
  const without = [...keys, '`time`', 'nan AS `#v`', `toInt64(${NO_TIME}) AS \`#pt\``, 'nan AS `#pv`', ...beside.map(quote)];
  return `${rows} UNION ALL SELECT ${without.join(', ')} FROM (${below.sql}) WHERE isNull(${value.sql})${isStale ? ' AND NOT `#stale`' : ''}`;
};

/** Whether a row's predecessor is one and near enough; `begin`: where the row's window begins. */
export const knownBefore = (begin: string, lookback: bigint, context: ClickHouseContext): string =>
  `NOT isNaN(\`#pv\`) AND \`#pt\` >= ${begin} - ${context.raw('Int64', lookback)}`;

/** An aggregate over rows of `withPredecessors` with `#known`, as `knownBefore` says it. */
export const overTime = (name: string, begin: string): string => {
  if (name === 'delta') {
    const has = 'NOT isNaN(`#v`)';
    // Where the newest run of samples in the window begins: nothing before it in the window, or a stale marker.
    const begins = `${has} AND (isNaN(\`#pv\`) OR \`#pt\` < ${begin})`;
    const base = 'if(`#known`, `#pv`, `#v`)';
    const goesOn = `maxIf(\`time\`, ${has}) > maxIf(\`time\`, ${begins}) OR argMaxIf(\`#known\`, \`time\`, ${has})`;
    return `if(${goesOn}, argMaxIf(\`#v\`, \`time\`, ${has}) - argMaxIf(${base}, \`time\`, ${begins}), NULL)`;
  }
  const sum = 'if(countIf(`#known`) = 0, NULL, ifNotFinite(sumKahanIf(if(`#v` < `#pv`, `#v`, `#v` - `#pv`), `#known`), NULL))';
  if (name === 'increase') return sum;
  // The first sample used is the predecessor of the first rise.
  const seconds = '(toFloat64(maxIf(`time`, `#known`) - minIf(`#pt`, `#known`)) / 1000000000.)';
  return `if(${seconds} > 0, ${sum} / ${seconds}, NULL)`;
};
