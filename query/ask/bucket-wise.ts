// Parts of a split plan that are bucket-wise: rows of windows of one scan, and what stands on them row by row or within a bucket. The rows of such a
// part over a range are those over its pieces, cut between buckets, side by side; so buckets whose rows stand still need not be asked for again.
import { earlierOf } from '../../core/time.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { type Bucket, bucketAt } from '../3-plan/bucket.ts';
import { type Every, inputsOf, type Order, type PlanNode, type Scan, withInputs } from '../3-plan/nodes.ts';
import type { Fragment } from '../4-emit/fragment.ts';
import type { SplitPlan } from '../4-emit/split.ts';

type Timed = Exclude<Bucket, { kind: 'all' }>;

/** Closed-open, ns. */
export interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

/** What a part is asked as: nodes that run here over what one store answers. */
export interface PartQuestion {
  readonly node: PlanNode;
  readonly leaf: Scan;
  readonly fragment: Fragment;
}

export interface BucketWise extends PartQuestion {
  readonly every: Every;
  readonly bucket: Timed;
  /** Whether the bucket that the range begins in is whole all the same, as its window reads what lies before. */
  readonly isWholeAtFrom: boolean;
  /** The column with the bucket's start. */
  readonly time: string;
  /** How long before a bucket's start its rows may lie at most, ns. */
  readonly reach: bigint;
  /** Of the answer not more than so many rows are given. */
  readonly count: number | undefined;
  /** Whose rows it reads. */
  readonly table: string;
  readonly metric: { readonly name: string; readonly hash: number } | undefined;
  /** All that its rows depend on but the range and what the stores hold. */
  readonly key: string;
}

/** What is known of a part's series and rows beside the rows themselves, as a text that is another one when that changes. */
export type State = (part: BucketWise) => string;

export interface BucketWiseParts {
  /** With a scan in the place of each part. */
  readonly plan: PlanNode;
  readonly parts: ReadonlyMap<Scan, BucketWise>;
}

/** Tables to which rows are only added, and taken away by the day. */
const TABLES: ReadonlySet<string> = new Set(['samples', 'logs', 'processes', 'jvm']);
/** Of a longer one it would take long to say which it is. */
const LONGEST_KEY = 20_000;

export const bucketWiseParts = (split: SplitPlan): BucketWiseParts => {
  const parts = new Map<Scan, BucketWise>();
  const standIn = (part: BucketWise): Scan => {
    const scan: Scan = { ...part.leaf, columns: part.node.columns };
    parts.set(scan, part);
    return scan;
  };
  const visit = (node: PlanNode): PlanNode => {
    const part = partOf(node, split.fragments);
    if (part !== undefined) return standIn(part);
    const sorted = node.node === 'scan' ? sortedThere(node, split.fragments) : undefined;
    if (sorted !== undefined) return { ...sorted.order, input: standIn(sorted.part) };
    // What is asked for by keys is asked for anew.
    if (node.node === 'join' && node.byKeys !== undefined) return { ...node, left: visit(node.left) };
    const inputs = inputsOf(node);
    return inputs.length === 0 ? node : withInputs(node, inputs.map(visit));
  };
  return { plan: visit(split.plan), parts };
};

type Fragments = SplitPlan['fragments'];

const partOf = (node: PlanNode, fragments: Fragments, count?: number): BucketWise | undefined => {
  const found = windowsOf(node, fragments);
  if (found === undefined) return undefined;
  const { every, scan, time, leaf } = found;
  const fragment = fragments.get(leaf) as Fragment;
  const key = keyOf(node, leaf, fragment, count);
  if (key.length > LONGEST_KEY) return undefined;
  const { metric } = scan.dataset;
  return {
    node,
    leaf,
    fragment,
    time,
    count,
    key,
    every,
    bucket: every.bucket as Timed,
    isWholeAtFrom: every.over !== undefined,
    reach: every.lookback + (every.over ?? 0n),
    table: scan.dataset.table,
    metric: metric && { name: metric.name, hash: metricHash(metric.name) },
  };
};

/** A store that puts its rows in order gives the first of each piece, and the first of those are put in order here. */
const sortedThere = (leaf: Scan, fragments: Fragments): { readonly order: Order; readonly part: BucketWise } | undefined => {
  const fragment = fragments.get(leaf);
  if (fragment?.plan.node !== 'order') return undefined;
  const { plan: order } = fragment;
  const part = partOf(leaf, new Map([[leaf, { ...fragment, plan: order.input }]]), order.count ?? Number.POSITIVE_INFINITY);
  return part && { order, part: { ...part, fragment } };
};

interface Windows {
  readonly every: Every;
  readonly scan: Scan;
  readonly time: string;
  readonly leaf: Scan;
}

const windowsOf = (node: PlanNode, fragments: Fragments, leaf?: Scan): Windows | undefined => {
  switch (node.node) {
    case 'scan': {
      const fragment = fragments.get(node);
      return fragment && windowsOf(fragment.plan, fragments, node);
    }
    case 'every': {
      const below = rowsOf(node.input, fragments, leaf);
      return below && isCutAlike(node, below.scan) ? { every: node, time: 'time', ...below } : undefined;
    }
    case 'filter':
      return windowsOf(node.input, fragments, leaf);
    case 'project': {
      const below = windowsOf(node.input, fragments, leaf);
      const at = node.values.findIndex((value) => value.op === 'column' && value.name === below?.time);
      return below && at >= 0 ? { ...below, time: node.columns[at]?.name as string } : undefined;
    }
    case 'aggregate': {
      const below = windowsOf(node.input, fragments, leaf);
      return below && node.keys.includes(below.time) ? below : undefined;
    }
    default:
      return undefined;
  }
};

/** The scan whose rows these are, each by itself, at their times. */
const rowsOf = (node: PlanNode, fragments: Fragments, leaf: Scan | undefined): Pick<Windows, 'scan' | 'leaf'> | undefined => {
  if (node.node === 'filter') return rowsOf(node.input, fragments, leaf);
  if (node.node === 'project') {
    const at = node.values[node.columns.findIndex(({ name }) => name === 'time')];
    return at?.op === 'column' && at.name === 'time' ? rowsOf(node.input, fragments, leaf) : undefined;
  }
  if (node.node !== 'scan') return undefined;
  if (leaf !== undefined) return { scan: node, leaf };
  const fragment = fragments.get(node);
  return fragment && rowsOf(fragment.plan, fragments, node);
};

/** How far before `from` its windows read. */
const before = ({ bucket, over, lookback }: Every, from: bigint): bigint =>
  lookback + (over === undefined ? 0n : from - earlierOf(from, bucketAt(bucket as Timed, from).end - over));

const isCutAlike = (every: Every, { dataset, range, before: read }: Scan): boolean =>
  every.bucket.kind !== 'all' &&
  every.from < every.to &&
  TABLES.has(dataset.table) &&
  (dataset.table !== 'samples' || dataset.metric !== undefined) &&
  range?.from === every.from &&
  range.to === every.to &&
  read === before(every, every.from);

/** The part over another range; undefined: it cannot be said to its store. */
export const within = async (
  { node, leaf, fragment, every }: BucketWise,
  range: Range,
  prepare: (plan: PlanNode) => Promise<void>,
): Promise<PartQuestion | undefined> => {
  const plan = cutTo(fragment.plan, range, before(every, range.from));
  await prepare(plan);
  const emission = fragment.emitter.emit(plan, fragment.mayHaveMore);
  if (emission === undefined) return undefined;
  const own: Scan = { ...leaf };
  return { node: replaced(cutTo(node, range, 0n), leaf, own), leaf: own, fragment: { ...fragment, plan, emission } };
};

const cutTo = (node: PlanNode, range: Range, read: bigint): PlanNode => {
  if (node.node === 'scan') return node.range === undefined ? node : { ...node, range, before: read };
  const cut = withInputs(
    node,
    inputsOf(node).map((input) => cutTo(input, range, read)),
  );
  return cut.node === 'every' ? { ...cut, ...range } : cut;
};

const replaced = (node: PlanNode, leaf: Scan, by: PlanNode): PlanNode =>
  node === leaf
    ? by
    : withInputs(
        node,
        inputsOf(node).map((input) => replaced(input, leaf, by)),
      );

/** Written so that two of them are the same only where their rows are. */
const keyOf = (node: PlanNode, leaf: Scan, { plan, role }: Fragment, count: number | undefined): string =>
  JSON.stringify([role, String(count), replaced(node, leaf, plan)], (_, value: unknown) => {
    if (typeof value === 'bigint') return { bigint: String(value) };
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { number: Object.is(value, -0) ? '-0' : String(value) };
    if (value instanceof Map) return { map: [...value] };
    if (typeof value !== 'object' || value === null || !('node' in value)) return value;
    const { node: kind } = value as PlanNode;
    if (kind === 'every') return { ...value, from: 0, to: 0 };
    if (kind !== 'scan') return value;
    const { dataset, ...scan } = value as Scan;
    return { ...scan, range: 0, before: 0, dataset: [dataset.name, dataset.metric] };
  });
