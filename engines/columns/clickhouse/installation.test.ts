// Which tables a column store misses, on a real one: those that were lost, and none of which a migration took, wherever that was killed. What a
// store says of itself survives a disk that is full while it is told.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generationText } from '../../../core/generation.ts';
import { silentLogger } from '../../../core/logger.ts';
import { clearDisk, fillDisk, smallDisk } from '../../../test/support/small-disk.ts';
import { rowsOf } from '../conformance-support.ts';
import { type EmbeddedColumns, startEmbeddedColumns } from '../embedded/start.ts';
import type { ColumnStore } from '../port.ts';
import { columnsBelongTo, columnsInstallation } from './installation.ts';
import { migrateColumns } from './migrate.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { openClickHouse } from './open.ts';
import { INSTALLATION_14 } from './tables-14.ts';

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

const found = (missing: readonly string[] = [], generation = TOLD) => ({ installation: 'me', generation, missing, isForgotten: false });

/** As versions up to 13 told it. */
const toldByComment = async (): Promise<void> => {
  const tables = rowsOf(await columns.query('SELECT toString(name) FROM system.tables WHERE database = currentDatabase() ORDER BY name')).flat();
  await columns.command(`ALTER TABLE schema_version MODIFY COMMENT 'installation me; tables ${tables.join(',')}; generation ${generationText(TOLD)}'`);
};

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
    await toldByComment();
    expect(await columnsInstallation(columns)).toEqual(found());
    await columns.command("INSERT INTO samples (metric, id, time, insert) VALUES (1, 2, '2026-11-19 10:00:00', 3)");
    await expect(migrateColumns(killedBehind(statement))).rejects.toThrow(`killed behind ${statement}`);
    await stop();
    await open();
    expect(await columnsInstallation(columns)).toEqual(found());
    await migrateColumns(columns);
    await columnsBelongTo(columns, 'me', TOLD);
    expect((await columns.query('SELECT 1 FROM samples')).batches.reduce((sum, { length }) => sum + length, 0)).toBe(1);
    // From now on it is held against what it has now.
    await columns.command('DROP TABLE marks SYNC');
    expect(await columnsInstallation(columns)).toEqual(found(['marks']));
  },
  120_000,
);

test('a store whose migration was done, and not settled, misses no table; what was lost before one is told first', async () => {
  const make = (name: string): string => `CREATE TABLE IF NOT EXISTS ${name} (a UInt8) ENGINE = MergeTree ORDER BY a`;
  const drop = (name: string): string => `DROP TABLE IF EXISTS ${name} SYNC`;
  const one: Migration = { version: 1, statements: [make('a'), make('b'), make('c'), ...INSTALLATION_14] };
  const two: Migration = { version: 2, statements: [drop('a')] };
  await migrateColumns(columns, [one]);
  await columnsBelongTo(columns, 'me', TOLD);
  expect(await columnsInstallation(columns)).toEqual(found());
  await migrateColumns(columns, [one, two]);
  expect(await columnsInstallation(columns)).toEqual(found());
  await columnsBelongTo(columns, 'me', TOLD);
  await columns.command(drop('b'));
  // No migration waits, so that nothing is forgotten.
  await migrateColumns(columns, [one, two]);
  expect(await columnsInstallation(columns)).toEqual(found(['b']));
}, 60_000);

test('what was told last stands, however often; without its table it is told that this is lost, and one that was accepted is made anew', async () => {
  await migrateColumns(columns, MIGRATIONS.slice(0, 13));
  await toldByComment();
  await migrateColumns(columns);
  // Not told since: what the version before said holds.
  expect(await columnsInstallation(columns)).toEqual(found());
  for (let own = 4; own < 104; own++) await columnsBelongTo(columns, 'me', { ...TOLD, own });
  expect(await columnsInstallation(columns)).toEqual(found([], { ...TOLD, own: 103 }));
  // As the store merges by itself; a month has some thousands.
  await columns.command('OPTIMIZE TABLE installation FINAL');
  expect(rowsOf(await columns.query('SELECT no FROM installation'))).toEqual([[100n]]);
  expect(await columnsInstallation(columns)).toEqual(found([], { ...TOLD, own: 103 }));
  await columns.command('DROP TABLE installation SYNC');
  expect((await columnsInstallation(columns)).missing).toEqual(['installation']);
  await migrateColumns(columns);
  await columnsBelongTo(columns, 'me', TOLD);
  expect(await columnsInstallation(columns)).toEqual(found());
}, 120_000);

/** Path below the folder → text, of all files that say what there is. */
const definitionsIn = (at: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(join(at, 'db'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /^(?:store|metadata)\/.*\.sql$/.test(path))
      .map((path) => [path, readFileSync(join(at, 'db', path), 'utf8')]),
  );

test('told on a disk without a free byte, and killed: what was told before stands, every definition is whole, and it goes on with room', async (context) => {
  const disk = smallDisk(context, '400m');
  const here = folder;
  try {
    await stop();
    folder = join(disk, 'columns');
    await open();
    await migrateColumns(columns, MIGRATIONS.slice(0, 13));
    await toldByComment();
    await migrateColumns(columns);
    await columnsBelongTo(columns, 'me', { ...TOLD, own: 4 });
    await expect.poll(() => definitionsIn(folder).size).toBeGreaterThan(10);
    const before = definitionsIn(folder);
    let refused = 0;
    // What the store frees meanwhile is taken at once.
    for (let own = 5; own < 15; own++) {
      fillDisk(disk);
      await columnsBelongTo(columns, 'me', { ...TOLD, own }).catch(() => refused++);
    }
    expect(refused).toBeGreaterThan(0);
    const later: Migration = { version: MIGRATIONS.length + 1, statements: ["ALTER TABLE samples MODIFY COMMENT 'later'"] };
    await expect(migrateColumns(columns, [...MIGRATIONS, later], () => false)).rejects.toMatchObject({ code: 'columns.start-failed' });
    expect(definitionsIn(folder)).toEqual(before);
    const { generation } = await columnsInstallation(columns);
    if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL');
    await stop();
    clearDisk(disk);
    await open();
    expect(await columnsInstallation(columns)).toEqual(found([], generation));
    await columnsBelongTo(columns, 'me', { ...TOLD, own: 20 });
    expect(await columnsInstallation(columns)).toEqual(found([], { ...TOLD, own: 20 }));
  } finally {
    await stop();
    folder = here;
    await open();
  }
}, 180_000);
