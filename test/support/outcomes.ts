// Runs one check of the sources, or lanes of tests in a vitest of their own, and says what came of it.
// A crash, an error outside a test or a missing report counts as one failure; in CI a skipped test does too.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Lane } from './lanes.ts';

const ROOT = join(import.meta.dirname, '../..');
const CI = process.env.CI !== undefined && !['', '0', 'false'].includes(process.env.CI);

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** What failed, each with what it said: named once more at the end, where a long output is read first. */
  readonly failures: readonly string[];
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
    /** Milliseconds since 1970. */
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[];
  }[];
}

/** What a report of vitest's JSON reporter amounts to; `ok` is whether vitest itself was content. */
export const countReport = (report: Report | undefined, ok: boolean, ci: boolean): Outcome => {
  if (report === undefined) return { passed: 0, failed: 1, failures: ['the tests ended without a report'], skipped: [], unsteady: [] };
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').map((test) => test.fullName);
  const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'));
  const failures = [
    ...tests.flatMap(({ status, fullName, failureMessages }) => (status === 'failed' ? [`${fullName}: ${failureMessages.join('\n')}`] : [])),
    ...brokenFiles.map(({ name, message }) => `${name}: ${message}`),
  ];
  if (failures.length === 0 && !ok) failures.push('an error outside of the tests');
  const failed = failures.length + (ci ? skipped.length : 0);
  const unsteady = tests.flatMap(({ status, fullName, failureMessages: [first] }) =>
    status === 'passed' && first !== undefined ? [`${fullName}: ${first}`] : [],
  );
  return { passed, failed, failures, skipped, unsteady };
};

/** The files that took longest, where to begin when the whole takes too long. */
const longestFiles = (report: Report): string =>
  report.testResults
    .map(({ name, startTime, endTime }) => ({ name: relative(ROOT, name), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 8)
    .map(({ name, seconds }) => `${name} ${seconds.toFixed(0)} s`)
    .join(', ');

/** At least one. */
export const runLanes = async (lanes: readonly Lane[]): Promise<Outcome> => {
  const folder = await mkdtemp(join(tmpdir(), 'inframirror-lane-'));
  try {
    const file = join(folder, 'report.json');
    const reporters = [`--reporter=${process.stdout.isTTY ? 'default' : 'dot'}`, '--reporter=json', `--outputFile.json=${file}`];
    const projects = lanes.flatMap(({ name }) => ['--project', name]);
    const workers = Math.max(...lanes.map((lane) => lane.workers));
    const { ok } = await runScript('vitest/vitest.mjs', ['run', ...projects, `--maxWorkers=${workers}`, '--passWithNoTests', ...reporters], 'pass on');
    const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
    if (report !== undefined) console.log(`longest: ${longestFiles(report)}`);
    return countReport(report, ok, CI);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
