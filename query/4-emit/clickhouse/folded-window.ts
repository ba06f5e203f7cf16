// `every` over samples of series, each series' samples as lists: they cost the store less than groups by time do, and what counters rise is no
// work for SQL. Of hours that were put together the parts are read. The windows are worked out here (query/4-emit/fold).
import { FIVE_MINUTES, HOUR } from '../../../schemas/rollups.ts';
import { metricHash } from '../../../schemas/series-id.ts';
import { type Every, OVER_TIME, type PlanColumn, type PlanNode, type Scan } from '../../3-plan/nodes.ts';
import { type LevelStretch, type Levels, levelsOf } from '../fold/levels.ts';
import { WindowFold } from '../fold/window-fold.ts';
import { isFoldable } from '../fold/windows.ts';
import { markedHours } from '../losses.ts';
import type { ClickHouseContext, Select } from './context.ts';
import type { ClickHouseRequest } from './request.ts';
import { emitScan, type OnlySamples } from './scan.ts';
import { selectSeries } from './series.ts';

type FoldedWindow = Every & { readonly input: Scan };

/** With so many samples in each, groups by time are as cheap in the store, and far fewer bytes. */
const FEW_IN_WINDOW = 32;
/** Of more samples groups are better whatever the windows: they need not come here. */
const MOST_SAMPLES = 10_000_000;
/** Between samples. */
const OFTEN_MS = 10_000;

const isOverTime = (node: Every): boolean => node.delta || node.aggregates.some((a) => OVER_TIME.has(a.function));

const lengthOf = (stretches: readonly LevelStretch[]): number => stretches.reduce((sum, { from, to }) => sum + to - from, 0);

const levelsKnown = (node: FoldedWindow, context: ClickHouseContext): Levels | undefined => {
  const { metric } = node.input.dataset;
  if (metric === undefined || selectSeries(node.input, context).rest !== undefined) return undefined;
  return levelsOf(node, context.known.rolled(metricHash(metric.name)));
};

const isMostlyRolled = (node: FoldedWindow, context: ClickHouseContext): boolean => {
  const levels = levelsKnown(node, context);
  return levels !== undefined && lengthOf(levels.fine) + lengthOf(levels.whole) > lengthOf(levels.samples);
};

/** Whether lists of samples are better than groups by time; counters are never grouped by the store. */
const isBetter = (node: FoldedWindow, context: ClickHouseContext): boolean => {
  if (isOverTime(node) || isMostlyRolled(node, context)) return true;
  const { dataset, range } = node.input;
  const intervalMs = dataset.metric?.intervalMs;
  if (intervalMs === undefined || range === undefined || node.aggregates.every((a) => a.arguments.length === 0)) return false;
  const interval = BigInt(intervalMs) * 1_000_000n;
  const each = Number((range.to - range.from) / interval);
  const width = node.over ?? (node.bucket.kind === 'fixed' ? node.bucket.nanos : node.to - node.from);
  return each * selectSeries(node.input, context).series <= MOST_SAMPLES && width <= interval * BigInt(FEW_IN_WINDOW);
};

/** A window, without labels, that can be asked for as lists of samples and parts. */
const isFoldedForm = (node: PlanNode): node is FoldedWindow =>
  node.node === 'every' &&
  node.from < node.to &&
  node.carry.length === 0 &&
  node.keys.length === 1 &&
  node.keys[0] === '#series' &&
  node.input.node === 'scan' &&
  node.input.dataset.metric !== undefined &&
  node.input.range !== undefined &&
  isFoldable(node);

export const isFolded = (node: PlanNode, context: ClickHouseContext): node is FoldedWindow => isFoldedForm(node) && isBetter(node, context);

/** A window that is asked for as itself, whatever stands on it: its hours were put together. */
export const isRolled = (node: PlanNode, context: ClickHouseContext): boolean => isFoldedForm(node) && isMostlyRolled(node, context);

const column = (name: string, type: PlanColumn['type'] = 'int'): PlanColumn => ({ name, type });

/** undefined: a condition of the scan cannot be said. */
export const emitFolded = (node: FoldedWindow, context: ClickHouseContext): ClickHouseRequest | undefined => {
  const { range, before, columns } = node.input;
  if (range === undefined) return undefined;
  const origin = Number((range.from - before + 999_999n) / 1_000_000n);
  const levels = levelsKnown(node, context);
  const has = (name: string): boolean => columns.some((c) => c.name === name);
  const withStarts = has('#start') && markedHours(node.input, 'start', context.known.marks).length > 0;
  const slices = sliced(rowsExpected(node, levels, context), context);
  const lists = emitLists(node, origin, withStarts, { ...(levels === undefined ? {} : { within: levels.samples }), where: slices?.where ?? [] }, context);
  if (lists === undefined) return undefined;
  const parts = (['fine', 'whole'] as const).flatMap((level) => {
    const stretches = levels?.[level] ?? [];
    const table = level === 'fine' ? 'rollups_5m' : 'rollups_1h';
    return stretches.length === 0 ? [] : [emitParts(node, table, stretches, withStarts, slices?.where ?? [], context)];
  });
  return {
    text: lists,
    beside: parts,
    parameters: context.parameters,
    ...(slices === undefined ? {} : { slices: slices.bound }),
    isLarge: true,
    ...(levels === undefined ? {} : { rowsFrom: BigInt(levels.samples[0]?.from ?? levels.end) * 1_000_000n }),
    finish: (batches, beside) => new WindowFold(node, origin, has('#stale')).fold(batches, beside),
  };
};

/** Samples and parts; where nobody said how often samples come, as if it were often. */
const rowsExpected = ({ input }: FoldedWindow, levels: Levels | undefined, context: ClickHouseContext): number => {
  const { series } = selectSeries(input, context);
  const range = input.range === undefined ? 0 : Number((input.range.to - input.range.from + input.before) / 1_000_000n);
  const samples = (levels === undefined ? range : lengthOf(levels.samples)) / (input.dataset.metric?.intervalMs ?? OFTEN_MS);
  return series * (samples + lengthOf(levels?.fine ?? []) / FIVE_MINUTES.stepMs + lengthOf(levels?.whole ?? []) / HOUR.stepMs);
};

/** By ids, which lie evenly, so that neither the store nor this process holds much at once. */
const sliced = (
  rows: number,
  context: ClickHouseContext,
): { readonly where: readonly string[]; readonly bound: NonNullable<ClickHouseRequest['slices']> } | undefined => {
  const count = BigInt(Math.ceil(rows / context.known.mostAtOnce));
  if (count <= 1n) return undefined;
  const [first, last] = [context.raw('UInt64', 0n), context.raw('UInt64', (1n << 64n) - 1n)];
  const nameOf = (bound: string): string => bound.slice(1, bound.indexOf(':'));
  const bound = Array.from({ length: Number(count) }, (_, i) => {
    const begin = (BigInt(i) << 64n) / count;
    return new Map([
      [nameOf(first), begin],
      [nameOf(last), (BigInt(i + 1) << 64n) / count - 1n],
    ]);
  });
  return { where: [`s.id >= ${first}`, `s.id <= ${last}`], bound };
};

/** A row a series. */
const emitLists = (node: FoldedWindow, origin: number, withStarts: boolean, only: OnlySamples, context: ClickHouseContext): string | undefined => {
  const { input } = node;
  const read = ['#series', '#ms', '#bits', '#exponent', ...(withStarts ? ['#began'] : [])].map((name) => column(name));
  const stale = input.columns.some((c) => c.name === '#stale') ? [column('#stale', 'bool')] : [];
  const below = emitScan({ ...input, columns: [...read, ...stale] }, context, only);
  if (below === undefined || input.range === undefined) return undefined;
  const isShort = input.range.to - input.range.from + input.before < 2n ** 32n * 1_000_000n;
  const lists = [
    ['#times', `${isShort ? 'toUInt32' : ''}(\`#ms\` - ${origin})`],
    ['#values', '`#bits`'],
    ['#exponents', '`#exponent`'],
    ...(withStarts ? [['#starts', '`#began`'] as const] : []),
  ].map(([name, of]) => `groupArray(${of}) AS \`${name}\``);
  const [begin, from] = fromOf(below);
  return `${begin}SELECT \`#series\`, ${lists.join(', ')} FROM ${from} GROUP BY \`#series\``;
};

const fromOf = ({ sql, plain }: Select): readonly [string, string] =>
  plain === undefined ? ['', `(${sql})`] : [`WITH ${plain.columns} `, `${plain.from}${plain.where.length === 0 ? '' : ` WHERE ${plain.where.join(' AND ')}`}`];

/** Columns of parts beside those that are always read, by what asks for them. */
const READ_BY: Readonly<Record<string, readonly string[]>> = {
  sum: ['first', 'span', 'bulge'],
  avg: ['first', 'span', 'bulge'],
  min: ['first', 'span', 'below'],
  max: ['first', 'span', 'above'],
  first: ['first'],
  any: ['first'],
  last: ['first', 'span'],
};
const OF_RISES = ['stale', 'opens', 'ends', 'first', 'span', 'beyond', 'resets', 'runs'];

/** A row a part. */
const emitParts = (
  node: FoldedWindow,
  table: 'rollups_5m' | 'rollups_1h',
  stretches: readonly LevelStretch[],
  withStarts: boolean,
  more: readonly string[],
  context: ClickHouseContext,
): string => {
  const names = new Set(['count', 'missing', 'exponent', 'floats', 'begins', 'lasts', 'version']);
  for (const { function: name } of node.aggregates) for (const read of READ_BY[name] ?? []) names.add(read);
  if (isOverTime(node))
    for (const name of [...OF_RISES, ...(node.delta ? ['bulge'] : []), ...(withStarts ? ['first_start', 'last_start'] : [])]) names.add(name);
  const columns = Array.from(names, (name) => (name === 'opens' || name === 'ends' ? `toUInt8(s.${name}) AS ${name}` : `s.${name}`));
  const times = stretches.map(({ from, to }) => `s.time >= fromUnixTimestamp(${from / 1000}) AND s.time < fromUnixTimestamp(${to / 1000})`);
  const { conditions, key } = selectSeries(node.input, context);
  const where = [...conditions, ...more, times.length === 1 ? (times[0] as string) : `(${times.join(' OR ')})`];
  return `SELECT ${key} AS \`#series\`, toUInt32(s.time) AS time, ${columns.join(', ')} FROM ${table} AS s WHERE ${where.join(' AND ')}`;
};
