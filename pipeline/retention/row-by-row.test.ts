// Rows that go one by one, on a real column store that does not come to remove them: they are given up where the disk fills up, or after a while.
import { describe, expect, test } from 'vitest';
import { DAY, moment, retention, rowsOf, stores, today, withStores } from '../testing/retained.ts';
import { deleteRows } from './deletion.ts';

withStores();

describe('rows that go one by one', () => {
  const undone = () => rowsOf('SELECT table FROM system.mutations WHERE NOT is_done');
  const old = `INSERT INTO marks (kind, metric, hour) SELECT 'late', number, ${moment(today - 400 * DAY)} FROM numbers(10)`;
  const left = () => rowsOf('SELECT count() FROM marks');
  /** As on a disk that fills up: the store takes the statement, and does not come to do it. */
  const standing = async (work: () => Promise<void>): Promise<void> => {
    await stores.columns.command('SYSTEM STOP MERGES marks');
    try {
      await work();
    } finally {
      await stores.columns.command('SYSTEM START MERGES marks');
    }
  };

  test('are given up where the disk fills up meanwhile, so that a day can go for it; later they go', async () => {
    await stores.columns.command(old);
    let isRoom = true;
    const one = retention({ hasRoom: () => isRoom });
    await standing(async () => {
      const run = one.run();
      await expect.poll(undone, { timeout: 60_000 }).toEqual([['marks']]);
      isRoom = false;
      await expect(run).rejects.toThrow('rows of marks that are older than they are kept could not be removed: the disk has become nearly full');
      expect(await undone()).toEqual([]);
    });
    expect(await left()).toEqual([[10n]]);
    isRoom = true;
    await one.run();
    expect([await left(), await undone()]).toEqual([[[0n]], []]);
  }, 120_000);

  test('are given up after a while, and what the store says of it is told', async () => {
    await stores.columns.command(old);
    const { signal } = new AbortController();
    const options = { columns: stores.columns, signal, hasRoom: () => true };
    await standing(async () => {
      await expect(deleteRows('marks', 'metric < 3', {}, { ...options, patienceMs: 1500 })).rejects.toThrow('it has not ended within 2 s');
      expect(await undone()).toEqual([]);
    });
    await expect(deleteRows('marks', 'throwIf(metric = 3) = 1', {}, options)).rejects.toThrow(/could not be removed: .*throwIf/s);
    expect([await left(), await undone()]).toEqual([[[10n]], []]);
    await deleteRows('marks', 'metric < 3', {}, options);
    expect(await left()).toEqual([[7n]]);
  }, 120_000);
});
