// Some days with a short retention: what is kept is level, and the day after day that is sent leaves no file, part or row behind. What is put
// together is there once for each series and hour, and goes with its month. The last days are held against the first of the same run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sized } from '../support/long.ts';
import { type Measured, simulate } from './simulate.ts';

const DAY = 86_400_000;
const HOURS = 2;
/** An hour. */
const READINGS = sized(2, 4);
const [AGENTS, SERIES, PROCESSES, LINES] = [3, 20, 5, 3];
/** Ends in the first days of a month: the month before goes between the second measurement and the last. */
const TIME = { days: sized(6, 27), every: sized(2, 9), before: sized(3, 9) };
const ROLLUPS = { rollups_5m: DAY, rollups_1h: DAY };
const KEPT = { ...ROLLUPS, samples: DAY, processes: DAY, logs: 2 * DAY, events: 2 * DAY, audit: 2 * DAY };

test('so many days leave no more behind than two thirds of them', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'simulation-'));
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  try {
    const load = { series: SERIES, processes: PROCESSES, lines: LINES, restartDays: 2, waiting: 0.25 };
    const all = await simulate({ ...load, ...TIME, dir, agents: AGENTS, hours: HOURS, readings: READINGS, together: READINGS, kept: KEPT, seed }, (one) =>
      console.log(JSON.stringify(one)),
    );
    const [one, two, three] = all as [Measured, Measured, Measured];
    // As many days as are kept.
    for (const { rows } of all) {
      expect(rows.samples).toBe(HOURS * READINGS * AGENTS * SERIES);
      expect(rows.processes).toBe(HOURS * READINGS * AGENTS * PROCESSES);
      expect(rows.logs).toBe(2 * HOURS * READINGS * AGENTS * LINES);
    }
    const begun = one.endMs - one.day * DAY;
    for (const { day, rows, endMs } of all)
      for (const [name, kept] of Object.entries(ROLLUPS)) {
        const oldest = new Date(endMs - kept);
        const days = (endMs - Math.max(begun, Date.UTC(oldest.getUTCFullYear(), oldest.getUTCMonth()))) / DAY;
        expect([day, name, rows[name]]).toEqual([day, name, days * HOURS * AGENTS * SERIES]);
      }
    const highest = (of: (measured: Measured) => number): number => Math.max(of(one), of(two));
    // Which of them wait is chance: all metrics of an hour are marked, or none.
    for (const { rows } of all) expect(rows.marks).toBeLessThanOrEqual((KEPT.samples / DAY) * (HOURS - 1) * SERIES);
    for (const name of Object.keys(three.rows).filter((table) => table !== 'marks'))
      expect([name, (three.rows[name] ?? 0) <= highest(({ rows }) => rows[name] ?? 0) * 1.2]).toEqual([name, true]);
    expect(three.parts).toBeLessThanOrEqual(highest(({ parts }) => parts) * 1.5);
    expect(three.files).toBeLessThanOrEqual(highest(({ files }) => files) * 1.25);
    expect(three.mib).toBeLessThanOrEqual(highest(({ mib }) => mib) * 1.25);
    // What else the machine does is in these: they are held far apart.
    expect(three.ownMib).toBeLessThanOrEqual(highest(({ ownMib }) => ownMib) * 2);
    expect(three.columnsMib).toBeLessThanOrEqual(highest(({ columnsMib }) => columnsMib) * 2);
    expect(three.startMs).toBeLessThanOrEqual(highest(({ startMs }) => startMs) * 6);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}, 600_000);
