// Makes a vitest project of each lane of `test/support/lanes.ts`; knows nothing of single tests.
import { defineConfig } from 'vitest/config';
import { excludedFrom, LANES, RETRIES } from './test/support/lanes.ts';
import LongestFirst from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    maxWorkers: 2,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    projects: LANES.map((lane) => ({
      test: {
        name: lane.name,
        include: [...lane.include],
        exclude: [...excludedFrom(lane)],
        environment: 'node',
        pool: 'forks',
        globalSetup: lane.setup === undefined ? [] : [lane.setup],
        retry: RETRIES,
        testTimeout: lane.timeout * 1000,
        hookTimeout: lane.timeout * 1000,
        teardownTimeout: 30_000,
      },
    })),
  },
});
