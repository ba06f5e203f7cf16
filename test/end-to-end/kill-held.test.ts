// The same promise on a column store that merges and outlives the server: inserts are held on their way past the server's death, its heir takes
// over and writes what was there, and only then they get to the store. And the same test fails without the deadline in their statements.
// Rows of one key are merged into one, so that doubles are seen in log lines and events.
import { expect, test } from 'vitest';
import { runKills, shuffled, times } from './kill-run.ts';

test('inserts that get to the store behind those of an heir leave every row standing once', async () => {
  const kills = shuffled(['server while an insert is held', 'server after an insert', 'columns', 'records', 'sender']);
  const { wrong, frames, again, rows, merged } = await runKills({ kills, calmMs: 1500, outside: true, merges: true });
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(merged).toBeGreaterThan(0);
  expect(again).toBeGreaterThan(2);
  expect(frames).toBeGreaterThan(30);
  expect(rows).toBeGreaterThan(frames * 20);
});

test('control: without a deadline in the statement, what was held stands twice', async () => {
  const { wrong } = await runKills({ kills: times(2, 'server while an insert is held'), calmMs: 1000, outside: true, switches: { fence: false } });
  expect(wrong.length).toBeGreaterThan(0);
  expect(wrong.filter((line) => !/stands \d+ times/.test(line))).toEqual([]);
});
