// `npm run simulate -- --days 90 --agents 50 --every 20`: runs the simulation and prints a line a week; `--every 20` is a twentieth of the
// readings of a real agent, those of the first three minutes of each hour, `--together 18` puts so many of them into one frame (with 1 a day takes a minute), `--waiting 100` has
// one frame in a hundred wait for the next. Ends with 1 where something is not level.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
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
const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '90' },
    agents: { type: 'string', default: '50' },
    every: { type: 'string', default: '20' },
    together: { type: 'string', default: '18' },
    series: { type: 'string', default: '40' },
    processes: { type: 'string', default: '20' },
    lines: { type: 'string', default: '2' },
    waiting: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const given = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)])) as Readonly<Record<keyof typeof values, number>>;

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
