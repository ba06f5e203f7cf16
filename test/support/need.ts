// For tests that need what a machine may not have: a browser, a JVM. Without it they are one visible skip that says why,
// and a failure in CI (the runner counts skips as failures there).
import { describe, test } from 'vitest';

/**
 * `describe` for tests that need something: `found` is handed on, undefined leaves one skipped test named after `mend`.
 */
export const describeWith = <T>(name: string, found: T | undefined, mend: string, tests: (found: T) => void): void => {
  describe(name, () => {
    if (found === undefined) test(`not run here: ${mend}`, { skip: true }, () => {});
    else tests(found);
  });
};
