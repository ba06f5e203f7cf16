// `npm run fuzz [-- minutes]`: random texts, data and values of the language against what else says what they mean, round after round, each by a
// seed of its own; an hour without minutes. Ends with the seeds that failed, which `INFRAMIRROR_SEED` runs again.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const FILES = [
  'query/1-syntax',
  'query/language.test.ts',
  'query/several-mistakes.test.ts',
  'query/complete-places.test.ts',
  'query/fixes.test.ts',
  'query/functions',
  'query/run',
  'query/spec',
  'query/constants-stores.test.ts',
  'query/duckdb.test.ts',
  'query/stored-starts.test.ts',
  'query/attributes.test.ts',
  'query/hostile-labels.test.ts',
  'query/differential.test.ts',
  'query/row-rights.test.ts',
];

const ROOT = new URL('../..', import.meta.url).pathname;
const minutes = Number(process.argv[2] ?? 60);
const end = Date.now() + minutes * 60_000;
const failed: number[] = [];
let rounds = 0;
do {
  const seed = Math.floor(Math.random() * 1e6);
  const env = { ...process.env, INFRAMIRROR_LONG: '1', INFRAMIRROR_SEED: String(seed) };
  const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...FILES], { cwd: ROOT, env, stdio: 'inherit' });
  rounds++;
  if (status !== 0) failed.push(seed);
} while (Date.now() < end);
console.log(`${rounds} rounds, ${failed.length === 0 ? 'nothing found' : `found with INFRAMIRROR_SEED=${failed.join(', ')}`}`);
process.exitCode = failed.length === 0 ? 0 : 1;
