// The answer to the processes of a host as rows, ordered by a column, flat or as the tree of parents. Asks nothing.
import type { Column, Result } from '../data/types.ts';
import { orderOf } from '../table/order.ts';

export interface TreeRow {
  /** Row of the answer. */
  readonly at: number;
  readonly depth: number;
}

const columnOf = ({ columns }: Pick<Result, 'columns'>, name: string): Column | undefined => columns.find((column) => column.name === name);

export const flatRows = (result: Pick<Result, 'columns'>, sort: string): readonly TreeRow[] => {
  const rows = result.columns[0]?.values.length ?? 0;
  return Array.from(orderOf(rows, columnOf(result, sort.replace(/^-/, '')), sort.startsWith('-')), (at) => ({ at, depth: 0 }));
};

/** Children behind their parent, those of one parent in the order of the column. A process whose parent is not among them, or is itself, is a root. */
export const treeRows = (result: Pick<Result, 'columns'>, sort: string): readonly TreeRow[] => {
  const flat = flatRows(result, sort);
  const pids = columnOf(result, 'pid')?.values ?? [];
  const parents = columnOf(result, 'parent')?.values ?? [];
  const rowOf = new Map(pids.map((pid, at) => [Number(pid), at]));
  const children = new Map<number, number[]>();
  const roots: number[] = [];
  for (const { at } of flat) {
    const parent = rowOf.get(Number(parents[at] ?? Number.NaN));
    if (parent === undefined || parent === at) roots.push(at);
    else {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [at]);
      else siblings.push(at);
    }
  }
  const out: TreeRow[] = [];
  const seen = new Set<number>();
  // Not by recursion: a chain of parents may be as long as the list.
  const walk = (start: number): void => {
    const stack: TreeRow[] = [{ at: start, depth: 0 }];
    for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
      if (seen.has(row.at)) continue;
      seen.add(row.at);
      out.push(row);
      const { depth } = row;
      for (const at of (children.get(row.at) ?? []).toReversed()) stack.push({ at, depth: depth + 1 });
    }
  };
  for (const root of roots) walk(root);
  // Parents in a ring (a pid was given anew between two samplings) have no root.
  for (const { at } of flat) if (!seen.has(at)) walk(at);
  return out;
};
