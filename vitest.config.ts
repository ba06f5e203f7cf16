// Makes a vitest project of each lane of `test/support/lanes.ts`; knows nothing of single tests.
import { defineConfig } from 'vitest/config';
import { excludedFrom, LANES, RETRIES } from './test/support/lanes.ts';
import LongestFirst from './test/support/longest-first.ts';

/** As Node has it for its packages too: of two copies one does not know the errors of the other. */
const ONE_GRAPHQL = { find: /^graphql$/, replacement: 'graphql/index.js' };

export default defineConfig({
  test: {
    maxWorkers: 2,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    projects: LANES.map((lane) => ({
      resolve: { alias: [ONE_GRAPHQL] },
      test: {
        name: lane.name,
        include: [...lane.include],
        exclude: [...excludedFrom(lane)],
        environment: 'node',
        pool: 'forks',
        isolate: lane.apart === true,
        globalSetup: lane.setup === undefined ? [] : [lane.setup],
        retry: RETRIES,
        testTimeout: lane.timeout * 1000,
        hookTimeout: lane.timeout * 1000,
        teardownTimeout: 30_000,
      },
    })),
  },
});
