// What `npm run bench` and `npm run simulate` say to whoever asks, or calls them wrongly: words, no stack.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './support/sources.ts';

const said = (script: string, ...args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) =>
    execFile(process.execPath, [join(ROOT, script), ...args], (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr })),
  );

test.each(['bench/main.ts', 'test/simulation/run.ts'])('%s: help', async (script) => {
  const { code, stdout, stderr } = await said(script, '--help');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Usage: npm run \w+ /);
  // Each with what it is.
  expect(stdout.match(/^ {2}\S+( N)? {2,}\S+ \S+/gm)?.length).toBeGreaterThan(8);
});

test.each([
  ['bench/main.ts', ['lins'], 'bench: there is no bench "lins"; did you mean "lines"?\n'],
  ['bench/main.ts', ['nothing-near'], /^bench: there is no bench "nothing-near"; there are ipc, stream, .*\n$/],
  ['bench/main.ts', ['--all'], /^bench: there is no bench "--all"/],
  ['test/simulation/run.ts', ['--dys', '3'], /^simulate: there is no option --dys; did you mean "--days"\?.*\n$/],
  ['test/simulation/run.ts', ['--days', 'x'], /^simulate: --days is a whole number, not "x".*\n$/],
  ['test/simulation/run.ts', ['more'], /^simulate: "more" is one argument too many.*\n$/],
] as const)('%s %j', async (script, args, text) => {
  const { code, stdout, stderr } = await said(script, ...args);
  expect([code, stdout]).toEqual([2, '']);
  if (typeof text === 'string') expect(stderr).toBe(text);
  else expect(stderr).toMatch(text);
});
