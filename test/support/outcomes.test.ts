// Shows that a lane cannot pass by accident: crashes, broken files and, in CI, skips are failures.
// And that every test file of the tree is in exactly one lane.
import { matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { excludedFrom, LANES } from './lanes.ts';
import { countReport } from './outcomes.ts';
import { ourFiles } from './sources.ts';

const file = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  startTime: 0,
  endTime: 0,
  message: status === 'failed' && tests.length === 0 ? 'it does not load' : '',
  assertionResults: tests.map((one, i) => ({
    status: one.replace(' again', ''),
    fullName: `test ${i}`,
    failureMessages: one === 'passed again' ? ['it failed first'] : one === 'failed' ? ['it is 3'] : [],
  })),
});
const report = (...testResults: ReturnType<typeof file>[]) => ({ testResults });

test('passed and failed tests are counted over files', () => {
  expect(countReport(report(file('failed', 'passed', 'failed'), file('passed', 'passed')), false, false)).toEqual({
    passed: 2,
    failed: 1,
    failures: ['test 1: it is 3'],
    skipped: [],
    unsteady: [],
  });
});

test('a skip is named, and a failure in CI', () => {
  const skipping = report(file('passed', 'passed', 'skipped', 'pending'));
  expect(countReport(skipping, true, false)).toEqual({ passed: 1, failed: 0, failures: [], skipped: ['test 1', 'test 2'], unsteady: [] });
  expect(countReport(skipping, true, true)).toEqual({ passed: 1, failed: 2, failures: [], skipped: ['test 1', 'test 2'], unsteady: [] });
});

test('a test that passed only when it was tried again is named with what failed first', () => {
  const unsteady = ['test 1: it failed first'];
  expect(countReport(report(file('passed', 'passed', 'passed again')), true, true)).toEqual({ passed: 2, failed: 0, failures: [], skipped: [], unsteady });
});

test('a file that does not load, an error outside of tests and a missing report are one failure each', () => {
  const others = { failed: 1, skipped: [], unsteady: [] };
  expect(countReport(report(file('failed'), file('passed', 'passed')), false, false)).toEqual({
    passed: 1,
    failures: ['a.test.ts: it does not load'],
    ...others,
  });
  expect(countReport(report(file('passed', 'passed')), false, false)).toEqual({ passed: 1, failures: ['an error outside of the tests'], ...others });
  expect(countReport(undefined, true, false)).toEqual({ passed: 0, failures: ['the tests ended without a report'], ...others });
});

test('every test file is in exactly one lane', () => {
  const within = (path: string, globs: readonly string[]): boolean => globs.some((glob) => matchesGlob(path, glob));
  const lanesOf = (path: string): readonly string[] =>
    LANES.filter((lane) => within(path, lane.include) && !within(path, excludedFrom(lane))).map((lane) => lane.name);
  const tests = ourFiles.filter((path) => path.endsWith('.test.ts'));
  expect(tests.length).toBeGreaterThan(5);
  expect(tests.filter((path) => lanesOf(path).length !== 1)).toEqual([]);
  expect(lanesOf('test/browser/explore.test.ts')).toEqual(['browser']);
  expect(lanesOf('query/differential.test.ts')).toEqual(['differential']);
  expect(lanesOf('engines/stream/lmdb/stream.test.ts')).toEqual(['engines']);
});
