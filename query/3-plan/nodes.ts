// The narrow waist of IQL: every query is a tree of these few nodes, every store and the runner know only these.
// Adding a node is a decision; a new pipe must be a tree of those that are here, or a `Table`.
//
// Columns go by name. Names that begin with `#` are the platform's own (no user can write one): `#series` tells series
// apart, `#insert`, `#message`, `#row` … give receive order. Times are concrete: a plan is made for one request.
import type { Batch, Value } from '../../core/batch/batch.ts';
import type { Dataset } from '../../schemas/types.ts';
import type { AggregateFunction } from '../2-semantic/function-names.ts';
import type { Bucket } from './bucket.ts';
import type { PlanExpression } from './expression.ts';
import type { PlanType } from './physical.ts';

export interface PlanColumn {
  readonly name: string;
  readonly type: PlanType;
}

/** Missing stands last in either direction; text by code point; `levels`: text ordered as this list. */
export interface OrderKey {
  readonly column: string;
  readonly descending: boolean;
  readonly levels?: readonly string[];
}

interface NodeBase {
  /** Exactly what the node puts out, in this order. */
  readonly columns: readonly PlanColumn[];
}

/**
 * Rows of a dataset with from ≤ time < to (nanoseconds; undefined: the dataset has no time or all of it is meant).
 * Of two samples of one series and time only the later received one. Rows from `from - before` on are read too: look-back for
 * an `Every` above. `filter` holds for every row.
 */
export interface Scan extends NodeBase {
  readonly node: 'scan';
  readonly dataset: Dataset;
  readonly range: { readonly from: bigint; readonly to: bigint } | undefined;
  readonly before: bigint;
  /** The inventory as it was at that moment; left out: as it is now. */
  readonly at?: bigint;
  readonly filter: PlanExpression | undefined;
}
/** Rows that stand in the text, in their order. `range` and `before` are as a `Scan`'s; the pass `cut-inline` has applied them to `batch`. */
export interface Inline extends NodeBase {
  readonly node: 'inline';
  readonly batch: Batch;
  readonly range?: { readonly from: bigint; readonly to: bigint };
  readonly before?: bigint;
}
/** Rows for which the predicate is true. */
export interface Filter extends NodeBase {
  readonly node: 'filter';
  readonly input: PlanNode;
  readonly predicate: PlanExpression;
}
/** One value a column, all computed from the input's row at once. */
export interface Project extends NodeBase {
  readonly node: 'project';
  readonly input: PlanNode;
  readonly values: readonly PlanExpression[];
}
/** Aggregates of an `Every` that read a series' samples with their neighbours. */
export const OVER_TIME: ReadonlySet<AggregateFunction> = new Set(['rate', 'increase', 'delta']);

export interface AggregateCall {
  /** Name of the column it makes. */
  readonly name: string;
  readonly type: PlanType;
  readonly function: AggregateFunction;
  readonly arguments: readonly PlanExpression[];
  /** Only rows for which it is true are aggregated. */
  readonly where: PlanExpression | undefined;
}
/**
 * `every`: for each key and each bucket [t, t+d) that meets [from, to): the aggregates over the rows with time in the window
 * [t+d-over, t+d), and before `to`. When `over` is undefined the window is the bucket and a bucket cut by `from` counts only
 * rows from `from` on. `time` of the output is the bucket's start; `all` has no time column.
 * - `carry`: columns that go with the key (labels): their values in the window's newest row; the output has them after the keys.
 * - `lookback`: how long before a window its preceding sample may lie (increase, rate, delta); nanoseconds.
 * - A bucket whose aggregates are all missing has a row only where `whole` says so.
 * Output: keys, carry, time (unless `all`), aggregates.
 */
export interface Every extends NodeBase {
  readonly node: 'every';
  readonly input: PlanNode;
  readonly keys: readonly string[];
  readonly carry: readonly string[];
  readonly bucket: Bucket;
  readonly over: bigint | undefined;
  readonly from: bigint;
  readonly to: bigint;
  readonly lookback: bigint;
  readonly whole: boolean;
  readonly aggregates: readonly AggregateCall[];
  /** delta temporality: `increase` sums the values, `rate` divides by the time covered. */
  readonly delta: boolean;
  /** Columns that order rows of one time (receive order); `first`, `last` use them after time. */
  readonly ties: readonly OrderKey[];
}
/**
 * Across rows. Missing is a key like any other. Without keys there is always one row. Output: keys, aggregates.
 * `order`: the input's order, for `first`, `last`, `any`: by `time` when it has one (named `time`), else by this.
 */
export interface Aggregate extends NodeBase {
  readonly node: 'aggregate';
  readonly input: PlanNode;
  readonly keys: readonly string[];
  readonly aggregates: readonly AggregateCall[];
  readonly time: string | undefined;
  readonly order: readonly OrderKey[];
}
/**
 * Total order: the keys always end in columns that tell rows apart; without keys the input is one row. `count`: only the first rows, of all
 * or for each combination of `per`, in which missing is a value like any other.
 */
export interface Order extends NodeBase {
  readonly node: 'order';
  readonly input: PlanNode;
  readonly keys: readonly OrderKey[];
  readonly count: number | undefined;
  readonly per: readonly string[];
}
/** Of a node's rows those with another value in this column, or none, are not needed. */
export interface Keys {
  readonly column: PlanColumn;
  readonly values: readonly Value[];
}
export type JoinKind = 'inner' | 'left' | 'full' | 'semi' | 'anti' | 'asof' | 'lookup';
/**
 * Missing keys match nothing. Output: the left's columns, then the right's `take` under the given names.
 * `full`: a key column has the left's value, else the right's. `lookup`: left join whose right side has one row a key (more fail with
 * `iql.lookup-not-unique`); a column in `fill` keeps the left's value where present, else takes the right's.
 * `missingMatches`, of semi joins: a missing key is a value like any other.
 * `within`: |left.time − right.time| ≤ within. `asof`: the newest right row with time ≤ left's, at most `within` older (undefined: any).
 */
export interface Join extends NodeBase {
  readonly node: 'join';
  readonly kind: JoinKind;
  readonly left: PlanNode;
  readonly right: PlanNode;
  readonly on: readonly { readonly left: string; readonly right: string }[];
  readonly missingMatches?: true;
  readonly within: bigint | undefined;
  /** By which of `on` (the pass `ask-by-keys`): a short left is read first, and only the right's rows with its keys are asked for. */
  readonly byKeys?: readonly { readonly left: string; readonly right: string }[];
  readonly take: readonly { readonly column: string; readonly as: string; readonly fill: boolean }[];
}
/** All rows of all inputs; columns by name, one that an input lacks is missing there. */
export interface Union extends NodeBase {
  readonly node: 'union';
  readonly inputs: readonly PlanNode[];
}
/**
 * Gaps of bucketed data: for each combination of `keys`, rows for the buckets it lacks. `missing`: over all buckets of
 * [from, to), with missing values; `zeros`: the same, but in `values` stands what an aggregate gives of nothing (0, an empty list); without keys
 * there is always one group. `previous` and `linear`: between the key's first and last row, missing values of `values` too.
 */
export interface Fill extends NodeBase {
  readonly node: 'fill';
  readonly input: PlanNode;
  readonly keys: readonly string[];
  /** Columns that depend on the keys; copied into the new rows. */
  readonly carry: readonly string[];
  readonly bucket: Bucket;
  readonly from: bigint;
  readonly to: bigint;
  readonly values: readonly string[];
  readonly method: 'missing' | 'zeros' | 'previous' | 'linear';
}
/**
 * - `unnest`: a row for each item of `list`, which stands under the list's name, its number from 0 under `place`; of an empty list, or none,
 *   one row in which both are missing.
 * - `explain`: how the input is made; a question has the answer in its place before it runs.
 */
export type TableFunction =
  | { readonly name: 'unnest'; readonly list: string; readonly place: string }
  | { readonly name: 'explain'; readonly analyze: boolean };
/** A function from table to table that runs only here. Of the input it reads the columns `reads`, and gives on others that its own have the names of. */
export interface Table extends NodeBase {
  readonly node: 'table';
  readonly input: PlanNode;
  readonly function: TableFunction;
  readonly reads: readonly string[];
}

export type PlanNode = Scan | Inline | Filter | Project | Every | Aggregate | Order | Join | Union | Fill | Table;

export const inputsOf = (node: PlanNode): readonly PlanNode[] => {
  switch (node.node) {
    case 'scan':
    case 'inline':
      return [];
    case 'join':
      return [node.left, node.right];
    case 'union':
      return node.inputs;
    default:
      return [node.input];
  }
};

export const scansOf = (node: PlanNode): readonly Scan[] => (node.node === 'scan' ? [node] : inputsOf(node).flatMap(scansOf));

/** The node with its inputs replaced, in the order of `inputsOf`. */
export const withInputs = (node: PlanNode, inputs: readonly PlanNode[]): PlanNode => {
  switch (node.node) {
    case 'scan':
    case 'inline':
      return node;
    case 'join':
      return { ...node, left: inputs[0] as PlanNode, right: inputs[1] as PlanNode };
    case 'union':
      return { ...node, inputs };
    default:
      return { ...node, input: inputs[0] as PlanNode };
  }
};
