// Two texts line by line: what both have, what only the one has. For people to compare two versions; not for merging.

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** The table of the longest common subsequence has so many cells at most; beyond, what differs is one block. */
const MOST_CELLS = 1_000_000;

export const diffLines = (before: string, after: string): readonly DiffLine[] => {
  const a = before.split('\n');
  const b = after.split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const lines = (kind: DiffLine['kind'], of: readonly string[]): DiffLine[] => of.map((text) => ({ kind, text }));
  return [
    ...lines('same', a.slice(0, start)),
    ...changed(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...lines('same', a.slice(a.length - end)),
  ];
};

const changed = (a: readonly string[], b: readonly string[]): readonly DiffLine[] => {
  const width = b.length + 1;
  // Length of the longest common subsequence of what follows each pair of places.
  const common = new Uint32Array(a.length * b.length > MOST_CELLS ? 0 : (a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  if (common.length > 0)
    for (let i = a.length - 1; i >= 0; i--)
      for (let j = b.length - 1; j >= 0; j--) common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const out: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]];
    if (common.length > 0 && x !== undefined && x === y) {
      out.push({ kind: 'same', text: x });
      i++;
      j++;
    } else if (x !== undefined && (y === undefined || at(i + 1, j) >= at(i, j + 1))) {
      out.push({ kind: 'removed', text: x });
      i++;
    } else {
      out.push({ kind: 'added', text: y as string });
      j++;
    }
  }
  return out;
};
