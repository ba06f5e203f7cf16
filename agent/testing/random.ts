// Chance from a seed, for histories of log files that can be played again.

/** A number 0 ≤ x < n, whole. https://en.wikipedia.org/wiki/Linear_congruential_generator, of Numerical Recipes. */
export const dice = (seed: number): ((n: number) => number) => {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
};
