// `npm run bench [-- NAME…]`: runs the bench modules one after the other and prints a table.
// A new module is a file beside this one and a line in the list; it changes nothing on the machine it leaves behind.
import type { Figure } from './figure.ts';

const MODULES: readonly { readonly name: string; readonly load: () => Promise<{ run(): Promise<readonly Figure[]> }> }[] = [
  { name: 'ipc', load: () => import('./ipc.ts') },
  { name: 'stream', load: () => import('./stream.ts') },
  { name: 'stream-bytes', load: () => import('./stream-bytes.ts') },
  { name: 'door', load: () => import('./door.ts') },
  { name: 'agent', load: () => import('./agent.ts') },
  { name: 'agent-lines', load: () => import('./agent-lines.ts') },
  { name: 'lines', load: () => import('./lines.ts') },
  { name: 'log-lines', load: () => import('./log-lines.ts') },
  { name: 'columns', load: () => import('./columns.ts') },
  { name: 'logs', load: () => import('./logs.ts') },
  { name: 'line-tables', load: () => import('./line-tables.ts') },
  { name: 'tables', load: () => import('./tables.ts') },
  { name: 'samples', load: () => import('./samples.ts') },
  { name: 'rollups', load: () => import('./rollups.ts') },
  { name: 'series', load: () => import('./series.ts') },
  { name: 'histograms', load: () => import('./histograms.ts') },
  { name: 'run', load: () => import('./run.ts') },
  { name: 'query', load: () => import('./query.ts') },
  { name: 'answers', load: () => import('./answers.ts') },
  { name: 'backup', load: () => import('./backup.ts') },
  { name: 'ready', load: () => import('./ready.ts') },
  { name: 'explorer-table', load: () => import('./explorer-table.ts') },
  { name: 'explorer-logs', load: () => import('./explorer-logs.ts') },
  { name: 'keystroke', load: () => import('./keystroke.ts') },
  { name: 'explorer-first-page', load: () => import('./explorer-first-page.ts') },
  { name: 'explorer-answer', load: () => import('./explorer-answer.ts') },
  { name: 'explorer-hosts', load: () => import('./explorer-hosts.ts') },
];

const row = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => cell.padEnd([44, 34, 8][i] ?? 0))
    .join(' ')
    .trimEnd();

const wanted = process.argv.slice(2);
for (const name of wanted)
  if (!MODULES.some((module) => module.name === name)) throw new Error(`no bench ${name}; there are ${MODULES.map((module) => module.name).join(', ')}`);
console.log(row(['what', 'figure', 'ratio', 'measured in the same run']));
for (const { name, load } of MODULES) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { run } = await load();
  for (const { what, value, against, ratio } of await run()) console.log(row([what, value, ratio === undefined ? '' : ratio.toPrecision(3), against]));
}
