// Whether two texts of one log line differ only in what is masked in it: an agent that reads a line again may mask more, or less, than it did then.
// Goes over each text a few times at most, whatever stands in it.

/** What an agent puts in place of a secret, with the quotes that it may put around it. */
const MASKED = /[\\"']{0,9}\*{3}[\\"']{0,9}/;
/** Characters of what stands between two masks that are looked for. */
const MOST_BETWEEN = 32;

export const sameBesideMasks = (a: string, b: string): boolean => a === b || isMaskedOf(a, b) || isMaskedOf(b, a);

/** Whether all of `masked` but its masks stands in the other one, in the same order. */
const isMaskedOf = (masked: string, other: string): boolean => {
  if (!masked.includes('***')) return false;
  const [first = '', ...rest] = masked.split(MASKED);
  const last = rest.pop() as string;
  const end = other.length - last.length;
  let at = first.length;
  if (end < at || !other.startsWith(first) || !other.endsWith(last)) return false;
  for (const piece of rest) {
    const found = other.indexOf(piece.slice(0, MOST_BETWEEN), at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= end;
};
