// Runs every lane and counts, hardly any two at once: the checks of the sources first, then the lanes of vitest.
// The last line on stdout is `N passed, N failed`; what could not be tested here is named above it.
import { LANES, lanesTogether } from './lanes.ts';
import { CHECKS, type Outcome, runCheck, runLanes } from './outcomes.ts';

const names = ['check', ...LANES.map((lane) => lane.name)];
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no lane is called ${unknown.join(', ')}; there are ${names.join(', ')}`);
  process.exit(2);
}
const isChosen = (name: string): boolean => chosen.length === 0 || chosen.includes(name);

const outcomes: Outcome[] = [];
const measured = async (name: string, run: () => Promise<Outcome>): Promise<void> => {
  console.log(`\n── ${name}`);
  const began = performance.now();
  const outcome = await run();
  const { passed, failed, skipped } = outcome;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`── ${name}: ${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''} in ${seconds} s`);
  outcomes.push(outcome);
};

if (isChosen('check'))
  await measured('check', async () => {
    const parts = await Promise.all(CHECKS.map(runCheck));
    const failures = CHECKS.filter((_, index) => !parts[index]).map(({ name }) => `check of ${name}`);
    return { passed: parts.length - failures.length, failed: failures.length, failures, skipped: [], unsteady: [] };
  });
for (const lanes of lanesTogether(LANES.filter(({ name }) => isChosen(name)))) await measured(lanes.map(({ name }) => name).join(', '), () => runLanes(lanes));

const skipped = outcomes.flatMap((outcome) => outcome.skipped);
if (skipped.length > 0) console.log(`\nnot tested on this machine:\n${skipped.map((test) => `  ${test}`).join('\n')}`);
const unsteady = outcomes.flatMap((outcome) => outcome.unsteady);
if (unsteady.length > 0) console.log(`\npassed only when tried again:\n${unsteady.map((test) => `  ${test}`).join('\n')}`);
const failures = outcomes.flatMap((outcome) => outcome.failures);
if (failures.length > 0) console.log(`\nfailed:\n${failures.map((text) => text.replaceAll(/^/gm, '  ')).join('\n')}`);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
console.log(`\n${outcomes.reduce((sum, outcome) => sum + outcome.passed, 0)} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
