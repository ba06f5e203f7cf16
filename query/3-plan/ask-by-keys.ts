// Which joins may ask their right side by the keys that the left has: rows with other keys match nothing, so that leaving them out is never seen.
import type { Join, PlanNode } from './nodes.ts';
import type { PlanType } from './physical.ts';

/** Of other types equal values have several forms, or a store has no list of them. */
const TYPES: ReadonlySet<PlanType> = new Set<PlanType>(['string', 'ip', 'int', 'bool', 'time']);

export const askedByKeys = (node: Join): Join => {
  if (node.kind === 'full' || node.missingMatches === true || (node.kind === 'lookup' && !isUnique(node))) return node;
  const typeOf = (side: PlanNode, name: string): PlanType | undefined => side.columns.find((c) => c.name === name)?.type;
  const byKeys = node.on.filter(({ left, right }) => {
    const type = typeOf(node.right, right);
    return type !== undefined && TYPES.has(type) && typeOf(node.left, left) === type && isRead(node.right, right);
  });
  return byKeys.length === 0 ? node : { ...node, byKeys };
};

/** A lookup fails where a key stands twice, also one that nobody asks for. */
const isUnique = ({ right, on }: Join): boolean => {
  if (right.node === 'filter' || right.node === 'project') return isUnique({ right: right.input, on } as Join);
  return right.node === 'scan' && right.dataset.key.length > 0 && right.dataset.key.every((k) => on.some((pair) => pair.right === k));
};

/** The column comes from a store as it is. */
const isRead = (node: PlanNode, name: string): boolean => {
  const below = columnBelow(node, name);
  return node.node === 'scan' || (below !== undefined && isRead(below.input, below.name));
};

/** Of a node whose rows with one value in the column are made of its input's rows with that value in one of theirs: which that is. */
export const columnBelow = (node: PlanNode, name: string): { readonly input: PlanNode; readonly name: string } | undefined => {
  switch (node.node) {
    case 'filter':
      return { input: node.input, name };
    case 'order':
      return node.count === undefined || node.per.includes(name) ? { input: node.input, name } : undefined;
    case 'project': {
      const value = node.values[node.columns.findIndex((c) => c.name === name)];
      return value?.op === 'column' ? { input: node.input, name: value.name } : undefined;
    }
    case 'aggregate':
      return node.keys.includes(name) ? { input: node.input, name } : undefined;
    default:
      return undefined;
  }
};
