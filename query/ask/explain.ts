// What `explain` answers: the plan that runs here, a node a row, then what each store is asked, a line a row; after `explain analyze` also what
// came of it.
import type { Batch, Value } from '../../core/batch/batch.ts';
import { batchOf, columnFrom } from '../../core/batch/build.ts';
import { inputsOf, type PlanNode, type Table, withInputs } from '../3-plan/nodes.ts';
import { physicalType } from '../3-plan/physical.ts';
import { printPlan } from '../3-plan/print-plan.ts';
import { explained } from '../4-emit/fragment.ts';
import { printRequest } from '../4-emit/print-sql.ts';
import type { SplitPlan } from '../4-emit/split.ts';
import type { PlanAnswer } from './ask.ts';

export interface Explained {
  readonly parts: SplitPlan;
  /** When it was run. */
  readonly asked: PlanAnswer | undefined;
  /** Every row may be seen; else nothing is told of what a store has or reads beyond its answer. */
  readonly isWhole: boolean;
}

/** The plan with what `explain` tells in its place. `work`: splits the plan of the rows, and runs it where that is wanted. */
export const withExplanations = async (node: PlanNode, work: (rows: PlanNode, analyze: boolean) => Promise<Explained>): Promise<PlanNode> => {
  if (node.node === 'table' && node.function.name === 'explain')
    return { node: 'inline', columns: node.columns, batch: explanation(node, await work(node.input, node.function.analyze)) };
  const inputs = inputsOf(node);
  const mapped = await Promise.all(inputs.map((input) => withExplanations(input, work)));
  return mapped.every((m, i) => m === inputs[i]) ? node : withInputs(node, mapped);
};

type Row = Readonly<Record<string, Value>>;

const explanation = ({ columns }: Table, { parts, asked, isWhole }: Explained): Batch => {
  const fragments = [...parts.fragments.values()];
  const leaves = new Map([...parts.fragments.keys()].map((scan, i) => [scan, i + 1]));
  const nameOf = (number: number): string => (fragments.length === 1 ? '' : ` (${number})`);
  const here = printPlan(parts.plan, (scan) => {
    const number = leaves.get(scan);
    return number === undefined ? undefined : `ask ${scan.dataset.role}${nameOf(number)}`;
  });
  const rows: Row[] = here.map((what) => ({ at: 'here', what }));
  for (const [i, fragment] of fragments.entries()) {
    const answers = (asked?.answers ?? []).filter((a) => a.fragment === fragment);
    const sum = (of: (answer: (typeof answers)[number]) => number): bigint => BigInt(Math.round(answers.reduce((n, a) => n + of(a), 0)));
    const found: Row =
      answers.length === 0
        ? {}
        : {
            ...(isWhole ? { rows: sum((a) => a.rows), rows_read: sum((a) => a.rowsRead), bytes_read: sum((a) => a.bytesRead) } : {}),
            took: sum((a) => a.elapsedMs * 1e6),
          };
    const { series, rows: expects } = fragment.emission.estimate?.() ?? {};
    const known: Row = { ...(series === undefined ? {} : { series: BigInt(series) }), ...(expects === undefined ? {} : { rows_expected: BigInt(expects) }) };
    for (const [line, what] of printRequest(explained(fragment), '--').entries())
      rows.push({ at: `${fragment.role}${nameOf(i + 1)}`, what, ...(line === 0 ? { ...known, ...found } : {}) });
    for (const cached of asked?.cached ?? [])
      if (cached.fragment === fragment)
        rows.push({ at: 'memory', what: `${cached.buckets} buckets that stand still`, ...(isWhole ? { rows: BigInt(cached.rows) } : {}) });
  }
  const total = (of: (answer: PlanAnswer['answers'][number]) => number): bigint => BigInt(Math.round(asked?.answers.reduce((n, a) => n + of(a), 0) ?? 0));
  const first = asked && {
    rows: BigInt(asked.batches.reduce((n, b) => n + b.length, 0)),
    took: BigInt(Math.round(asked.elapsedMs * 1e6)),
    ...(isWhole ? { rows_read: total((a) => a.rowsRead), bytes_read: total((a) => a.bytesRead) } : {}),
  };
  const numbered = rows.map((row, i): Row => ({ step: BigInt(i + 1), ...(i === 0 ? first : undefined), ...row }));
  return batchOf(
    columns.map((c) => [
      c.name,
      columnFrom(
        physicalType(c.type),
        numbered.map((row) => row[c.name] ?? null),
      ),
    ]),
  );
};
