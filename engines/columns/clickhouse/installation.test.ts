// Which tables a column store misses, on a real one: those that were lost, and none of which a migration took, wherever that was killed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../../../core/logger.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../embedded/start.ts';
import type { ColumnStore } from '../port.ts';
import { columnsBelongTo, columnsInstallation } from './installation.ts';
import { migrateColumns } from './migrate.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { openClickHouse } from './open.ts';

const TOLD = { own: 3, at: 1_796_000_000_000, all: 2 };

let folder = '';
let engine: EmbeddedColumns;
let columns: ColumnStore;
const open = async (): Promise<void> => {
  engine = await startEmbeddedColumns({ dataDir: folder, log: silentLogger });
  columns = openClickHouse(engine);
};
const stop = async (): Promise<void> => {
  await columns.close();
  await engine.stop();
};
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'inframirror-missing-'));
  await open();
}, 60_000);
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Kills the store behind a statement. */
const killedBehind = (begin: string): Pick<ColumnStore, 'query' | 'command'> => ({
  query: (...asked) => columns.query(...asked),
  command: async (...asked) => {
    await columns.command(...asked);
    if (!asked[0].startsWith(begin)) return;
    if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL');
    throw new Error(`killed behind ${begin}`);
  },
});

test.each(['RENAME TABLE samples TO samples_before', 'RENAME TABLE samples_next TO samples', 'DROP TABLE IF EXISTS dirty'])(
  'a store that was killed within a migration misses no table, and goes on: %s',
  async (statement) => {
    await migrateColumns(columns, MIGRATIONS.slice(0, 4));
    await columnsBelongTo(columns, 'me', TOLD);
    await columns.command("INSERT INTO samples (metric, id, time, insert) VALUES (1, 2, '2026-11-19 10:00:00', 3)");
    await expect(migrateColumns(killedBehind(statement))).rejects.toThrow(`killed behind ${statement}`);
    await stop();
    await open();
    expect(await columnsInstallation(columns)).toEqual({ installation: 'me', generation: TOLD, missing: [] });
    await migrateColumns(columns);
    await columnsBelongTo(columns, 'me', TOLD);
    expect((await columns.query('SELECT 1 FROM samples')).batches.reduce((sum, { length }) => sum + length, 0)).toBe(1);
    // From now on it is held against what it has now.
    await columns.command('DROP TABLE marks SYNC');
    expect(await columnsInstallation(columns)).toEqual({ installation: 'me', generation: TOLD, missing: ['marks'] });
  },
  120_000,
);

test('a store whose migration was done, and not settled, misses no table; what was lost before one is told first', async () => {
  const make = (name: string): string => `CREATE TABLE IF NOT EXISTS ${name} (a UInt8) ENGINE = MergeTree ORDER BY a`;
  const drop = (name: string): string => `DROP TABLE IF EXISTS ${name} SYNC`;
  const one: Migration = { version: 1, statements: [make('a'), make('b'), make('c')] };
  const two: Migration = { version: 2, statements: [drop('a')] };
  await migrateColumns(columns, [one]);
  await columnsBelongTo(columns, 'me', TOLD);
  expect(await columnsInstallation(columns)).toEqual({ installation: 'me', generation: TOLD, missing: [] });
  await migrateColumns(columns, [one, two]);
  expect(await columnsInstallation(columns)).toEqual({ installation: 'me', generation: TOLD, missing: [] });
  await columnsBelongTo(columns, 'me', TOLD);
  await columns.command(drop('b'));
  // No migration waits, so that nothing is forgotten.
  await migrateColumns(columns, [one, two]);
  expect(await columnsInstallation(columns)).toEqual({ installation: 'me', generation: TOLD, missing: ['b'] });
}, 60_000);
