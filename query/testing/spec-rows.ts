// The rows that a spec file says a case has, and whether others are the same.
import { sameValue } from './both-ways.ts';

export const cellsOf = (line: string): readonly string[] => {
  const cells: string[] = [''];
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const sign = line[i] as string;
    if (sign === '\\' && quoted) cells[cells.length - 1] += sign + (line[++i] ?? '');
    else if (sign === '|' && !quoted) cells.push('');
    else {
      if (sign === '"') quoted = !quoted;
      cells[cells.length - 1] += sign;
    }
  }
  return cells.map((c) => c.trim());
};

/** `missing`, JSON, or text as it stands (times, plain words). */
const cellValue = (cell: string): unknown => {
  if (cell === 'missing') return null;
  try {
    return JSON.parse(cell) as unknown;
  } catch {
    return cell;
  }
};

const plain = (v: unknown): unknown =>
  v !== null && typeof v === 'object' && !Array.isArray(v) ? new Map(Object.entries(v).map(([k, x]) => [k, plain(x)])) : Array.isArray(v) ? v.map(plain) : v;

export const writtenRows = (lines: readonly string[]): readonly (readonly unknown[])[] => lines.map((l) => cellsOf(l).map(cellValue));

export const sameRows = (rows: readonly (readonly unknown[])[], wanted: readonly (readonly unknown[])[]): boolean =>
  rows.length === wanted.length &&
  wanted.every((row, i) => row.length === rows[i]?.length && row.every((v, k) => sameValue(plain(v) as never, plain(rows[i]?.[k]) as never)));
