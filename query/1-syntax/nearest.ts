// Did-you-mean: the candidate nearest to a word by edit distance (insert, delete, replace, swap of neighbours). Never looks names up by itself.

/** Damerau-Levenshtein (optimal string alignment); `limit` + 1 when it is more than `limit`. */
export const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, (previous[j - 1] as number) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
      best = Math.min(best, cost);
    }
    if (best > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return previous[b.length] as number;
};

/**
 * The nearest candidate (case does not count), the first of equals; undefined when none is near: a third of the word's length may differ,
 * at least one. The beginning of a word is as near as one letter.
 */
export const nearest = (word: string, candidates: Iterable<string>): string | undefined => {
  const wanted = word.toLowerCase();
  if (wanted === '' || wanted.length > 100) return undefined;
  let limit = Math.max(1, Math.floor(wanted.length / 3));
  let found: string | undefined;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const begins = wanted.length > 1 && other.startsWith(wanted) && other !== wanted;
    const distance = begins ? Math.min(1, editDistance(wanted, other, 1)) : editDistance(wanted, other, limit);
    if (distance > limit || (found !== undefined && distance === limit)) continue;
    // A word of two letters is near to everything: one of them must stay.
    if (distance >= Math.max(wanted.length, 2)) continue;
    found = candidate;
    limit = distance;
    if (distance === 0) break;
  }
  return found;
};
