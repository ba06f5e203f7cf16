// `npm run simulate -- --days 90 --agents 50 --every 20`: runs the simulation and prints a line a week; `--help` says what can be set.
// Ends with 1 where something is not level.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Arguments, readArguments } from '../../app/commands/arguments.ts';
import { plain } from '../../core/plain.ts';
import { RETENTION } from '../../schemas/retention.ts';
import { type Measured, simulate } from './simulate.ts';

/** An hour. */
const READINGS = 360;
const DAY_MS = 86_400_000;
/** Years of what is put together would not be seen to end. */
const KEPT = { ...RETENTION, rollups_5m: 25 * DAY_MS, rollups_1h: 30 * DAY_MS };
const TABLES = [
  ...['samples', 'rollups_5m', 'rollups_1h', 'rollup_hours', 'processes', 'logs'],
  ...['series', 'series_days', 'series_senders', 'marks', 'events', 'hosts_history'],
];
const OPTIONS = {
  days: [90, 'days that are simulated'],
  agents: [50, 'agents that send'],
  every: [20, 'one reading of a real agent in so many, those of the first minutes of each hour'],
  together: [18, 'readings in one frame; with 1 a day takes a minute'],
  series: [40, 'series of an agent'],
  processes: [20, 'processes of an agent'],
  lines: [2, 'log lines a reading'],
  waiting: [1000, 'one frame in so many waits for the next'],
  seed: [Date.now() % 1_000_000, 'of all that is drawn; else another one each time'],
} as const satisfies Readonly<Record<string, readonly [value: number, summary: string]>>;
type Name = keyof typeof OPTIONS;

const help = (): string =>
  `Usage: npm run simulate [-- --days N …]    prints a line a week, and ends with 1 where something is not level

${Object.entries(OPTIONS)
  .map(([name, [value, summary]]) => `  ${`--${name} N`.padEnd(14)} ${summary}${name === 'seed' ? '' : ` (${value})`}`)
  .join('\n')}
`;

const fail = (problem: string): never => {
  process.stderr.write(`simulate: ${problem}; \`npm run simulate -- --help\` lists the options\n`);
  process.exit(2);
};
const read = (): Arguments => {
  try {
    return readArguments(process.argv.slice(2), Object.fromEntries(Object.entries(OPTIONS).map(([name, [, summary]]) => [name, { type: 'string', summary }])), {
      most: 0,
    });
  } catch (error) {
    return fail(plain((error as Error).message));
  }
};
const { values, flags } = read();
if (flags.has('help')) {
  process.stdout.write(help());
  process.exit();
}
const given = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, [standard]]) => {
    const text = values.get(name);
    const n = text === undefined ? standard : /^\d{1,9}$/.test(text) ? Number(text) : fail(`--${name} is a whole number, not ${plain(JSON.stringify(text))}`);
    return [name, n];
  }),
) as Readonly<Record<Name, number>>;

const say = (cells: readonly string[]): void => void process.stdout.write(`${cells.map((cell, i) => cell.padStart(i === 0 ? 4 : 15)).join('')}\n`);
const whole = (n: number): string => n.toFixed(0);
const dir = mkdtempSync(join(tmpdir(), 'inframirror-simulation-'));
process.stdout.write(`${given.days} days, ${given.agents} agents, one reading in ${given.every}, ${given.together} a frame; seed ${given.seed}\n`);
say(['day', 'files', 'of columns', 'MiB', 'stream', 'parts', 'own MiB', 'columns', 'start s', ...TABLES, 'took s']);
const begun = performance.now();
try {
  const weeks = await simulate(
    {
      dir,
      days: given.days,
      every: 7,
      before: 10,
      restartDays: 9,
      agents: given.agents,
      hours: 24,
      readings: Math.max(1, Math.floor(READINGS / given.every)),
      together: given.together,
      series: given.series,
      processes: given.processes,
      lines: given.lines,
      waiting: 1 / given.waiting,
      kept: KEPT,
      seed: given.seed,
    },
    (week) => {
      const { rows } = week;
      say([
        whole(week.day),
        whole(week.files),
        whole(week.columnFiles),
        whole(week.mib),
        whole(week.streamMib),
        whole(week.parts),
        whole(week.ownMib),
        whole(week.columnsMib),
        (week.startMs / 1000).toFixed(1),
        ...TABLES.map((name) => whole(rows[name] ?? 0)),
        whole((performance.now() - begun) / 1000),
      ]);
    },
  );
  // What is put together goes by the month, and is kept longest of what is much: about as many days of it are there then as at the end.
  const level = weeks.filter(({ day }) => day * DAY_MS > KEPT.rollups_1h + 7 * DAY_MS);
  const [first, last] = [level[0], level.at(-1)];
  if (first !== undefined && last !== undefined && first !== last) {
    const kinds: readonly (readonly [string, (week: Measured) => number])[] = [
      ['files', (w) => w.files],
      ['disk', (w) => w.mib],
      ['parts', (w) => w.parts],
      ['memory', (w) => w.ownMib + w.columnsMib],
      ['start', (w) => w.startMs],
      ...TABLES.filter((name) => name !== 'events' && name !== 'hosts_history').map((name) => [`rows of ${name}`, (w: Measured) => w.rows[name] ?? 0] as const),
    ];
    for (const [name, of] of kinds) {
      const growth = of(last) / of(first) - 1;
      process.stdout.write(`${name} from day ${first.day} to day ${last.day}: ${growth >= 0 ? '+' : ''}${(growth * 100).toFixed(0)} %\n`);
      if (growth > 0.25) process.exitCode = 1;
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
