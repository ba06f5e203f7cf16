// The state of a host at its thresholds.
import { expect, test } from 'vitest';
import { hostState, LATE_MS, SILENT_MS } from './host-state.ts';

const NOW = 1_800_000_000_000;
const state = (age: number, lagMs?: number, stopped = false): string => hostState({ lastSeen: NOW - age, lagMs, stopped }, NOW);

test.each([
  [0, undefined, 'reporting'],
  [LATE_MS, 0, 'reporting'],
  [LATE_MS + 1, 0, 'late'],
  [SILENT_MS, 0, 'late'],
  [SILENT_MS + 1, 0, 'silent'],
  // Its clock is ahead: heard now is heard now.
  [-5000, -5000, 'reporting'],
  // It works off what waited during an outage.
  [0, LATE_MS + 1, 'late'],
])('heard %i ms ago with a lag of %s: %s', (age, lag, expected) => expect(state(age, lag)).toBe(expected));

test('an agent that said it ends is stopped, however long ago', () => {
  expect(state(0, 0, true)).toBe('stopped');
  expect(state(SILENT_MS * 10, 0, true)).toBe('stopped');
});
