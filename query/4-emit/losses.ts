// What a store makes missing because it cannot be represented, it does not count. Where that may have happened the asker is told so, and
// is told how much by asking once more with `countMissing`: then all that can fail is worked out in this process.
import { EXTREME, type SampleMark } from '../../schemas/sample-value.ts';
import { metricHash } from '../../schemas/series-id.ts';
import { eachColumn, type PlanExpression } from '../3-plan/expression.ts';
import type { FailingTable } from '../3-plan/failing.ts';
import { type AggregateCall, inputsOf, type PlanNode, type Scan, scansOf } from '../3-plan/nodes.ts';

export interface Failures {
  readonly scalars: FailingTable;
  readonly aggregates: FailingTable;
}

/** Hours (start, nanoseconds) that touch the range and in which samples of a metric (by its hash; undefined: of any) are marked so. */
export type MarkedHours = (mark: SampleMark, metric: number | undefined, from: bigint, to: bigint) => readonly bigint[];

/** Marked hours of the scan's metric. */
export const markedHours = ({ dataset, range, before }: Scan, mark: SampleMark, hours: MarkedHours): readonly bigint[] =>
  range === undefined ? [] : hours(mark, dataset.metric && metricHash(dataset.metric.name), range.from - before, range.to);

export interface Losses {
  /** Columns of the answer in which a missing value may be one; true: and is one often enough to be told of where nobody sees it. */
  readonly columns: ReadonlyMap<string, boolean>;
  /** There may be some that no column of the answer shows: in a filter, in what was aggregated. */
  readonly isHidden: boolean;
}

/** Of an expression: its value may be missing so (true: often enough); something in it may be whose value it hides. */
interface Loss {
  readonly seen: boolean | undefined;
  readonly isHidden: boolean;
}
const NONE: Loss = { seen: undefined, isHidden: false };
const hidden = ({ seen, isHidden }: Loss): Loss => ({ seen: undefined, isHidden: seen === true || isHidden });
const anyOf = (losses: readonly Loss[]): Loss => ({
  seen: losses.some((l) => l.seen === true) || (losses.some((l) => l.seen === false) ? false : undefined),
  isHidden: losses.some((l) => l.isHidden),
});

export const readsColumn = (e: PlanExpression | undefined, name: string): boolean => {
  let reads = false;
  if (e !== undefined)
    eachColumn(e, (column) => {
      reads ||= column === name;
    });
  return reads;
};

/** Of whole numbers any that a float may not hold: few of those beside it are small enough for 64 bits. */
const isLarge = (e: PlanExpression): boolean =>
  e.op === 'literal' && (typeof e.value === 'number' ? Math.abs(e.value) > EXTREME : e.type === 'int' && !Number.isSafeInteger(Number(e.value ?? 0)));

/**
 * Whether the call may, in practice: numbers too large for their type are expected only where the store has such, or the text says one.
 * A division by a number that the text says is one of them.
 */
const mayFail = (e: PlanExpression & { readonly op: 'call' }, failing: FailingTable, large: boolean): boolean => {
  const [, divisor] = e.arguments;
  const isByNumber = (e.function === 'divide' || e.function === 'remainder') && divisor?.op === 'literal' && Number(divisor.value) !== 0;
  const kind = failing[e.function];
  return (kind === 'for-some' && !isByNumber) || (kind !== 'never' && (large || e.arguments.some(isLarge)));
};

class LossFinder {
  readonly #failures: Failures;
  readonly #large: boolean;

  constructor(failures: Failures, large: boolean) {
    this.#failures = failures;
    this.#large = large;
  }

  of(node: PlanNode, isAsArrived: boolean, hours: MarkedHours): Losses {
    const below = inputsOf(node).map((input) => this.of(input, isAsArrived, hours));
    const columns = new Map(below.flatMap((losses) => [...losses.columns]));
    const isHidden = below.some((losses) => losses.isHidden);
    const hides = (...expressions: readonly (PlanExpression | undefined)[]): boolean =>
      isHidden || anyOf(expressions.map((e) => (e === undefined ? NONE : hidden(this.#in(e, columns))))).isHidden;
    switch (node.node) {
      case 'scan': {
        if (!isAsArrived && node.dataset.table === 'samples' && markedHours(node, 'not-finite', hours).length > 0) columns.set('value', true);
        return { columns, isHidden: hides(node.filter) };
      }
      case 'filter':
        return { columns, isHidden: hides(node.predicate) };
      case 'project': {
        const losses = node.values.map((e) => this.#in(e, columns));
        const shown = node.columns.flatMap((c, i) => (losses[i]?.seen === undefined ? [] : [[c.name, losses[i].seen] as const]));
        return { columns: new Map(shown), isHidden: isHidden || anyOf(losses).isHidden };
      }
      case 'every':
      case 'aggregate': {
        const kept = new Map([...columns].filter(([name]) => node.keys.includes(name) || (node.node === 'every' && node.carry.includes(name))));
        const failing = node.aggregates.filter((call) => this.#aggregateMayFail(call));
        for (const call of failing) kept.set(call.name, this.#large);
        // A bucket whose aggregates are all missing has no row that shows it.
        const leavesOut =
          node.node === 'every' && !node.whole && this.#large && node.aggregates.every((call) => failing.includes(call) || call.where !== undefined);
        return { columns: kept, isHidden: leavesOut || hides(...node.aggregates.flatMap((call) => [...call.arguments, call.where])) };
      }
      default:
        return { columns, isHidden };
    }
  }

  /** Of nothing a sum is 0: one that is missing is too large, whatever it is of. */
  #aggregateMayFail(call: AggregateCall): boolean {
    return call.function === 'sum' || (this.#large && this.#failures.aggregates[call.function] !== 'never');
  }

  #in(e: PlanExpression, columns: ReadonlyMap<string, boolean>): Loss {
    switch (e.op) {
      case 'literal':
        return NONE;
      case 'column':
        return { seen: columns.get(e.name), isHidden: false };
      case 'case': {
        const conditions = e.branches.map((b) => hidden(this.#in(b.when, columns)));
        return anyOf([...conditions, ...e.branches.map((b) => this.#in(b.then, columns)), this.#in(e.otherwise, columns)]);
      }
      case 'call': {
        const own = mayFail(e, this.#failures.scalars, this.#large) ? { seen: true, isHidden: false } : NONE;
        const parts = e.arguments.map((a) => this.#in(a, columns));
        if (e.type === 'bool') return hidden(anyOf(parts));
        return e.function === 'coalesce' ? anyOf(parts.map((part, i) => (i + 1 < parts.length ? hidden(part) : part))) : anyOf([...parts, own]);
      }
    }
  }
}

/** Of what a store is asked; `isAsArrived`: values that came as no numbers come as such, and are counted here. */
export const lossesOf = (node: PlanNode, failures: Failures, hours: MarkedHours, isAsArrived: boolean): Losses => {
  const large = scansOf(node).some((scan) => scan.dataset.table === 'samples' && markedHours(scan, 'extreme', hours).length > 0);
  return new LossFinder(failures, large).of(node, isAsArrived, hours);
};
