// Some days with a short retention: what is kept is level, and the day after day that is sent leaves no file, part or row behind. What is put
// together is there once for each series and hour, and goes with its month. What stands after all days is held against what stood after half of
// them: whatever grows from day to day would be twice as much.
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
/** Ends in the first days of a month: the month before goes between the two measurements. */
const TIME = { days: sized(8, 60), every: sized(4, 30), before: sized(3, 9) };
const ROLLUPS = { rollups_5m: DAY, rollups_1h: DAY };
const KEPT = { ...ROLLUPS, samples: DAY, processes: DAY, jvm: DAY, logs: 2 * DAY, events: 2 * DAY, audit: 2 * DAY };

test('so many days leave no more behind than half of them', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'simulation-'));
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  try {
    const load = { series: SERIES, processes: PROCESSES, lines: LINES, restartDays: 2, waiting: 0.25 };
    const all = await simulate({ ...load, ...TIME, dir, agents: AGENTS, hours: HOURS, readings: READINGS, together: READINGS, kept: KEPT, seed }, (one) =>
      console.log(JSON.stringify(one)),
    );
    const [half, whole] = all as [Measured, Measured];
    expect(all).toHaveLength(2);
    // As many days as are kept.
    for (const { rows } of all) {
      expect(rows.samples).toBe(HOURS * READINGS * AGENTS * SERIES);
      expect(rows.processes).toBe(HOURS * READINGS * AGENTS * PROCESSES);
      expect(rows.logs).toBe(2 * HOURS * READINGS * AGENTS * LINES);
    }
    const begun = half.endMs - half.day * DAY;
    for (const { day, rows, endMs } of all)
      for (const [name, kept] of Object.entries(ROLLUPS)) {
        const oldest = new Date(endMs - kept);
        const days = (endMs - Math.max(begun, Date.UTC(oldest.getUTCFullYear(), oldest.getUTCMonth()))) / DAY;
        expect([day, name, rows[name]]).toEqual([day, name, days * HOURS * AGENTS * SERIES]);
      }
    // Which of them wait is chance: all metrics of an hour are marked, or none.
    for (const { rows } of all) expect(rows.marks).toBeLessThanOrEqual((KEPT.samples / DAY) * (HOURS - 1) * SERIES);
    for (const name of Object.keys(whole.rows).filter((table) => table !== 'marks'))
      expect([name, (whole.rows[name] ?? 0) <= (half.rows[name] ?? 0) * 1.2]).toEqual([name, true]);
    // Of few rows a merge more or less is much.
    expect(whole.parts).toBeLessThanOrEqual(half.parts * sized(1.7, 1.2));
    expect(whole.files).toBeLessThanOrEqual(half.files * 1.2);
    expect(whole.mib).toBeLessThanOrEqual(half.mib * 1.2);
    // What else the process did is in these.
    expect(whole.ownMib).toBeLessThanOrEqual(half.ownMib * 1.5);
    expect(whole.columnsMib).toBeLessThanOrEqual(half.columnsMib * 1.5);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}, 600_000);
