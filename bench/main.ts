// `npm run bench [-- NAME…]`: runs the bench modules one after the other and prints a table.
// `--help` lists them. A new module is a file beside this one and a line in the list; it changes nothing on the machine it leaves behind.
import { suggestion } from '../app/commands/arguments.ts';
import { plain } from '../core/plain.ts';
import type { Figure } from './figure.ts';

const MODULES: readonly { readonly name: string; readonly measures: string; readonly load: () => Promise<{ run(): Promise<readonly Figure[]> }> }[] = [
  { name: 'ipc', measures: 'our Arrow IPC writer and reader against apache-arrow’s', load: () => import('./ipc.ts') },
  { name: 'stream', measures: 'appending to the LMDB stream, durable, and reading back', load: () => import('./stream.ts') },
  { name: 'stream-bytes', measures: 'bytes a sample takes on the stream', load: () => import('./stream-bytes.ts') },
  { name: 'door', measures: 'what the door costs a sample and a frame, by the size of frames', load: () => import('./door.ts') },
  { name: 'agent', measures: 'CPU and memory of a real agent on this machine', load: () => import('./agent.ts') },
  { name: 'agent-jvms', measures: 'the same beside five JVMs, and what reading them costs', load: () => import('./agent-jvms.ts') },
  { name: 'agent-lines', measures: 'what a log line costs the agent alone', load: () => import('./agent-lines.ts') },
  { name: 'lines', measures: 'the whole way of log lines, from a file to merged rows', load: () => import('./lines.ts') },
  { name: 'log-lines', measures: 'what following files of a thousand lines a second costs the agent', load: () => import('./log-lines.ts') },
  { name: 'columns', measures: 'the embedded column store: start, inserts, bytes, the shortest query', load: () => import('./columns.ts') },
  { name: 'documents', measures: 'log lines as documents on their way to Elasticsearch', load: () => import('./documents.ts') },
  { name: 'logs', measures: 'log lines from decoded frames to merged rows', load: () => import('./logs.ts') },
  { name: 'line-tables', measures: 'candidates for how log lines rest', load: () => import('./line-tables.ts') },
  { name: 'tables', measures: 'candidates for how samples rest', load: () => import('./tables.ts') },
  { name: 'samples', measures: 'the whole way of samples, from the door to merged rows', load: () => import('./samples.ts') },
  { name: 'rollups', measures: 'putting samples together by five minutes and by the hour', load: () => import('./rollups.ts') },
  { name: 'series', measures: 'what a month of many series costs beside their samples', load: () => import('./series.ts') },
  { name: 'series-index', measures: 'all series in memory: until they are known, what they take, what finding costs', load: () => import('./series-index.ts') },
  { name: 'histograms', measures: 'bytes of histograms on disk, by codec', load: () => import('./histograms.ts') },
  { name: 'run', measures: 'the runner over a million samples in memory', load: () => import('./run.ts') },
  { name: 'query', measures: 'a text from its letters to the questions for the stores', load: () => import('./query.ts') },
  { name: 'floor', measures: 'what the smallest question costs, from the library up to GraphQL', load: () => import('./floor.ts') },
  { name: 'answers', measures: 'five typical answers over 10 M samples, beside plain SQL', load: () => import('./answers.ts') },
  { name: 'metric-questions', measures: 'questions about metrics, whole answers, beside a peer', load: () => import('./metric-questions.ts') },
  { name: 'rolled-questions', measures: 'a month of samples that were put together, beside the samples', load: () => import('./rolled-questions.ts') },
  { name: 'log-questions', measures: 'questions about log lines, whole answers, beside a peer', load: () => import('./log-questions.ts') },
  { name: 'viewers', measures: 'pages that refresh while samples come in: answers, lag, memory', load: () => import('./viewers.ts') },
  { name: 'backup', measures: 'a backup of 10 M samples and its restore, beside a plain copy', load: () => import('./backup.ts') },
  { name: 'ready', measures: 'how long a start takes until its first sample can be queried', load: () => import('./ready.ts') },
  { name: 'explorer-table', measures: 'the explorer’s table in a real browser', load: () => import('./explorer-table.ts') },
  { name: 'explorer-logs', measures: 'the explorer’s list of log lines in a real browser', load: () => import('./explorer-logs.ts') },
  { name: 'keystroke', measures: 'what a key costs in the editor', load: () => import('./keystroke.ts') },
  { name: 'explorer-first-page', measures: 'the first page in a real browser, warm', load: () => import('./explorer-first-page.ts') },
  { name: 'explorer-answer', measures: 'charts of a small and a large answer in a real browser', load: () => import('./explorer-answer.ts') },
  { name: 'explorer-hosts', measures: 'the list of 10,000 hosts in a real browser', load: () => import('./explorer-hosts.ts') },
];

const row = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => cell.padEnd([44, 34, 8][i] ?? 0))
    .join(' ')
    .trimEnd();

const help = (): string =>
  `Usage: npm run bench [-- NAME…]    without a name: all of them, one after the other

${MODULES.map(({ name, measures }) => `  ${name.padEnd(20)} ${measures}`).join('\n')}
`;

const wanted = process.argv.slice(2);
if (wanted.includes('--help') || wanted.includes('-h')) {
  process.stdout.write(help());
  process.exit();
}
const names = MODULES.map(({ name }) => name);
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`bench: there is no bench ${plain(JSON.stringify(unknown))}${suggestion(unknown, names) || `; there are ${names.join(', ')}`}\n`);
  process.exit(2);
}
console.log(row(['what', 'figure', 'ratio', 'measured in the same run']));
for (const { name, load } of MODULES) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { run } = await load();
  for (const { what, value, against, ratio } of await run()) console.log(row([what, value, ratio === undefined ? '' : ratio.toPrecision(3), against]));
}
