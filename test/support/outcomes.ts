// Runs one check of the sources, or lanes of tests in a vitest of their own, and says what came of it.
// A crash, an error outside a test or a missing report counts as one failure; in CI a skipped test does too.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lane } from './lanes.ts';

const ROOT = join(import.meta.dirname, '../..');
const CI = process.env.CI !== undefined && !['', '0', 'false'].includes(process.env.CI);

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** Names of the tests that were left out; a name says what was missing. */
  readonly skipped: readonly string[];
  /** Names of the tests that passed only when they were tried again, each with what failed first. */
  readonly unsteady: readonly string[];
}

export interface Check {
  readonly name: string;
  /** A script of a package, and its arguments. */
  readonly command: readonly [script: string, ...args: string[]];
}

export const CHECKS: readonly Check[] = [
  { name: 'types', command: ['typescript/bin/tsc', '-p', '.', '--pretty', 'false'] },
  { name: 'lint', command: ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings'] },
  { name: 'unused', command: ['knip/bin/knip.js', '--no-progress'] },
  ...(existsSync(join(ROOT, 'ui/tsconfig.json'))
    ? [{ name: 'types of the explorer', command: ['svelte-check/bin/svelte-check', '--workspace', 'ui', '--output', 'human', '--fail-on-warnings'] } as const]
    : []),
];

/** Runs a package's script under this Node without input; its output is returned, or passed on as it comes. */
const runScript = (script: string, args: readonly string[], output: 'collect' | 'pass on'): Promise<{ readonly ok: boolean; readonly text: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
      cwd: ROOT,
      stdio: ['ignore', output === 'collect' ? 'pipe' : 'inherit', output === 'collect' ? 'pipe' : 'inherit'],
    });
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ ok: false, text: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, text: Buffer.concat(chunks).toString() }));
  });

export const runCheck = async ({ name, command: [script, ...args] }: Check): Promise<boolean> => {
  const { ok, text } = await runScript(script, args, 'collect');
  console.log(ok ? `✓ ${name}` : `✗ ${name}\n${text.trimEnd()}`);
  return ok;
};

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[];
  }[];
}

/** What a report of vitest's JSON reporter amounts to; `ok` is whether vitest itself was content. */
export const countReport = (report: Report | undefined, ok: boolean, ci: boolean): Outcome => {
  if (report === undefined) return { passed: 0, failed: 1, skipped: [], unsteady: [] };
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').map((test) => test.fullName);
  const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')).length;
  const failed = tests.filter((test) => test.status === 'failed').length + brokenFiles + (ci ? skipped.length : 0);
  const unsteady = tests.flatMap(({ status, fullName, failureMessages: [first] }) =>
    status === 'passed' && first !== undefined ? [`${fullName}: ${first}`] : [],
  );
  return { passed, failed: failed === 0 && !ok ? 1 : failed, skipped, unsteady };
};

/** At least one. */
export const runLanes = async (lanes: readonly Lane[]): Promise<Outcome> => {
  const folder = await mkdtemp(join(tmpdir(), 'inframirror-lane-'));
  try {
    const file = join(folder, 'report.json');
    const reporters = [`--reporter=${process.stdout.isTTY ? 'default' : 'dot'}`, '--reporter=json', `--outputFile.json=${file}`];
    const projects = lanes.flatMap(({ name }) => ['--project', name]);
    const workers = Math.max(...lanes.map((lane) => lane.workers));
    const { ok } = await runScript('vitest/vitest.mjs', ['run', ...projects, `--maxWorkers=${workers}`, '--passWithNoTests', ...reporters], 'pass on');
    return countReport(existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined, ok, CI);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
