// `every` over samples of series, each series' samples as lists: they cost the store less than groups by time do, and what counters rise is no
// work for SQL. The windows are worked out here (window-fold.ts).
import { type Every, OVER_TIME, type PlanColumn, type PlanNode, type Scan } from '../../3-plan/nodes.ts';
import { markedHours } from '../losses.ts';
import { isFoldable, WindowFold } from '../window-fold.ts';
import type { ClickHouseContext } from './context.ts';
import type { ClickHouseRequest } from './request.ts';
import { emitScan } from './scan.ts';

type FoldedWindow = Every & { readonly input: Scan };

/** With so many samples in each, groups by time are as cheap in the store, and far fewer bytes. */
const FEW_IN_WINDOW = 32;
/** Of lists a store has all in memory. */
const MOST_SAMPLES = 10_000_000;

/** Whether lists of samples are better than groups by time; counters are never grouped by the store. */
const isBetter = (node: FoldedWindow, series: number): boolean => {
  if (node.delta || node.aggregates.some((a) => OVER_TIME.has(a.function))) return true;
  const { intervalMs } = node.input.dataset.metric as NonNullable<Scan['dataset']['metric']>;
  const { range } = node.input;
  if (intervalMs === undefined || range === undefined || node.aggregates.every((a) => a.arguments.length === 0)) return false;
  const interval = BigInt(intervalMs) * 1_000_000n;
  const each = Number((range.to - range.from) / interval);
  const width = node.over ?? (node.bucket.kind === 'fixed' ? node.bucket.nanos : node.to - node.from);
  return each * series <= MOST_SAMPLES && width <= interval * BigInt(FEW_IN_WINDOW);
};

/** A window, without labels, that is asked for as lists of samples; `series`: those that it is of. */
export const isFolded = (node: PlanNode, series: (scan: Scan) => number): node is FoldedWindow => {
  if (node.node !== 'every' || node.from >= node.to || node.carry.length > 0) return false;
  const { input, keys } = node;
  if (input.node !== 'scan' || input.dataset.metric === undefined || input.range === undefined) return false;
  return keys.length === 1 && keys[0] === '#series' && isFoldable(node) && isBetter({ ...node, input }, series(input));
};

const column = (name: string, type: PlanColumn['type'] = 'int'): PlanColumn => ({ name, type });

/** undefined: a condition of the scan cannot be said. */
export const emitFolded = (node: FoldedWindow, context: ClickHouseContext): ClickHouseRequest | undefined => {
  const { range, before, columns } = node.input;
  if (range === undefined) return undefined;
  const origin = Number((range.from - before + 999_999n) / 1_000_000n);
  const has = (name: string): boolean => columns.some((c) => c.name === name);
  const withStarts = has('#start') && markedHours(node.input, 'start', context.known.marks).length > 0;
  const read = ['#series', '#ms', '#bits', '#exponent', ...(withStarts ? ['#began'] : [])].map((name) => column(name));
  const below = emitScan({ ...node.input, columns: [...read, ...(has('#stale') ? [column('#stale', 'bool')] : [])] }, context);
  if (below === undefined) return undefined;
  const isShort = range.to - range.from + before < 2n ** 32n * 1_000_000n;
  const time = `${isShort ? 'toUInt32' : ''}(\`#ms\` - ${origin})`;
  const lists = [['#times', time], ['#values', '`#bits`'], ['#exponents', '`#exponent`'], ...(withStarts ? [['#starts', '`#began`'] as const] : [])].map(
    ([name, of]) => `groupArray(${of}) AS \`${name}\``,
  );
  const { plain } = below;
  const from = plain === undefined ? `(${below.sql})` : plain.from;
  const where = plain === undefined || plain.where.length === 0 ? '' : ` WHERE ${plain.where.join(' AND ')}`;
  const text = `${plain === undefined ? '' : `WITH ${plain.columns} `}SELECT \`#series\`, ${lists.join(', ')} FROM ${from}${where} GROUP BY \`#series\``;
  const fold = new WindowFold(node, origin, has('#stale'));
  return { text, parameters: context.parameters, isLarge: true, finish: (batches) => fold.fold(batches) };
};
