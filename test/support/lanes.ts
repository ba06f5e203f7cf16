// The lanes of `npm test`, in the order in which they begin: cheap and telling first. A test file belongs to the first
// lane that has a pattern for it, so every `*.test.ts` of the tree is in exactly one; adding a test needs no change here.

export interface Lane {
  readonly name: string;
  /** Globs from the root of the clone. */
  readonly include: readonly string[];
  /** Files at a time: as many as two processors carry; more where a file waits a part of its time. Lanes that run together take the larger number. */
  readonly workers: number;
  /** The lane that it runs together with: what the one waits for is time of the other's, and there is one end at which processors idle, not two. */
  readonly beside?: string;
  /** Each file in a process of its own, which costs half a CPU second: what others left in a module would be found there. */
  readonly apart?: true;
  /** Runs once around all of its files. */
  readonly setup?: string;
  /** Seconds for one test before it counts as hanging; generous, since a busy machine is no failure. */
  readonly timeout: number;
}

const LANES_BY_PLACE: readonly Lane[] = [
  // Real browser against the real product.
  {
    name: 'browser',
    include: ['test/browser/**/*.test.ts', 'ui/**/*.browser.test.ts'],
    workers: 4,
    timeout: 300,
    setup: 'test/browser/one-product.ts',
    beside: 'end-to-end',
  },
  // The whole product from outside: commands, doors, kill -9.
  { name: 'end-to-end', include: ['test/end-to-end/**/*.test.ts', '**/*.e2e.test.ts'], workers: 4, timeout: 600 },
  // Random texts, pushed to the store and run in this process, must agree.
  { name: 'differential', include: ['**/*differential*.test.ts'], workers: 2, timeout: 600, beside: 'iql' },
  // Conformance of each port on each implementation, with the real engine.
  // Half of their time they wait: for a disk, a store that starts, a hang that is to be noticed.
  { name: 'engines', include: ['engines/**/*.test.ts'], workers: 4, timeout: 180, beside: 'iql' },
  // The language: its phases, pipes and functions, and the cases in its own notation.
  { name: 'iql', include: ['query/**/*.test.ts'], workers: 2, timeout: 120 },
  // The agent keeps what it has learned of logs in its modules.
  { name: 'agent', include: ['agent/**/*.test.ts'], workers: 4, timeout: 120, beside: 'iql', apart: true },
  // Everything else.
  { name: 'unit', include: ['**/*.test.ts'], workers: 4, timeout: 120, beside: 'iql' },
];

/**
 * A test that failed is tried once more, and is named with what failed first where it passes then: a busy machine stops nobody's work, and a
 * fault that shows now and then is still told, what a random text found with its seed.
 */
export const RETRIES = 1;

/** Files that take longest, the longest first. One that is not there any more is no harm. */
export const LONGEST: readonly string[] = [
  'test/end-to-end/backup.test.ts',
  'test/browser/first-page.test.ts',
  'test/browser/hostile-answers.test.ts',
  'test/browser/axe.test.ts',
  'test/end-to-end/kill.test.ts',
  'engines/stream/kafka/faults.test.ts',
  'engines/stream/kafka/kafka.test.ts',
  'engines/stream/kafka/security.test.ts',
  'test/end-to-end/lost-stores.test.ts',
  'test/end-to-end/kill-held.test.ts',
  'test/planted/planted.e2e.test.ts',
  'test/end-to-end/hosts.test.ts',
  'test/end-to-end/start.test.ts',
  'test/browser/hosts.test.ts',
  'test/browser/explorer-details.test.ts',
  'test/browser/explorer.test.ts',
  'test/end-to-end/restart.test.ts',
  'test/end-to-end/commands.test.ts',
  'test/browser/logs.test.ts',
  'test/simulation/simulation.e2e.test.ts',
  'test/browser/live-logs.test.ts',
  'test/browser/completion.test.ts',
  'test/browser/table.test.ts',
  'test/browser/status.test.ts',
  'test/browser/agents.test.ts',
  'query/differential.test.ts',
  'engines/records/embedded/embedded.test.ts',
  'engines/columns/embedded/embedded.test.ts',
  'query/rolled-hours.test.ts',
  'engines/columns/clickhouse/migrate.test.ts',
  'engines/columns/clickhouse/installation.test.ts',
  'engines/columns/embedded/start.test.ts',
  'query/large-texts.test.ts',
  'engines/stream/lmdb/forgetting.test.ts',
  'engines/search/embedded/embedded.test.ts',
  'query/spec/stores.test.ts',
  'query/hostile-labels.test.ts',
  'pipeline/worker-rounds.test.ts',
  'ui/src/result/thin.test.ts',
  'pipeline/retention/full-disk.test.ts',
  'agent/logs/rested.test.ts',
  'pipeline/rollups/random-histories.test.ts',
  'pipeline/sample-hours.test.ts',
  'pipeline/dead.test.ts',
  'agent/agent.test.ts',
  'app/installation/set-back.test.ts',
  'pipeline/rollups/wrong-clocks.test.ts',
  'pipeline/line-places.test.ts',
  'pipeline/series-days.test.ts',
  'pipeline/distributions.test.ts',
  'pipeline/rollups/rollups.test.ts',
  'pipeline/retention/retention.test.ts',
];

/** Globs that are no tests of ours, whatever their names. */
export const NEVER = ['**/node_modules/**', 'ui/dist/**', '.cache/**', 'data/**'];

/** What a lane leaves to the lanes that have a narrower pattern. */
export const excludedFrom = (lane: Lane): readonly string[] => [...NEVER, ...LANES_BY_PLACE.slice(0, LANES_BY_PLACE.indexOf(lane)).flatMap((l) => l.include)];

export const LANES: readonly Lane[] = [...LANES_BY_PLACE].reverse();

/** In their order, those that run together as one. */
export const lanesTogether = (lanes: readonly Lane[]): readonly (readonly Lane[])[] => [...Map.groupBy(lanes, ({ name, beside = name }) => beside).values()];
