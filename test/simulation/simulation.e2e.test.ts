// Three weeks with a short retention: what is kept is level, and the day after day that is sent leaves no file, part or row behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sized } from '../support/long.ts';
import { simulate, type Week } from './simulate.ts';

const DAY = 86_400_000;
/** A day. */
const READINGS = sized(4, 8);

test('three weeks leave no more behind than two', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'simulation-'));
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  try {
    const kept = { samples: 3 * DAY, rollups_5m: 4 * DAY, rollups_1h: 5 * DAY, processes: 3 * DAY, logs: 5 * DAY, events: 6 * DAY, audit: 6 * DAY };
    const weeks = await simulate(
      { dir, days: 21, agents: 3, readings: READINGS, together: READINGS / 2, series: 20, processes: 5, lines: 3, kept, seed },
      () => undefined,
    );
    const [one, two, three] = weeks as [Week, Week, Week];
    // As many days as are kept: the readings of 3 agents with 20 series.
    for (const { rows } of weeks) {
      expect(rows.samples).toBe(3 * READINGS * 3 * 20);
      expect(rows.processes).toBe(3 * READINGS * 3 * 5);
      expect(rows.logs).toBe(5 * READINGS * 3 * 3);
    }
    for (const name of ['samples', 'processes', 'logs', 'series', 'series_days', 'marks', 'events', 'hosts_history'])
      expect([name, (three.rows[name] ?? 0) <= Math.max(one.rows[name] ?? 0, two.rows[name] ?? 0) * 1.2]).toEqual([name, true]);
    expect(three.parts).toBeLessThanOrEqual(Math.max(one.parts, two.parts) * 1.5);
    expect(three.files).toBeLessThanOrEqual(Math.max(one.files, two.files) * 1.25);
    expect(three.mib).toBeLessThanOrEqual(Math.max(one.mib, two.mib) * 1.25);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}, 600_000);
