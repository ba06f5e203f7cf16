// `npm run simulate -- --days 90 --agents 50 --every 20`: runs the simulation and prints a line a week; `--every 20` is one of twenty
// readings of a real agent, which has one each 10 s, `--together 18` puts so many of them into one frame. Ends with 1 where something is not level.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RETENTION } from '../../schemas/retention.ts';
import { simulate, type Week } from './simulate.ts';

const READINGS = 8640;
const DAY_MS = 86_400_000;
const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '90' },
    agents: { type: 'string', default: '50' },
    every: { type: 'string', default: '20' },
    together: { type: 'string', default: '1' },
    series: { type: 'string', default: '40' },
    processes: { type: 'string', default: '20' },
    lines: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const given = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)])) as Readonly<Record<keyof typeof values, number>>;

const say = (cells: readonly string[]): void => void process.stdout.write(`${cells.map((cell, i) => cell.padStart(i === 0 ? 4 : 12)).join('')}\n`);
const whole = (n: number): string => n.toFixed(0);
const dir = mkdtempSync(join(tmpdir(), 'inframirror-simulation-'));
process.stdout.write(`${given.days} days, ${given.agents} agents, one reading in ${given.every}, ${given.together} a frame; seed ${given.seed}\n`);
say([
  'day',
  'files',
  'of columns',
  'MiB',
  'stream',
  'parts',
  'own MiB',
  'columns',
  'start s',
  'samples',
  'processes',
  'logs',
  'series',
  'series days',
  'marks',
  'events',
  'history',
  'took s',
]);
const begun = performance.now();
try {
  const weeks = await simulate(
    {
      dir,
      days: given.days,
      agents: given.agents,
      readings: Math.max(1, Math.floor(READINGS / given.every)),
      together: given.together,
      series: given.series,
      processes: given.processes,
      lines: given.lines,
      kept: RETENTION,
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
        ...['samples', 'processes', 'logs', 'series', 'series_days', 'marks', 'events', 'hosts_history'].map((name) => whole(rows[name] ?? 0)),
        whole((performance.now() - begun) / 1000),
      ]);
    },
  );
  // Lines are kept longest of what is much: from then on nothing may grow.
  const level = weeks.filter(({ day }) => day * DAY_MS > RETENTION.logs + 7 * DAY_MS);
  const [first, last] = [level[0], level.at(-1)];
  if (first !== undefined && last !== undefined && first !== last) {
    const kinds: readonly (readonly [string, (week: Week) => number])[] = [
      ['files', (w) => w.files],
      ['disk', (w) => w.mib],
      ['parts', (w) => w.parts],
      ['memory', (w) => w.ownMib + w.columnsMib],
      ['start', (w) => w.startMs],
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
